"""Short circuits of a running device: the current into 10 Ω, and the amplitude afterwards.

The short's relay also puts a resistor across the shunt. How much of the current the shunt still
carries is measured with the reference current before, not taken from a drawing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from bench.clock import Clock
from bench.station.acquisition import Capture
from bench.station.direct_current import DirectCurrent
from bench.station.event_records import EventRecords, phases_in
from bench.station.fixture import Fixture
from bench.station.ranges import FILL
from bench.station.scales import Label
from bench.station.steady_output import record_points
from bench.station.treatment import Treatment

__all__ = ["SHORT_OHM", "ShortedOutput", "Shorts"]

SHORT_OHM: Final = 10.0
"""What the device sees with the short's relay closed. Source: docs/laboratory.md."""
SHORT_S: Final = 5.0
OPEN_S: Final = 15.0
CYCLES: Final = 10
"""Cycle of 5 s short and 15 s open, ten times. Source: requirement FLT-007."""
REFERENCE_UA: Final = 400.0
REFERENCE_APERTURE_S: Final = 0.2
RANGE_MARGIN: Final = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortedOutput:
    """One record of a shorted device."""

    capture: Capture
    largest_a: float | None
    """Largest amplitude of any pulse into the short; None without pulses."""
    share: float
    """Of the device's current that the shunt carries."""


class Shorts:
    """Shorts a running device and opens it again."""

    def __init__(
        self,
        *,
        treatment: Treatment,
        fixture: Fixture,
        records: EventRecords,
        direct: DirectCurrent,
        clock: Clock,
    ) -> None:
        self._treatment = treatment
        self._fixture = fixture
        self._records = records
        self._direct = direct
        self._clock = clock
        self._ranges = records.ranges
        self._profile = records.ranges.profile
        self._level = self._profile.highest_level

    def cycles(self, *, load_ohm: float) -> Sequence[ShortedOutput]:
        """Short and open a running device; return the first and the last short."""
        share = self.shunt_share()
        self._treatment.run(level=self._level, load_ohm=load_ohm)
        found: list[ShortedOutput] = []
        relay = self._fixture.load_relay(load_ohm)
        for cycle in range(CYCLES):
            self._fixture.close("load_short")
            self._fixture.open(relay)
            self._clock.sleep(SHORT_S)
            if cycle in (0, CYCLES - 1):
                self._treatment.must_run()
                found.append(self._shorted(share, cycle + 1))
            self._fixture.open("load_short")
            self._clock.sleep(OPEN_S)
        self._fixture.close(relay)
        self._treatment.make_idle()
        return found

    def shunt_share(self) -> float:
        """Return the share of a current through the short that the shunt carries."""
        self._fixture.isolate_device()
        self._fixture.reference_current(REFERENCE_UA * self._profile.scale)
        plain_a = self._direct.over(REFERENCE_APERTURE_S).current_a
        self._fixture.close("load_short")
        shorted_a = self._direct.over(REFERENCE_APERTURE_S).current_a
        self._fixture.open("load_short")
        self._fixture.reference_off()
        ratio = shorted_a / plain_a
        series_ohm = self._fixture.reference_resistance_ohm
        shunt_ohm = self._direct.shunt_ohm
        # The reference is a voltage behind a resistance: its current grows as the shunt shrinks.
        return ratio * series_ohm / (series_ohm + shunt_ohm - ratio * shunt_ohm)

    def _shorted(self, share: float, cycle: int) -> ShortedOutput:
        profile = self._profile
        expected_a = profile.current_ua(self._level, SHORT_OHM) * 1e-6 * share
        duration_s = 4 * profile.waveform.polarity_cycle_s
        wanted_a = 2 * RANGE_MARGIN * expected_a / FILL
        for full_scale_a in (self._ranges.at_least_a(wanted_a), self._ranges.wide_a()):
            capture = self._records.look(
                f"shorted, cycle {cycle}",
                {Label.CURRENT: full_scale_a},
                duration_s=duration_s,
                conditions={"level": self._level, "load_ohm": SHORT_OHM, "cycle": cycle},
                points=record_points(profile, duration_s),
            )
            if not capture.clipped(Label.CURRENT):
                break
        pulses = phases_in(capture.waveforms[Label.CURRENT], profile)
        largest_a = float(np.nanmax(np.abs(pulses.top))) / share if len(pulses) else None
        return ShortedOutput(capture=capture, largest_a=largest_a, share=share)
