"""What changes the output over a treatment: time, and the battery."""

from __future__ import annotations

from functools import partial

import pytest

from bench.plugin import Bench, Check
from bench.station import measurands
from bench.station.bench import CHARGED_RATIO
from bench.station.measured import Measured

ABOVE_CUT_OFF_V = 0.05


@pytest.mark.requirement("OUT-027")
def test_output_does_not_drift_over_a_session(bench: Bench, check: Check) -> None:
    looks = bench.full_session().looks
    start = looks[0].output
    for polarity in start.polarities:
        reference = measurands.amplitude(start, polarity)
        for look in looks[1:]:
            check(
                "OUT-027", "amplitude", measurands.amplitude(look.output, polarity),
                reference=None if reference.value is None else reference.value * 1e6,
                level=start.level, load_ohm=start.load_ohm, polarity=polarity,
                after_min=round(look.elapsed_s / 60.0, 1),
            )  # fmt: skip


@pytest.mark.requirement("OUT-028")
@pytest.mark.parametrize("battery", ["charged", "low", "cut-off"])
@pytest.mark.parametrize("end", ["lowest", "highest"])
@pytest.mark.full_scope
def test_output_does_not_depend_on_the_battery(
    bench: Bench, check: Check, end: str, battery: str
) -> None:
    cell = bench.profile.protection
    volts_v = {
        "charged": cell.battery_nominal_v * CHARGED_RATIO,
        "low": cell.battery_low_v,
        "cut-off": cell.battery_cutoff_v + ABOVE_CUT_OFF_V,
    }[battery]
    volts_v = round(volts_v, 3)
    level = bench.profile.levels[0].number if end == "lowest" else bench.profile.highest_level
    load_ohm = bench.profile.loads_ohm[0]
    nominal = bench.steady(level=level, load_ohm=load_ohm)
    output = bench.steady(level=level, load_ohm=load_ohm, battery_v=volts_v)
    timebase_ppm = bench.timebase_ppm

    def compare(quantity: str, was: Measured, now: Measured, **where: int) -> None:
        scale = 1.0 if was.unit == "Hz" else 1e6
        check(
            "OUT-028", quantity, now, reference=(was.value or 0.0) * scale,
            level=level, load_ohm=load_ohm, battery_v=volts_v, **where,
        )  # fmt: skip

    for polarity in output.polarities:
        amplitudes = [measurands.amplitude(one, polarity) for one in (nominal, output)]
        compare("amplitude", *amplitudes, polarity=polarity)
        durations = [
            measurands.pulse_duration(one, polarity, timebase_ppm=timebase_ppm)
            for one in (nominal, output)
        ]
        compare("pulse_duration", *durations, polarity=polarity)
    rates = [
        measurands.repetition_rate(one, timebase_ppm=timebase_ppm) for one in (nominal, output)
    ]
    compare("repetition_rate", *rates)


@pytest.mark.requirement("OUT-021")
@pytest.mark.full_scope
@pytest.mark.parametrize("end", ["lowest", "highest"])
def test_polarities_stay_symmetric_on_a_low_battery(bench: Bench, check: Check, end: str) -> None:
    level = bench.profile.levels[0].number if end == "lowest" else bench.profile.highest_level
    load_ohm = bench.profile.loads_ohm[0]
    volts_v = round(bench.profile.protection.battery_cutoff_v + ABOVE_CUT_OFF_V, 3)
    output = bench.steady(level=level, load_ohm=load_ohm, battery_v=volts_v)
    check(
        "OUT-021", "symmetry", measurands.symmetry(output),
        level=level, load_ohm=load_ohm, battery_v=volts_v,
    )  # fmt: skip


@pytest.mark.requirement("OUT-005", "OUT-006", "OUT-007", "OUT-008", "OUT-031")
@pytest.mark.full_scope
@pytest.mark.parametrize("end", ["lowest", "highest"])
def test_output_is_still_right_late_in_a_session(bench: Bench, check: Check, end: str) -> None:
    level = bench.profile.levels[0].number if end == "lowest" else bench.profile.highest_level
    load_ohm, timebase_ppm = bench.profile.loads_ohm[0], bench.timebase_ppm
    output, elapsed_s = bench.late_steady(level=level, load_ohm=load_ohm)
    late = partial(check, level=level, load_ohm=load_ohm, after_min=round(elapsed_s / 60.0, 1))
    for polarity in output.polarities:
        amplitude = measurands.amplitude(output, polarity)
        late("OUT-005", "amplitude", amplitude, polarity=polarity)
        duration = measurands.pulse_duration(output, polarity, timebase_ppm=timebase_ppm)
        late("OUT-006", "pulse_duration", duration, polarity=polarity)
    rate = measurands.repetition_rate(output, timebase_ppm=timebase_ppm)
    late("OUT-007", "repetition_rate", rate)
    defects, pulses = measurands.steady_defects(output)
    late("OUT-031", "defective_pulses", defects, pulses=pulses)
    reading = bench.direct.of_cycles(measurands.repetition(output, timebase_ppm=timebase_ppm))
    bench.treatment.must_run()
    late("OUT-008", "dc", measurands.direct_current(reading))


@pytest.mark.closing
@pytest.mark.full_scope
@pytest.mark.requirement("OUT-005")
@pytest.mark.parametrize("end", ["lowest", "highest"])
def test_output_is_still_right_at_the_end_of_the_run(bench: Bench, check: Check, end: str) -> None:
    level = bench.profile.levels[0].number if end == "lowest" else bench.profile.highest_level
    load_ohm = bench.profile.loads_ohm[0]
    output = bench.fresh_steady(level=level, load_ohm=load_ohm)
    for polarity in output.polarities:
        check(
            "OUT-005", "amplitude", measurands.amplitude(output, polarity),
            level=level, load_ohm=load_ohm, polarity=polarity, at="end of the run",
        )  # fmt: skip


@pytest.mark.requirement("OUT-033")
@pytest.mark.full_scope
def test_output_is_held_on_a_low_battery(bench: Bench, check: Check) -> None:
    level, load_ohm = bench.profile.highest_level, bench.profile.loads_ohm[-1]
    volts_v = round(bench.profile.protection.battery_cutoff_v + ABOVE_CUT_OFF_V, 3)
    output = bench.steady(level=level, load_ohm=load_ohm, battery_v=volts_v)
    for polarity in output.polarities:
        check(
            "OUT-033", "amplitude", measurands.amplitude(output, polarity),
            level=level, load_ohm=load_ohm, polarity=polarity, battery_v=volts_v,
        )  # fmt: skip
