"""What the nodes did: remembered pieces, repeated blocks of pieces, tables made of them."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bench.twin.interface import SegmentTable, Tone
from bench.twin.network import Solution
from bench.twin.virtual_time import NS_PER_S

__all__ = ["Block", "Log", "constant_table", "integrals_between", "table_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Pieces that repeat ``count`` times, ``cycle_ns`` apart; offsets count from each start."""

    start_ns: int
    cycle_ns: int
    count: int
    offsets_ns: tuple[int, ...]
    solutions: tuple[Solution, ...]

    def starts(self, first: int, last: int) -> NDArray[np.int64]:
        """Return the starts of all pieces of the repetitions ``first`` to ``last - 1``."""
        begins = self.start_ns + self.cycle_ns * np.arange(first, last, dtype=np.int64)
        return (begins[:, None] + np.array(self.offsets_ns, dtype=np.int64)).ravel()


class Log:
    """Pieces in the order of time; a piece ends where the next begins."""

    __slots__ = ("_entries",)

    def __init__(self) -> None:
        self._entries: list[Block | tuple[list[int], list[Solution]]] = []

    def add_piece(self, start_ns: int, solution: Solution) -> None:
        """Append a piece; it replaces one of the same start, which had no duration."""
        if not self._entries or isinstance(self._entries[-1], Block):
            self._entries.append(([], []))
        run = self._entries[-1]
        if isinstance(run, Block):
            raise TypeError("the last entry of the log must be a run of pieces")
        if run[0] and run[0][-1] == start_ns:
            run[1][-1] = solution
            return
        run[0].append(start_ns)
        run[1].append(solution)

    def add_block(self, block: Block) -> None:
        """Append a repeated block, unless it is empty."""
        if block.count:
            self._entries.append(block)

    def forget_before(self, time_ns: int) -> None:
        """Drop what ended before ``time_ns``."""
        while len(self._entries) > 1 and _first_ns(self._entries[1]) <= time_ns:
            del self._entries[0]
        if self._entries and not isinstance(self._entries[0], Block):
            starts, solutions = self._entries[0]
            keep = max(0, bisect_right(starts, time_ns) - 1)
            del starts[:keep], solutions[:keep]

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()

    def pieces(
        self, start_ns: int, stop_ns: int, *, going_on: Block | None
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], list[Solution]]:
        """Return starts, an index into the solutions for each, and the distinct solutions.

        The first piece may begin before ``start_ns``. ``going_on`` is a block that has not ended.
        """
        entries = [*self._entries, going_on] if going_on else self._entries
        index: dict[int, int] = {}
        distinct: list[Solution] = []
        parts: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
        for k, entry in enumerate(entries):
            ends_ns = _first_ns(entries[k + 1]) if k + 1 < len(entries) else stop_ns
            if ends_ns <= start_ns or _first_ns(entry) >= stop_ns:
                continue
            parts.append(_part(entry, start_ns, stop_ns, index, distinct))
        if not parts:
            return np.empty(0, np.int64), np.empty(0, np.int64), distinct
        starts = np.concatenate([part[0] for part in parts])
        which = np.concatenate([part[1] for part in parts])
        # Where a block follows a run the run's last piece may have no duration.
        lasting = np.append(np.diff(starts) > 0, [True])
        starts, which = starts[lasting], which[lasting]
        first = max(0, int(np.searchsorted(starts, start_ns, side="right")) - 1)
        last = int(np.searchsorted(starts, stop_ns, side="left"))
        return starts[first:last], which[first:last], distinct


def _first_ns(entry: Block | tuple[list[int], list[Solution]]) -> int:
    return entry.start_ns + entry.offsets_ns[0] if isinstance(entry, Block) else entry[0][0]


