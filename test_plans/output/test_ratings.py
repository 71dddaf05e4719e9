"""What the standards rate an output by: r.m.s. and mean current, energy, densities, level steps."""

from __future__ import annotations

import pytest

from bench.plugin import Bench, Check
from bench.profile import table_inconsistency_pct
from bench.station import electrode, measurands
from bench.station.measurands import ratings
from bench.station.measured import Measured
from bench.station.steady_output import SteadyOutput


def highest(bench: Bench, load_ohm: float | None = None) -> SteadyOutput:
    load_ohm = bench.profile.loads_ohm[0] if load_ohm is None else load_ohm
    return bench.steady(level=bench.profile.highest_level, load_ohm=load_ohm)


@pytest.mark.requirement("OUT-002")
def test_voltage_of_highest_level_is_as_declared_at_each_load(
    bench: Bench, check: Check, load_ohm: float
) -> None:
    output = bench.electrode.into(highest(bench, load_ohm))
    for polarity in output.polarities:
        voltage = electrode.load_voltage(output, polarity)
        check(
            "OUT-002", "voltage", voltage,
            level=output.level, load_ohm=load_ohm, polarity=polarity,
        )  # fmt: skip


@pytest.mark.requirement("OUT-003")
def test_declared_table_does_not_contradict_itself(bench: Bench, check: Check) -> None:
    percent = table_inconsistency_pct(bench.profile)
    check("OUT-003", "table_inconsistency", Measured(value=percent / 100, unit="1", exact=True))


@pytest.mark.requirement("OUT-010")
def test_no_step_between_levels_is_too_large(bench: Bench, check: Check, load_ohm: float) -> None:
    outputs = [bench.steady(level=row.number, load_ohm=load_ohm) for row in bench.profile.levels]
    check("OUT-010", "level_step", ratings.largest_level_step(outputs), load_ohm=load_ohm)


@pytest.mark.requirement("OUT-011")
def test_lowest_setting_is_a_small_share_of_the_highest(bench: Bench, check: Check) -> None:
    load_ohm = bench.profile.loads_ohm[0]
    lowest = bench.steady(level=bench.profile.levels[0].number, load_ohm=load_ohm)
    off = None
    if bench.profile.output.off_level:
        bench.treatment.make_idle()
        bench.treatment.connect(load_ohm)
        off = measurands.residual_current(bench.residual_current())
    share = ratings.lowest_share([lowest, highest(bench)], off_current=off)
    check("OUT-011", "lowest_share", share, load_ohm=load_ohm)


@pytest.mark.requirement("OUT-012", "OUT-016")
def test_rms_current_is_within_the_ratings(bench: Bench, check: Check) -> None:
    output = highest(bench)
    current = ratings.rms_current(output, timebase_ppm=bench.timebase_ppm)
    check("OUT-012", "rms_current", current, level=output.level, load_ohm=output.load_ohm)
    density = ratings.rms_current_density(output, timebase_ppm=bench.timebase_ppm)
    check("OUT-016", "rms_current_density", density, level=output.level, load_ohm=output.load_ohm)


@pytest.mark.requirement("OUT-013", "OUT-017")
def test_energy_and_power_density_are_within_the_ratings(bench: Bench, check: Check) -> None:
    output = highest(bench)
    tolerance = bench.load_tolerance(output.load_ohm)
    energy = ratings.pulse_energy(output, load_tolerance=tolerance, timebase_ppm=bench.timebase_ppm)
    check("OUT-013", "pulse_energy", energy, level=output.level, load_ohm=output.load_ohm)
    power = ratings.power_density(output, load_tolerance=tolerance, timebase_ppm=bench.timebase_ppm)
    check("OUT-017", "power_density", power, level=output.level, load_ohm=output.load_ohm)


@pytest.mark.requirement("OUT-014", "OUT-015")
@pytest.mark.full_scope
def test_open_circuit_voltage_is_within_rating_and_declaration(bench: Bench, check: Check) -> None:
    level = bench.profile.highest_level
    for battery, reaction in (
        ("nominal", bench.contact_lost), ("charged", bench.contact_lost_charged)
    ):  # fmt: skip
        voltage = electrode.open_circuit_voltage(reaction)
        for requirement in ("OUT-014", "OUT-015"):
            check(requirement, "open_circuit_voltage", voltage, level=level, battery=battery)


@pytest.mark.requirement("OUT-022")
def test_mean_rectified_current_is_as_declared(bench: Bench, check: Check) -> None:
    output = highest(bench)
    current = ratings.average_current(output, timebase_ppm=bench.timebase_ppm)
    check("OUT-022", "average_current", current, level=output.level, load_ohm=output.load_ohm)


@pytest.mark.requirement("OUT-026")
def test_tracings_for_the_output_sheet_are_stored(bench: Bench, check: Check) -> None:
    outputs = [highest(bench, load_ohm) for load_ohm in bench.profile.loads_ohm]
    traces = {sha for output in outputs for sha in output.evidence}
    traces.update(bench.contact_lost.capture.hashes.values())
    check(
        "OUT-026", "traces",
        Measured(value=float(len(traces)), unit="traces", exact=True, waveforms=tuple(sorted(traces))),
        mode=bench.profile.modes[0],
    )  # fmt: skip
