"""The output specification sheet: every blank filled from a row, or said to be blank."""

from dataclasses import replace

import pytest

from reports import render_compliance
from reports.output_sheet import output_sheet
from tests.reports.synthetic import captures, load_waveform, row, run, sha

AREA = {"output.electrode_area": "0.5 cm2", "output.regulation": "current"}


def sheet_row(requirement, quantity, value, unit, **more):
    conditions = {"level": 5, "load_ohm": 500.0} | more.pop("conditions", {})
    return row(
        id=f"{requirement}/{quantity}/{conditions}", requirements=(requirement,), quantity=quantity,
        value=value, unit=unit, conditions=conditions, **more,
    )  # fmt: skip


def record_of(*rows, **more):
    return replace(run(), measurements=rows, declared=AREA, **more)


def line(record, name):
    return next(found for found in output_sheet(record).output if found.parameter == name)


def test_current_density_and_power_density_are_shown_number_by_number():
    """0.2788 mA into 500 ohm over 0.5 cm2: 0.5576 mA/cm2 and (0.2788e-3)^2 x 500 / 0.5 W/cm2."""
    record = record_of(
        sheet_row("OUT-012", "rms_current", 0.2788, "mA", low=None, high=50.0),
        sheet_row("OUT-016", "rms_current_density", 0.5576, "mA/cm2", low=None, high=2.0),
    )
    density, power = output_sheet(record).calculation
    assert "0.2788 mA / 0.5 cm² = 0.5576 mA/cm² (row OUT-016: 0.5576\xa0mA/cm²)" in density
    assert "= 7.77e-05 W/cm² (row OUT-017, mean of v²/R over 1 s: not measured" in power


@pytest.mark.parametrize(("kind", "lines"), [("alternating", 1), ("biphasic", 0)])
def test_bursts_per_second_are_one_over_the_duration_of_a_train_where_no_pause_follows(kind, lines):
    """125.0 ms ± 0.5 ms: 8.000 ± 0.032 in a second."""
    train = sheet_row("OUT-023", "train_duration", 125.0, "ms", expanded_uncertainty=0.5)
    record = replace(record_of(train), declared=AREA | {"waveform.kind": kind})
    found = [line for line in output_sheet(record).output if line.parameter == "Bursts per second"]

    assert ["8.000 ± 0.032\xa01/s"] * lines == [line.measured for line in found]


def test_each_load_has_its_line_with_nominal_tolerance_and_deviation():
    record = record_of(
        *(
            sheet_row(
                "OUT-001", "amplitude", value, "µA", low=360.0, high=440.0,
                conditions={"load_ohm": load, "polarity": polarity},
            )
            for load in (500.0, 10000.0)
            for polarity, value in ((1, 402.0), (-1, -404.0))
        )
    )  # fmt: skip
    lines = [found for found in output_sheet(record).output if found.requirement == "OUT-001"]
    assert ["500\xa0Ω", "10000\xa0Ω"] == [found.condition for found in lines]
    assert {"400\xa0µA (± 10 %)"} == {found.declared for found in lines}


def test_only_the_highest_setting_counts():
    record = record_of(
        sheet_row("OUT-007", "repetition_rate", 70.0, "Hz", low=78.0, high=82.0, conditions={"level": 1}),
        sheet_row("OUT-007", "repetition_rate", 80.4, "Hz", low=78.0, high=82.0),
    )  # fmt: skip
    found = line(record, "Frequency")
    assert "80.4" in found.measured
    assert found.deviation == "+0.5\xa0%"


def test_what_was_not_measured_is_a_visible_blank():
    assert line(record_of(), "Pulse width").measured == ""
    assert output_sheet(record_of()).empty
    assert "not measured in this run" in render_compliance(record_of(), load_waveform)


@pytest.mark.parametrize("readable", [True, False])
def test_a_mode_has_a_single_pulse_at_each_load_and_a_train(readable):
    shots = tuple(
        replace(
            captures()[0], acquisition_id=f"a{load}", conditions={"level": 5, "load_ohm": load},
            waveforms=(
                replace(captures()[0].waveforms[0], sha256=sha("train"), label="current")
                if load == 500.0 and readable
                else replace(captures()[0].waveforms[0], sha256=sha(f"t{load}"), label="current"),
            ),
        )
        for load in (500.0, 2000.0, 10000.0)
    )  # fmt: skip
    traces = sheet_row(
        "OUT-026", "traces", 4.0, "traces", conditions={"mode": "standard"},
        waveforms=tuple(shot.waveforms[0].sha256 for shot in shots),
    )  # fmt: skip
    record = record_of(traces, captures=shots)
    assert [
        "single pulse, 500 Ω", "single pulse, 2000 Ω", "single pulse, 10000 Ω", "pulse train, 500 Ω",
    ] == [tracing.title for tracing in output_sheet(record).tracings]  # fmt: skip
    page = render_compliance(record, load_waveform)
    assert page.count('id="tracing-') == 4
