"""Kernels over a whole record: the summary of blocks of 64 samples, and the code histogram.

A record is read once, in vector instructions; everything after looks at block summaries and goes
back to single samples only where a transition can be.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.measure.kernels.compiled import compiled, part, routine

__all__ = [
    "BLOCK",
    "BLOCK_SHIFT",
    "adjoining_sums",
    "code_histogram",
    "quiet_totals",
    "range_extremes",
    "range_sum",
    "summarise",
    "totals",
]

BLOCK_SHIFT = 6
BLOCK = 1 << BLOCK_SHIFT
"""Samples in a block; a power of two, so that an index is turned into a block by a shift."""

_Array = NDArray[Any]


@compiled
def summarise(codes: _Array, lows: _Array, highs: _Array, sums: _Array, squares: _Array) -> None:
    """Fill minimum, maximum, sum and sum of squares of each block; the last may be short.

    ``squares`` must hold 64 squared codes: int32 for int8 codes, int64 for int16.
    """
    whole = codes.size >> BLOCK_SHIFT
    for block in range(whole):
        first = block << BLOCK_SHIFT
        low = codes[first]
        high = codes[first]
        for index in range(first, first + BLOCK):
            low = min(low, codes[index])
            high = max(high, codes[index])
        total = np.int32(0)
        square = squares.dtype.type(0)
        for index in range(first, first + BLOCK):
            code = squares.dtype.type(codes[index])
            total = np.int32(total + code)
            square = squares.dtype.type(square + code * code)
        lows[block] = low
        highs[block] = high
        sums[block] = total
        squares[block] = square
    if whole < lows.size:
        _summarise_rest(codes[whole << BLOCK_SHIFT :], whole, lows, highs, sums, squares)


@part
def _summarise_rest(
    rest: _Array, block: int, lows: _Array, highs: _Array, sums: _Array, squares: _Array
) -> None:
    low = rest[0]
    high = rest[0]
    total = 0
    square = 0
    for code in rest:
        low = min(low, code)
        high = max(high, code)
        total += code
        square += np.int64(code) * np.int64(code)
    lows[block] = low
    highs[block] = high
    sums[block] = total
    squares[block] = square


@compiled
def code_histogram(
    codes: _Array, stride_shift: int, lowest: int, shift: int, counts: _Array
) -> None:
    """Count codes in bins ``(code - lowest) >> shift``, one sample in ``1 << stride_shift``.

    The sample inside each stride is picked by a multiplicative hash, so that a periodic waveform
    is not sampled at one phase.
    """
    mask = (1 << stride_shift) - 1
    for step in range(codes.size >> stride_shift):
        position = (step << stride_shift) + (((step * 40503) >> 7) & mask)
        counts[(np.int64(codes[position]) - lowest) >> shift] += 1


@compiled
def totals(lows: _Array, highs: _Array, sums: _Array, squares: _Array) -> tuple[int, ...]:
    """Return minimum, maximum, sum and sum of squares of the whole record."""
    low, high = lows[0], highs[0]
    total, square = np.int64(0), np.int64(0)
    for block in range(lows.size):
        low = min(low, lows[block])
        high = max(high, highs[block])
        total += sums[block]
        square += squares[block]
    return np.int64(low), np.int64(high), total, square


@compiled
def quiet_totals(
    lows: _Array, highs: _Array, sums: _Array, squares: _Array, low: int, high: int
) -> tuple[int, int, int]:
    """Return number, sum and sum of squares of whole blocks inside ``low`` to ``high`` (codes).

    A block beside one that leaves the band is left out: it may hold the tail of a transition.
    """
    count, total, square = 0, np.int64(0), np.int64(0)
    before = (lows[0] >= low) & (highs[0] <= high)
    here = (lows[1] >= low) & (highs[1] <= high) if lows.size > 1 else False
    for block in range(1, lows.size - 1):
        behind = (lows[block + 1] >= low) & (highs[block + 1] <= high)
        if before & here & behind:
            count += 1
            total += sums[block]
            square += squares[block]
        before, here = here, behind
    return count, total, square


@part
def range_sum(codes: _Array, sums: _Array, first: int, stop: int) -> int:
    """Return the sum of ``codes[first:stop]``, from block sums where whole blocks lie inside."""
    total = _sum_before(codes, sums, stop) - _sum_before(codes, sums, first)
    for block in range(first >> BLOCK_SHIFT, stop >> BLOCK_SHIFT):
        total += sums[block]
    return total


@part
def adjoining_sums(
    codes: _Array, sums: _Array, first: int, middle: int, stop: int
) -> tuple[int, int]:
    """Return the sums of ``codes[first:middle]`` and ``codes[middle:stop]``."""
    between = _sum_before(codes, sums, middle)
    before = between - _sum_before(codes, sums, first)
    behind = _sum_before(codes, sums, stop) - between
    for block in range(first >> BLOCK_SHIFT, middle >> BLOCK_SHIFT):
        before += sums[block]
    for block in range(middle >> BLOCK_SHIFT, stop >> BLOCK_SHIFT):
        behind += sums[block]
    return before, behind


@routine
def _sum_before(codes: _Array, sums: _Array, index: int) -> int:
    """Return the sum from the start of the block of ``index`` up to it.

    The loop always runs over a whole block and stays in the narrowest type that holds the sum:
    a fixed length, and loads that depend on nothing, make it a handful of vector instructions.
    """
    first = index >> BLOCK_SHIFT << BLOCK_SHIFT
    if first == index:
        return np.int64(0)
    wide = sums.dtype.type
    inside = wide(index - first)
    total = wide(0)
    if first + BLOCK <= codes.size:
        chunk = codes[first : first + BLOCK]
        for offset in range(BLOCK):
            code = wide(chunk[offset])
            total = wide(total + (code if wide(offset) < inside else wide(0)))
    else:
        for position in range(first, index):
            total = wide(total + codes[position])
    return np.int64(total)


@part
def range_extremes(
    codes: _Array, lows: _Array, highs: _Array, first: int, stop: int
) -> tuple[int, int]:
    """Return the smallest and the largest code of ``codes[first:stop]`` (not empty)."""
    narrow = codes.dtype.type
    inner = codes[first]
    low = inner
    high = inner
    for block in range(first >> BLOCK_SHIFT, ((stop - 1) >> BLOCK_SHIFT) + 1):
        begin, end = block << BLOCK_SHIFT, (block + 1) << BLOCK_SHIFT
        if first <= begin and end <= stop:
            low = min(low, lows[block])
            high = max(high, highs[block])
        elif end <= codes.size:
            chunk = codes[begin:end]
            skip, keep = narrow(max(first - begin, 0)), narrow(min(stop - begin, BLOCK))
            for offset in range(BLOCK):
                code = chunk[offset]
                inside = (narrow(offset) >= skip) & (narrow(offset) < keep)
                code = code if inside else inner
                low = min(low, code)
                high = max(high, code)
        else:
            for index in range(max(first, begin), stop):
                low = min(low, codes[index])
                high = max(high, codes[index])
    return np.int64(low), np.int64(high)
