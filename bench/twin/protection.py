"""Protections, each a part of its own: none relies on another."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from bench.twin.analogue import SOURCE
from bench.twin.exponentials import sign_changes
from bench.twin.machine import Monitor
from bench.twin.network import Solution
from bench.twin.part import Part
from bench.twin.virtual_time import NS_PER_S, Timeline

__all__ = ["DirectCurrent", "FirmwareOvercurrent", "HardwareOvercurrent", "Latch", "Watchdog"]

_PIECE_HORIZON_S = 100.0
"""How far into a piece a threshold crossing is looked for."""


class HardwareOvercurrent(Monitor, Part):
    """A comparator on the sense resistor with its own filter and its own way to open the bridge."""

    def __init__(
        self, timeline: Timeline, *, threshold_ua: float, trip: Callable[[], None]
    ) -> None:
        self._timeline = timeline
        self._trip = trip
        self._above_since_ns: int | None = None
        self._toggles_ns: int | None = None
        self._piece: tuple[Solution, int] | None = None
        self.threshold_ua = threshold_ua
        self.threshold_factor = 1.0
        self.filter_us = 20.0
        self.dead = False
        self.enabled = True
        """Switched by test mode; a dead comparator stays dead."""

    def piece_begins(self, solution: Solution, start_ns: int) -> None:
        """Find when the current next passes the threshold in this piece."""
        limit_a = self.threshold_ua * self.threshold_factor * 1e-6
        self._piece = None
        if solution.bound(SOURCE) <= limit_a:
            self._above_since_ns = self._toggles_ns = self.due_ns = None
            return
        self._piece = (solution, start_ns)
        elapsed_s = (self._timeline.now_ns - start_ns) / NS_PER_S
        if abs(solution.value(SOURCE, elapsed_s)) > limit_a:
            self._above_since_ns = self._above_since_ns or self._timeline.now_ns
        else:
            self._above_since_ns = None
        self._find_toggle()
        self._plan()

    def act(self) -> None:
        """Trip, or note that the current passed the threshold."""
        now_ns = self._timeline.now_ns
        if self._above_since_ns is not None and now_ns >= self._trips_ns():
            self._above_since_ns = self._toggles_ns = self.due_ns = None
            if not self.dead and self.enabled:
                self._trip()
            return
        self._above_since_ns = None if self._above_since_ns is not None else now_ns
        self._find_toggle()
        self._plan()

    def memory(self) -> object:
        """Return since when the current is above the threshold, only whether that matters."""
        return self._above_since_ns is None

    def _find_toggle(self) -> None:
        if self._piece is not None:
            limit_a = self.threshold_ua * self.threshold_factor * 1e-6
            self._toggles_ns = _next_toggle(*self._piece, limit_a, self._timeline.now_ns)

    def _trips_ns(self) -> int:
        return (self._above_since_ns or 0) + round(self.filter_us * 1000)

    def _plan(self) -> None:
        times = [self._toggles_ns]
        if self._above_since_ns is not None:
            times.append(max(self._trips_ns(), self._timeline.now_ns))
        self.due_ns = min((time for time in times if time is not None), default=None)


def _next_toggle(solution: Solution, start_ns: int, limit_a: float, now_ns: int) -> int | None:
    """Return when the current's magnitude next passes the limit in this piece."""
    elapsed_s = (now_ns - start_ns) / NS_PER_S
    found: list[float] = []
    for side in (1.0, -1.0):
        terms = [(side * weight, rate) for weight, rate in solution.terms(SOURCE)]
        terms.append((-limit_a, 0.0))
        found += sign_changes(terms, elapsed_s, elapsed_s + _PIECE_HORIZON_S)
    instants = [start_ns + round(at_s * NS_PER_S) for at_s in found]
    return min((at_ns for at_ns in instants if at_ns > now_ns), default=None)


class FirmwareOvercurrent(Part):
    """Two consecutive samples above the threshold; samples exist in driven phases only."""

    def __init__(self, *, threshold_ua: float) -> None:
        self.threshold_ua = threshold_ua
        self.threshold_factor = 1.0
        self.samples_required = 2
        self.dead = False
        self.enabled = True
        self.count = 0

    @property
    def limit_a(self) -> float:
        """The threshold in amperes."""
        return self.threshold_ua * self.threshold_factor * 1e-6

    def sample(self, current_a: float) -> bool:
        """Take a sample; return whether to trip."""
        self.count = self.count + 1 if abs(current_a) > self.limit_a else 0
        return self.count >= self.samples_required and not self.dead and self.enabled


class DirectCurrent(Part):
    """Mean of the delivered current over a sliding window of whole pulses.

    The mean is compared as it is once the commanded amplitude has been constant for a window;
    before (ramp, change of level) what was commanded is allowed on top. Where all pulses have one
    polarity nothing has to be allowed: the threshold lies above what they deliver.
    """

    def __init__(self, *, threshold_ua: float, window_s: float) -> None:
        self.threshold_ua = threshold_ua
        self.window_s = window_s
        self.dead = False
        self.enabled = True
        self._pulses = 1
        self._period_s = window_s
        self._measured_c: deque[float] = deque(maxlen=1)
        self._commanded_c: deque[float] = deque(maxlen=1)

    def begin(self, period_s: float) -> None:
        """Start an empty window for pulses ``period_s`` apart."""
        self._period_s = period_s
        self._pulses = max(1, round(self.window_s / period_s))
        self._measured_c = deque(maxlen=self._pulses)
        self._commanded_c = deque(maxlen=self._pulses)

    def pulse(self, measured_c: float, commanded_c: float) -> bool:
        """Take one pulse's charges; return whether to trip."""
        self._measured_c.append(measured_c)
        self._commanded_c.append(commanded_c)
        window_s = self._pulses * self._period_s
        mean_ua = abs(sum(self._measured_c)) / window_s * 1e6
        if mean_ua <= self.threshold_ua or self.dead or not self.enabled:
            return False
        if self._constant():
            return True
        return mean_ua > self.threshold_ua + abs(sum(self._commanded_c)) / window_s * 1e6

    def memory(self) -> object:
        """Return the window's contents."""
        return tuple(self._measured_c), tuple(self._commanded_c)

    def _constant(self) -> bool:
        if len(self._commanded_c) < self._pulses:
            return False
        if min(self._commanded_c) >= 0.0 or max(self._commanded_c) <= 0.0:
            return True  # one polarity only: the threshold lies above its declared mean
        magnitudes = list(map(abs, self._commanded_c))
        largest = max(magnitudes)
        return largest - min(magnitudes) <= 1e-3 * largest


class Watchdog(Part):
    """Resets the processor when the main loop stops kicking it."""

    def __init__(self, *, timeout_s: float) -> None:
        self.timeout_s = timeout_s
        self.factor = 1.0
        self.dead = False
        self.enabled = True
        self.resumes_output: str | None = None
        """Faulty: ``lowest``, ``old`` or ``highest`` level comes back by itself after the reset."""


class Latch(Part):
    """Holds trips until the user clears them."""

    def __init__(self) -> None:
        self.auto_restart_s: float | None = None
        """Faulty: output comes back by itself after this time."""
