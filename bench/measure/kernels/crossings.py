"""Kernel that finds where a record crosses one level."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.measure.kernels.compiled import compiled, part

__all__ = ["level_crossings"]

_Array = NDArray[Any]

_CHUNK = 64


@compiled
def level_crossings(
    codes: _Array, level: float, band: float, wanted: int, positions: _Array
) -> int:
    """Fill fractional indices of crossings of ``level``; return how many there are.

    ``wanted`` is +1 for rising, -1 for falling, 0 for both. A crossing goes from below
    ``level - band`` to above ``level + band`` or back.
    """
    below, above = math.floor(level - band), math.ceil(level + band)
    side = 0
    count = 0
    index = 0
    while index < codes.size:
        if side != 0 and index % _CHUNK == 0:
            index = _skip(codes, index, side, below, above)
            if index >= codes.size:
                break
        code = np.int64(codes[index])
        now = 1 if code >= above else (-1 if code <= below else side)
        if side != 0 and now != side and wanted in (0, now):
            if count < positions.size:
                positions[count] = _crossing(codes, index, now, level)
            count += 1
        side = now
        index += 1
    return count


@part
def _skip(codes: _Array, index: int, side: int, below: int, above: int) -> int:
    """Return the start of the first chunk that can hold a change of side."""
    while index + _CHUNK <= codes.size:
        chunk = codes[index : index + _CHUNK]
        low = chunk[0]
        high = chunk[0]
        for offset in range(_CHUNK):
            low = min(low, chunk[offset])
            high = max(high, chunk[offset])
        if (high >= above) if side < 0 else (low <= below):
            return index
        index += _CHUNK
    return index


@part
def _crossing(codes: _Array, index: int, direction: int, level: float) -> float:
    """Walk back from the far side to where the record last crossed the level; interpolate."""
    while index > 0 and direction * (codes[index - 1] - level) >= 0.0:
        index -= 1
    if index == 0:
        return 0.0
    before, after = codes[index - 1] - level, codes[index] - level
    return index - after / (after - before)
