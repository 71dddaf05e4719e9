"""Durations, rates and counts of pulses."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from bench.errors import DeviceMisbehaved
from bench.judge import (
    clock_interval_budget,
    interval_budget,
    interval_ratio_budget,
    rate_budget,
)
from bench.measure import repetition_rate as fitted_rate
from bench.profile import Profile
from bench.station.measurands.record import (
    leading_phases,
    no_pulses,
    transitions,
)
from bench.station.measured import Measured
from bench.station.pulse_grid import absent_at_ends, defective_pulses
from bench.station.repetition import Repetition
from bench.station.rollovers import Crossing
from bench.station.scales import Label
from bench.station.session import FullSession
from bench.station.steady_output import Polarity, SteadyOutput

__all__ = [
    "crossing_defects",
    "duration_symmetry",
    "excluded_rate",
    "farthest_duration",
    "polarity_cycle_s",
    "pulse_defects",
    "pulse_duration",
    "repetition",
    "repetition_rate",
    "session_length",
    "steady_defects",
]

MISSED_BY_CHANCE: Final = 0.05
CLOCK_PPM: Final = 100.0
"""Any computer's clock over twenty minutes; the simulated clock has no error."""


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


def farthest_duration(output: SteadyOutput, polarity: Polarity, *, timebase_ppm: float) -> Measured:
    """Return the duration of the single pulse that lies farthest from the declared one, in s."""
    pulses = output.of_polarity(polarity)
    if len(pulses) == 0:
        return no_pulses(output, polarity, "s")
    declared_s = output.profile.waveform.pulse_duration_s
    value = float(pulses.duration_s[np.argmax(np.abs(pulses.duration_s - declared_s))])
    edges = replace(transitions(output, pulses), repetitions=1)
    return Measured(
        value=value,
        unit="s",
        budget=interval_budget(value, edges, timebase_ppm=timebase_ppm),
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
        wrong, counted = defective_pulses(observed.phases.whole(), profile)
        if wrong:
            found.append(f"record {observed.capture.record.acquisition_id}: {wrong}")
        defects += wrong
        pulses += counted
    evidence = tuple(sha for seen in session.observed for sha in seen.capture.hashes.values())
    measured = Measured(
        value=float(defects), unit="pulses", waveforms=evidence, reason="; ".join(found), exact=True
    )
    return measured, pulses


def excluded_rate(pulses: int) -> float | None:
    """Return the rate of defects a pulse that so many pulses without one exclude at 95 %.

    One-sided, the exact form of the rule of three: (1 - rate)^pulses = 0.05. None without pulses.
    """
    return 1.0 - MISSED_BY_CHANCE ** (1.0 / pulses) if pulses else None


def crossing_defects(found: Crossing, profile: Profile) -> tuple[Measured, int]:
    """Return the number of defective pulses around a counter's wrap, and of all pulses."""
    defects, pulses = defective_pulses(found.phases, profile)
    evidence = tuple(found.capture.hashes.values())
    if pulses == 0:
        reason = "no whole pulse in the record"
        return Measured(value=None, unit="pulses", waveforms=evidence, reason=reason), 0
    record = found.capture.waveforms[Label.CURRENT]
    defects += absent_at_ends(found.phases, record, profile.waveform.pulse_period_s)
    measured = Measured(value=float(defects), unit="pulses", waveforms=evidence, exact=True)
    return measured, pulses


def steady_defects(output: SteadyOutput) -> tuple[Measured, int]:
    """Return the number of missing, extra and cut pulses of a steady record, and of all pulses."""
    defects, pulses = defective_pulses(output.pulses, output.profile)
    measured = Measured(value=float(defects), unit="pulses", waveforms=output.evidence, exact=True)
    return measured, pulses


def _stretch(output: SteadyOutput) -> float:
    """Return the device's periods over the declared ones."""
    rate = fitted_rate(leading_phases(output))
    if rate is None:
        raise DeviceMisbehaved("the pulses form no regular grid: there is no polarity cycle")
    return output.profile.waveform.repetition_rate_hz / rate.rate_hz
