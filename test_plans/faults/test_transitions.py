"""Changes that are meant: power-up, loss of power, levels while running, ramps."""

from __future__ import annotations

import pytest

from bench.plugin import Bench, Check
from bench.station import change_measurands
from bench.station.transitions import RampRecord, Start

ENDS = (0, -1)
"""The smallest and the largest declared load."""
RAMP_LOAD_OHM = 2000.0


@pytest.mark.requirement("FLT-019")
@pytest.mark.parametrize("end", ENDS, ids=["smallest", "largest"])
@pytest.mark.full_scope
def test_power_up_gives_no_output(bench: Bench, check: Check, end: int) -> None:
    at_ohm = bench.profile.loads_ohm[end]
    found = bench.transitions.power_up(load_ohm=at_ohm)
    current = change_measurands.record_current(found.largest_a, found.capture)
    check("FLT-019", "switching_current", current, load_ohm=at_ohm, change="power-up")


@pytest.mark.requirement("FLT-019")
@pytest.mark.full_scope
@pytest.mark.parametrize("end", ENDS, ids=["smallest", "largest"])
def test_loss_of_power_gives_no_surge(bench: Bench, check: Check, end: int) -> None:
    at_ohm = bench.profile.loads_ohm[end]
    found = bench.supply_events.interruption(width_s=0.1, load_ohm=at_ohm)
    current = change_measurands.record_current(found.going_a, found.capture)
    check(
        "FLT-019", "transition_current", current,
        level=bench.profile.highest_level, load_ohm=at_ohm, change="loss of power",
    )  # fmt: skip


@pytest.mark.requirement("FLT-019")
@pytest.mark.full_scope
@pytest.mark.parametrize("end", ENDS, ids=["smallest", "largest"])
def test_level_steps_give_no_surge(bench: Bench, check: Check, end: int) -> None:
    at_ohm = bench.profile.loads_ohm[end]
    if "several levels" not in bench.profile.features:
        return
    for name, found in zip(
        ("up", "down"), bench.transitions.level_steps(load_ohm=at_ohm), strict=True
    ):
        current = change_measurands.record_current(found.largest_a, found.capture)
        check(
            "FLT-019", "transition_current", current,
            level=found.higher_level, load_ohm=at_ohm, change=f"levels {name}",
        )  # fmt: skip


@pytest.mark.requirement("FLT-020")
@pytest.mark.parametrize("how", ["start", "resume", "power-up"])
@pytest.mark.full_scope
def test_output_ramps_after_every_start(bench: Bench, check: Check, how: Start) -> None:
    check_ramp(bench, check, bench.transitions.ramp(how, load_ohm=RAMP_LOAD_OHM), after=how)


@pytest.mark.requirement("FLT-020")
@pytest.mark.full_scope
def test_output_ramps_to_the_lowest_level(bench: Bench, check: Check) -> None:
    level = bench.profile.levels[0].number
    found = bench.transitions.ramp("start", load_ohm=RAMP_LOAD_OHM, level=level)
    check_ramp(bench, check, found, after="start at the lowest level")


@pytest.mark.requirement("FLT-020")
@pytest.mark.full_scope
def test_output_ramps_after_contact_returned(bench: Bench, check: Check) -> None:
    gap_s = bench.profile.timers.contact_loss_s
    found = bench.contacts.comes_back(load_ohm=RAMP_LOAD_OHM, gap_s=gap_s, expects_output=True)
    rise = bench.transitions.ramp_of(found.capture, after_s=found.edge_s)
    record = RampRecord(capture=found.capture, ramp=rise, edge_s=found.edge_s)
    check_ramp(bench, check, record, after="contact")


def check_ramp(bench: Bench, check: Check, found: RampRecord, *, after: str) -> None:
    time = change_measurands.ramp_time(found, bench.timebase_ppm)
    check("FLT-020", "ramp", time, load_ohm=RAMP_LOAD_OHM, after=after)
    overshoot = change_measurands.ramp_overshoot(found)
    check("FLT-020", "ramp_overshoot", overshoot, load_ohm=RAMP_LOAD_OHM, after=after)
    setback = change_measurands.ramp_setback(found)
    check("FLT-020", "ramp_setback", setback, load_ohm=RAMP_LOAD_OHM, after=after)
