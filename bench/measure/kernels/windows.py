"""Kernels over moving means of a record: its largest, and where it stands above a level.

A moving mean of ``length`` samples is compared as a sum, in integers. Sums of a stretch are made
once as a running total; a stretch of which no sample passes the level is not looked at.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.measure.kernels.compiled import compiled, part

__all__ = ["extreme_sums", "last_sum_outside", "scratch", "sums_outside"]

_Array = NDArray[Any]

_CHUNK = 512
"""Windows handled together; their running totals stay in the nearest cache."""


def scratch(length: int) -> NDArray[np.int64]:
    """Return room for the running totals of windows of ``length`` samples: ``totals`` below."""
    return np.empty(_CHUNK + length, np.int64)


@part
def _running_totals(codes: _Array, first: int, count: int, totals: _Array) -> None:
    """Fill ``totals[k]`` with the sum of the ``k`` codes from ``first`` on, 0 <= k <= count."""
    total = np.int64(0)
    totals[0] = 0
    for offset in range(count):
        total += codes[first + offset]
        totals[offset + 1] = total


@part
def _chunk_extremes(codes: _Array, first: int, stop: int) -> tuple[int, int]:
    chunk = codes[first:stop]
    low = chunk[0]
    high = chunk[0]
    for index in range(chunk.size):
        low = min(low, chunk[index])
        high = max(high, chunk[index])
    return np.int64(low), np.int64(high)


@compiled
def extreme_sums(codes: _Array, length: int, totals: _Array) -> tuple[int, int]:
    """Return the smallest and the largest sum of ``length`` neighbouring codes."""
    windows = codes.size - length + 1
    smallest = np.int64(codes[0]) * length if length == 1 else np.int64(1) << 62
    largest = smallest if length == 1 else -smallest
    for first in range(0, windows, _CHUNK):
        count = min(_CHUNK, windows - first)
        low, high = _chunk_extremes(codes, first, first + count + length - 1)
        if low * length >= smallest and high * length <= largest:
            continue
        if length == 1:
            smallest, largest = min(smallest, low), max(largest, high)
            continue
        _running_totals(codes, first, count + length - 1, totals)
        for window in range(count):
            total = totals[window + length] - totals[window]
            smallest = min(smallest, total)
            largest = max(largest, total)
    return smallest, largest


@compiled
def sums_outside(
    codes: _Array, length: int, low: int, high: int, starts: _Array, stops: _Array, totals: _Array
) -> int:
    """Fill the stretches of windows whose sum is below ``low`` or above ``high``; return how many.

    A stretch is given by its first sample and the one behind its last window's last sample. Where
    there are more stretches than room, the rest is counted and not stored.
    """
    windows = codes.size - length + 1
    found = 0
    begin = -1
    for first in range(0, windows, _CHUNK):
        count = min(_CHUNK, windows - first)
        lowest, highest = _chunk_extremes(codes, first, first + count + length - 1)
        if lowest * length >= low and highest * length <= high:
            if begin >= 0:
                found = _store(found, begin, first - 1 + length, starts, stops)
                begin = -1
            continue
        _running_totals(codes, first, count + length - 1, totals)
        for window in range(count):
            total = totals[window + length] - totals[window]
            outside = total < low or total > high
            if outside and begin < 0:
                begin = first + window
            elif begin >= 0 and not outside:
                found = _store(found, begin, first + window - 1 + length, starts, stops)
                begin = -1
    if begin >= 0:
        found = _store(found, begin, codes.size, starts, stops)
    return found


@part
def _store(found: int, begin: int, end: int, starts: _Array, stops: _Array) -> int:
    if found < starts.size:
        starts[found] = begin
        stops[found] = end
    return found + 1


@compiled
def last_sum_outside(codes: _Array, length: int, low: int, high: int, totals: _Array) -> int:
    """Return the first sample of the last window whose sum is outside, or -1."""
    windows = codes.size - length + 1
    for stop in range(windows, 0, -_CHUNK):
        first = max(0, stop - _CHUNK)
        count = stop - first
        lowest, highest = _chunk_extremes(codes, first, first + count + length - 1)
        if lowest * length >= low and highest * length <= high:
            continue
        _running_totals(codes, first, count + length - 1, totals)
        for window in range(count - 1, -1, -1):
            total = totals[window + length] - totals[window]
            if total < low or total > high:
                return first + window
    return -1
