"""Does an adapter keep the contract of a :class:`~bench.device.link.DeviceLink`?

Run it against one's own adapter before the first plan: what fails here would appear later as a
device's FAIL or as an ERROR with a misleading cause. Without ``with_output`` nothing is started.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from bench.clock import Clock
from bench.device.link import DeviceLink, DeviceState
from bench.errors import DeviceLinkError, DeviceRefused, NotOffered

__all__ = ["Finding", "check_link", "require", "tried"]

Outcome = Literal["passed", "failed", "not offered"]

_SETTLED_S = 1.5
"""Longer than any update of a status report, a ramp of a second included."""
_SESSION_S = 30.0
_REACTION_S = 5.0
_INJECTION, _INJECTED_UA = "overcurrent_ua", 5000.0
"""Well above any threshold of a device of 10 to 1000 µA."""
_NONSENSE = (b"\n", b"\x00\xff\xfe\n", b"?" * 300 + b"\n", b"#1 OK\n")
_DELIVERING = frozenset({DeviceState.ARMED, DeviceState.RAMP, DeviceState.RUN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One clause of the contract and whether it is kept."""

    clause: str
    outcome: Outcome
    detail: str = ""


class _BrokenClauseError(Exception):
    """The clause under test is broken; the text says how."""


def check_link(link: DeviceLink, *, clock: Clock, with_output: bool = False) -> tuple[Finding, ...]:
    """Try every clause and return one finding each; the link is closed at the end.

    The device must be switched on and idle. ``with_output`` starts a session of 30 s, which needs a
    load at the electrodes and is stopped again.
    """
    clauses = (*_CLAUSES, *(_OUTPUT_CLAUSES if with_output else ()), _closes_for_good)
    return tuple(tried(clause, link, clock) for clause in clauses)


def tried(clause: Callable[..., None], *arguments: object) -> Finding:
    """Return what became of one clause, whose name is its docstring."""
    name = (clause.__doc__ or clause.__name__).rstrip(".")
    try:
        clause(*arguments)
    except NotOffered as reason:
        return Finding(clause=name, outcome="not offered", detail=str(reason))
    except _BrokenClauseError as reason:
        return Finding(clause=name, outcome="failed", detail=str(reason))
    except Exception as error:  # noqa: BLE001 - a stranger's adapter may raise anything: that is the finding, and the other clauses are still tried
        return Finding(clause=name, outcome="failed", detail=f"{type(error).__name__}: {error}")
    return Finding(clause=name, outcome="passed")


def require(condition: object, detail: str) -> None:
    """Break the clause under test where a condition does not hold."""
    if not condition:
        raise _BrokenClauseError(detail)


@contextmanager
def _refusal(what: str) -> Generator[None]:
    try:
        yield
    except DeviceRefused:
        return
    raise _BrokenClauseError(f"{what} was accepted, expected DeviceRefused")


def _identity_is_complete(link: DeviceLink, _clock: Clock) -> None:
    """identify() names model, serial number and firmware, twice the same."""
    first, second = link.identify(), link.identify()
    for field in ("model", "serial", "firmware"):
        require(bool(getattr(first, field)), f"{field} is empty")
    require(first == second, f"{first} and then {second}")
    require(first.capabilities == link.capabilities, "identity and link differ in capabilities")


def _status_is_plausible(link: DeviceLink, _clock: Clock) -> None:
    """status() is within its units: volts, seconds, a level that exists."""
    status = link.status()
    require(not status.battery_v > 100, f"battery {status.battery_v} V: millivolts?")
    require(not status.uptime_s < 0, f"uptime {status.uptime_s} s")
    require(status.level >= 0, f"level {status.level}")


def _counter_moves(link: DeviceLink, clock: Clock) -> None:
    """status().counter moves on while the device lives."""
    before = link.status().counter
    clock.sleep(_SETTLED_S)
    after = link.status().counter
    require(after != before, f"{before} before and after {_SETTLED_S:g} s: a stale report")


def _limits_are_plausible(link: DeviceLink, _clock: Clock) -> None:
    """limits() has levels, a longest session, and as many currents as levels."""
    limits = link.limits()
    require(limits.levels >= 1, f"{limits.levels} levels")
    require(not limits.session_max_s <= 0, f"longest session {limits.session_max_s} s")
    currents = limits.level_currents_ua
    require(len(currents) in {0, limits.levels}, f"{len(currents)} currents")
    require(list(currents) == sorted(currents), f"currents {currents} do not rise")


def _levels_are_taken(link: DeviceLink, _clock: Clock) -> None:
    """set_level() is what status() then says, for every level."""
    for level in range(link.limits().levels, 0, -1):
        link.set_level(level)
        found = link.status().level
        require(found == level, f"level {level} was set, {found} is reported")


def _levels_are_never_clamped(link: DeviceLink, _clock: Clock) -> None:
    """set_level() beyond the limits is refused and changes nothing."""
    before = link.status().level
    for level in (-1, link.limits().levels + 1):
        with _refusal(f"level {level}"):
            link.set_level(level)
    found = link.status().level
    require(found == before, f"the level went from {before} to {found}")


def _modes_are_taken(link: DeviceLink, _clock: Clock) -> None:
    """set_mode() is what status() then says, for every mode."""
    for mode in link.limits().modes:
        link.set_mode(mode)
        found = link.status().mode
        require(found == mode, f"mode {mode} was set, {found} is reported")


def _stop_is_idempotent(link: DeviceLink, _clock: Clock) -> None:
    """stop() is legal at rest, twice."""
    link.stop()
    link.stop()


