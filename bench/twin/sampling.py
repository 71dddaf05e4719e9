"""Samples, extremes and averages of exact voltages, and one-pole filters on them.

A :class:`~bench.twin.interface.SegmentTable` is a voltage in closed form. A one-pole filter turns
it into another table, again in closed form: in a piece

    v(t) = L + sum_k w_k exp(r_k t)
    y(t) = L + sum_k w_k p / (p + r_k) exp(r_k t) + C exp(-p t)

with the pole at ``-p`` and C carrying the output over from the piece before. Nothing is filtered
on samples, so nothing depends on the sample rate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bench.twin.interface import SegmentTable, Tone

__all__ = [
    "Grid",
    "averages",
    "extremes",
    "high_pass",
    "low_pass",
    "piece_counts",
    "samples",
]

Floats = NDArray[np.float64]

_LONG_RUN = 256
"""Samples of one piece above which a slice of its own is faster than gathered indices."""
_DEGENERATE = 1e-6
"""Relative distance of a mode from the filter's pole below which the mode is moved."""
_EDGE_S = 1e-11
_SEARCH_POINTS = 24
"""Instants a piece in the search for its extremes, spaced logarithmically."""


class Grid:
    """``count`` instants, the first ``offset_s`` after ``origin_ns``, ``interval_s`` apart."""

    __slots__ = ("count", "interval_s", "offset_s", "origin_ns")

    def __init__(self, *, origin_ns: int, offset_s: float, interval_s: float, count: int) -> None:
        self.origin_ns = origin_ns
        self.offset_s = offset_s
        self.interval_s = interval_s
        self.count = count

    def piece_starts_s(self, table: SegmentTable) -> Floats:
        """Return where the table's pieces start, in seconds from the grid's first instant."""
        return (table.start_ns - self.origin_ns).astype(np.float64) * 1e-9 - self.offset_s


def piece_counts(table: SegmentTable, grid: Grid) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return each piece's first sample and its number of samples.

    Instants before the first piece and after the last count to those.
    """
    first = np.ceil(grid.piece_starts_s(table) / grid.interval_s - 1e-9)
    first = np.clip(first, 0, grid.count).astype(np.int64)
    first[0] = 0
    counts = np.diff(first, append=grid.count)
    return first, counts


def samples(table: SegmentTable, grid: Grid, *, resolution_v: float) -> Floats:
    """Return the voltage at the grid's instants, shape (count,), volts.

    Exponentials that fell below ``resolution_v`` are left out.
    """
    first, counts = piece_counts(table, grid)
    values = np.repeat(table.level_v, counts)
    lag_s = _lags(table, grid, first, counts)
    for mode in range(table.weights_v.shape[1]):
        _add_mode(
            values,
            grid.interval_s,
            first,
            counts,
            weights=table.weights_v[:, mode] * np.exp(table.rates_per_s[:, mode] * lag_s),
            rates=table.rates_per_s[:, mode],
            resolution=resolution_v,
        )
    for tone in table.tones:
        values += _turning(tone, grid, counts).real
    return values


def _turning(tone: Tone, grid: Grid, counts: NDArray[np.int64]) -> NDArray[np.complex128]:
    """Return a tone at the grid's instants; ``counts``: samples in each piece."""
    begin_s = grid.origin_ns / 1e9 + grid.offset_s
    turn = np.exp(2j * np.pi * tone.hz * (np.arange(grid.count) * grid.interval_s))
    turn *= np.repeat(tone.amplitude_v * np.exp(2j * np.pi * (tone.hz * begin_s % 1.0)), counts)
    return turn


def _lags(
    table: SegmentTable, grid: Grid, first: NDArray[np.int64], counts: NDArray[np.int64]
) -> Floats:
    """Return how long after each piece's start its first sample lies; zero for empty pieces."""
    lags_s = first * grid.interval_s - grid.piece_starts_s(table)
    return np.where(counts > 0, np.maximum(lags_s, 0.0), 0.0)