def _part(
    entry: Block | tuple[list[int], list[Solution]],
    start_ns: int,
    stop_ns: int,
    index: dict[int, int],
    distinct: list[Solution],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    if isinstance(entry, Block):
        first = max(0, (start_ns - entry.start_ns) // entry.cycle_ns)
        last = min(entry.count, (stop_ns - entry.start_ns) // entry.cycle_ns + 1)
        which = _indices(list(entry.solutions), index, distinct)
        return entry.starts(first, last), np.tile(which, max(0, last - first))
    low = max(0, bisect_right(entry[0], start_ns) - 1)
    high = bisect_right(entry[0], stop_ns)
    starts = np.array(entry[0][low:high], dtype=np.int64)
    return starts, _indices(entry[1][low:high], index, distinct)


def _indices(
    solutions: list[Solution], index: dict[int, int], distinct: list[Solution]
) -> NDArray[np.int64]:
    found: list[int] = []
    for solution in solutions:
        key = id(solution)
        if key not in index:
            index[key] = len(distinct)
            distinct.append(solution)
        found.append(index[key])
    return np.array(found, dtype=np.int64)


def table_of(
    starts: NDArray[np.int64],
    which: NDArray[np.int64],
    distinct: list[Solution],
    *,
    row: int,
    start_ns: int,
    stop_ns: int,
) -> SegmentTable:
    """Return one row's pieces as a table that begins exactly at ``start_ns``."""
    modes = max((len(solution.rates) for solution in distinct), default=1)
    levels = np.array([solution.levels[row] for solution in distinct])
    noise = np.array([solution.noise_v[row] for solution in distinct])
    weights = np.zeros((len(distinct), modes))
    rates = np.zeros((len(distinct), modes))
    for k, solution in enumerate(distinct):
        weights[k, : len(solution.rates)] = solution.weights[row]
        rates[k, : len(solution.rates)] = solution.rates
    weights, rates, starts = weights[which], rates[which], starts.copy()
    if starts.size and starts[0] < start_ns:
        weights[0] *= np.exp(rates[0] * ((start_ns - int(starts[0])) / NS_PER_S))
        starts[0] = start_ns
    return SegmentTable(
        start_ns=starts,
        stop_ns=stop_ns,
        level_v=levels[which],
        weights_v=weights,
        rates_per_s=rates,
        noise_v=noise[which],
        tones=_tones(distinct, which, row),
    )


def _tones(distinct: list[Solution], which: NDArray[np.int64], row: int) -> tuple[Tone, ...]:
    by_hz: dict[float, NDArray[np.complex128]] = {}
    for k, solution in enumerate(distinct):
        for hz, rows in solution.tones:
            by_hz.setdefault(hz, np.zeros(len(distinct), complex))[k] += rows[row]
    return tuple(Tone(hz=hz, amplitude_v=values[which]) for hz, values in by_hz.items())


def constant_table(times_ns: list[int], volts: list[float], *, stop_ns: int) -> SegmentTable:
    """Return a table of constant pieces."""
    pieces = len(times_ns)
    return SegmentTable(
        start_ns=np.array(times_ns, dtype=np.int64),
        stop_ns=stop_ns,
        level_v=np.array(volts, dtype=np.float64),
        weights_v=np.zeros((pieces, 1)),
        rates_per_s=np.zeros((pieces, 1)),
        noise_v=np.zeros(pieces),
    )


def integrals_between(table: SegmentTable, edges_ns: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the exact integrals between neighbouring edges, shape (edges - 1,), volt-seconds.

    The first edge is where the table starts, the last where it stops; they rise strictly.
    """
    starts = np.union1d(table.start_ns, edges_ns[:-1])
    piece = np.searchsorted(table.start_ns, starts, side="right") - 1
    since_s = ((starts - table.start_ns[piece]) / NS_PER_S)[:, None]
    rates = table.rates_per_s[piece]
    cut = replace(
        table,
        start_ns=starts,
        level_v=table.level_v[piece],
        weights_v=table.weights_v[piece] * np.exp(rates * since_s),
        rates_per_s=rates,
        noise_v=table.noise_v[piece],
        tones=tuple(replace(tone, amplitude_v=tone.amplitude_v[piece]) for tone in table.tones),
    )
    return np.add.reduceat(_integrals(cut), np.searchsorted(starts, edges_ns[:-1]))


def _integrals(table: SegmentTable) -> NDArray[np.float64]:
    """Return the integral of each piece in volt-seconds, shape (pieces,)."""
    ends = np.append(table.start_ns[1:], table.stop_ns)
    durations = (ends - table.start_ns)[:, None] / NS_PER_S
    rates = table.rates_per_s
    safe = np.where(rates == 0.0, 1.0, rates)
    each = np.where(rates == 0.0, durations, np.expm1(rates * durations) / safe)
    total = table.level_v * durations[:, 0] + np.sum(table.weights_v * each, axis=1)
    for tone in table.tones:
        omega = 2j * np.pi * tone.hz
        turns = np.exp(omega * (ends / NS_PER_S)) - np.exp(omega * (table.start_ns / NS_PER_S))
        total += (tone.amplitude_v / omega * turns).real
    return total
