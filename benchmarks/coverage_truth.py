"""True values of a waveform from the network's exact solution, without any of the measuring code.

A truth line (bench/twin/truth.py) is a current in closed form, piece by piece. From it: the level
to which each phase settles, instants at which a transition crosses half of its own swing, exact
integrals. Nothing is sampled; nothing of bench.measure is used.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np

__all__ = ["Phase", "TrueCurrent", "TruthLog"]

DRIVEN_A = 4e-6
"""A piece whose current settles beyond this is driven; leakage and offset stay far below."""
BISECTIONS = 60


class TruthLog:
    """The growing file of a witnessed twin, read on from where the last reading ended."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0

    def skip(self) -> None:
        """Forget what was written so far."""
        self._offset = self._path.stat().st_size

    def new_lines(self) -> list[dict]:
        """Return what was written since."""
        with self._path.open("rb") as stream:
            stream.seek(self._offset)
            data = stream.read()
        whole = data[: data.rfind(b"\n") + 1]
        self._offset += len(whole)
        return [json.loads(line) for line in whole.splitlines()]


@dataclass(frozen=True)
class Phase:
    """One stretch of one sign: between two crossings of half the swing of its transitions."""

    sign: int
    level_a: float
    """Mean over the last quarter: the level that it settles to (IEEE 181: the state level)."""
    start_s: float
    stop_s: float
    begin_s: float
    """First piece; the current is still that of the phase before."""
    end_s: float
    """First piece of what follows."""


