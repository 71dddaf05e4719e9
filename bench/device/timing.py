"""How long a reply of MDL/1 is awaited, on the wall clock and on the simulated bench."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bench.clock import Clock

__all__ = ["listening_times", "reply_limit_s"]

_REPLY_LIMIT_S = 0.1
_FAST_REPLY_LIMIT_S = 0.05
_START_REPLY_LIMIT_S = 0.2
_SLOW_REPLY_LIMIT_S = 5.0
_FAST_VERBS = frozenset({"IDN?", "STAT?", "STOP"})
_SLOW_VERBS = frozenset({"SELFTEST?", "RESET"})
_SLACK_S = 0.4
"""Wall time that host and transport may add (USB adapters, a busy host) before it is silence."""
_FIRST_LISTEN_S = 0.1
"""Wall time that the simulated bench usually needs far less of."""
_LISTEN_S = 0.05
"""Wall time for bytes that are already in the socket."""


def reply_limit_s(verb: str = "") -> float:
    """Return the time within which the protocol promises a reply."""
    if verb in _FAST_VERBS:
        return _FAST_REPLY_LIMIT_S
    if verb in _SLOW_VERBS:
        return _SLOW_REPLY_LIMIT_S
    return _START_REPLY_LIMIT_S if verb == "START" else _REPLY_LIMIT_S


def listening_times(clock: Clock, limit_s: float) -> Iterable[float]:
    """Yield wall times to listen for; on the simulated bench virtual time passes between two.

    A busy host must not change virtual time, so it passes only when the simulated bench is known to
    have served the request: it serves one thing after another, hence two answers of its clock say so.
    """
    if clock.simulated:
        return _simulated(clock, limit_s)
    return (limit_s + _SLACK_S,)


def _simulated(clock: Clock, limit_s: float) -> Iterator[float]:
    yield _FIRST_LISTEN_S
    clock.synchronise()
    clock.synchronise()
    yield _LISTEN_S
    clock.sleep(limit_s)
    clock.synchronise()
    yield _LISTEN_S
