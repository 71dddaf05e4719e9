"""Finding where a node crosses a level, with hysteresis, piece by piece."""

from __future__ import annotations

from bench.twin.exponentials import Term, sign_changes, value
from bench.twin.interface import Direction
from bench.twin.virtual_time import NS_PER_S

__all__ = ["CrossingFinder"]

_HORIZON_S = 1_000.0


class CrossingFinder:
    """Remembers on which sides of the level the node has been."""

    def __init__(self, *, level_v: float, direction: Direction, hysteresis_v: float) -> None:
        self._level_v = level_v
        self._hysteresis_v = hysteresis_v
        self._sides = {"rising": (1.0,), "falling": (-1.0,), "either": (1.0, -1.0)}[direction]
        self._armed: set[float] = set()
        self._cycle_from: tuple[int, int] | None = None
        self._armed_then: frozenset[float] = frozenset()

    def follow(self, earlier: CrossingFinder) -> None:
        """Go on where an earlier search of the same crossing ended, at this very instant.

        A command may have moved the node by a jump in between: without this the jump would be seen
        by nobody.
        """
        if (earlier._level_v, earlier._sides) == (self._level_v, self._sides):
            self._armed = set(earlier._armed)

    def look(self, volts: float) -> bool:
        """Take the volts of an instant; return whether the level was crossed."""
        for side in self._sides:
            beyond_v = side * (volts - self._level_v)
            if side in self._armed and beyond_v >= 0.0:
                return True
            if beyond_v < -self._hysteresis_v:
                self._armed.add(side)
        return False

    def within(self, terms: list[Term], piece_ns: int, from_ns: int, stop_ns: int) -> int | None:
        """Return when the level is crossed within a piece, None if it is not."""
        start_s, stop_s = (from_ns - piece_ns) / NS_PER_S, (stop_ns - piece_ns) / NS_PER_S
        if self.look(value(terms, start_s)):
            return from_ns
        stop_s = min(stop_s, start_s + _HORIZON_S)
        instants = {stop_s}
        for level_v in self._levels():
            instants |= set(sign_changes([*terms, (-level_v, 0.0)], start_s, stop_s))
        for instant_s in sorted(instants):
            # The zero is bracketed from its far side, so the value there is at or beyond the level.
            if self.look(value(terms, instant_s)):
                return min(stop_ns, max(from_ns, piece_ns + round(instant_s * NS_PER_S)))
        return None

    def searched_cycle(self, cycle_ns: int | None, now_ns: int) -> bool:
        """Return whether a whole cycle has been searched that repeats from now on."""
        armed = frozenset(self._armed)
        if cycle_ns is None:
            self._cycle_from = None
        elif self._cycle_from is None or self._cycle_from[1] != cycle_ns:
            self._cycle_from, self._armed_then = (now_ns, cycle_ns), armed
        elif now_ns - self._cycle_from[0] >= cycle_ns:
            searched = armed == self._armed_then
            self._cycle_from, self._armed_then = (now_ns, cycle_ns), armed
            return searched
        return False

    def _levels(self) -> list[float]:
        beyond = [self._level_v - side * self._hysteresis_v for side in self._sides]
        return [self._level_v, *beyond]
