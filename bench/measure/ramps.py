"""The rise of a train of pulses to its final amplitude: how long it takes, how far it overshoots."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bench.measure.modulation import Modulation, fit_modulation, seen_modulation
from bench.measure.pulses import PulseTable

__all__ = ["Ramp", "ramp"]

_LOW, _HIGH = 0.1, 0.9
"""Part of the rise to which a straight line is fitted, over the final amplitude."""
_FINAL_SHARE = 0.25
"""Last part of the record, over its duration, that shows the final amplitude."""
_FEWEST = 3
_NEIGHBOURS = 5
"""Pulses of which a setback is told: the scatter of single ones is none."""
_STANDS_OUT = 1.5
"""Codes of the record by which a single pulse is higher than its neighbours: two rounded tops differ by less."""
_MANY_TURNS = 10.0
"""Of an envelope in a record: its crests alone show the rise, and where it stood cannot be told back."""
_PERIODS = 1.0
"""Of an envelope, at the end of a record: enough to tell where it stands."""
_AT_REST = 0.02
"""Pulses below this share of the largest do not belong to the train (contact sensing)."""
_SHARE_STEP = 0.02
"""Of an envelope's crest: what lies as high as that is compared with each other."""
_LEAST_SHARE = 0.25
"""Of an envelope's crest: lower pulses tell too little of the rise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ramp:
    """A rise as a straight line fitted to the pulses' amplitudes."""

    duration_s: float
    """From zero to the final amplitude on that line; 0 for a step."""
    standard_uncertainty_s: float
    """Of the line's slope, or of a step's pulses where there is no line."""
    overshoot: float
    """Largest amplitude over the final one, less one: of neighbours, or of one that stands out of them."""
    setback: float
    """How far amplitudes fall below earlier ones, over the final one; 0 where all of it rises.

    Under an envelope that is what flows less: at a share of the crest, that share of the fall."""
    final: float
    """Median amplitude at the end of the record."""
    pulses: int
    """Pulses on the line."""


def ramp(
    pulses: PulseTable, *, modulation: Modulation | None = None, code: float = 0.0
) -> Ramp | None:
    """Fit the rise of ``|top|`` over the pulses' starts; None where there are no pulses.

    ``modulation``: a declared envelope. Each amplitude counts over its share of the crest then; how
    deep and fast the envelope is and where it stands is told by the pulses behind the rise, of which
    the record should hold a period: a wrong envelope is no wrong rise. ``code``: what one code of the
    record is, in the unit of ``top``; on a wide range a single top is rounded by per cents.
    """
    whole = pulses.whole()
    largest = np.nanmax(np.abs(whole.top), initial=0.0)
    whole = whole.select(np.abs(whole.top) > _AT_REST * largest)
    shares = np.ones(len(whole))
    if modulation is not None:
        whole, shares = _without(modulation, whole)
    if len(whole) == 0:
        return None
    starts, tops, signs = whole.start_s, np.abs(whole.top), whole.polarity
    ended = _ended(starts, _FINAL_SHARE * (starts[-1] - starts[0]))
    final = float(np.median(tops[ended]))
    tops = _alike(tops, signs, ended, final)
    overshoot = _largest(tops, code) / final - 1.0
    setback = _setback(tops, shares) / final
    rising = (tops >= _LOW * final) & (tops <= _HIGH * final)
    reached = int(np.argmax(tops > _HIGH * final))
    rising[reached:] = False
    if int(rising.sum()) < _FEWEST:
        period_s = float(np.median(np.diff(starts))) if starts.size > 1 else 0.0
        duration_s, error_s = float(starts[reached] - starts[0]), period_s / np.sqrt(3.0)
    else:
        slope, error = _line(starts[rising], tops[rising])
        duration_s, error_s = final / slope, final / slope * error / slope
    return Ramp(
        duration_s=duration_s,
        standard_uncertainty_s=error_s,
        overshoot=overshoot,
        setback=setback,
        final=final,
        pulses=int(rising.sum()),
    )


def _largest(tops: NDArray[np.float64], code: float) -> float:
    """Return the largest amplitude: a single one where it cannot be rounding."""
    single = float(tops.max())
    if tops.size < _NEIGHBOURS:
        return single
    together = float(_of_neighbours(tops).max())
    return single if single - together > _STANDS_OUT * code else together


