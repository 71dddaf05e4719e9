"""Kernel that measures each phase of a pulse against its own levels.

Conventions: positions are fractional sample indices; levels are upright codes (times the phase's
sign, so that a phase always rises); absent numbers are NaN. The columns are named below.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.measure.kernels.blocks import BLOCK, BLOCK_SHIFT, adjoining_sums, range_sum
from bench.measure.kernels.compiled import compiled, part, routine
from bench.measure.kernels.edges import crossing_near, seek_above, seek_below, transition

__all__ = [
    "CHARGE",
    "COLUMNS",
    "DROOP",
    "EACH",
    "FALL",
    "FLAT",
    "OVERSHOOT",
    "RISE",
    "SETTLING",
    "SHAPE",
    "START",
    "STOP",
    "TILTED",
    "TOP",
    "UNDERSHOOT",
    "join_phases",
    "measure_phases",
]

_Array = NDArray[Any]

START, STOP, TOP, RISE, FALL, OVERSHOOT, UNDERSHOOT, DROOP, CHARGE, SHAPE = range(10)
"""Columns: 50 % instants (indices), top (codes), 10-90 % transition durations (samples),
aberrations (fraction of top), fall of the plateau over the phase (fraction), charge (code samples),
shape of the plateau (one of the names below).
"""
COLUMNS = 10

FLAT, TILTED, SETTLING, EACH = range(4)
"""Shapes of a plateau; EACH leaves it to every phase's own samples to tell."""

_SETTLE = 3.0
"""Transition durations left out of the plateau and searched for aberrations."""
_MIN_WINDOW = 4.0
"""Samples of the shortest aberration window and of the pad around a charge."""
_TILT_SIGMAS = 4.0
"""A droop below this many of its own standard uncertainties is noise: the plateau is flat."""
_TILT_SHARE = 0.2
"""A plateau is tilted if each of its halves falls by at least this share of the whole fall."""
_TILT_SUM = 1.25
"""... and both together by little more than it: 1 on a straight line, 1.14 on the most curved decay."""
_LONG = 4 * BLOCK
"""Samples of a plateau of which the halves need not be equal."""
_CORNER = 1.0 / 12.0
"""What the trapezoidal rule misses of an integral that ends on a slope, per code of slope.

Source: Euler-Maclaurin formula, first term.
"""


@compiled
def measure_phases(
    codes: _Array,
    sums: _Array,
    baseline: float,
    noise: float,
    noise_peaks: _Array,
    starts: _Array,
    stops: _Array,
    signs: _Array,
    peaks: _Array,
    shapes: _Array,
    first_row: int,
    end_row: int,
    table: _Array,
) -> None:
    """Fill the rows of ``table``, shape (COLUMNS, number of phases), that the range names.

    ``noise_peaks[n]`` is the expected maximum of the noise over n samples, in codes; ``peaks``
    the largest level of each phase; ``shapes`` how the plateaus are read, of the negative phases
    and of the positive ones. What needs rows beyond the range is left to ``join_phases``.
    """
    count = starts.size
    for row in range(first_row, end_row):
        first = stops[row - 1] - 1 if row > 0 else 0
        last = starts[row + 1] if row + 1 < count else codes.size - 1
        sign = np.int64(signs[row])
        zero = sign * baseline
        begin, left, right, end = _plateau(
            codes, sums, sign, zero, first, starts[row], stops[row], last, peaks[row]
        )
        shape = shapes[0 if sign < 0 else 1]
        _measure_levels(codes, sums, sign, zero, noise, shape, begin, left, right, end, row, table)
        _measure_edges(
            codes, sign, zero, noise_peaks, first, left, right, last, starts[row], stops[row],
            begin, end, row, table,
        )  # fmt: skip
        if row > first_row:
            if _reverses(row - 1, starts, stops, signs, table):
                _measure_reversal(codes, baseline, row - 1, starts, signs, table)
            if row - 1 > first_row or row == 1:
                _measure_charge(codes, sums, baseline, row - 1, row + 1, table)
    if end_row == count and (end_row - 1 > first_row or count == 1):
        _measure_charge(codes, sums, baseline, count - 1, count, table)


