"""Virtual time: an integer-nanosecond clock with a heap of appointments."""

from __future__ import annotations

import heapq
from collections.abc import Callable

__all__ = ["NS_PER_S", "Appointment", "FaultTimeline", "Timeline"]

NS_PER_S = 1_000_000_000


class Appointment:
    """One action at one instant; cancelling it is idempotent."""

    __slots__ = ("_action", "time_ns")

    def __init__(self, time_ns: int, action: Callable[[], None]) -> None:
        self.time_ns = time_ns
        self._action: Callable[[], None] | None = action

    @property
    def pending(self) -> bool:
        """Whether the action is still to happen."""
        return self._action is not None

    def cancel(self) -> None:
        """Make the action never happen."""
        self._action = None

    def keep(self) -> None:
        """Do the action, once."""
        action, self._action = self._action, None
        if action is not None:
            action()


class Timeline:
    """Now, and what is to happen. Appointments of one instant are kept in the order made."""

    __slots__ = ("_heap", "_made", "now_ns")

    def __init__(self) -> None:
        self.now_ns = 0
        self._heap: list[tuple[int, int, Appointment]] = []
        self._made = 0

    def schedule(self, time_ns: int, action: Callable[[], None]) -> Appointment:
        """Call ``action`` at ``time_ns`` (now, if that has passed)."""
        appointment = Appointment(max(time_ns, self.now_ns), action)
        heapq.heappush(self._heap, (appointment.time_ns, self._made, appointment))
        self._made += 1
        return appointment

    def after(self, delay_s: float, action: Callable[[], None]) -> Appointment:
        """Call ``action`` ``delay_s`` from now."""
        return self.schedule(self.now_ns + round(delay_s * NS_PER_S), action)

    def next_ns(self) -> int | None:
        """Return when the next appointment is, None without one."""
        while self._heap and not self._heap[0][2].pending:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def keep_next(self) -> None:
        """Do the next appointment; the clock must already stand at its instant."""
        if self.next_ns() is not None:
            heapq.heappop(self._heap)[2].keep()


class FaultTimeline:
    """Virtual time for faults: before an action, cycles that were taken for alike are ended.

    Without that a change could come while cycles are repeated instead of computed, and do nothing.
    """

    __slots__ = ("_before", "_timeline")

    def __init__(self, timeline: Timeline, before: Callable[[], None]) -> None:
        self._timeline = timeline
        self._before = before

    @property
    def now_ns(self) -> int:
        """Virtual time."""
        return self._timeline.now_ns

    def schedule(self, time_ns: int, action: Callable[[], None]) -> Appointment:
        """Call ``action`` at ``time_ns`` (now, if that has passed)."""

        def act() -> None:
            self._before()
            action()

        return self._timeline.schedule(time_ns, act)

    def after(self, delay_s: float, action: Callable[[], None]) -> Appointment:
        """Call ``action`` ``delay_s`` from now."""
        return self.schedule(self.now_ns + round(delay_s * NS_PER_S), action)
