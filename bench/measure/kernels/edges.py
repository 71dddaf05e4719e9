"""Parts of kernels that find instants on a transition.

A phase of either sign is looked at upright: ``sign * code``. Levels are upright codes, fractional;
a walk goes along ``step`` (+1 or -1) and compares integers only.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.measure.kernels.compiled import part

__all__ = ["crossing_near", "seek_above", "seek_below", "transition"]

_Array = NDArray[Any]


@part
def seek_below(codes: _Array, sign: int, index: int, step: int, limit: int, level: float) -> int:
    """Return the first index along ``step`` that lies below ``level``; ``limit`` ends the walk."""
    bound = math.ceil(level)
    while index != limit and sign * codes[index] >= bound:
        index += step
    return index


@part
def seek_above(codes: _Array, sign: int, index: int, step: int, limit: int, level: float) -> int:
    """Return the first index along ``step`` that reaches ``level``; ``limit`` ends the walk."""
    bound = math.ceil(level)
    while index != limit and sign * codes[index] < bound:
        index += step
    return index


@part
def crossing_near(codes: _Array, sign: int, index: int, step: int, level: float) -> float:
    """Return where the straight line from ``index`` to its neighbour crosses ``level``."""
    here = sign * codes[index]
    there = sign * codes[index + step]
    if here == there:
        return float(index)
    return index + step * (level - here) / (there - here)


@part
def transition(
    codes: _Array, sign: int, anchor: int, step: int, limit: int, far: int, zero: float, top: float
) -> tuple[float, float, float]:
    """Return the 10, 50 and 90 % instants of the transition at ``anchor``.

    ``step`` points out of the phase, ``limit`` is as far as the transition can reach outwards and
    ``far`` inwards. Noise can make a slow transition cross a level more than once; the 50 %
    instant is the mean of the first and the last crossing, which has no bias. Instants that lie
    outside are NaN.
    """
    swing = top - zero
    middle, low, high = zero + 0.5 * swing, zero + 0.1 * swing, zero + 0.9 * swing
    outside = seek_below(codes, sign, anchor, step, limit, zero + 0.3 * swing)
    first = seek_above(codes, sign, outside, -step, far, middle)
    if first == limit or sign * codes[first] < middle or sign * codes[first + step] >= middle:
        return np.nan, np.nan, np.nan
    inside = seek_above(codes, sign, first, -step, far, zero + 0.7 * swing)
    last = seek_below(codes, sign, inside, step, limit, middle)
    half = 0.5 * (
        crossing_near(codes, sign, first, step, middle)
        + crossing_near(codes, sign, last, -step, middle)
    )
    foot = seek_below(codes, sign, last, step, limit, low)
    at_foot = np.nan
    if sign * codes[foot] < low:
        at_foot = crossing_near(codes, sign, foot, -step, low)
    shoulder = seek_above(codes, sign, first, -step, far, high)
    return at_foot, half, crossing_near(codes, sign, shoulder, step, high)
