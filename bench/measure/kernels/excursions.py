"""Kernel that finds where a record leaves its zero state and where it comes back."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.measure.kernels.blocks import BLOCK, BLOCK_SHIFT, range_extremes, range_sum
from bench.measure.kernels.compiled import compiled, part

__all__ = ["drop_aberrations", "find_excursions"]

_Array = NDArray[Any]

_LITTLE_PEAK = 0.2
"""An excursion beside one five times higher is that one's aberration, however long."""
_SMALL_PEAK = 0.5
_SMALL_CHARGE = 0.1
"""... and so is one half as high with a tenth of its charge."""
_NEAR = 8
"""Samples that an aberration may stand away from its pulse, or an eighth of the pulse."""
_SPLIT = 3
"""Samples of zero state inside one phase that noise may have made."""


@compiled
def find_excursions(
    codes: _Array,
    lows: _Array,
    highs: _Array,
    thresholds: _Array,
    starts: _Array,
    stops: _Array,
    signs: _Array,
) -> int:
    """Fill first index, index behind the last, and sign of each excursion; return their number.

    ``thresholds`` is (enter low, leave low, leave high, enter high) in codes: a sample below the
    first or above the last enters, two samples together inside the middle pair leave. Where the
    number is larger than the arrays, the rest was counted and not stored.
    """
    narrow = codes.dtype.type
    enter_low, enter_high = narrow(thresholds[0]), narrow(thresholds[3])
    upright, upside_down = narrow(0), narrow(-1)
    leave_high, leave_low = narrow(thresholds[2]), narrow(~thresholds[1])
    count = 0
    index = 0
    while True:
        index = _next_outside(codes, lows, highs, enter_low, enter_high, index)
        if index >= codes.size:
            return count
        above = codes[index] > enter_high
        if above:
            stop = _next_inside(codes, lows, highs, upright, leave_high, index)
        else:
            stop = _next_inside(codes, lows, highs, upside_down, leave_low, index)
        if count < starts.size:
            starts[count] = index
            stops[count] = stop
            signs[count] = 1 if above else -1
        count += 1
        index = stop


@part
def _next_outside(
    codes: _Array, lows: _Array, highs: _Array, low: int, high: int, index: int
) -> int:
    """Return the first index from ``index`` on whose code is below ``low`` or above ``high``."""
    for block in range(index >> BLOCK_SHIFT, lows.size):
        if highs[block] <= high and lows[block] >= low:
            continue
        first = block << BLOCK_SHIFT
        found = _first_outside(
            codes[first : first + BLOCK], low, high, codes.dtype.type(max(index - first, 0))
        )
        if found < BLOCK:
            return first + found
    return codes.size


@part
def _first_outside(chunk: _Array, low: int, high: int, skip: int) -> int:
    """Return the offset of the first code outside the band from ``skip`` on, or BLOCK.

    All values have the codes' own narrow type and the loop a fixed length: that is what makes it
    a handful of vector instructions.
    """
    narrow = chunk.dtype.type
    found = narrow(BLOCK)
    if chunk.size == BLOCK:
        for offset in range(BLOCK):
            outside = (chunk[offset] > high) | (chunk[offset] < low)
            here = narrow(offset) if outside & (narrow(offset) >= skip) else narrow(BLOCK)
            found = min(found, here)
        return np.int64(found)
    for offset in range(np.int64(skip), chunk.size):
        if chunk[offset] > high or chunk[offset] < low:
            return offset
    return BLOCK


@part
def _next_inside(
    codes: _Array, lows: _Array, highs: _Array, flip: int, level: int, index: int
) -> int:
    """Return the first of two neighbours that are both below ``level``, or the record length.

    ``flip`` is 0 or -1: codes are compared after an exclusive or with it, which turns a negative
    phase upright without an overflow.
    """
    for block in range(index >> BLOCK_SHIFT, lows.size):
        if (highs[block] ^ flip if flip else lows[block]) >= level:
            continue
        first = block << BLOCK_SHIFT
        skip = codes.dtype.type(max(index - first, 0))
        found = _first_pair_below(codes[first : first + BLOCK + 1], flip, level, skip)
        if found < BLOCK:
            return first + found
    return codes.size


