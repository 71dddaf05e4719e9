"""Commands: wrong ones change nothing, locked ones are refused, a flood disturbs nothing."""

from __future__ import annotations

import pytest

from bench.device.link import DeviceState
from bench.plugin import Bench, Check
from bench.station import change_measurands, command_measurands
from bench.station.commands import listed, locked_commands, wrong_commands

LOAD_OHM = 2000.0
TEST_MODE_S = 600.0
"""Test mode ends by itself after this time. Source: docs/device-link.md."""
TIMER_AGREES_S = 2.0
"""The device reports whole seconds, before and after."""


@pytest.mark.requirement("FLT-018")
@pytest.mark.full_scope
def test_wrong_commands_start_nothing(bench: Bench, check: Check) -> None:
    commands = wrong_commands(bench.treatment.link, running=False)
    found = bench.commands.while_idle(commands, load_ohm=LOAD_OHM)
    check.fact(
        "FLT-018", "wrong commands refused", holds=not found.accepted, state="idle",
        found=listed(found.accepted) or f"all {len(found.attempts)}",
    )  # fmt: skip
    check.fact(
        "FLT-018", "state afterwards", holds=found.after.state is DeviceState.IDLE, state="idle",
        found=found.after.state.value,
    )  # fmt: skip
    current = change_measurands.record_current(found.flowing_a, found.capture, samples=20)
    check("FLT-018", "residual_current", current, load_ohm=LOAD_OHM, state="idle")


@pytest.mark.requirement("FLT-018")
@pytest.mark.full_scope
def test_wrong_commands_leave_a_running_output_alone(bench: Bench, check: Check) -> None:
    commands = wrong_commands(bench.treatment.link, running=True)
    found = bench.commands.while_running(commands, load_ohm=LOAD_OHM)
    check.fact(
        "FLT-018", "wrong commands refused", holds=not found.accepted, state="running",
        found=listed(found.accepted) or f"all {len(found.attempts)}",
    )  # fmt: skip
    unchanged = (found.before.state, found.before.level) == (found.after.state, found.after.level)
    check.fact(
        "FLT-018", "state afterwards", holds=unchanged, state="running",
        found=f"{found.after.state.value}, level {found.after.level}",
    )  # fmt: skip
    for polarity in bench.polarities:
        amplitude = command_measurands.held_amplitude(
            found.pulses, found.capture, polarity, bench.profile
        )
        check(
            "FLT-018", "amplitude", amplitude,
            level=found.before.level, load_ohm=LOAD_OHM, polarity=polarity,
        )  # fmt: skip


@pytest.mark.requirement("FLT-018")
@pytest.mark.full_scope
def test_flood_of_requests_disturbs_nothing(bench: Bench, check: Check) -> None:
    found = bench.commands.flood(load_ohm=LOAD_OHM)
    rate = command_measurands.worst_rate(
        found.pulses, found.capture, bench.profile, bench.timebase_ppm
    )
    check("FLT-018", "repetition_rate", rate, load_ohm=LOAD_OHM, requests=found.requests)
    check.fact(
        "FLT-018", "session timer under a flood",
        holds=abs(found.timed_s - found.elapsed_s) <= TIMER_AGREES_S,
        found=f"{found.timed_s:g} s of the session in {found.elapsed_s:.1f} s",
    )  # fmt: skip
    check.fact(
        "FLT-018", "state after a flood", holds=found.after.state is DeviceState.RUN,
        found=found.after.state.value,
    )  # fmt: skip


@pytest.mark.requirement("FLT-029")
@pytest.mark.full_scope
@pytest.mark.parametrize("since", ["power-on", "reset"])
def test_test_commands_are_refused(bench: Bench, check: Check, since: str) -> None:
    if since == "power-on":
        bench.treatment.power_cycle()
    else:
        bench.treatment.unlock()
        bench.treatment.restart()
    check_locked(bench, check, since)


@pytest.mark.requirement("FLT-029")
@pytest.mark.full_scope
def test_test_commands_are_refused_after_their_time(bench: Bench, check: Check) -> None:
    bench.treatment.unlock()
    bench.clock.sleep(1.01 * TEST_MODE_S)
    check_locked(bench, check, "time-out")


@pytest.mark.requirement("FLT-029")
@pytest.mark.full_scope
def test_test_commands_are_refused_after_the_charger(bench: Bench, check: Check) -> None:
    bench.treatment.unlock()
    bench.fixture.prepare_charger()
    bench.fixture.plug_charger()
    bench.clock.sleep(bench.profile.timers.charge_s)
    check_locked(bench, check, "charger")


def check_locked(bench: Bench, check: Check, since: str) -> None:
    protection = bench.profile.protection
    commands = locked_commands(bench.treatment.link, protection.injections, protection.layers)
    attempts = bench.commands.attempts(commands)
    accepted = tuple(attempt for attempt in attempts if attempt.accepted)
    check.fact(
        "FLT-029", "test commands refused", holds=not accepted, since=since,
        found=listed(accepted) or f"all {len(attempts)}",
    )  # fmt: skip
