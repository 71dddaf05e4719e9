"""Which full scale each capture uses, and so which ranges must be transferred beforehand.

The transient channel's widest range is not: the largest reference current is one per cent of it.
What is read there has the uncertainty of the scope's data sheet.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from bench.profile import Profile
from bench.station.scales import Label
from bench.station.transfer import RangePlan

__all__ = ["RangeChoice"]

FILL: Final = 0.8
"""Both polarities of a level fill this much of the range."""
ZERO_A: Final = 3e-6
"""What a scope may show without current on the most sensitive ranges: 2 mV and a tenth of a division behind
the amplifier of 1 V/mA."""
LEVEL_TOLERANCE: Final = 1.1
"""Of a level's current, at most, where it is as declared."""
NEXT_RANGE: Final = 1.25
"""Of a level's range, at least, where it is clipped."""
WIDE_FACTOR: Final = 2.5
"""Of the highest level: a clipped record is retaken here."""
OFF_RANGE_A: Final = 100e-6
"""Ten times what counts as off, so that a code is a small part of it."""
FAR_TOO_WIDE: Final = 10.0
"""Of that range: where even the lowest level's is so much wider, it is transferred too."""
TRANSIENT_A: Final = 45e-3
"""Hot-connect peaks of a healthy unit: 20 V into 500 Ω."""
PEAK_MARGIN: Final = 1.125
ELECTRODE_MARGIN: Final = 1.25


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeChoice:
    """Full scales for one profile."""

    profile: Profile

    def level_a(self, level: int) -> float:
        """Return the range of a level: twice its current over 0.8, and room for the scope's zero."""
        current_a = self._largest_ua(level) * 1e-6
        zero_a = ZERO_A * self.profile.scale
        return self._rounded(2 * max(current_a / FILL, LEVEL_TOLERANCE * current_a + zero_a))

    def for_level_a(self, level: int) -> tuple[float, ...]:
        """Return the ranges of a level in the order to try them: its own, and wider where it clips."""
        own_a = self.level_a(level)
        ranges_a = (own_a, self.at_least_a(NEXT_RANGE * own_a), self.wide_a())
        return tuple(dict.fromkeys(ranges_a))

    def at_least_a(self, full_scale_a: float) -> float:
        """Return the smallest transferred range of at least ``full_scale_a``, or the widest."""
        known = sorted({*self._levels_a(), *self._resting_a(), self.wide_a()})
        return next((range_a for range_a in known if range_a >= full_scale_a), known[-1])

    def off_a(self) -> float:
        """Return the range on which a device is judged that should deliver nothing."""
        return self.at_least_a(OFF_RANGE_A * self.profile.scale)

    def wide_a(self) -> float:
        """Return the range on which a clipped record is retaken."""
        return self._rounded(2 * WIDE_FACTOR * self._largest_ua(None) * 1e-6)

    def fault_a(self) -> float:
        """Return the transient channel's range for an injected overcurrent."""
        return self._rounded(2 * WIDE_FACTOR * self._largest_ua(None) * 1e-6)

    def transient_a(self) -> float:
        """Return the transient channel's widest range: hot-connect peaks of both signs."""
        peak_a = self.profile.output.compliance_v / self.profile.loads_ohm[0]
        return 2 * max(TRANSIENT_A, PEAK_MARGIN * peak_a)

    def electrode_v(self) -> float:
        """Return the electrode channel's range: the whole compliance and what lies above it."""
        return 2 * ELECTRODE_MARGIN * self.profile.output.compliance_v

    def plans(self) -> Iterator[RangePlan]:
        """Yield every current range that a plan may use."""
        scale = self.profile.scale
        for range_a in (*self._levels_a(), *self._resting_a()):
            yield RangePlan(label=Label.CURRENT, full_scale_a=range_a, scale=scale)
        yield RangePlan(label=Label.CURRENT, full_scale_a=self.wide_a(), scale=scale)
        yield RangePlan(label=Label.TRANSIENT, full_scale_a=self.fault_a(), scale=scale)

    def _levels_a(self) -> list[float]:
        return [self.level_a(row.number) for row in self.profile.levels]

    def _resting_a(self) -> list[float]:
        """Return a range for a device at rest where the lowest level's would show too little."""
        resting_a = OFF_RANGE_A * self.profile.scale
        return [resting_a] if min(self._levels_a()) > FAR_TOO_WIDE * resting_a else []

    def _largest_ua(self, level: int | None) -> float:
        """Return the largest declared current of a level (or of all) over all loads."""
        numbers = [row.number for row in self.profile.levels if level in (None, row.number)]
        return max(
            self.profile.current_ua(number, load)
            for number in numbers
            for load in self.profile.loads_ohm
        )

    @staticmethod
    def _rounded(full_scale_a: float) -> float:
        return float(f"{full_scale_a:.3g}")
