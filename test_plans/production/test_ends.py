"""What ends the output of a unit of a series, and what the unit is like behind it."""

from __future__ import annotations

import pytest

from bench.device.link import DeviceState
from bench.plugin import Bench, Check
from bench.station import change_measurands, measurands, residual

pytestmark = pytest.mark.short_scope

RESTING = (DeviceState.IDLE, DeviceState.OFF)


@pytest.mark.requirement("FLT-009")
def test_output_stops_when_the_charger_is_plugged(bench: Bench, check: Check) -> None:
    latency = measurands.worst_latency([bench.line.ends.charger()], bench.timebase_ppm)
    check("FLT-009", "shutdown", latency, load_ohm=bench.profile.loads_ohm[0], phases=1)


@pytest.mark.requirement("FLT-009")
def test_start_is_refused_while_charging(bench: Bench, check: Check) -> None:
    found = bench.line.ends.charging()
    check.fact(
        "FLT-009", "START while charging", holds=bool(found.refusal),
        found=f"refused: {found.refusal}" if found.refusal else "accepted",
    )  # fmt: skip
    current = measurands.residual_current(found.direct)
    check("FLT-009", "residual_current", current, load_ohm=residual.LOAD_OHM, state="charging")


@pytest.mark.requirement("LKG-007")
def test_charging_device_leaks_no_current(bench: Bench, check: Check) -> None:
    found, load_ohm = bench.line.ends.charging(), residual.LOAD_OHM
    current = measurands.residual_current(found.direct)
    check("LKG-007", "off_state_dc", current, load_ohm=load_ohm, state="charging")
    check("LKG-007", "off_state_ac", found.ripple, load_ohm=load_ohm, state="charging")


@pytest.mark.requirement("LKG-005")
@pytest.mark.parametrize("path", residual.LEAKAGE_PATHS)
def test_little_leaks_to_earth_on_the_charger(bench: Bench, check: Check, path: str) -> None:
    current = residual.leakage_current(bench.line.ends.leakage[path]())
    check("LKG-005", "patient_leakage", current, path=path, state="charging")


@pytest.mark.requirement("FLT-004")
def test_overcurrent_is_switched_off(bench: Bench, check: Check) -> None:
    found = bench.line.ends.overcurrent()
    latency = measurands.worst_latency(
        [found], bench.timebase_ppm, least_s=bench.reactions.undecided_s("both")
    )
    check("FLT-004", "shutdown", latency, load_ohm=bench.profile.loads_ohm[0], phases=1)


@pytest.mark.requirement("FLT-022", "FLT-024")
def test_overcurrent_is_switched_off_by_the_hardware_alone(bench: Bench, check: Check) -> None:
    found = bench.line.ends.trip()
    latency = measurands.worst_latency([found.reaction], bench.timebase_ppm, pauses=False)
    load_ohm = bench.profile.loads_ohm[0]
    check("FLT-022", "shutdown", latency, load_ohm=load_ohm, phases=1)
    check("FLT-024", "trip_by_hardware", latency, load_ohm=load_ohm, phases=1)


@pytest.mark.requirement("FLT-016", "FLT-027")
def test_a_trip_is_latched_and_reported(bench: Bench, check: Check) -> None:
    found = bench.line.ends.trip()
    status = found.status
    reported = status.state is DeviceState.FAULT and "OC_HW" in status.faults
    check.fact("FLT-016", "state after the trip", holds=reported, found=status.text)
    check.fact("FLT-027", "fault reported", holds=reported, found=status.text)
    check.fact(
        "FLT-016", "START after the trip", holds=bool(found.refusal),
        found=f"refused: {found.refusal}" if found.refusal else "accepted",
    )  # fmt: skip


@pytest.mark.requirement("FLT-015")
def test_declared_temperature_is_a_fault(bench: Bench, check: Check) -> None:
    hot = bench.line.ends.hot()
    check.fact(
        "FLT-015", "fault reported", holds="TEMP" in hot.faults, found=hot.text,
        at_degc=bench.profile.protection.over_temperature_c,
    )  # fmt: skip