def _setback(tops: NDArray[np.float64], shares: NDArray[np.float64]) -> float:
    """Return how far amplitudes fall below earlier ones, each the median of neighbours.

    Two of them count over the lower one's share: what a record does not resolve is as large in a
    trough as at a crest, and would be larger once it is brought to it.
    """
    if tops.size < _NEIGHBOURS:
        return 0.0
    smooth = _of_neighbours(tops)
    of_each = np.lib.stride_tricks.sliding_window_view(shares, _NEIGHBOURS).min(axis=1)
    setback = 0.0
    for least in np.unique(np.floor(of_each / _SHARE_STEP) * _SHARE_STEP):
        rows = of_each >= least
        seen, share = smooth[rows], of_each[rows]
        fall = np.maximum.accumulate(seen) - seen
        lowest = int(np.argmax(fall))
        highest = int(np.argmax(seen[: lowest + 1]))
        setback = max(setback, float(fall[lowest] * min(share[highest], share[lowest])))
    return setback


def _of_neighbours(tops: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.median(np.lib.stride_tricks.sliding_window_view(tops, _NEIGHBOURS), axis=1)


def _ended(starts: NDArray[np.float64], last_s: float) -> NDArray[np.bool_]:
    return starts >= starts[-1] - last_s


def _without(modulation: Modulation, pulses: PulseTable) -> tuple[PulseTable, NDArray[np.float64]]:
    """Return the pulses at the crests, or brought to it, and the share that each one had.

    None where the envelope is not known.
    """
    if len(pulses) == 0:
        return pulses, np.empty(0)
    starts = pulses.start_s
    if (starts[-1] - starts[0]) * modulation.rate_hz > _MANY_TURNS:
        crests = pulses.select(_crests(starts, np.abs(pulses.top), 1.0 / modulation.rate_hz))
        return crests, np.ones(len(crests))
    last_s = max(_FINAL_SHARE * (starts[-1] - starts[0]), _PERIODS / modulation.rate_hz)
    risen = pulses.select(_ended(starts, last_s))
    seen = seen_modulation(risen, modulation)
    if seen is not None and seen.rate_hz is None:
        return pulses, np.ones(len(pulses))
    if seen is not None and seen.rate_hz is not None:
        modulation = replace(modulation, depth=min(seen.depth, 1.0), rate_hz=seen.rate_hz)
    fitted = fit_modulation(risen, modulation)
    if fitted is None:
        return pulses.select(slice(0, 0)), np.empty(0)
    shares = fitted.shares(starts)
    rows = shares >= _LEAST_SHARE  # False for NaN
    kept = pulses.select(rows)
    return replace(kept, top=kept.top / shares[rows]), shares[rows]


def _alike(
    tops: NDArray[np.float64], signs: NDArray[np.int8], ended: NDArray[np.bool_], final: float
) -> NDArray[np.float64]:
    """Scale each polarity to the common end: that one is larger than the other is no overshoot."""
    scaled = tops.copy()
    for sign in (1, -1):
        own_end = tops[ended & (signs == sign)]
        if own_end.size:
            scaled[signs == sign] *= final / float(np.median(own_end))
    return scaled


def _crests(
    starts: NDArray[np.float64], tops: NDArray[np.float64], period_s: float
) -> NDArray[np.intp]:
    """Return the row of the largest pulse of each period."""
    number = np.floor((starts - starts[0]) / period_s).astype(np.int64)
    rows = [
        int(np.flatnonzero(number == k)[np.argmax(tops[number == k])]) for k in np.unique(number)
    ]
    return np.asarray(rows, dtype=np.intp)


def _line(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float]:
    """Return slope and its standard uncertainty; a line that does not rise has no end."""
    centred = x - x.mean()
    weight = float(centred @ centred)
    slope = float(centred @ y) / weight
    residuals = y - y.mean() - slope * centred
    freedom = max(x.size - 2, 1)
    error = float(np.sqrt(residuals @ residuals / freedom / weight))
    return (slope, error) if slope > 0.0 else (1e-12, 0.0)
