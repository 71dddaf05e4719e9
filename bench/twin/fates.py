"""What may happen to single pulses. Which pulse is next is drawn ahead, so nothing is skipped."""

from __future__ import annotations

import numpy as np

from bench.twin.virtual_time import NS_PER_S

__all__ = ["ExtraPulses", "Jitter", "MissingPulses"]

Edges = list[tuple[int, int]]


class _Rare:
    """Strikes each pulse with the same small probability."""

    __slots__ = ("_next", "_probability", "_random")

    def __init__(self, random: np.random.Generator, probability: float) -> None:
        self._random = random
        self._probability = probability
        self._next = 0
        self.restart()

    def restart(self) -> None:
        """Draw the first pulse to strike; the draw has no memory of what went before."""
        self._next = int(self._random.geometric(self._probability)) - 1

    def next_index(self, index: int) -> int | None:
        """Return the first pulse from ``index`` on that is struck."""
        while self._next < index:
            self._next += int(self._random.geometric(self._probability))
        return self._next


class MissingPulses(_Rare):
    """A pulse is left out."""

    __slots__ = ()

    def edges(self, index: int, edges: Edges) -> Edges:
        """Return no edges."""
        del index, edges
        return []


class ExtraPulses(_Rare):
    """A short pulse of the same polarity follows a pulse, within its pause."""

    __slots__ = ()

    def edges(self, index: int, edges: Edges) -> Edges:
        """Return the edges with another pulse, a tenth as long, a tenth later."""
        del index
        first_ns, polarity = edges[0]
        last_ns = edges[-1][0]
        tenth_ns = (last_ns - first_ns) // 10
        return [*edges, (last_ns + tenth_ns, polarity), (last_ns + 2 * tenth_ns, 0)]


class Jitter:
    """Every pulse comes late by a random time."""

    __slots__ = ("_random", "_rms_s")

    _SPREAD = 3.0

    def __init__(self, random: np.random.Generator, rms_s: float) -> None:
        self._random = random
        self._rms_s = rms_s

    def restart(self) -> None:
        """Jitter remembers nothing."""

    def next_index(self, index: int) -> int | None:
        """Every pulse is struck."""
        return index

    def edges(self, index: int, edges: Edges) -> Edges:
        """Return the edges, all shifted alike; a constant delay keeps them from coming early."""
        del index
        late = float(np.clip(self._random.normal(), -self._SPREAD, self._SPREAD)) + self._SPREAD
        shift_ns = round(min(late * self._rms_s, self._room_s(edges)) * NS_PER_S)
        return [(time_ns + shift_ns, polarity) for time_ns, polarity in edges]

    def _room_s(self, edges: Edges) -> float:
        """Return by how much a pulse may come late: as long as its phases last, and no more."""
        return (edges[-1][0] - edges[0][0]) / NS_PER_S if edges else 0.0
