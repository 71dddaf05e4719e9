"""The min-max envelope of a record: what a plot draws in place of millions of samples.

Every bin keeps its true extremes, so that a single sample beyond a limit is always drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.waveform import Codes, Waveform

__all__ = ["BINS", "Envelope", "envelope"]

BINS = 800
"""Bins of a figure: one per pixel column on a usual screen."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Envelope:
    """Extremes per bin, in the waveform's unit; ``times_s`` are the centres of the bins."""

    times_s: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    sample_count: int
    exact: bool
    """True where each sample is drawn by itself (``low`` equals ``high``)."""
    minimum: float
    maximum: float
    peak_time_s: float
    """Instant of the sample furthest from zero."""
    peak_value: float
    clipped: bool
    """A sample lies on a rail: the true value may lie beyond the drawing."""


def envelope(waveform: Waveform, *, bins: int = BINS) -> Envelope | None:
    """Return the envelope of all samples, or None where there are none."""
    codes = waveform.codes
    if codes.size == 0:
        return None
    size = 1 if codes.size <= 2 * bins else -(-codes.size // bins)
    low_codes, high_codes = _extreme_codes(codes, size)
    low, high = _ordered(waveform, low_codes, high_codes)
    starts = np.arange(low.size) * size
    centres = starts + (np.minimum(starts + size, codes.size) - starts - 1) / 2
    peak = _furthest_sample(waveform, int(np.argmax(np.maximum(-low, high))), size)
    return Envelope(
        times_s=waveform.t0_s + centres * waveform.sample_interval_s,
        low=low,
        high=high,
        sample_count=int(codes.size),
        exact=size == 1,
        minimum=float(low.min()),
        maximum=float(high.max()),
        peak_time_s=waveform.t0_s + peak * waveform.sample_interval_s,
        peak_value=float(codes[peak]) * waveform.gain + waveform.offset,
        clipped=_on_a_rail(waveform, low_codes, high_codes),
    )


def _extreme_codes(codes: Codes, size: int) -> tuple[Codes, Codes]:
    """Return minimum and maximum code of each bin of ``size`` samples; the last may be shorter."""
    if size == 1:
        return codes, codes
    whole = codes.size // size * size
    table = codes[:whole].reshape(-1, size)
    lows, highs = table.min(axis=1), table.max(axis=1)
    if whole == codes.size:
        return lows, highs
    rest = codes[whole:]
    return np.append(lows, rest.min()), np.append(highs, rest.max())


def _ordered(
    waveform: Waveform, low_codes: Codes, high_codes: Codes
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    low = np.multiply(low_codes, waveform.gain, dtype=np.float64) + waveform.offset
    high = np.multiply(high_codes, waveform.gain, dtype=np.float64) + waveform.offset
    return (low, high) if waveform.gain > 0 else (high, low)


def _furthest_sample(waveform: Waveform, bin_index: int, size: int) -> int:
    """Return the index of the sample furthest from zero; it lies in the bin ``bin_index``."""
    first = bin_index * size
    part = waveform.codes[first : first + size] * waveform.gain + waveform.offset
    return first + int(np.argmax(np.abs(part)))


def _on_a_rail(waveform: Waveform, low_codes: Codes, high_codes: Codes) -> bool:
    return bool(low_codes.min() <= waveform.code_low or high_codes.max() >= waveform.code_high)
