"""Residual currents through the measuring device of IEC 60601-1, normal and after a trip."""

from __future__ import annotations

import pytest

from bench.plugin import Bench, Check
from bench.station import residual
from bench.station.residual import LEAKAGE_PATHS, QUIET_STATES, TRIPPED_STATES


@pytest.mark.requirement("LKG-008")
def test_measuring_device_follows_its_model_over_frequency(bench: Bench, check: Check) -> None:
    for point in bench.measuring_device.proven():
        check("LKG-008", "impedance_deviation", point.deviation, frequency_hz=point.frequency_hz)


@pytest.mark.requirement("LKG-001")
@pytest.mark.full_scope
def test_idle_device_gives_little_residual_direct_current(bench: Bench, check: Check) -> None:
    found = bench.through_measuring_device("idle")
    check("LKG-001", "residual_dc", residual.residual_dc(found), state="idle")


@pytest.mark.requirement("LKG-001")
@pytest.mark.full_scope
@pytest.mark.parametrize("state", [state for state in QUIET_STATES if state != "idle"])
def test_residual_direct_current_is_small_in_every_quiet_state(
    bench: Bench, check: Check, state: str
) -> None:
    found = bench.through_measuring_device(state)
    check("LKG-001", "residual_dc", residual.residual_dc(found), state=state)


@pytest.mark.requirement("LKG-002")
@pytest.mark.parametrize("state", QUIET_STATES)
def test_residual_alternating_current_is_small_in_every_quiet_state(
    bench: Bench, check: Check, state: str
) -> None:
    found = bench.through_measuring_device(state)
    check("LKG-002", "residual_ac", residual.residual_ac(found), state=state)


@pytest.mark.requirement("LKG-003", "LKG-004")
@pytest.mark.parametrize("trip", TRIPPED_STATES)
def test_residual_current_after_a_trip_is_within_single_fault_limits(
    bench: Bench, check: Check, trip: str
) -> None:
    found = bench.through_measuring_device(trip)
    check("LKG-003", "residual_dc", residual.residual_dc(found), after=trip)
    check("LKG-004", "residual_ac", residual.residual_ac(found), after=trip)


@pytest.mark.requirement("LKG-005")
@pytest.mark.parametrize("path", LEAKAGE_PATHS)
@pytest.mark.full_scope
def test_little_leaks_to_earth_on_the_charger(bench: Bench, check: Check, path: str) -> None:
    bench.quiet.enter("charging")
    try:
        found = bench.measuring_device.leakage(path)
    finally:
        bench.quiet.leave("charging")
    current = residual.leakage_current(found)
    check("LKG-005", "patient_leakage", current, path=path, state="charging")


@pytest.mark.requirement("LKG-005")
@pytest.mark.parametrize("trip", TRIPPED_STATES)
@pytest.mark.full_scope
def test_leakage_after_a_trip_is_within_the_single_fault_limit(
    bench: Bench, check: Check, trip: str
) -> None:
    bench.quiet.enter(trip)
    bench.quiet.plug_charger()
    try:
        for path in LEAKAGE_PATHS:
            current = residual.leakage_current(bench.measuring_device.leakage(path))
            check("LKG-005", "patient_leakage_single_fault", current, path=path, after=trip)
    finally:
        bench.quiet.leave("charging")
        bench.quiet.leave(trip)


@pytest.mark.requirement("LKG-006")
def test_unweighted_residual_current_is_small(bench: Bench, check: Check) -> None:
    bench.quiet.enter("idle")
    capture = bench.measuring_device.unweighted(state="idle")
    current = residual.residual_rms(capture, note=bench.measuring_device.network.note)
    check("LKG-006", "residual_rms", current, state="idle")
