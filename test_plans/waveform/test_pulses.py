"""The pulses' timing: duration, repetition rate, and that none is missing or too many."""

from __future__ import annotations

import pytest

from bench.plugin import Bench, Check
from bench.station import measurands
from bench.station.session import pulses_to_observe


@pytest.mark.requirement("OUT-006")
def test_pulse_duration_is_as_declared(
    bench: Bench, check: Check, level: int, load_ohm: float
) -> None:
    output = bench.steady(level=level, load_ohm=load_ohm)
    for polarity in output.polarities:
        duration = measurands.pulse_duration(output, polarity, timebase_ppm=bench.timebase_ppm)
        check(
            "OUT-006", "pulse_duration", duration, level=level, load_ohm=load_ohm, polarity=polarity
        )
        farthest = measurands.farthest_duration(output, polarity, timebase_ppm=bench.timebase_ppm)
        check(
            "OUT-006", "pulse_duration", farthest,
            level=level, load_ohm=load_ohm, polarity=polarity, pulse="farthest",
        )  # fmt: skip


@pytest.mark.requirement("OUT-007")
def test_repetition_rate_is_as_declared(
    bench: Bench, check: Check, level: int, load_ohm: float
) -> None:
    output = bench.steady(level=level, load_ohm=load_ohm)
    rate = measurands.repetition_rate(output, timebase_ppm=bench.timebase_ppm)
    check("OUT-007", "repetition_rate", rate, level=level, load_ohm=load_ohm)


@pytest.mark.requirement("OUT-031")
def test_no_pulse_is_missing_at_any_level(
    bench: Bench, check: Check, level: int, load_ohm: float
) -> None:
    output = bench.steady(level=level, load_ohm=load_ohm)
    defects, pulses = measurands.steady_defects(output)
    check("OUT-031", "defective_pulses", defects, level=level, load_ohm=load_ohm, pulses=pulses)


@pytest.mark.requirement("OUT-031")
@pytest.mark.full_scope
def test_no_pulse_is_missing_in_a_long_observation(bench: Bench, check: Check) -> None:
    session = bench.full_session()
    defects, pulses = measurands.pulse_defects(session, bench.profile)
    check("OUT-031", "defective_pulses", defects)
    rate = measurands.excluded_rate(pulses) if defects.value == 0.0 else None
    check.recorded(
        "OUT-031", "rate excluded at 95 %",
        found="none: there are defects" if rate is None else f"above {rate:.2g} a pulse",
        pulses=pulses,
    )  # fmt: skip
    wanted = pulses_to_observe(bench.profile)
    check.fact(
        "OUT-031", "pulses observed", holds=pulses >= wanted,
        found=f"{pulses} pulses, at least {wanted} wanted",
        waveforms=defects.waveforms,
    )  # fmt: skip


@pytest.mark.requirement("OUT-031")
@pytest.mark.full_scope
def test_counters_of_uptime_roll_over_unnoticed(bench: Bench, check: Check) -> None:
    for found in bench.rollovers.crossings():
        defects, pulses = measurands.crossing_defects(found, bench.profile)
        check(
            "OUT-031", "defective_pulses", defects,
            uptime_s=round(found.wrap_s, 3), pulses=pulses,
        )  # fmt: skip
