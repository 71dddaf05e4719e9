"""The rise of a train of pulses to its final amplitude: how long it takes, how far it overshoots."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.measure.pulses import PulseTable

__all__ = ["Ramp", "ramp"]

_LOW, _HIGH = 0.1, 0.9
"""Part of the rise to which a straight line is fitted, over the final amplitude."""
_FINAL_SHARE = 0.25
"""Last part of the record, over its duration, that shows the final amplitude."""
_FEWEST = 3
_AT_REST = 0.02
"""Pulses below this share of the largest do not belong to the train (contact sensing)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ramp:
    """A rise as a straight line fitted to the pulses' amplitudes."""

    duration_s: float
    """From zero to the final amplitude on that line; 0 for a step."""
    standard_uncertainty_s: float
    """Of the line's slope, or of a step's pulses where there is no line."""
    overshoot: float
    """Largest amplitude over the final one, less one."""
    final: float
    """Median amplitude at the end of the record."""
    pulses: int
    """Pulses on the line."""


def ramp(pulses: PulseTable, *, crest_period_s: float | None = None) -> Ramp | None:
    """Fit the rise of ``|top|`` over the pulses' starts; None where there are no pulses.

    ``crest_period_s``: of an envelope; its crests are the amplitudes then.
    """
    whole = pulses.whole()
    tops, signs = np.abs(whole.top), whole.polarity
    if tops.size == 0:
        return None
    own = tops > _AT_REST * float(tops.max())
    starts, tops, signs = whole.start_s[own], tops[own], signs[own]
    if crest_period_s is not None:
        rows = _crests(starts, tops, crest_period_s)
        starts, tops, signs = starts[rows], tops[rows], signs[rows]
    ended = starts >= starts[-1] - _FINAL_SHARE * (starts[-1] - starts[0])
    final = float(np.median(tops[ended]))
    tops = _alike(tops, signs, ended, final)
    overshoot = float(tops.max()) / final - 1.0
    rising = (tops >= _LOW * final) & (tops <= _HIGH * final)
    reached = int(np.argmax(tops > _HIGH * final))
    rising[reached:] = False
    if int(rising.sum()) < _FEWEST:
        period_s = float(np.median(np.diff(starts))) if starts.size > 1 else 0.0
        step_s = float(starts[reached] - starts[0])
        return Ramp(
            duration_s=step_s,
            standard_uncertainty_s=period_s / np.sqrt(3.0),
            overshoot=overshoot,
            final=final,
            pulses=int(rising.sum()),
        )
    slope, error = _line(starts[rising], tops[rising])
    return Ramp(
        duration_s=final / slope,
        standard_uncertainty_s=final / slope * error / slope,
        overshoot=overshoot,
        final=final,
        pulses=int(rising.sum()),
    )


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
