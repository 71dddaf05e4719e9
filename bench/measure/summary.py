"""Everything that one record of unknown origin yields, as ``bench measure`` prints it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.measure.cycles import whole_cycle_mean, whole_cycle_rms
from bench.measure.pulses import PulseTable, RecordAnalysis, analyse
from bench.measure.states import StateLevel
from bench.measure.trains import natural_pair_gap, pair_phases
from bench.waveform import Waveform

__all__ = ["ChannelSummary", "Spread", "summarise_channel"]

_REGULAR = 0.1
"""Relative spread of the periods up to which a record is periodic and its cycles are whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """A quantity that repeats."""

    median: float
    min: float
    max: float
    std: float
    """Standard deviation of the repetitions; 0 for one."""
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSummary:
    """Numbers of one channel in its unit and seconds; None where the record holds none.

    A pulse is an excursion away from the most occupied state of which the record holds both ends.
    Two phases of opposite sign without a pause (or with a gap much shorter than the pauses) are
    one pulse. Rising and falling are the signal's own directions.
    """

    analysis: RecordAnalysis
    states: tuple[StateLevel, ...]
    pulse_count: int
    phase_count: int
    frequency_hz: float | None
    period_s: Spread | None
    pulse_duration_s: Spread | None
    """Of each phase."""
    rising_s: Spread | None
    falling_s: Spread | None
    duty_factor: float | None
    amplitude: Spread | None
    """Magnitude of each phase's top above the baseline."""
    overshoot_pct: Spread | None
    mean: float
    """Over whole periods where the record is periodic, else over all samples; ``rms`` likewise."""
    rms: float
    """Noise taken out."""
    peak: float
    """Largest magnitude of a single sample."""
    phase_charge: Spread | None
    """Magnitude, of each phase; None unless the unit is a current. ``net`` likewise, signed."""
    net_charge_per_pulse: Spread | None


def summarise_channel(
    waveform: Waveform,
    *,
    threshold: float | None = None,
    minimum_pulse_s: float | None = None,
    baseline: float | None = None,
) -> ChannelSummary:
    """Analyse a record and gather its numbers; the options are those of ``analyse``."""
    analysis = analyse(
        waveform, threshold=threshold, minimum_pulse_s=minimum_pulse_s, baseline=baseline
    )
    phases = analysis.pulses.whole()
    starts, on_s, net, phases_per_pulse = _pulses(analysis.pulses)
    periods = np.diff(starts)
    period = spread(periods)
    mean, rms = _record_level(waveform, analysis, periods, phases_per_pulse)
    charged = waveform.unit == "A"
    rising, falling = _transitions(phases)
    return ChannelSummary(
        analysis=analysis,
        states=analysis.states,
        pulse_count=int(starts.size),
        phase_count=len(phases),
        frequency_hz=1.0 / period.median if period else None,
        period_s=period,
        pulse_duration_s=spread(phases.duration_s),
        rising_s=spread(rising),
        falling_s=spread(falling),
        duty_factor=float(np.median(on_s)) / period.median if period else None,
        amplitude=spread(np.abs(phases.top)),
        overshoot_pct=spread(phases.overshoot_pct),
        mean=mean,
        rms=rms,
        peak=max(abs(analysis.minimum), abs(analysis.maximum)),
        phase_charge=spread(np.abs(phases.charge)) if charged else None,
        net_charge_per_pulse=spread(net) if charged else None,
    )


def spread(values: NDArray[np.float64]) -> Spread | None:
    """Return the spread of the values that are numbers, or None where there are none."""
    found = values[~np.isnan(values)]
    if found.size == 0:
        return None
    return Spread(
        median=float(np.median(found)),
        min=float(found.min()),
        max=float(found.max()),
        std=float(found.std(ddof=1)) if found.size > 1 else 0.0,
        count=int(found.size),
    )


def _pulses(
    phases: PulseTable,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], int]:
    """Return start, time with current and net charge of each whole pulse, and its phases."""
    gap_s = natural_pair_gap(phases)
    if gap_s is None:
        whole = phases.whole()
        return whole.start_s, whole.duration_s, whole.charge, 1
    pairs = pair_phases(phases, gap_s)
    whole_pairs = pairs.first.complete & pairs.second.complete
    alone = phases.select(pairs.unpaired).whole()
    starts = np.concatenate((pairs.first.start_s[whole_pairs], alone.start_s))
    order = np.argsort(starts)
    on_s = pairs.first.duration_s + pairs.second.duration_s
    return (
        starts[order],
        np.concatenate((on_s[whole_pairs], alone.duration_s))[order],
        np.concatenate((pairs.net_charge[whole_pairs], alone.charge))[order],
        2,
    )


def _transitions(phases: PulseTable) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return durations of the transitions that go up and of those that go down."""
    up = phases.polarity > 0
    rising = np.where(up, phases.rise_s, phases.fall_s)
    falling = np.where(up, phases.fall_s, phases.rise_s)
    return rising, falling


def _record_level(
    waveform: Waveform,
    analysis: RecordAnalysis,
    periods: NDArray[np.float64],
    phases_per_pulse: int,
) -> tuple[float, float]:
    """Return mean and r.m.s. over whole periods if they are regular, else over all samples."""
    square = analysis.rms**2 - analysis.noise_rms**2
    plain = analysis.mean, float(np.sqrt(max(square, 0.0)))
    if periods.size == 0 or float(np.ptp(periods)) > _REGULAR * float(np.median(periods)):
        return plain
    for pulses_per_cycle in (1, 2):  # two where the sign alternates from pulse to pulse
        count = pulses_per_cycle * phases_per_pulse
        mean = whole_cycle_mean(waveform, analysis, count)
        rms = whole_cycle_rms(waveform, analysis, count)
        if mean is not None and rms is not None:
            return mean, rms
    return plain
