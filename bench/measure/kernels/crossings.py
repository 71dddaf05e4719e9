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
    codes: _Array, level: float, band: float, rising: bool, falling: bool, positions: _Array
) -> int:
    """Fill fractional indices of crossings of ``level``; return how many there are.

    A rising crossing counts if the signal was below ``level - band`` since the last one, a
    falling one likewise from above. Where there are more than room, the rest is only counted.
    """
    up, down = math.ceil(level), math.floor(level)
    arm_up, arm_down = math.floor(level - band), math.ceil(level + band)
    up_armed, down_armed = codes[0] < up, codes[0] > down
    count = 0
    index = 1
    while index < codes.size:
        if index % _CHUNK == 0:
            index = _skip(codes, index, up, down, arm_up, arm_down, up_armed, down_armed)
            if index >= codes.size:
                break
        code = np.int64(codes[index])
        crossed_up, crossed_down = up_armed and code >= up, down_armed and code <= down
        if (crossed_up and rising) or (crossed_down and falling):
            if count < positions.size:
                before, after = codes[index - 1] - level, code - level
                positions[count] = index - after / (after - before) if after != before else index
            count += 1
        up_armed = (up_armed and not crossed_up) or code <= arm_up
        down_armed = (down_armed and not crossed_down) or code >= arm_down
        index += 1
    return count


@part
def _skip(
    codes: _Array, index: int, up: int, down: int, arm_up: int, arm_down: int,
    up_armed: bool, down_armed: bool,
) -> int:  # fmt: skip
    """Return the start of the first chunk in which anything can happen."""
    while index + _CHUNK <= codes.size:
        chunk = codes[index : index + _CHUNK]
        low = chunk[0]
        high = chunk[0]
        for offset in range(_CHUNK):
            low = min(low, chunk[offset])
            high = max(high, chunk[offset])
        rises = high >= up if up_armed else low <= arm_up
        falls = low <= down if down_armed else high >= arm_down
        if rises or falls:
            return index
        index += _CHUNK
    return index
