"""What the device says of itself, beside what the instruments say."""

from __future__ import annotations

import pytest

from bench.device.link import DeviceState
from bench.plugin import Bench, Check
from bench.station import readings


@pytest.mark.requirement("FLT-027")
def test_reported_current_and_level_agree(
    bench: Bench, check: Check, level: int, load_ohm: float
) -> None:
    output = bench.steady(level=level, load_ohm=load_ohm)
    check(
        "FLT-027", "current", readings.current_reading(output),
        level=level, load_ohm=load_ohm, reference=readings.bench_current_ua(output),
    )  # fmt: skip
    status = output.status
    assert status is not None  # every steady record has one
    check.fact(
        "FLT-027", "state and level",
        holds=(status.state, status.level) == (DeviceState.RUN, level),
        found=f"{status.state.value}, level {status.level}", level=level, load_ohm=load_ohm,
    )  # fmt: skip


@pytest.mark.requirement("FLT-027")
@pytest.mark.full_scope
def test_reported_current_is_measured(bench: Bench, check: Check) -> None:
    load_ohm = 500.0
    found = bench.readings.off_level(load_ohm=load_ohm)
    check(
        "FLT-027", "current", readings.current_reading_off_level(found),
        load_ohm=load_ohm, reference=found.current_a * 1e6, off_level=True,
    )  # fmt: skip


@pytest.mark.requirement("FLT-027")
@pytest.mark.full_scope
def test_reported_battery_agrees(bench: Bench, check: Check) -> None:
    for reference, reported_v in bench.readings.batteries():
        check(
            "FLT-027", "battery", readings.battery_reading(reference, reported_v),
            reference=reference.volts, at_v=round(reference.volts, 1),
        )  # fmt: skip


@pytest.mark.requirement("FLT-027")
@pytest.mark.full_scope
def test_readings_are_fresh(bench: Bench, check: Check) -> None:
    noticed_s, age_s = bench.readings.time_to_notice(load_ohm=2000.0)
    check("FLT-027", "age", readings.freshness(noticed_s, age_s), load_ohm=2000.0)


@pytest.mark.requirement("FLT-027")
@pytest.mark.full_scope
@pytest.mark.parametrize("end", ["lowest", "highest"])
def test_readings_still_agree_late_in_a_session(bench: Bench, check: Check, end: str) -> None:
    level = bench.profile.levels[0].number if end == "lowest" else bench.profile.highest_level
    load_ohm = bench.profile.loads_ohm[-1]
    output, elapsed_s = bench.late_steady(level=level, load_ohm=load_ohm)
    check(
        "FLT-027", "current", readings.current_reading(output),
        level=level, load_ohm=load_ohm, reference=readings.bench_current_ua(output),
        after_min=round(elapsed_s / 60.0, 1),
    )  # fmt: skip
    status, session_s = output.status, bench.profile.timers.session_s
    assert status is not None  # every record has one
    left_s = session_s - elapsed_s
    allowed_s = bench.profile.tolerance.session.half_width(session_s)
    check.fact(
        "FLT-027", "remaining time", holds=abs(status.remaining_s - left_s) <= allowed_s,
        level=level, found=f"{status.remaining_s:g} s reported, {left_s:.0f} s left of the session",
    )  # fmt: skip
