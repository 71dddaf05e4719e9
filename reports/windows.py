"""The stretch of a record that a figure shows: the worst pulse, or the edge of a shutdown."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bench.waveform import Waveform

__all__ = ["around_pulse", "around_reaction"]

_WIDTHS_SHOWN = 1.5
"""Pulse widths drawn on either side of the pulse."""
_LEAST_SAMPLES = 20
_FIRST_REACH = 1 << 10


def around_reaction(
    times_s: Sequence[float], *, limit_s: float | None, sample_interval_s: float
) -> tuple[float, float]:
    """Return the window from before the cause to after the last instant.

    ``times_s`` ascends. The limit is inside where that does not squeeze the reaction to a line.
    """
    span = max(times_s[-1] - times_s[0], _LEAST_SAMPLES * sample_interval_s)
    stop = times_s[-1] + 0.6 * span
    if limit_s is not None and limit_s <= times_s[0] + 4 * span:
        stop = max(stop, limit_s + 0.2 * span)
    return times_s[0] - 0.6 * span, stop


def around_pulse(waveform: Waveform, *, at_s: float | None) -> tuple[float, float] | None:
    """Return the window around the pulse at ``at_s`` or, without it, at the furthest sample.

    For the drawing only: the pulse ends where the record first falls below half of its usual
    height. None where there is nothing to show closer.
    """
    if waveform.record_length <= _LEAST_SAMPLES:
        return None
    index = _index(waveform, at_s)
    threshold = 0.5 * _usual_height(waveform)
    first = _next_quiet(waveform, index, threshold, step=-1)
    last = _next_quiet(waveform, index, threshold, step=1)
    width = max(last - first, _LEAST_SAMPLES) * waveform.sample_interval_s
    if width * (1 + 2 * _WIDTHS_SHOWN) >= waveform.duration_s:
        return None
    start = waveform.t0_s + first * waveform.sample_interval_s - _WIDTHS_SHOWN * width
    return start, start + (1 + 2 * _WIDTHS_SHOWN) * width


def _index(waveform: Waveform, at_s: float | None) -> int:
    if at_s is not None:
        index = round((at_s - waveform.t0_s) / waveform.sample_interval_s)
        return min(max(index, 0), waveform.record_length - 1)
    candidates = (int(waveform.codes.argmin()), int(waveform.codes.argmax()))
    return max(candidates, key=lambda i: abs(_values(waveform, slice(i, i + 1))[0]))


def _values(waveform: Waveform, part: slice) -> NDArray[np.float64]:
    return np.multiply(waveform.codes[part], waveform.gain, dtype=np.float64) + waveform.offset


def _usual_height(waveform: Waveform) -> float:
    """Return the height of the pulses, unmoved by a single excursion."""
    stride = max(1, waveform.record_length // 4096)
    return float(np.quantile(np.abs(_values(waveform, slice(None, None, stride))), 0.98))


def _next_quiet(waveform: Waveform, index: int, threshold: float, *, step: int) -> int:
    """Return the nearest sample from ``index`` in direction ``step`` with |value| < threshold."""
    reach = _FIRST_REACH
    while True:
        low, high = (max(0, index - reach), index) if step < 0 else (index, index + reach)
        quiet = np.flatnonzero(np.abs(_values(waveform, slice(low, high))) < threshold)
        if quiet.size:
            return low + int(quiet[-1] if step < 0 else quiet[0])
        if low == 0 and step < 0:
            return 0
        if high >= waveform.record_length:
            return waveform.record_length - 1
        reach *= 8
