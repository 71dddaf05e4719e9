"""Whether a running output is what the profile declares for a level, seen in any record of it.

For tests that hold or do not hold: what they did to the device before is their subject, and the
output behind it must be right in every respect. Each figure may miss its declared tolerance by its
own uncertainty before it counts: what is said to be wrong is wrong for certain.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from bench.measure import PulseTable, repetition_rate
from bench.profile import Profile
from bench.station.acquisition import Capture
from bench.station.course import LEAST_SHARE, at_crest, declared_shares
from bench.station.event_records import phases_in
from bench.station.fault_measurands import about_zero_budget
from bench.station.pulse_grid import defective_pulses
from bench.waveform import Waveform

__all__ = ["ExpectedOutput"]

EDGE_SAMPLES: Final = 2.0
"""A pulse's duration is known to a sample at either edge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedOutput:
    """The declared output at one level into one load."""

    profile: Profile
    level: int
    load_ohm: float

    def departures(self, capture: Capture, part: Waveform) -> tuple[str, ...]:
        """Return what is wrong with the output in a part of a record's current; empty for nothing."""
        phases = phases_in(part, self.profile).whole()
        if not len(phases):
            return (f"no pulses at level {self.level}",)
        return tuple(
            text
            for found in (self._amplitudes(capture, phases), self._times(part, phases))
            for text in found
        )

    def amplitude_a(self, part: Waveform) -> float | None:
        """Return the median amplitude at the crest, of both polarities; None without pulses."""
        phases = phases_in(part, self.profile).whole()
        tops = np.abs(at_crest(phases, self.profile).top)
        tops = tops[~np.isnan(tops)]
        return float(np.median(tops)) if tops.size else None

    @property
    def declared_a(self) -> float:
        """The declared amplitude."""
        return self.profile.current_ua(self.level, self.load_ohm) * 1e-6

    def _amplitudes(self, capture: Capture, phases: PulseTable) -> Iterator[str]:
        tolerance = self.profile.tolerance
        declared_a = self.declared_a
        doubt_a = about_zero_budget(declared_a, capture).expanded_uncertainty
        allowed_a = tolerance.amplitude.half_width(declared_a * 1e6) * 1e-6
        shares = declared_shares(phases, self.profile, height=declared_a)
        medians_a: list[float] = []
        polarities = (1,) if self.profile.waveform.kind == "monophasic" else (1, -1)
        for polarity in polarities:
            rows = (phases.polarity == polarity) & (shares >= LEAST_SHARE) & ~np.isnan(phases.top)
            if not rows.any():
                yield f"no pulses of polarity {polarity:+d}"
                return
            tops, own = phases.top[rows], shares[rows]
            over_a = (np.abs(np.abs(tops) / own - declared_a) - allowed_a) - doubt_a / own
            worst = int(over_a.argmax())
            if float(over_a[worst]) > 0.0:
                yield (
                    f"a pulse of {float(tops[worst]) * 1e6:+.0f} µA at level {self.level}, "
                    f"{declared_a * float(own[worst]) * 1e6:.0f} declared"
                )
            medians_a.append(float(np.median(tops / own)))
        if self.profile.waveform.symmetric and len(medians_a) > 1:
            difference_a = abs(sum(medians_a))
            if difference_a > tolerance.symmetry.half_width(declared_a * 1e6) * 1e-6 + doubt_a:
                yield f"polarities differ by {difference_a * 1e6:.1f} µA at level {self.level}"

    def _times(self, part: Waveform, phases: PulseTable) -> Iterator[str]:
        wave, tolerance = self.profile.waveform, self.profile.tolerance
        declared_us = wave.pulse_duration_s * 1e6
        doubt_us = EDGE_SAMPLES * part.sample_interval_s * 1e6
        lasting_us = float(np.median(phases.duration_s)) * 1e6
        if abs(lasting_us - declared_us) > (
            tolerance.pulse_duration.half_width(declared_us) + doubt_us
        ):
            yield f"pulses of {lasting_us:.0f} µs, {declared_us:.0f} declared"
        leading = phases
        if wave.phases_per_pulse > 1:
            leading = phases.select(phases.polarity > 0)
        rate = repetition_rate(leading)
        if rate is not None and rate.count > 2:
            away_hz = abs(rate.rate_hz - wave.repetition_rate_hz)
            allowed_hz = tolerance.repetition_rate.half_width(wave.repetition_rate_hz)
            if away_hz > allowed_hz + 2.0 * rate.standard_uncertainty_hz:
                yield f"{rate.rate_hz:.2f} pulses a second, {wave.repetition_rate_hz:g} declared"
                return  # a grid of another rate has no sense
        defects, _ = defective_pulses(phases, self.profile)
        if defects:
            yield f"{defects} pulses missing, extra or cut"
