"""Contact detection: what the firmware makes of volts and amperes at the electrodes."""

from __future__ import annotations

from typing import Literal

from bench.twin.part import Part

__all__ = ["ContactDetector"]

_NOTHING_V = 0.05
"""Below this there is nothing to divide: an output that stays at zero proves no open contact."""


class ContactDetector(Part):
    """Thresholds with hysteresis, and a debounce."""

    def __init__(self, *, on_ohm: float, off_ohm: float, debounce_s: float) -> None:
        self.on_ohm = on_ohm
        self.off_ohm = off_ohm
        self.debounce_s = debounce_s
        self.threshold_factor = 1.0
        self.latency_s = 0.0
        """Further delay before a loss is acted upon."""
        self.stuck: Literal["closed", "open"] | None = None
        self.stuck_closed_below_ohm = float("inf")
        self.stuck_open_above_ohm = 0.0
        self.probe_ua = 2.0
        self.probe_s = 5e-3
        self.probe_rate_hz = 4.0
        self.enabled = True
        self.present = False
        self.last_ohm = float("inf")
        self._missing_since_ns: int | None = None

    def judge(self, volts: float, amperes: float) -> bool:
        """Return whether there is contact, by one sample."""
        if abs(volts) < _NOTHING_V and abs(amperes) < 1e-9:
            return self.present
        self.last_ohm = abs(volts / amperes) if amperes else float("inf")
        if self.stuck == "closed" and self.last_ohm < self.stuck_closed_below_ohm:
            return True
        if self.stuck == "open" and self.last_ohm > self.stuck_open_above_ohm:
            return False
        limit_ohm = self.off_ohm if self.present else self.on_ohm
        return self.last_ohm < limit_ohm * self.threshold_factor

    def lost(self, *, contact: bool, now_ns: int) -> bool:
        """Take a judgement made while driving; return whether the contact counts as lost."""
        if contact or not self.enabled:
            self._missing_since_ns = None
            return False
        if self._missing_since_ns is None:
            self._missing_since_ns = now_ns
        missing_s = (now_ns - self._missing_since_ns) / 1e9
        return missing_s >= self.debounce_s + self.latency_s

    def forget(self) -> None:
        """Start judging afresh."""
        self._missing_since_ns = None

    def memory(self) -> object:
        """Return what a following cycle could notice."""
        return self.present, self._missing_since_ns is None
