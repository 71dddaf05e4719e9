"""A unit of a series at rest: locked, still, and aware of its contact and its battery."""

from __future__ import annotations

import pytest

from bench.device.link import DeviceState
from bench.judge import Verdict
from bench.plugin import Bench, Check
from bench.station import fault_measurands, measurands, readings, residual
from bench.station.commands import listed

pytestmark = pytest.mark.short_scope


@pytest.mark.requirement("FLT-029")
def test_test_commands_are_refused_behind_the_power_up(bench: Bench, check: Check) -> None:
    attempts = bench.line.at_rest.locked()
    accepted = tuple(attempt for attempt in attempts if attempt.accepted)
    check.fact(
        "FLT-029", "test commands refused", holds=not accepted, since="power-on",
        found=listed(accepted) or f"all {len(attempts)}",
    )  # fmt: skip


@pytest.mark.requirement("FLT-018")
def test_wrong_commands_start_nothing(bench: Bench, check: Check) -> None:
    found = bench.line.at_rest.wrong()
    check.fact(
        "FLT-018", "wrong commands refused", holds=not found.accepted, state="idle",
        found=listed(found.accepted) or f"all {len(found.attempts)}",
    )  # fmt: skip
    check.fact(
        "FLT-018", "state afterwards", holds=found.after.state is DeviceState.IDLE, state="idle",
        found=found.after.state.value,
    )  # fmt: skip


@pytest.mark.requirement("FLT-021")
def test_contact_is_seen_below_its_threshold(bench: Bench, check: Check) -> None:
    found = bench.line.at_rest.contact()
    declared_ohm = bench.profile.protection.contact_on_ohm
    least_ohm = declared_ohm - bench.profile.tolerance.contact.half_width(declared_ohm)
    where = f"at {found.ohm:.0f} Ω, due up to {least_ohm:.0f} Ω"
    if found.ohm > least_ohm:
        check.undecided(
            "FLT-021", "contact below the threshold", verdict=Verdict.NOT_TESTED,
            reason=f"the fixture has no smaller step: {where}",
        )  # fmt: skip
        return
    check.fact(
        "FLT-021", "contact below the threshold", holds=found.contact,
        found=f"{'contact' if found.contact else 'none'} {where}",
    )  # fmt: skip


@pytest.mark.requirement("LKG-007")
def test_idle_device_leaks_no_direct_current(bench: Bench, check: Check) -> None:
    found = bench.line.at_rest.idle()
    current = measurands.residual_current(found.direct)
    check("LKG-007", "off_state_dc", current, load_ohm=residual.LOAD_OHM, state="idle")


@pytest.mark.requirement("FLT-031")
def test_contact_sensing_stays_small(bench: Bench, check: Check) -> None:
    found, load_ohm = bench.line.at_rest.idle().sense, residual.LOAD_OHM
    check("FLT-031", "contact_sense_current", fault_measurands.sense_peak(found), load_ohm=load_ohm)
    check(
        "FLT-031", "contact_sense_charge", fault_measurands.sense_charge(found), load_ohm=load_ohm
    )


@pytest.mark.requirement("LKG-001")
def test_idle_device_gives_little_residual_direct_current(bench: Bench, check: Check) -> None:
    found = bench.line.at_rest.network()
    check("LKG-001", "residual_dc", residual.residual_dc(found), state="idle")


@pytest.mark.requirement("FLT-027")
def test_reported_battery_agrees(bench: Bench, check: Check) -> None:
    reference, reported_v = bench.line.at_rest.battery()
    check(
        "FLT-027", "battery", readings.battery_reading(reference, reported_v),
        reference=reference.volts, at_v=round(reference.volts, 1),
    )  # fmt: skip


@pytest.mark.requirement("FLT-011")
def test_empty_battery_starts_nothing(bench: Bench, check: Check) -> None:
    found = bench.line.at_rest.empty()
    check.fact(
        "FLT-011", "START on an empty battery", holds=bool(found.answer),
        found=f"refused: {found.answer}" if found.answer else "accepted",
        at_v=round(found.volts, 3),
    )  # fmt: skip
