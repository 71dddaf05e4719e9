"""Direct current while nothing is delivered, in every state that delivers nothing."""

from __future__ import annotations

import pytest

from bench.plugin import Bench, Check
from bench.station import measurands
from bench.station.residual import LOAD_OHM


def check_off_state(bench: Bench, check: Check, state: str) -> None:
    bench.quiet.enter(state)
    current = measurands.residual_current(bench.residual_current())
    check("LKG-007", "off_state_dc", current, load_ohm=LOAD_OHM, state=state)
    ripple = bench.measuring_device.ripple(bench.shunt)
    check("LKG-007", "off_state_ac", ripple, load_ohm=LOAD_OHM, state=state)
    bench.quiet.leave(state)


@pytest.mark.requirement("LKG-007")
@pytest.mark.full_scope
def test_idle_device_leaks_no_direct_current(bench: Bench, check: Check) -> None:
    check_off_state(bench, check, "idle")


@pytest.mark.requirement("LKG-007")
@pytest.mark.full_scope
@pytest.mark.parametrize("state", ["paused", "charging", "off"])
def test_device_that_delivers_nothing_leaks_no_direct_current(
    bench: Bench, check: Check, state: str
) -> None:
    check_off_state(bench, check, state)