class TrueCurrent:
    """The shunt current of one truth line."""

    def __init__(self, line: dict) -> None:
        self.origin_ns = line["start_ns"]
        scale = 1.0 / line["shunt_ohm"]
        starts = (np.array(line["piece_start_ns"]) - self.origin_ns) * 1e-9
        stop_s = (line["stop_ns"] - self.origin_ns) * 1e-9
        self.starts_s = starts
        self.ends_s = np.append(starts[1:], stop_s)
        self.levels_a = np.array(line["level_v"]) * scale
        self.weights_a = np.array(line["weights_v"]) * scale
        self.rates = np.array(line["rates_per_s"])

    def value(self, time_s: float) -> float:
        """Return the current at an instant, in A."""
        k = max(0, int(np.searchsorted(self.starts_s, time_s, side="right")) - 1)
        decays = np.exp(self.rates[k] * (time_s - self.starts_s[k]))
        return float(self.levels_a[k] + self.weights_a[k] @ decays)

    def integral(self, start_s: float, stop_s: float, *, square: bool = False) -> float:
        """Return the exact integral of the current (or of its square) between two instants."""
        total = 0.0
        first = max(0, int(np.searchsorted(self.starts_s, start_s, side="right")) - 1)
        for k in range(first, self.starts_s.size):
            low = max(start_s, self.starts_s[k]) - self.starts_s[k]
            high = min(stop_s, self.ends_s[k]) - self.starts_s[k]
            if self.starts_s[k] >= stop_s:
                break
            if high > low:
                weights = np.append(self.levels_a[k], self.weights_a[k])
                rates = np.append(0.0, self.rates[k])
                if square:
                    weights = np.outer(weights, weights).ravel()
                    rates = np.add.outer(rates, rates).ravel()
                total += float(np.sum(weights * _integrals(rates, low, high)))
        return total

    def mean(self, start_s: float, stop_s: float) -> float:
        """Return the mean current between two instants."""
        return self.integral(start_s, stop_s) / (stop_s - start_s)

    @cached_property
    def runs(self) -> list[tuple[int, int, int]]:
        """Pieces of one sign together: (sign, first piece, last piece + 1)."""
        signs = np.where(np.abs(self.levels_a) < DRIVEN_A, 0, np.sign(self.levels_a)).astype(int)
        edges = np.flatnonzero(np.diff(signs)) + 1
        bounds = [0, *edges.tolist(), signs.size]
        return [(int(signs[a]), a, b) for a, b in pairwise(bounds)]

    @cached_property
    def zero_a(self) -> float:
        """What the current settles to in the pauses, 0 where there are none."""
        means = [self._end(a, b) for sign, a, b in self.runs[1:-1] if sign == 0]
        return float(np.median(means)) if means else 0.0

    @cached_property
    def phases(self) -> list[Phase]:
        """The driven phases that are whole in the record."""
        found: list[Phase] = []
        runs = self.runs
        for before, this, after in zip(runs, runs[1:], runs[2:], strict=False):
            if this[0] == 0:
                continue
            level_a = self._end(this[1], this[2])
            found.append(
                Phase(
                    sign=this[0],
                    level_a=level_a,
                    start_s=self._crossing(this[1], 0.5 * (self._settled(before) + level_a)),
                    stop_s=self._crossing(after[1], 0.5 * (self._settled(after) + level_a)),
                    begin_s=float(self.starts_s[this[1]]),
                    end_s=float(self.starts_s[after[1]]),
                )
            )
        return found

    def _settled(self, run: tuple[int, int, int]) -> float:
        return self.zero_a if run[0] == 0 else self._end(run[1], run[2])

    def _end(self, first: int, last: int) -> float:
        """Return the mean over the last quarter of a run: what it settles to."""
        start, stop = float(self.starts_s[first]), float(self.ends_s[last - 1])
        return self.mean(stop - (stop - start) / 4, stop)

    def _crossing(self, piece: int, level_a: float) -> float:
        """Return where the transition that begins with a piece crosses a level."""
        low_s = float(self.starts_s[piece])
        side = self.value(low_s) < level_a
        high_s = low_s + 1e-7
        while (self.value(high_s) < level_a) == side:
            low_s, high_s = high_s, high_s + 2 * (high_s - float(self.starts_s[piece]))
        for _ in range(BISECTIONS):
            middle_s = 0.5 * (low_s + high_s)
            if (self.value(middle_s) < level_a) == side:
                low_s = middle_s
            else:
                high_s = middle_s
        return high_s

    # -- quantities

    def of_sign(self, sign: int) -> list[Phase]:
        """Return the phases of one sign."""
        return [phase for phase in self.phases if phase.sign == sign]

    def amplitude_a(self, sign: int) -> float:
        """Return the median level of one sign over zero, in magnitude."""
        levels = [phase.level_a for phase in self.of_sign(sign)]
        return abs(float(np.median(levels)) - self.zero_a)

    def symmetry_a(self) -> float:
        """Return the sum of both levels over zero."""
        return self.amplitude_a(1) - self.amplitude_a(-1)

    def duration_s(self, sign: int) -> float:
        """Return the median duration of one sign."""
        return float(np.median([phase.stop_s - phase.start_s for phase in self.of_sign(sign)]))

    def leading(self, phases_per_pulse: int) -> list[Phase]:
        """Return the phases that begin a pulse."""
        return self.phases if phases_per_pulse == 1 else self.of_sign(1)

    def rate_hz(self, phases_per_pulse: int) -> float:
        """Return the pulses a second between the first and the last whole one."""
        starts = [phase.start_s for phase in self.leading(phases_per_pulse)]
        return (len(starts) - 1) / (starts[-1] - starts[0])

    def charge_c(self, phase: Phase) -> float:
        """Return the charge of a phase over zero, tails included; reversals divide at their crossing."""
        runs = {float(self.starts_s[a]): sign for sign, a, _ in self.runs}
        before = max((t for t in runs if t < phase.begin_s), default=phase.begin_s)
        start_s = phase.begin_s if runs[before] == 0 else phase.start_s
        follows = min((t for t in runs if t > phase.end_s), default=float(self.ends_s[-1]))
        stop_s = follows if runs[phase.end_s] == 0 else phase.stop_s
        return self.integral(start_s, stop_s) - self.zero_a * (stop_s - start_s)

    def charges_c(self) -> np.ndarray:
        """Return the charge of each whole phase but the outermost, whose neighbours are cut off."""
        return np.array([self.charge_c(phase) for phase in self.phases[1:-1]])

    def whole_cycles_s(self, per_cycle: int) -> tuple[float, float]:
        """Return the longest stretch of whole cycles of ``per_cycle`` phases."""
        starts = [phase.start_s for phase in self.phases]
        cycles = (len(starts) - 1) // per_cycle
        return starts[0], starts[cycles * per_cycle]

    def net_per_cycle_c(self, per_cycle: int) -> float:
        """Return the net charge over zero of one cycle."""
        start_s, stop_s = self.whole_cycles_s(per_cycle)
        cycles = (len(self.phases) - 1) // per_cycle
        net = self.integral(start_s, stop_s) - self.zero_a * (stop_s - start_s)
        return net / cycles

    def last_above_s(self, level_a: float) -> float:
        """Return the last instant at which the magnitude is above a level."""
        for k in range(self.starts_s.size - 1, -1, -1):
            grid = np.linspace(self.starts_s[k], self.ends_s[k], 4001)
            inside = np.abs([self.value(t) for t in grid]) > level_a
            if inside.any():
                return float(grid[np.flatnonzero(inside)[-1]])
        return float(self.starts_s[0])


def _integrals(rates: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return the integral of exp(rate * t) from low to high, for each rate."""
    safe = np.where(rates == 0.0, 1.0, rates)
    grown = np.exp(rates * low) * np.expm1(rates * (high - low)) / safe
    return np.where(rates == 0.0, high - low, grown)
