"""What an adapter makes of a bad line: silence, late and spoilt replies, a line that drops.

The line is a real one to the device, with an :class:`~bench.device.interposer.Interposer` in it, and
the adapter is opened on it as a station would open it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass

from bench.clock import Clock
from bench.device.adapter import open_link
from bench.device.conformance import Finding, require, tried
from bench.device.interposer import Interposer
from bench.device.link import DeviceIdentity, DeviceLimits, DeviceLink, DeviceState
from bench.errors import BenchError, ConfigurationError, DeviceLinkError

__all__ = ["check_line"]

LONGEST_S = 10.0
"""No request of a device takes longer on a line that answers nothing. Proposed."""
SPOILT_REPLIES = 150
_IN_STEP_ROUNDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """How a link is opened, and what the device says of itself on a good line."""

    interposer: Interposer
    open: Callable[[], DeviceLink]
    identity: DeviceIdentity
    limits: DeviceLimits


def check_line(url: str, *, clock: Clock, unlock_key: str, adapter: str) -> tuple[Finding, ...]:
    """Try every clause about bad lines; the device must be switched on and idle, nothing is started.

    A link that is neither TCP nor serial has no line to put anything into: not offered.
    """
    try:
        interposer = Interposer(url)
    except ConfigurationError:
        detail = f"{url} is no TCP or serial line"
        return (Finding(clause="bad lines", outcome="not offered", detail=detail),)

    def opened() -> DeviceLink:
        return open_link(interposer.url, clock=clock, unlock_key=unlock_key, adapter=adapter)

    try:
        link = opened()
        known = _Line(
            interposer=interposer, open=opened, identity=link.identify(), limits=link.limits()
        )
        link.close()
        return tuple(tried(clause, known) for clause in _CLAUSES)
    finally:
        interposer.close()


@contextmanager
def _link(line: _Line) -> Generator[DeviceLink]:
    line.interposer.trouble = "none"
    link = line.open()
    try:
        yield link
    finally:
        line.interposer.trouble = "none"
        link.close()


def _silence_is_an_error_in_time(line: _Line) -> None:
    """A silent device is a DeviceLinkError within its time-out, and is spoken to again after it."""
    with _link(line) as link:
        for ask in (link.identify, link.status, link.limits, link.stop):
            line.interposer.trouble = "silent"
            _must_fail(ask, "on a silent line")
            line.interposer.trouble = "none"
        _must_be_in_step(line, link)


def _late_replies_answer_nothing_else(line: _Line) -> None:
    """A reply that comes too late is not the answer to another request."""
    with _link(line) as link:
        for ask in (link.status, link.identify, link.limits):
            line.interposer.trouble = "late"
            _must_fail(ask, "whose reply is late")
            line.interposer.trouble = "none"
            _must_be_in_step(line, link)


def _a_dropped_line_is_an_error(line: _Line) -> None:
    """A line that drops in the middle of a reply is a DeviceLinkError, and a new link works."""
    with _link(line) as link:
        line.interposer.trouble = "dropped"
        _must_fail(link.status, "on a line that drops")
    with _link(line) as link:
        _must_be_in_step(line, link)


def _spoilt_replies_are_no_facts(line: _Line) -> None:
    """A spoilt reply is an error or the truth, never another fact."""
    with _link(line) as link:
        line.interposer.trouble = "spoilt"
        for number in range(SPOILT_REPLIES):
            _must_be_true_or_an_error(line, link, number)
        line.interposer.trouble = "none"
        time.sleep(0.1)
        _must_be_in_step(line, link)


_CLAUSES = (
    _silence_is_an_error_in_time,
    _late_replies_answer_nothing_else,
    _a_dropped_line_is_an_error,
    _spoilt_replies_are_no_facts,
)


def _must_fail(ask: Callable[[], object], where: str) -> None:
    started_s = time.monotonic()
    name = getattr(ask, "__name__", "a request")
    try:
        found = ask()
    except DeviceLinkError:
        found = None
    took_s = time.monotonic() - started_s
    require(took_s <= LONGEST_S, f"{name}() {where} took {took_s:.1f} s, at most {LONGEST_S:g}")
    require(found is None, f"{name}() {where} returned {found}")


def _must_be_in_step(line: _Line, link: DeviceLink) -> None:
    """Every answer must be that of its own request; the first may still be an error."""
    for attempt in range(_IN_STEP_ROUNDS):
        try:
            identity, limits, status = link.identify(), link.limits(), link.status()
        except DeviceLinkError as error:
            require(attempt == 0, f"still out of step: {error}")
            continue
        require(identity == line.identity, f"{identity}, it is {line.identity}")
        require(limits == line.limits, f"{limits}, they are {line.limits}")
        require(status.state in set(DeviceState), f"state {status.state}")


def _must_be_true_or_an_error(line: _Line, link: DeviceLink, number: int) -> None:
    started_s = time.monotonic()
    try:
        if number % 2:
            found, true = link.identify(), line.identity
        else:
            found, true = link.limits(), line.limits
    except BenchError:
        found = true = None
    took_s = time.monotonic() - started_s
    require(took_s <= LONGEST_S, f"reply {number} took {took_s:.1f} s, at most {LONGEST_S:g}")
    require(found == true, f"reply {number}, spoilt, was read as {found}; it is {true}")