@compiled
def join_phases(
    codes: _Array,
    sums: _Array,
    baseline: float,
    starts: _Array,
    stops: _Array,
    signs: _Array,
    row: int,
    table: _Array,
) -> None:
    """Measure what the two ranges that meet before ``row`` left open: each has two rows or more."""
    count = starts.size
    if _reverses(row - 1, starts, stops, signs, table):
        _measure_reversal(codes, baseline, row - 1, starts, signs, table)
    _measure_charge(codes, sums, baseline, row - 1, count, table)
    _measure_charge(codes, sums, baseline, row, count, table)


@part
def _plateau(
    codes: _Array, sums: _Array, sign: int, zero: float,
    first: int, start: int, stop: int, last: int, peak: float,
) -> tuple[float, int, int, float]:  # fmt: skip
    """Return the settled part of the phase, within the instants at which it has half its height.

    Settled is what lies between the 90 % instants, less the aberrations.
    """
    left = seek_above(codes, sign, start, 1, stop - 1, zero + 0.5 * peak)
    right = seek_above(codes, sign, stop - 1, -1, left, zero + 0.5 * peak)
    begin, end = left - 0.5, right + 0.5
    quarter = (right + 1 - left) // 4
    top = _rough_mean(codes, sums, sign, left + quarter, right + 1 - quarter) - zero
    foot = seek_below(codes, sign, left, -1, first, zero + 0.1 * top)
    foot_end = seek_below(codes, sign, right, 1, last, zero + 0.1 * top)
    left = seek_above(codes, sign, left, 1, right, zero + 0.9 * top)
    right = seek_above(codes, sign, right, -1, left, zero + 0.9 * top)
    room = (right + 1 - left) // 4
    settled = left + min(room, int(_SETTLE * (left - foot)))
    settled_end = right + 1 - min(room, int(_SETTLE * (foot_end - right)))
    return begin, settled, settled_end, end


@part
def _rough_mean(codes: _Array, sums: _Array, sign: int, first: int, stop: int) -> float:
    """Return a mean within a stretch: of the whole blocks inside it, where there is one."""
    begin, end = (first + BLOCK - 1) >> BLOCK_SHIFT, stop >> BLOCK_SHIFT
    if begin >= end:
        return _mean(codes, sums, sign, first, stop)
    total = 0
    for block in range(begin, end):
        total += sums[block]
    return sign * total / ((end - begin) << BLOCK_SHIFT)


@part
def _mean(codes: _Array, sums: _Array, sign: int, first: int, stop: int) -> float:
    return sign * range_sum(codes, sums, first, stop) / (stop - first)


