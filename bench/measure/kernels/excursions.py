"""Kernel that finds where a record leaves its zero state and where it comes back."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.measure.kernels.blocks import BLOCK, BLOCK_SHIFT, range_extremes, range_sum
from bench.measure.kernels.compiled import compiled, part

__all__ = ["drop_aberrations", "find_excursions", "find_peaks"]

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
    first: int,
    end: int,
    starts: _Array,
    stops: _Array,
    signs: _Array,
) -> int:
    """Fill first index, index behind the last, and sign of each excursion; return their number.

    Looked for are those that begin in ``codes[first:end]``, from the zero state on. ``thresholds`` is (enter low, leave low, leave high, enter high) in codes: a sample below the
    first or above the last enters, two samples together inside the middle pair leave. Where the
    number is larger than the arrays, the rest was counted and not stored.
    """
    narrow = codes.dtype.type
    enter_low, enter_high = narrow(thresholds[0]), narrow(thresholds[3])
    upright, upside_down = narrow(0), narrow(-1)
    leave_high, leave_low = narrow(thresholds[2]), narrow(~thresholds[1])
    count = 0
    index = first
    while True:
        index = _next_outside(codes, lows, highs, enter_low, enter_high, index, end)
        if index >= end:
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
    codes: _Array, lows: _Array, highs: _Array, low: int, high: int, index: int, end: int
) -> int:
    """Return the first index from ``index`` on whose code is below ``low`` or above ``high``.

    An index at or behind ``end`` says that there is none before it.
    """
    for block in range(index >> BLOCK_SHIFT, (end + BLOCK - 1) >> BLOCK_SHIFT):
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
def find_peaks(
    codes: _Array,
    lows: _Array,
    highs: _Array,
    baseline: float,
    starts: _Array,
    stops: _Array,
    signs: _Array,
    peaks: _Array,
) -> None:
    """Fill the largest level, in codes from the baseline, of each excursion."""
    for row in range(starts.size):
        peaks[row] = _peak(codes, lows, highs, baseline, starts, stops, signs, row)


@compiled
def drop_aberrations(
    codes: _Array,
    sums: _Array,
    baseline: float,
    starts: _Array,
    stops: _Array,
    signs: _Array,
    peaks: _Array,
) -> int:
    """Keep the excursions that are phases of their own; return how many, moved to the front.

    Ringing, undershoot and the tail of a decay cross the thresholds beside a pulse without being
    one. What is joined is what noise has split.
    """
    count = starts.size
    kept = 0
    chain_end = -1
    for row in range(count):
        if kept > 0 and _is_split(row, kept - 1, starts, stops, signs):
            stops[kept - 1] = stops[row]
            peaks[kept - 1] = max(peaks[kept - 1], peaks[row])
            chain_end = stops[row]
            continue
        gap = starts[row] - chain_end
        if kept > 0 and _is_aberration(
            codes, sums, baseline, row, kept - 1, gap, starts, stops, peaks
        ):
            chain_end = stops[row]
            continue
        if row + 1 < count:
            gap = starts[row + 1] - stops[row]
            if _is_aberration(codes, sums, baseline, row, row + 1, gap, starts, stops, peaks):
                continue
        chain_end = stops[row]
        starts[kept] = starts[row]
        stops[kept] = stops[row]
        signs[kept] = signs[row]
        peaks[kept] = peaks[row]
        kept += 1
    return kept


@part
def _peak(
    codes: _Array, lows: _Array, highs: _Array, baseline: float,
    starts: _Array, stops: _Array, signs: _Array, row: int,
) -> float:  # fmt: skip
    """Return the largest distance of an excursion from the baseline, in codes.

    Where no other excursion of its sign is near, whole blocks may be looked at: what else they
    hold is nearer to the baseline.
    """
    start, stop = starts[row], stops[row]
    before = row - 1 if row > 0 and signs[row - 1] == signs[row] else row - 2
    after = row + 1 if row + 1 < starts.size and signs[row + 1] == signs[row] else row + 2
    alone = (before < 0 or start - stops[before] > BLOCK) and (
        after >= starts.size or starts[after] - stop > BLOCK
    )
    if not alone:
        low, high = range_extremes(codes, lows, highs, start, stop)
        return high - baseline if signs[row] > 0 else baseline - low
    first, end = start >> BLOCK_SHIFT, ((stop - 1) >> BLOCK_SHIFT) + 1
    if signs[row] > 0:
        top = highs[first]
        for block in range(first + 1, end):
            top = max(top, highs[block])
        return top - baseline
    bottom = lows[first]
    for block in range(first + 1, end):
        bottom = min(bottom, lows[block])
    return baseline - bottom


@part
def _is_split(row: int, earlier: int, starts: _Array, stops: _Array, signs: _Array) -> bool:
    """Tell whether noise alone separates two halves of one weak phase."""
    gap = starts[row] - stops[earlier]
    shorter = min(stops[row] - starts[row], stops[earlier] - starts[earlier])
    return signs[row] == signs[earlier] and gap <= _SPLIT and gap * _NEAR <= shorter


@part
def _is_aberration(
    codes: _Array, sums: _Array, baseline: float, row: int, other: int, gap: int,
    starts: _Array, stops: _Array, peaks: _Array,
) -> bool:  # fmt: skip
    """Tell whether ``row`` is an aberration of ``other``, ``gap`` samples away."""
    reach = max(_NEAR, (stops[other] - starts[other]) // _NEAR)
    if gap > reach:
        return False
    if peaks[row] < _LITTLE_PEAK * peaks[other]:
        return True
    if peaks[row] >= _SMALL_PEAK * peaks[other]:
        return False
    charge = _charge(codes, sums, baseline, starts[row], stops[row])
    return charge < _SMALL_CHARGE * _charge(codes, sums, baseline, starts[other], stops[other])


@part
def _charge(codes: _Array, sums: _Array, baseline: float, start: int, stop: int) -> float:
    return abs(range_sum(codes, sums, start, stop) - baseline * (stop - start))