def _too_long_a_session_is_refused(link: DeviceLink, _clock: Clock) -> None:
    """start() for longer than the longest session is refused and starts nothing."""
    longest_s = link.limits().session_max_s
    if math.isnan(longest_s):
        raise NotOffered("limits() names no longest session")
    with _refusal(f"a session of {longest_s + 1:g} s"):
        link.start(longest_s + 1)
    require(link.status().state not in _DELIVERING, "it delivers")


def _telemetry_is_fresh(link: DeviceLink, _clock: Clock) -> None:
    """telemetry() is not older than a few seconds."""
    require(not link.telemetry().age_s > _REACTION_S, "the readings are old")


def _faults_agree(link: DeviceLink, _clock: Clock) -> None:
    """faults() and status().faults say the same, and clear_faults() at rest is legal."""
    link.clear_faults()
    latched, reported = link.faults(), link.status().faults
    require(latched == reported, f"{sorted(latched)} against {sorted(reported)}")


def _injections_are_locked(link: DeviceLink, _clock: Clock) -> None:
    """inject() before unlock_tests() is refused."""
    with _refusal("an injection"):
        link.inject("overcurrent_ua", 0)


def _unknown_injections_are_refused(link: DeviceLink, _clock: Clock) -> None:
    """inject() of a name that does not exist is refused, after unlock_tests()."""
    link.unlock_tests()
    with _refusal("an injection that does not exist"):
        link.inject("no_such_injection", 1)


def _nonsense_is_survived(link: DeviceLink, _clock: Clock) -> None:
    """raw() nonsense changes no state and leaves the link in step."""
    before = link.status().state
    for nonsense in _NONSENSE:
        link.raw(nonsense)
    after = link.status().state
    require(after == before, f"{before} before, {after} after")


def _heartbeat_can_be_off(link: DeviceLink, _clock: Clock) -> None:
    """heartbeat(0) switches the communication watchdog off."""
    link.heartbeat(0)


def _a_session_runs_and_stops(link: DeviceLink, clock: Clock) -> None:
    """start() delivers, stop() ends it."""
    link.start(_SESSION_S)
    running = clock.wait_until(
        lambda: link.status().state is DeviceState.RUN, timeout_s=_REACTION_S, poll_s=0.1
    )
    try:
        require(running, f"{link.status().state} {_REACTION_S:g} s after start()")
    finally:
        link.stop()
    ended = clock.wait_until(
        lambda: link.status().state not in _DELIVERING, timeout_s=_REACTION_S, poll_s=0.1
    )
    require(ended, f"{link.status().state} {_REACTION_S:g} s after stop()")


def _stop_is_obeyed_in_every_state(link: DeviceLink, clock: Clock) -> None:
    """stop() is obeyed while it ramps, runs and pauses, and after a fault."""
    for name, enter in (
        ("at once after start()", lambda: None),
        ("while it runs", lambda: clock.sleep(_SETTLED_S)),
        ("in a pause", lambda: _pause(link, clock)),
        ("after an injected fault", lambda: _trip(link, clock)),
    ):
        link.start(_SESSION_S)
        try:
            enter()
        except (NotOffered, DeviceRefused):
            continue  # a state that this device cannot be brought into
        finally:
            link.stop()
        ended = clock.wait_until(
            lambda: link.status().state not in _DELIVERING, timeout_s=_REACTION_S, poll_s=0.1
        )
        require(ended, f"{link.status().state} {_REACTION_S:g} s after stop() {name}")
        link.clear_faults()


def _pause(link: DeviceLink, clock: Clock) -> None:
    clock.sleep(_SETTLED_S)
    link.pause()


def _trip(link: DeviceLink, clock: Clock) -> None:
    """Bring the device into its fault state by test mode, and leave the injection off."""
    clock.sleep(_SETTLED_S)
    link.unlock_tests()
    link.inject(_INJECTION, _INJECTED_UA)
    clock.wait_until(
        lambda: link.status().state is DeviceState.FAULT, timeout_s=_REACTION_S, poll_s=0.1
    )
    link.inject(_INJECTION, 0)


def _a_second_start_is_refused(link: DeviceLink, clock: Clock) -> None:
    """start() while a session runs is refused."""
    link.start(_SESSION_S)
    try:
        clock.sleep(_SETTLED_S)
        with _refusal("a second start"):
            link.start(_SESSION_S)
    finally:
        link.stop()


def _a_session_pauses(link: DeviceLink, clock: Clock) -> None:
    """pause() and resume() interrupt a session."""
    link.start(_SESSION_S)
    try:
        clock.sleep(_SETTLED_S)
        link.pause()
        state = link.status().state
        require(state is DeviceState.PAUSE, f"{state} after pause()")
        link.resume()
        state = link.status().state
        require(state in _DELIVERING, f"{state} after resume()")
    finally:
        link.stop()


def _closes_for_good(link: DeviceLink, _clock: Clock) -> None:
    """close() is idempotent, and afterwards a request raises a DeviceLinkError."""
    link.close()
    link.close()
    try:
        link.status()
    except DeviceLinkError:
        return
    raise _BrokenClauseError("status() answers on a closed link")


_CLAUSES = (
    _identity_is_complete,
    _status_is_plausible,
    _counter_moves,
    _limits_are_plausible,
    _levels_are_taken,
    _levels_are_never_clamped,
    _modes_are_taken,
    _stop_is_idempotent,
    _too_long_a_session_is_refused,
    _telemetry_is_fresh,
    _faults_agree,
    _injections_are_locked,
    _unknown_injections_are_refused,
    _nonsense_is_survived,
    _heartbeat_can_be_off,
)
_OUTPUT_CLAUSES = (
    _a_session_runs_and_stops,
    _stop_is_obeyed_in_every_state,
    _a_second_start_is_refused,
    _a_session_pauses,
)
