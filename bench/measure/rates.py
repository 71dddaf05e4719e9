"""Repetition rate, jitter, and pulses that are missing from or do not belong to a regular grid."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.measure.pulses import PulseTable

__all__ = [
    "GridDefects",
    "RepetitionRate",
    "grid_defects",
    "instant_noise_s",
    "repetition_rate",
]

_Instants = NDArray[np.float64]

_BREAK = 0.25
"""Part of a period by which a longer pause must differ from whole periods to start a new grid."""
_SCREEN = 0.1
_LINEAR = math.sqrt(2.0 / 3.0)
_MEAN_OF_CROSSINGS = 0.2
"""Found by simulation, within a fifth for noise up to four times the slope a sample."""
_ON_GRID = 0.25
"""A pulse nearer than this share of a period to a grid instant is the one of that instant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepetitionRate:
    """Straight line through the leading instants against their number."""

    rate_hz: float
    standard_uncertainty_hz: float
    """Of the slope, from the residuals; the timebase's error is not in it."""
    period_s: float
    jitter_rms_s: float
    """Standard deviation of the residuals, with ``noise_floor_s`` taken out in quadrature."""
    jitter_peak_to_peak_s: float
    count: int
    """Instants used."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GridDefects:
    """Where the pulses differ from a regular grid between the first and the last of them."""

    expected: int
    missing_s: _Instants
    """Grid instants without a pulse."""
    extra_s: _Instants
    """Leading instants of pulses that stand at no grid instant, or doubly at one."""


def repetition_rate(pulses: PulseTable, *, noise_floor_s: float = 0.0) -> RepetitionRate | None:
    """Fit the rate to the leading instants; None for fewer than two.

    Missing pulses are seen as whole periods and do not disturb it; a pause that is no whole
    number of periods (between trains) starts a new grid of the same period. ``noise_floor_s`` is
    the standard deviation that noise alone gives an instant.
    """
    instants = pulses.start_s[~np.isnan(pulses.start_s)]
    if instants.size < 2:
        return None
    number, run = _numbered(instants)
    centred_number = number - _run_means(number, run)
    centred = instants - _run_means(instants, run)
    weight = float(centred_number @ centred_number)
    if weight == 0.0:
        return None
    period_s = float(centred_number @ centred) / weight
    residuals = centred - period_s * centred_number
    freedom = max(instants.size - 1 - int(run[-1]) - 1, 1)
    variance = float(residuals @ residuals) / freedom
    return RepetitionRate(
        rate_hz=1.0 / period_s,
        standard_uncertainty_hz=math.sqrt(variance / weight) / period_s**2,
        period_s=period_s,
        jitter_rms_s=math.sqrt(max(variance - noise_floor_s**2, 0.0)),
        jitter_peak_to_peak_s=float(np.ptp(residuals)),
        count=int(instants.size),
    )


def instant_noise_s(
    *, noise_rms: float, swing: float, transition_s: float, sample_interval_s: float
) -> float:
    """Return the standard deviation that noise alone gives a 50 % instant.

    ``transition_s`` is the 10-90 % duration of the swing. A straight line between two noisy samples
    crosses with sqrt(2/3) of the noise over the slope; the mean of a first and a last crossing
    of a slow transition scatters less (a share found by simulation, tests/measure/test_trains.py).
    A transition within one sample is known to a sample only.
    """
    if not transition_s > sample_interval_s:
        return sample_interval_s / math.sqrt(12.0)
    slope = 0.8 * swing / transition_s * sample_interval_s
    ratio = noise_rms / slope
    return sample_interval_s * _LINEAR * ratio / (1.0 + _MEAN_OF_CROSSINGS * ratio)


def grid_defects(pulses: PulseTable, period_s: float) -> GridDefects:
    """Compare the leading instants with a grid of ``period_s`` fitted through them."""
    instants = pulses.start_s[~np.isnan(pulses.start_s)]
    if instants.size == 0:
        return GridDefects(expected=0, missing_s=np.empty(0), extra_s=np.empty(0))
    origin = _grid_origin(instants, period_s)
    number = np.rint((instants - origin) / period_s)
    off = np.abs(instants - origin - number * period_s)
    on_grid = off <= _ON_GRID * period_s
    # Of two pulses at one instant the nearer one belongs there.
    order = np.lexsort((off, number))
    doubled = np.zeros(instants.size, np.bool_)
    doubled[order[1:]] = number[order[1:]] == number[order[:-1]]
    kept = on_grid & ~doubled
    first, last = int(number[kept].min()), int(number[kept].max())
    absent = np.setdiff1d(np.arange(first, last + 1), number[kept].astype(np.int64))
    return GridDefects(
        expected=last - first + 1,
        missing_s=np.asarray(origin + absent * period_s, dtype=np.float64),
        extra_s=instants[~kept],
    )


def _numbered(instants: _Instants) -> tuple[_Instants, NDArray[np.int64]]:
    """Return the number of periods since the first instant, and the run of each instant."""
    steps = np.diff(instants)
    period_s = float(np.median(steps))
    regular = steps[np.abs(steps / period_s - 1.0) < _SCREEN]
    if regular.size:
        period_s = float(regular.mean())
    periods = np.rint(steps / period_s)
    breaks = (periods < 1.0) | (np.abs(steps / period_s - periods) > _BREAK)
    number = np.concatenate(([0.0], np.cumsum(np.where(breaks, 0.0, periods))))
    run = np.concatenate((np.zeros(1, np.int64), np.cumsum(breaks)))
    return np.asarray(number, dtype=np.float64), np.asarray(run, dtype=np.int64)


def _run_means(values: _Instants, run: NDArray[np.int64]) -> _Instants:
    """Return for each value the mean of its run."""
    totals = np.bincount(run, weights=values)
    return (totals / np.bincount(run))[run]


def _grid_origin(instants: _Instants, period_s: float) -> float:
    """Return the phase of the grid that most instants stand on (a circular median)."""
    turns = instants / period_s
    phase = np.angle(np.exp(2j * np.pi * turns).mean()) / (2.0 * np.pi)
    residual = turns - phase - np.rint(turns - phase)
    return (phase + float(np.median(residual))) * period_s