@part
def _first_pair_below(chunk: _Array, flip: int, level: int, skip: int) -> int:
    """Return the offset of the first neighbours below ``level``, or BLOCK.

    ``chunk`` is a block and the sample behind it; the record's last sample is a pair by itself.
    """
    narrow = chunk.dtype.type
    found = narrow(BLOCK)
    if chunk.size == BLOCK + 1:
        for offset in range(BLOCK):
            inside = ((chunk[offset] ^ flip) < level) & ((chunk[offset + 1] ^ flip) < level)
            here = narrow(offset) if inside & (narrow(offset) >= skip) else narrow(BLOCK)
            found = min(found, here)
        return np.int64(found)
    for offset in range(np.int64(skip), chunk.size):
        below = (chunk[offset] ^ flip) < level
        if below and (offset + 1 >= chunk.size or (chunk[offset + 1] ^ flip) < level):
            return offset
    return BLOCK


@compiled
def drop_aberrations(
    codes: _Array,
    lows: _Array,
    highs: _Array,
    sums: _Array,
    baseline: float,
    starts: _Array,
    stops: _Array,
    signs: _Array,
    weights: _Array,
) -> int:
    """Keep the excursions that are phases of their own; return how many, moved to the front.

    Ringing, undershoot and the tail of a decay cross the thresholds beside a pulse without being
    one. ``weights`` is scratch of shape (2, number): peak and charge of each, in codes.
    """
    count = starts.size
    for row in range(count):
        low, high = range_extremes(codes, lows, highs, starts[row], stops[row])
        weights[0, row] = high - baseline if signs[row] > 0 else baseline - low
        length = stops[row] - starts[row]
        charge = range_sum(codes, sums, starts[row], stops[row]) - baseline * length
        weights[1, row] = signs[row] * charge
    return _sift(starts, stops, signs, weights)


@part
def _sift(starts: _Array, stops: _Array, signs: _Array, weights: _Array) -> int:
    """Move what is a phase of its own to the front, joining what noise has split."""
    count = starts.size
    kept = 0
    chain_end = -1
    for row in range(count):
        if kept > 0 and _is_split(row, kept - 1, starts, stops, signs):
            stops[kept - 1] = stops[row]
            weights[0, kept - 1] = max(weights[0, kept - 1], weights[0, row])
            weights[1, kept - 1] += weights[1, row]
            chain_end = stops[row]
            continue
        gap = starts[row] - chain_end
        if kept > 0 and _is_aberration(row, kept - 1, gap, starts, stops, weights):
            chain_end = stops[row]
            continue
        if row + 1 < count:
            gap = starts[row + 1] - stops[row]
            if _is_aberration(row, row + 1, gap, starts, stops, weights):
                continue
        chain_end = stops[row]
        starts[kept] = starts[row]
        stops[kept] = stops[row]
        signs[kept] = signs[row]
        weights[0, kept] = weights[0, row]
        weights[1, kept] = weights[1, row]
        kept += 1
    return kept


@part
def _is_split(row: int, earlier: int, starts: _Array, stops: _Array, signs: _Array) -> bool:
    """Tell whether noise alone separates two halves of one weak phase."""
    gap = starts[row] - stops[earlier]
    shorter = min(stops[row] - starts[row], stops[earlier] - starts[earlier])
    return signs[row] == signs[earlier] and gap <= _SPLIT and gap * _NEAR <= shorter


@part
def _is_aberration(
    row: int, other: int, gap: int, starts: _Array, stops: _Array, weights: _Array
) -> bool:
    """Tell whether ``row`` is an aberration of ``other``, ``gap`` samples away."""
    reach = max(_NEAR, (stops[other] - starts[other]) // _NEAR)
    if gap > reach:
        return False
    if weights[0, row] < _LITTLE_PEAK * weights[0, other]:
        return True
    light = weights[1, row] < _SMALL_CHARGE * weights[1, other]
    return light and weights[0, row] < _SMALL_PEAK * weights[0, other]
