"""A clock that keeps a watched link alive: while the bench waits, the device is asked how it is.

A device that ends its output when its link falls silent would do so in every long record. Whatever
waits on this clock asks in between; a test of the silence itself says so.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator
from typing import Final

from bench.clock import Clock
from bench.errors import DeviceLinkError

__all__ = ["AttentiveClock"]

EVERY_SHARE: Final = 0.4
"""Of the declared link time-out, from one request to the next: two are in time before it is over."""
LATEST_SHARE: Final = 0.8
"""The same where a request would show in a record, on the tapped link."""
_NS_PER_S: Final = 1_000_000_000


class AttentiveClock:
    """Another clock; once :meth:`attend` was called, its sleeps are broken by requests."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.simulated = clock.simulated
        self._ask: Callable[[], object] | None = None
        self._tapped: Callable[[], bool] = lambda: False
        self._timeout_s = 0.0
        self._asked_ns = 0

    def attend(
        self, ask: Callable[[], object], *, timeout_s: float, tapped: Callable[[], bool]
    ) -> None:
        """Ask a device from now on, often enough for its ``timeout_s``.

        ``tapped`` says whether requests show in the records that are taken now: they are kept to the
        fewest then.
        """
        self._ask, self._timeout_s, self._tapped = ask, timeout_s, tapped
        self._asked_ns = self.now_ns()

    @contextlib.contextmanager
    def silence(self) -> Generator[None]:
        """Ask nothing for a while: the silence is what is tested."""
        ask, self._ask = self._ask, None
        try:
            yield
        finally:
            self._ask = ask

    def now_ns(self) -> int:
        """Return the time in integer nanoseconds."""
        return self._clock.now_ns()

    def synchronise(self) -> int:
        """Let the simulated bench serve what it was sent; return the time."""
        return self._clock.synchronise()

    def sleep(self, duration_s: float) -> None:
        """Let ``duration_s`` pass, asking meanwhile."""
        end_ns = self.now_ns() + round(duration_s * _NS_PER_S)
        while self._ask is not None:
            due_ns = self._asked_ns + round(self._every_s * _NS_PER_S)
            if due_ns >= end_ns:
                break
            self._clock.sleep((due_ns - self.now_ns()) / _NS_PER_S)
            self._attend_now(self._ask)
        self._clock.sleep((end_ns - self.now_ns()) / _NS_PER_S)

    def wait_until(
        self, condition: Callable[[], bool], *, timeout_s: float, poll_s: float = 0.01
    ) -> bool:
        """Poll ``condition`` every ``poll_s``; return whether it became true within the time."""
        deadline_ns = self.now_ns() + round(timeout_s * _NS_PER_S)
        while not condition():
            left_s = (deadline_ns - self.now_ns()) / _NS_PER_S
            if left_s <= 0:
                return False
            self.sleep(min(poll_s, left_s))
        return True

    @property
    def _every_s(self) -> float:
        return self._timeout_s * (LATEST_SHARE if self._tapped() else EVERY_SHARE)

    def _attend_now(self, ask: Callable[[], object]) -> None:
        """Ask; a device that does not answer (hung, without power) is its own test's affair."""
        with self.silence(), contextlib.suppress(DeviceLinkError):
            ask()
        self._asked_ns = self.now_ns()
