"""Instants at which a record crosses a level: the edges of a sync or trigger channel."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bench.measure.records import readable_codes
from bench.waveform import Waveform

__all__ = ["EdgeSlope", "all_edges", "first_edge"]

EdgeSlope = Literal["rising", "falling", "either"]

_HYSTERESIS = 0.1
"""Half-width of the dead band around the level as a share of the record's range."""


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

    A crossing counts when the signal comes from beyond ``hysteresis`` on one side and reaches
    beyond it on the other (by default a tenth of the record's range), so noise on a slow edge
    gives one instant.
    """
    from bench.measure.kernels.crossings import level_crossings

    codes = readable_codes(waveform)
    centre = (level - waveform.offset) / waveform.gain
    if hysteresis is None:
        band = _HYSTERESIS * (float(codes.max()) - float(codes.min()))
    else:
        band = abs(hysteresis / waveform.gain)
    wanted = {"rising": 1, "falling": -1, "either": 0}[slope]
    if waveform.gain < 0:
        wanted = -wanted
    positions = np.empty(64)
    while True:
        count = level_crossings(codes, centre, band, wanted, positions)
        if count <= positions.size:
            break
        positions = np.empty(count)
    return waveform.t0_s + positions[:count] * waveform.sample_interval_s
