"""Direct current of a pulsed output by a meter whose readings hold no whole repetition of it.

A sweep takes readings that start at equally spaced phases of the repetition; the next sweeps start
between those phases. Over start phases that cover the repetition evenly, a reading of *any* fixed
aperture has the direct current as its mean: the average of the start phases is an average over the
repetition. So the mean of a sweep carries neither a model of the output nor of the meter's timing.
What is left of the pulses (harmonics that the spacing does not cancel, jitter of the starts) makes
sweeps differ, and that scatter is the uncertainty, with one degree of freedom less than sweeps.
Worked out in docs/decisions/0009-direct-current-by-sweeps.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from bench.judge import MultimeterAccuracy
from bench.station.repetition import Repetition

__all__ = ["STEP_APERTURE_S", "Sweeps"]

PHASES: Final = 8
"""Start phases of a sweep: even, so that opposite half-cycles of an alternating output cancel."""
SWEEPS: Final = 8
STEP_APERTURE_S: Final = 0.2
"""Ten line cycles at 50 Hz, a step or a sum of steps of every meter; its exact length is of no
matter here."""
START_JITTER_S: Final = 2e-3
"""Half-width, assumed for the plan alone: what a message takes more or less. Proposed; the run's own
scatter is what the measured budget uses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweeps:
    """How a direct current is read in sweeps of start phases."""

    aperture_s: float
    period_s: float
    """Over which the start phases are spread."""
    phases: int = PHASES
    sweeps: int = SWEEPS

    @classmethod
    def of(cls, repetition: Repetition, accuracy: MultimeterAccuracy) -> Sweeps:
        """Choose the sweeps for an output that repeats.

        Under an envelope the phases are those of the envelope, the slower of its two rhythms. A
        meter with an aperture in seconds takes as many spacings as it can: together the readings of
        a sweep then cover the repetition without gap or overlap.
        """
        envelope_s = repetition.envelope_s
        period_s = repetition.cycle_s if envelope_s is None else envelope_s
        spacing_s = period_s / PHASES
        aperture_s = STEP_APERTURE_S
        if accuracy.aperture_in_seconds:
            longest_s = accuracy.longest_aperture_s
            aperture_s = math.floor(longest_s / spacing_s) * spacing_s or longest_s
        return cls(aperture_s=aperture_s, period_s=period_s)

    def start_s(self, sweep: int, phase: int) -> float:
        """Return where in the repetition a reading starts, in seconds from an arbitrary origin."""
        return (phase + sweep / self.sweeps) / self.phases * self.period_s

    @property
    def duration_s(self) -> float:
        """How long they take: each reading waits for its phase, behind the reading before it.

        A reading is taken as two apertures: most meters measure their zero as long as the input.
        """
        spacing_s = self.period_s / self.phases
        reading_s = 2.0 * self.aperture_s + START_JITTER_S
        behind = math.ceil((reading_s - spacing_s) / self.period_s)
        return self.sweeps * self.phases * (spacing_s + max(0, behind) * self.period_s)

    def expected_scatter_a(self, repetition: Repetition) -> float:
        """Return the standard deviation to expect of a sweep's mean, for the plan.

        Of one reading: the error of a start that is off by the jitter, which is the difference of
        the currents at both ends of the aperture, or what a reading anywhere would be off, where
        that is less. The spacing cancels the rest.
        """
        by_jitter_a = (
            math.sqrt(2.0 * repetition.duty)
            * repetition.peak_a
            * START_JITTER_S
            / math.sqrt(3.0)
            / self.aperture_s
        )
        anywhere_a = repetition.charge_c / self.aperture_s / math.sqrt(3.0)
        return min(by_jitter_a, anywhere_a) / math.sqrt(self.phases)
