"""Slow changes over many pulses: the envelope of their amplitudes, and their rate against time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bench.measure.pulses import PulseTable

__all__ = ["Envelope", "RateSegment", "envelope", "envelope_deviation", "rate_segments"]

_MISSING: Final = 1.5
"""A pause of this many periods holds pulses that an envelope has taken down to nothing."""
_FLAT: Final = 0.02
"""A depth below this is no envelope, but the scatter of the amplitudes."""
_EDGE_SHARE: Final = 0.25
"""Crest and trough are the means of so many of the highest and the lowest pulses."""
_SEARCH: Final = 720
"""Phases at which a declared envelope is laid beside the measured one."""

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """The amplitudes' modulation; ``depth`` 1 takes them down to zero."""

    depth: float
    rate_hz: float | None
    """None where fewer than two periods of it are in the record, or nothing is modulated."""
    crest: float
    trough: float
    pulses: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RateSegment:
    """A stretch of pulses of one rate."""

    start_s: float
    stop_s: float
    """Start of the last pulse."""
    rate_hz: float
    pulses: int


def envelope(pulses: PulseTable) -> Envelope | None:
    """Return depth and rate of the envelope of ``|top|``; None for fewer than four pulses.

    Pulses that are missing on an otherwise regular grid count as of no height: an envelope of depth
    one takes them below what can be seen.
    """
    starts, tops = _on_grid(pulses)
    if tops.size < 4:
        return None
    order = np.sort(tops)
    share = max(1, int(_EDGE_SHARE * tops.size))
    crest, trough = float(order[-share:].mean()), float(order[:share].mean())
    depth = 1.0 - trough / crest
    middle = 0.5 * (crest + trough)
    rate_hz = _rate_of_crossings(starts, tops, middle) if depth > _FLAT else None
    return Envelope(depth=depth, rate_hz=rate_hz, crest=crest, trough=trough, pulses=tops.size)


def envelope_deviation(
    pulses: PulseTable, *, depth: float, rate_hz: float, square: bool
) -> float | None:
    """Return the r.m.s. difference of the amplitudes from a declared envelope, over its crest.

    The declared envelope is ``1 - depth`` in its troughs and 1 at its crests, a square or a cosine;
    phase and height are those that fit best. None for fewer than four pulses.
    """
    starts, tops = _on_grid(pulses)
    if tops.size < 4:
        return None
    turns = rate_hz * (starts - starts[0])
    best = np.inf
    for phase in np.arange(_SEARCH) / _SEARCH:
        turn = (turns + phase) % 1.0
        wave = (turn < 0.5) if square else 0.5 + 0.5 * np.cos(2.0 * np.pi * turn)
        declared = 1.0 - depth * (1.0 - np.asarray(wave, dtype=np.float64))
        height = float(declared @ tops) / float(declared @ declared)
        if height > 0.0:
            best = min(best, float(np.sqrt(np.mean((tops / height - declared) ** 2))))
    return best if np.isfinite(best) else None


def rate_segments(
    pulses: PulseTable, *, tolerance: float = 0.1, fewest: int = 4
) -> tuple[RateSegment, ...]:
    """Return the stretches in which the pulses follow each other at one rate, in their order.

    A new stretch begins where a period differs from the last stretch's median by more than
    ``tolerance`` (relative) and the next period does so too; stretches of fewer than ``fewest``
    pulses are transitions and left out.
    """
    starts = pulses.start_s[~np.isnan(pulses.start_s)]
    periods = np.diff(starts)
    segments: list[RateSegment] = []
    first = 0
    for index in range(periods.size + 1):
        if index < periods.size and not _changes(periods, first, index, tolerance):
            continue
        count = index - first + 1
        if count >= fewest:
            span_s = float(starts[index] - starts[first])
            segments.append(
                RateSegment(
                    start_s=float(starts[first]), stop_s=float(starts[index]),
                    rate_hz=(count - 1) / span_s, pulses=count,
                )
            )  # fmt: skip
        first = index
    return tuple(segments)


def _changes(periods: _Array, first: int, index: int, tolerance: float) -> bool:
    """Tell whether a new rate begins at ``index``: two periods together that are not the old."""
    if index == first:
        return False
    usual = float(np.median(periods[first:index]))
    here = abs(periods[index] / usual - 1.0) > tolerance
    later = index + 1 >= periods.size or abs(periods[index + 1] / usual - 1.0) > tolerance
    return bool(here and later)


def _on_grid(pulses: PulseTable) -> tuple[_Array, _Array]:
    """Return starts and magnitudes, with pulses of no height where the grid misses some."""
    whole = pulses.whole()
    starts, tops = whole.start_s, np.abs(whole.top)
    if starts.size < 2:
        return starts, tops
    periods = np.diff(starts)
    period_s = float(np.median(periods))
    missing: list[float] = []
    for index in np.flatnonzero(periods > _MISSING * period_s):
        absent = round(periods[index] / period_s) - 1
        missing.extend(starts[index] + period_s * (k + 1) for k in range(absent))
    if not missing:
        return starts, tops
    order = np.argsort(np.concatenate((starts, missing)))
    return (
        np.concatenate((starts, missing))[order],
        np.concatenate((tops, np.zeros(len(missing))))[order],
    )


def _rate_of_crossings(starts: _Array, tops: _Array, middle: float) -> float | None:
    """Return the rate of rising crossings of the middle, from a line through their instants."""
    above = tops >= middle
    rises = np.flatnonzero(above[1:] & ~above[:-1])
    if rises.size < 2:
        return None
    instants = 0.5 * (starts[rises] + starts[rises + 1])
    slope = np.polynomial.Polynomial.fit(np.arange(instants.size), instants, 1).convert().coef[1]
    return 1.0 / float(slope)
