"""Instants at which a record crosses a level: the edges of a sync or trigger channel."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bench.measure.records import readable_codes
from bench.waveform import Codes, Waveform

__all__ = ["EdgeSlope", "all_edges", "first_edge"]

EdgeSlope = Literal["rising", "falling", "either"]

_NOISE_SIGMAS = 6.0
"""Default half-width of the dead band, in standard deviations of the sample-to-sample noise."""
_NOISE_SAMPLES = 4096
"""Neighbours compared for that noise."""
_MEDIAN_TO_SIGMA = 1.4826 / 2**0.5
"""Standard deviation of the samples over the median magnitude of their differences."""


def first_edge(
    waveform: Waveform,
    *,
    level: float,
    slope: EdgeSlope = "rising",
    after_s: float | None = None,
    hysteresis: float | None = None,
) -> float | None:
    """Return the first crossing of ``level`` (interpolated), or None where there is none.

    With ``after_s``, the first one at or after that instant.
    """
    edges = all_edges(waveform, level=level, slope=slope, hysteresis=hysteresis)
    if after_s is not None:
        edges = edges[edges >= after_s]
    return float(edges[0]) if edges.size else None


def all_edges(
    waveform: Waveform,
    *,
    level: float,
    slope: EdgeSlope = "either",
    hysteresis: float | None = None,
) -> NDArray[np.float64]:
    """Return the instants, shape (edges,), at which the record crosses ``level``.

    After a crossing the next one in the same direction counts only if the signal went back by
    ``hysteresis`` (by default six standard deviations of the noise), so a noisy edge gives one.
    """
    from bench.measure.kernels.crossings import level_crossings

    codes = readable_codes(waveform)
    centre = (level - waveform.offset) / waveform.gain
    band = _noise_band(codes) if hysteresis is None else abs(hysteresis / waveform.gain)
    rising, falling = slope in ("rising", "either"), slope in ("falling", "either")
    if waveform.gain < 0:
        rising, falling = falling, rising
    positions = np.empty(64)
    while True:
        count = level_crossings(codes, centre, band, rising, falling, positions)
        if count <= positions.size:
            break
        positions = np.empty(count)
    return waveform.t0_s + positions[:count] * waveform.sample_interval_s


def _noise_band(codes: Codes) -> float:
    """Return the default dead band in codes, from neighbours spread over the record."""
    if codes.size < 2:
        return 0.0
    first = np.arange(0, codes.size - 1, max(1, (codes.size - 1) // _NOISE_SAMPLES))
    steps = np.abs(codes[first + 1].astype(np.int64) - codes[first])
    return _NOISE_SIGMAS * max(float(np.median(steps)) * _MEDIAN_TO_SIGMA, 0.25)
