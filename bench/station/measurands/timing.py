"""Durations, rates and counts of pulses."""

from __future__ import annotations

from typing import Final

import numpy as np

from bench.errors import DeviceMisbehaved
from bench.judge import (
    clock_interval_budget,
    interval_budget,
    interval_ratio_budget,
    rate_budget,
)
from bench.measure import grid_defects
from bench.measure import repetition_rate as fitted_rate
from bench.profile import Profile
from bench.station.measurands.record import (
    leading_phases,
    no_pulses,
    transitions,
)
from bench.station.measured import Measured
from bench.station.repetition import Repetition
from bench.station.session import FullSession
from bench.station.steady_output import Polarity, SteadyOutput

__all__ = [
    "duration_symmetry",
    "polarity_cycle_s",
    "pulse_defects",
    "pulse_duration",
    "repetition",
    "repetition_rate",
    "session_length",
]

CLOCK_PPM: Final = 100.0
"""Any computer's clock over twenty minutes; the simulated clock has no error."""

CUT_SHARE: Final = 0.8
"""A pulse shorter than this share of its declared duration was interrupted."""


def pulse_duration(output: SteadyOutput, polarity: Polarity, *, timebase_ppm: float) -> Measured:
    """Return the median pulse duration of one polarity, in s."""
    pulses = output.of_polarity(polarity)
    if len(pulses) == 0:
        return no_pulses(output, polarity, "s")
    value = float(np.median(pulses.duration_s))
    return Measured(
        value=value,
        unit="s",
        budget=interval_budget(value, transitions(output, pulses), timebase_ppm=timebase_ppm),
        waveforms=output.evidence,
    )


def duration_symmetry(output: SteadyOutput) -> Measured:
    """Return the ratio of positive to negative pulse duration; the time base falls out."""
    positive, negative = output.of_polarity(1), output.of_polarity(-1)
    for polarity, pulses in ((1, positive), (-1, negative)):
        if len(pulses) == 0:
            return no_pulses(output, polarity, "1")
    first_s = float(np.median(positive.duration_s))
    second_s = float(np.median(negative.duration_s))
    budget = interval_ratio_budget(
        first_s,
        transitions(output, positive),
        second_s,
        transitions(output, negative),
    )
    return Measured(value=first_s / second_s, unit="1", budget=budget, waveforms=output.evidence)


def repetition_rate(output: SteadyOutput, *, timebase_ppm: float) -> Measured:
    """Return the rate of pulses from a grid fitted to their leading edges, in Hz."""
    leading = leading_phases(output)
    if len(leading) < 3:
        return Measured(
            value=None, unit="Hz", waveforms=output.evidence, reason="fewer than three pulses"
        )
    rate = fitted_rate(leading)
    if rate is None:
        return Measured(
            value=None, unit="Hz", waveforms=output.evidence, reason="the pulses form no grid"
        )
    budget = rate_budget(
        rate.rate_hz,
        standard_uncertainty_hz=rate.standard_uncertainty_hz,
        timebase_ppm=timebase_ppm,
    )
    return Measured(value=rate.rate_hz, unit="Hz", budget=budget, waveforms=output.evidence)


def polarity_cycle_s(output: SteadyOutput) -> float:
    """Return the measured time of one whole repetition: polarities, trains and envelope.

    Raises DeviceMisbehaved where the pulses form no regular grid.
    """
    return output.profile.waveform.repeat_s * _stretch(output)


def repetition(output: SteadyOutput, *, timebase_ppm: float) -> Repetition:
    """Return the measured times of one whole repetition, of which the meter's aperture is made.

    Raises DeviceMisbehaved where the pulses form no regular grid.
    """
    return Repetition.declared(
        output.profile,
        peak_a=float(np.abs(output.pulses.top).max()),
        timebase_ppm=timebase_ppm,
        stretch=_stretch(output),
    )


def session_length(session: FullSession) -> Measured:
    """Return the length of the session by the clock, in s; None where it never ended."""
    evidence = tuple(session.after_end.hashes.values())
    if session.length_s is None:
        return Measured(
            value=None, unit="s", waveforms=evidence,
            reason=f"the device still reported a running session after {session.watched_s:.0f} s",
        )  # fmt: skip
    budget = clock_interval_budget(
        session.length_s, poll_interval_s=session.poll_s, clock_ppm=CLOCK_PPM
    )
    return Measured(value=session.length_s, unit="s", budget=budget, waveforms=evidence)


def pulse_defects(session: FullSession, profile: Profile) -> tuple[Measured, int]:
    """Return the number of missing, extra and cut pulses, and how many pulses were looked at."""
    defects, pulses = 0, 0
    found: list[str] = []
    for observed in session.observed:
        phases = observed.phases.whole()
        if profile.waveform.phases_per_pulse > 1:
            phases = phases.select(phases.polarity > 0)
        grid = grid_defects(phases, 1.0 / profile.waveform.repetition_rate_hz)
        cut = int((phases.duration_s < CUT_SHARE * profile.waveform.pulse_duration_s).sum())
        wrong = grid.missing_s.size + grid.extra_s.size + cut
        if wrong:
            found.append(f"record {observed.capture.record.acquisition_id}: {wrong}")
        defects += wrong
        pulses += len(phases)
    evidence = tuple(sha for seen in session.observed for sha in seen.capture.hashes.values())
    measured = Measured(
        value=float(defects), unit="pulses", waveforms=evidence, reason="; ".join(found), exact=True
    )
    return measured, pulses


def _stretch(output: SteadyOutput) -> float:
    """Return the device's periods over the declared ones."""
    rate = fitted_rate(leading_phases(output))
    if rate is None:
        raise DeviceMisbehaved("the pulses form no regular grid: there is no polarity cycle")
    return output.profile.waveform.repetition_rate_hz / rate.rate_hz
