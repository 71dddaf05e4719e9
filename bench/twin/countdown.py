"""Timers of the device that count only while they run."""

from __future__ import annotations

from collections.abc import Callable

from bench.twin.part import Part
from bench.twin.parts import Oscillator
from bench.twin.virtual_time import NS_PER_S, Appointment, Timeline

__all__ = ["Countdown"]


class Countdown(Part):
    """Counts device seconds down to zero while it runs, then acts once."""

    def __init__(
        self, timeline: Timeline, oscillator: Oscillator, expired: Callable[[], None]
    ) -> None:
        self._timeline = timeline
        self._oscillator = oscillator
        self._expired = expired
        self._left_s = 0.0
        self._running_since_ns: int | None = None
        self._appointment: Appointment | None = None
        self.factor = 1.0
        """Faulty: the time to expiry against what was asked for."""
        self.never = False
        """Faulty: counts but does not act."""
        self.frozen = False
        """Injected: does not count."""

    @property
    def left_s(self) -> float:
        """Device seconds that are left."""
        return max(0.0, self._left_s - self._counted_s())

    def load(self, seconds: float) -> None:
        """Stop, and set what is to be counted."""
        self.hold()
        self._left_s = seconds

    def run(self) -> None:
        """Go on counting."""
        self.hold()
        if self.frozen:
            return
        self._running_since_ns = self._timeline.now_ns
        if not self.never:
            delay_s = self._left_s * self._oscillator.device_s * self.factor
            self._appointment = self._timeline.after(delay_s, self._act)

    def hold(self) -> None:
        """Stop counting, keeping what is left."""
        self._left_s = self.left_s
        self._running_since_ns = None
        if self._appointment is not None:
            self._appointment.cancel()
            self._appointment = None

    def preset(self, seconds: float) -> None:
        """Count ``seconds`` at once."""
        running = self._running_since_ns is not None
        self.hold()
        self._left_s = max(0.0, self._left_s - seconds)
        if running:
            self.run()

    def freeze(self, *, frozen: bool) -> None:
        """Stop counting whatever happens, or count again."""
        running = self._running_since_ns is not None or self.frozen
        self.hold()
        self.frozen = frozen
        if running and not frozen and self._left_s > 0:
            self.run()

    def _counted_s(self) -> float:
        if self._running_since_ns is None:
            return 0.0
        true_s = (self._timeline.now_ns - self._running_since_ns) / NS_PER_S
        return true_s / (self._oscillator.device_s * self.factor)

    def _act(self) -> None:
        self._left_s = 0.0
        self._running_since_ns = None
        self._appointment = None
        self._expired()
