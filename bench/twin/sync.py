"""The sync line: one pulse for every switching event, retriggered by what follows."""

from __future__ import annotations

from bench.twin.history import constant_table
from bench.twin.interface import SegmentTable
from bench.twin.part import Part
from bench.twin.virtual_time import NS_PER_S, Timeline

__all__ = ["SyncLine"]

HIGH_V = 3.3
_PULSE_NS = round(2e-3 * NS_PER_S)


class SyncLine(Part):
    """Remembers the pulses of the line."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._pulses: list[tuple[int, int]] = []

    def trigger(self, busy_s: float = 0.0) -> None:
        """Pulse from now on, until 2 ms after ``busy_s``."""
        now_ns = self._timeline.now_ns
        stop_ns = now_ns + round(busy_s * NS_PER_S) + _PULSE_NS
        if self._pulses and self._pulses[-1][1] >= now_ns:
            start_ns, last_ns = self._pulses.pop()
            self._pulses.append((start_ns, max(stop_ns, last_ns)))
        else:
            self._pulses.append((now_ns, stop_ns))
        # An appointment makes whoever waits for an edge look at this instant.
        self._timeline.schedule(stop_ns, _look)

    def volts(self) -> float:
        """Return the line's volts now."""
        now_ns = self._timeline.now_ns
        if self._pulses and self._pulses[-1][0] <= now_ns < self._pulses[-1][1]:
            return HIGH_V
        return 0.0

    def forget_before(self, time_ns: int) -> None:
        """Drop pulses that ended before ``time_ns``."""
        self._pulses = [pulse for pulse in self._pulses if pulse[1] > time_ns]

    def table(self, start_ns: int, stop_ns: int) -> SegmentTable:
        """Return the line between two instants."""
        times, volts = [start_ns], [0.0]
        for begin_ns, end_ns in self._pulses:
            if end_ns <= start_ns or begin_ns >= stop_ns:
                continue
            if begin_ns <= start_ns:
                volts[0] = HIGH_V
            else:
                times.append(begin_ns)
                volts.append(HIGH_V)
            if end_ns < stop_ns:
                times.append(end_ns)
                volts.append(0.0)
        return constant_table(times, volts, stop_ns=stop_ns)


def _look() -> None:
    """Nothing happens but that time stops here."""