@pytest.mark.requirement("FLT-012")
def test_hung_firmware_ends_the_output_for_good(bench: Bench, check: Check) -> None:
    latency = measurands.worst_latency([bench.line.ends.hang()], bench.timebase_ppm)
    load_ohm = bench.profile.loads_ohm[0]
    check("FLT-012", "shutdown", latency, load_ohm=load_ohm, hung="hang_all", phases=1)


@pytest.mark.requirement("FLT-017")
def test_output_stops_on_stop(bench: Bench, check: Check) -> None:
    latency = measurands.worst_latency([bench.line.ends.stop()], bench.timebase_ppm)
    level, load_ohm = bench.profile.highest_level, bench.profile.loads_ohm[0]
    check("FLT-017", "shutdown", latency, level=level, load_ohm=load_ohm, phases=1)


@pytest.mark.requirement("FLT-033")
def test_start_gives_output(bench: Bench, check: Check) -> None:
    found, level = bench.line.session.whole(), bench.profile.highest_level
    delay = measurands.start_delay(found.capture, found.delay_s, bench.timebase_ppm)
    check("FLT-033", "start_delay", delay, level=level, load_ohm=bench.profile.loads_ohm[0])
    check.fact(
        "FLT-033", "state behind the ramp", holds=found.running.state is DeviceState.RUN,
        found=found.running.text, level=level,
    )  # fmt: skip


@pytest.mark.requirement("FLT-020")
def test_output_ramps_after_start(bench: Bench, check: Check) -> None:
    rise, load_ohm = bench.line.session.whole().rise, bench.profile.loads_ohm[0]
    for quantity, measured in (
        ("ramp", change_measurands.ramp_time(rise, bench.timebase_ppm)),
        ("ramp_overshoot", change_measurands.ramp_overshoot(rise)),
        ("ramp_setback", change_measurands.ramp_setback(rise)),
    ):
        check("FLT-020", quantity, measured, load_ohm=load_ohm, after="start")


@pytest.mark.requirement("FLT-008")
def test_short_session_ends_by_itself(bench: Bench, check: Check) -> None:
    found = bench.line.session.whole()
    check(
        "FLT-008", "short_session", found.length(bench.profile, bench.timebase_ppm),
        reference=found.session_s, load_ohm=bench.profile.loads_ohm[0],
    )  # fmt: skip
    check.fact(
        "FLT-008", "state after the session",
        holds=found.ended.state in RESTING and not found.ended.faults, found=found.ended.text,
    )  # fmt: skip


@pytest.mark.requirement("OUT-031")
def test_no_pulse_is_missing_in_a_short_session(bench: Bench, check: Check) -> None:
    defects, pulses = bench.line.session.whole().defects(bench.profile)
    check("OUT-031", "defective_pulses", defects, how="session", pulses=pulses)


@pytest.mark.requirement("FLT-032", "FLT-010", "FLT-019")
def test_output_is_off_behind_a_supply_that_fell(bench: Bench, check: Check) -> None:
    found = bench.line.supply.returned()
    level, load_ohm = bench.profile.highest_level, bench.profile.loads_ohm[0]
    largest = change_measurands.record_current(found.largest_a, found.fall)
    check("FLT-032", "transition_current", largest, level=level, load_ohm=load_ohm)
    flowing = found.behind(found.flowing_a, samples=50)
    check("FLT-032", "residual_current", flowing, load_ohm=load_ohm)
    check("FLT-010", "residual_current", flowing, load_ohm=load_ohm)
    check.fact(
        "FLT-010", "state behind the return", holds=found.state in RESTING,
        found="no answer" if found.state is None else found.state.value,
    )  # fmt: skip
    peak = found.behind(found.peak_a, samples=5)
    check("FLT-019", "switching_current", peak, load_ohm=load_ohm, change="supply returns")