def _add_mode(
    values: Floats,
    interval_s: float,
    first: NDArray[np.int64],
    counts: NDArray[np.int64],
    *,
    weights: Floats,
    rates: Floats,
    resolution: float,
) -> None:
    """Add ``weight * exp(rate * j * interval)`` to sample ``first + j`` of each piece."""
    alive = _alive_counts(interval_s, counts, weights, rates, resolution)
    for piece in np.flatnonzero(alive > _LONG_RUN):
        count = int(alive[piece])
        run = np.arange(count, dtype=np.float64)
        run *= rates[piece] * interval_s
        np.exp(run, out=run)
        run *= weights[piece]
        values[first[piece] : first[piece] + count] += run
    short = np.flatnonzero((alive > 0) & (alive <= _LONG_RUN))
    if not short.size:
        return
    lengths = alive[short]
    within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    exponents = np.repeat(rates[short] * interval_s, lengths) * within
    values[np.repeat(first[short], lengths) + within] += np.repeat(
        weights[short], lengths
    ) * np.exp(exponents)


def _alive_counts(
    interval_s: float,
    counts: NDArray[np.int64],
    weights: Floats,
    rates: Floats,
    resolution: float,
) -> NDArray[np.int64]:
    """Return for how many samples a mode stays above ``resolution``."""
    ratio = np.abs(weights) / resolution
    with np.errstate(divide="ignore", invalid="ignore"):
        lasting = np.where(rates < 0, np.log(ratio) / (-rates * interval_s) + 1, np.inf)
    lasting = np.where(ratio > 1, lasting, 0)
    return np.minimum(np.ceil(np.minimum(lasting, 2**62)), counts).astype(np.int64)


def averages(table: SegmentTable, grid: Grid) -> Floats:
    """Return the mean over each interval that starts at a grid instant, shape (count,), volts."""
    edges = Grid(
        origin_ns=grid.origin_ns,
        offset_s=grid.offset_s,
        interval_s=grid.interval_s,
        count=grid.count + 1,
    )
    first, counts = piece_counts(table, edges)
    starts_s = edges.piece_starts_s(table)
    instants_s = np.arange(edges.count) * edges.interval_s
    level = np.repeat(table.level_v, counts)
    integral = np.repeat(_integral_before(table), counts)
    integral += level * (instants_s - np.repeat(starts_s, counts))
    lag_s = _lags(table, edges, first, counts)
    for mode in range(table.weights_v.shape[1]):
        rates = np.where(table.rates_per_s[:, mode] == 0, -1e-9, table.rates_per_s[:, mode])
        scaled = table.weights_v[:, mode] / rates
        integral -= np.repeat(scaled, counts)
        weights = scaled * np.exp(rates * lag_s)
        _add_mode(
            integral,
            edges.interval_s,
            first,
            counts,
            weights=weights,
            rates=rates,
            resolution=1e-18,
        )
    means = np.diff(integral) / grid.interval_s
    for tone in table.tones:
        # The mean of a sinusoid over an interval is its value in the middle times sinc.
        half = np.exp(1j * np.pi * tone.hz * grid.interval_s) * np.sinc(tone.hz * grid.interval_s)
        means += (_turning(tone, grid, piece_counts(table, grid)[1]) * half).real
    return means


def _integral_before(table: SegmentTable) -> Floats:
    """Return the integral of the voltage from the table's start to each piece's start."""
    lengths_s = np.diff(table.start_ns, append=table.stop_ns) * 1e-9
    rates = np.where(table.rates_per_s == 0, -1e-9, table.rates_per_s)
    pieces = table.level_v * lengths_s
    pieces += np.sum(table.weights_v / rates * np.expm1(rates * lengths_s[:, None]), axis=1)
    return np.concatenate(([0.0], np.cumsum(pieces)[:-1]))


def extremes(table: SegmentTable, grid: Grid) -> tuple[Floats, Floats]:
    """Return the least and the greatest voltage in each interval that starts at a grid instant.

    Found at the intervals' ends, at both ends of every piece and at instants spaced
    logarithmically in it; an extremum between those is missed by less than 1 % of its mode.
    """
    edges = samples(
        replace(table, tones=()),
        Grid(
            origin_ns=grid.origin_ns,
            offset_s=grid.offset_s,
            interval_s=grid.interval_s,
            count=grid.count + 1,
        ),
        resolution_v=1e-9,
    )
    low, high = np.minimum(edges[:-1], edges[1:]), np.maximum(edges[:-1], edges[1:])
    instants_s, values = _search_points(table, grid)
    bucket = np.floor(instants_s / grid.interval_s).astype(np.int64)
    inside = (bucket >= 0) & (bucket < grid.count)
    np.minimum.at(low, bucket[inside], values[inside])
    np.maximum.at(high, bucket[inside], values[inside])
    for tone in table.tones:
        # A whole swing lies in an interval of half a period or more; less of it in a shorter one.
        swing = np.repeat(np.abs(tone.amplitude_v), piece_counts(table, grid)[1])
        swing *= min(1.0, 2.0 * tone.hz * grid.interval_s)
        low, high = low - swing, high + swing
    return low, high