@part
def _measure_levels(
    codes: _Array, sums: _Array, sign: int, zero: float, noise: float, shape: int,
    begin: float, left: int, right: int, end: float, row: int, table: _Array,
) -> None:  # fmt: skip
    """Fill top and droop from the means of the plateau's two halves.

    Of a tilted plateau the top is its level in the middle of the phase; of one that still settles
    (ringing, a slow edge) it is the level of its last quarter. A phase that is not said to settle
    is flat where its own noise hides a tilt. The overshoot's column gets the level that an
    overshoot goes beyond.
    """
    middle = (left + right) // 2
    if right - left >= _LONG:  # halves that meet at a block's edge: its sum is known
        middle = middle >> BLOCK_SHIFT << BLOCK_SHIFT
    if right - left < 4:
        table[TOP, row] = _mean(codes, sums, sign, left, right) - zero
        table[OVERSHOOT, row] = table[TOP, row]
        table[DROOP, row] = 0.0
        table[SHAPE, row] = FLAT
        return
    before, behind = adjoining_sums(codes, sums, left, middle, right)
    early = sign * before / (middle - left) - zero
    late = sign * behind / (right - middle) - zero
    top = (early * (middle - left) + late * (right - middle)) / (right - left)
    fall = early - late
    table[DROOP, row] = 0.0
    if shape != SETTLING and abs(fall) <= _TILT_SIGMAS * 2.0 * noise / np.sqrt(right - left):
        shape = FLAT
    elif shape == EACH:
        tilted = _falls_throughout(codes, sums, sign, left, right, fall)
        shape = TILTED if tilted else SETTLING
    if shape == TILTED:
        slope = 2.0 * fall / (right - left)
        top -= slope * 0.5 * ((begin + end) - (left + right - 1))
        table[DROOP, row] = slope * (end - begin) / top
    elif shape == SETTLING:
        top = _mean(codes, sums, sign, right - (right - left) // 4, right) - zero
    table[TOP, row] = top
    table[SHAPE, row] = shape
    table[OVERSHOOT, row] = max(top, late)


@routine
def _falls_throughout(
    codes: _Array, sums: _Array, sign: int, left: int, right: int, fall: float
) -> bool:
    """Tell a tilt from ringing that dies away: a tilt falls in each half by half of it all."""
    quarter = (right - left) // 4
    if quarter == 0:
        return False
    first = _mean(codes, sums, sign, left, left + quarter)
    second = _mean(codes, sums, sign, left + quarter, left + 2 * quarter)
    third = _mean(codes, sums, sign, right - 2 * quarter, right - quarter)
    fourth = _mean(codes, sums, sign, right - quarter, right)
    early, late = (first - second) / fall, (third - fourth) / fall
    return min(early, late) > _TILT_SHARE and early + late < _TILT_SUM


@part
def _measure_edges(
    codes: _Array, sign: int, zero: float, noise_peaks: _Array,
    first: int, left: int, right: int, last: int, start: int, stop: int,
    begin: float, end: float, row: int, table: _Array,
) -> None:  # fmt: skip
    """Fill instants, transition durations and aberrations; turn the top's sign to the phase's.

    Top and droop, so far of the stretch from ``begin`` to ``end``, become those of the 50 % instants.
    """
    top, droop = table[TOP, row], table[DROOP, row]
    lead = zero + top * max(0.5, 1.0 + 0.5 * droop)
    trail = zero + top * max(0.5, 1.0 - 0.5 * droop)
    start_10, start_50, start_90 = transition(codes, sign, start, -1, first, right - 1, zero, lead)
    stop_10, stop_50, stop_90 = transition(codes, sign, stop - 1, 1, last, left, zero, trail)
    table[START, row] = start_50
    table[STOP, row] = stop_50
    if not np.isnan(start_50 + stop_50):
        slope = droop * top / (end - begin)
        top -= slope * 0.5 * ((start_50 + stop_50) - (begin + end))
        table[DROOP, row] = slope * (stop_50 - start_50) / top
    table[RISE, row] = start_90 - start_10
    table[FALL, row] = stop_10 - stop_90
    table[TOP, row] = sign * top
    settled = max(lead, zero + table[OVERSHOOT, row])
    over = _aberration(
        codes, sign, noise_peaks, start_90, start_90 - start_10, right - 1, settled, 1
    )
    under = _aberration(codes, sign, noise_peaks, stop_10, stop_10 - stop_90, last, zero, -1)
    table[OVERSHOOT, row] = over / (lead - zero)
    table[UNDERSHOOT, row] = under / (trail - zero)


@part
def _aberration(
    codes: _Array, sign: int, noise_peaks: _Array, from_: float, duration: float, last: int,
    level: float, side: int,
) -> float:  # fmt: skip
    """Return how far the codes behind a transition go beyond ``level``, in codes.

    ``side`` is +1 for above the level, -1 for below. The expected maximum of the noise is taken
    out in quadrature, so a clean corner gives about zero and a large overshoot keeps its value.
    """
    if np.isnan(duration):
        return np.nan
    start = int(np.ceil(from_))
    stop = min(last, int(from_ + max(_MIN_WINDOW, _SETTLE * duration))) + 1
    sense = sign * side
    furthest = np.int64(-0x8000)
    for index in range(start, stop):
        furthest = max(furthest, sense * codes[index])
    excess = furthest - side * level
    if excess <= 0.0:
        return 0.0
    floor = noise_peaks[min(stop - start, noise_peaks.size - 1)]
    return np.sqrt(max(0.0, excess * excess - floor * floor))


@part
def _reverses(row: int, starts: _Array, stops: _Array, signs: _Array, table: _Array) -> bool:
    """Tell whether the next phase follows in one transition, without a stay in the zero state."""
    if signs[row] == signs[row + 1]:
        return False
    span = table[START, row + 1] - table[STOP, row]
    return starts[row + 1] - stops[row] <= 2.0 + 0.5 * span


@part
def _measure_reversal(
    codes: _Array, baseline: float, row: int, starts: _Array, signs: _Array, table: _Array
) -> None:
    """Replace the facing edges of two phases by the one transition between their tops."""
    sign = np.int64(signs[row])
    zero = sign * baseline
    low, high = int(table[STOP, row]), int(np.ceil(table[START, row + 1]))
    falling = seek_below(codes, sign, low, 1, high, zero)
    rising = seek_above(codes, sign, high, -1, low, zero)
    crossing = 0.5 * (
        crossing_near(codes, sign, falling, -1, zero) + crossing_near(codes, sign, rising, 1, zero)
    )
    before = sign * table[TOP, row] * (1.0 - 0.5 * table[DROOP, row])
    after = sign * table[TOP, row + 1] * (1.0 + 0.5 * table[DROOP, row + 1])
    edge, end_edge = 0.1 * (before - after), -0.1 * (before - after)
    far = codes.size - 1
    begin = seek_above(codes, sign, low, -1, min(low, starts[row]), zero + before - edge)
    end = seek_above(codes, -sign, high, 1, far, -(zero + after - end_edge))
    begin_at = crossing_near(codes, sign, begin, 1, zero + before - edge)
    end_at = crossing_near(codes, -sign, end, -1, -(zero + after - end_edge))
    table[STOP, row] = crossing
    table[START, row + 1] = crossing
    table[FALL, row] = end_at - begin_at
    table[RISE, row + 1] = end_at - begin_at
    table[UNDERSHOOT, row] = np.nan


@part
def _measure_charge(
    codes: _Array, sums: _Array, baseline: float, row: int, count: int, table: _Array
) -> None:
    """Integrate one phase, its transitions and tails included, up to its neighbours.

    ``count`` is the number of rows of which the instants are known.
    """
    start, stop = table[START, row], table[STOP, row]
    edges = 0.0
    if np.isnan(start):
        first = 0
    elif row > 0 and table[STOP, row - 1] == start:
        first = int(np.floor(start)) + 1
        slope = codes[first] - codes[first - 1]
        edges += _CORNER * slope - 0.5 * (start - first + 1) * (codes[first] - baseline)
    else:
        room = 0.5 * (start - table[STOP, row - 1]) if row > 0 else start
        first = int(np.ceil(max(0.0, start - min(_pad(table[RISE, row]), room))))
    if np.isnan(stop):
        end = codes.size
    elif row + 1 < count and table[START, row + 1] == stop:
        end = int(np.floor(stop)) + 1
        slope = codes[end] - codes[end - 1]
        edges -= _CORNER * slope + 0.5 * (end - stop) * (codes[end - 1] - baseline)
    else:
        room = 0.5 * (table[START, row + 1] - stop) if row + 1 < count else codes.size - 1 - stop
        end = int(np.floor(min(codes.size - 1.0, stop + min(_pad(table[FALL, row]), room)))) + 1
    table[CHARGE, row] = range_sum(codes, sums, first, end) - baseline * (end - first) + edges


@part
def _pad(duration: float) -> float:
    """Return the samples around a 50 % instant in which a transition and its tail end."""
    return _MIN_WINDOW if np.isnan(duration) else _MIN_WINDOW + (1.0 + _SETTLE) * duration