def _search_points(table: SegmentTable, grid: Grid) -> tuple[Floats, Floats]:
    starts_s = grid.piece_starts_s(table)
    lengths_s = np.diff(table.start_ns, append=table.stop_ns) * 1e-9
    fastest = np.maximum(np.max(np.abs(table.rates_per_s), axis=1, initial=0.0), 1.0)
    shortest_s = np.minimum(0.02 / fastest, lengths_s)
    steps = np.linspace(0.0, 1.0, _SEARCH_POINTS - 1)
    spaced_s = shortest_s[:, None] * (lengths_s / np.maximum(shortest_s, 1e-12))[:, None] ** steps
    within_s = np.concatenate((np.zeros((len(starts_s), 1)), spaced_s), axis=1)
    values = table.level_v[:, None] + np.einsum(
        "pk,pkt->pt",
        table.weights_v,
        np.exp(table.rates_per_s[:, :, None] * within_s[:, None, :]),
    )
    # A piece's last instant belongs to the interval that it ends in, its first to its own.
    within_s[:, 0] += _EDGE_S
    within_s[:, -1] -= _EDGE_S
    instants_s = starts_s[:, None] + within_s
    return instants_s.ravel(), values.ravel()


def low_pass(table: SegmentTable, corner_hz: float) -> SegmentTable:
    """Return the table behind one pole at ``corner_hz``, settled at the table's start."""
    low = _filtered(table, corner_hz, start_v=None)
    return replace(low, tones=_behind(table.tones, lambda hz: 1.0 / (1.0 + 1j * hz / corner_hz)))


def high_pass(table: SegmentTable, corner_hz: float) -> SegmentTable:
    """Return the table behind a coupling capacitor that had settled to the table's mean."""
    lengths_s = np.diff(table.start_ns, append=table.stop_ns) * 1e-9
    total = _integral_before(table)[-1] + table.level_v[-1] * lengths_s[-1]
    low = _filtered(table, corner_hz, start_v=float(total / lengths_s.sum()))
    modes = table.weights_v.shape[1]
    weights = -low.weights_v
    weights[:, :modes] += table.weights_v
    return replace(
        low,
        level_v=table.level_v - low.level_v,
        weights_v=weights,
        tones=_behind(table.tones, lambda hz: 1.0 / (1.0 + corner_hz / (1j * hz))),
    )


def _behind(tones: tuple[Tone, ...], gain: Callable[[float], complex]) -> tuple[Tone, ...]:
    return tuple(replace(tone, amplitude_v=tone.amplitude_v * gain(tone.hz)) for tone in tones)


def _filtered(table: SegmentTable, corner_hz: float, *, start_v: float | None) -> SegmentTable:
    pole = 2 * np.pi * corner_hz
    rates = np.where(
        np.abs(table.rates_per_s + pole) < _DEGENERATE * pole,
        table.rates_per_s * (1 + _DEGENERATE),
        table.rates_per_s,
    )
    weights = table.weights_v * (pole / (pole + rates))
    lengths_s = np.diff(table.start_ns, append=table.stop_ns) * 1e-9
    at_start = table.level_v + weights.sum(axis=1)
    at_end = table.level_v + (weights * np.exp(rates * lengths_s[:, None])).sum(axis=1)
    begin = float(table.level_v[0] + table.weights_v[0].sum()) if start_v is None else start_v
    carried = _carry(begin, at_start, at_end, np.exp(-pole * lengths_s))
    return replace(
        table,
        weights_v=np.column_stack((weights, carried)),
        rates_per_s=np.column_stack((rates, np.full(len(carried), -pole))),
    )


def _carry(begin: float, at_start: Floats, at_end: Floats, decay: Floats) -> Floats:
    """Return C of each piece: what keeps the filter's output continuous."""
    carried: list[float] = []
    output = begin
    for start, end, factor in zip(at_start.tolist(), at_end.tolist(), decay.tolist(), strict=True):
        constant = output - start
        carried.append(constant)
        output = end + constant * factor
    return np.asarray(carried)
