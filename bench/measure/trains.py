"""How phases follow each other: pulses of two phases, trains of one sign, bursts, polarity cycles."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from bench.measure.pulses import PulseTable

__all__ = [
    "PolarityCycles",
    "PulsePairs",
    "Train",
    "bursts",
    "natural_pair_gap",
    "pair_phases",
    "polarity_cycles",
    "trains",
]

_CLOSE = 0.5
"""A gap within a pulse is less than this share of the pause to the next one."""
_TOUCHING = 0.05
"""Phases nearer than this share of the shorter one follow each other without a pause."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PulsePairs:
    """Biphasic pulses: row ``k`` of both tables is one pulse."""

    first: PulseTable
    second: PulseTable
    unpaired: NDArray[np.intp]
    """Rows of the phases that belong to no pair."""

    def __len__(self) -> int:
        """Return the number of pulses."""
        return len(self.first)

    @property
    def gap_s(self) -> NDArray[np.float64]:
        """Inter-phase gap: 50 % instant to 50 % instant, 0 at a direct reversal."""
        return self.second.start_s - self.first.stop_s

    @property
    def net_charge(self) -> NDArray[np.float64]:
        """Sum of both phase charges, signed, in unit seconds."""
        return self.first.charge + self.second.charge

    @property
    def imbalance_pct(self) -> NDArray[np.float64]:
        """Magnitude of the net charge over the mean of the two phases' magnitudes."""
        mean = 0.5 * (np.abs(self.first.charge) + np.abs(self.second.charge))
        return 100.0 * np.abs(self.net_charge) / mean


@dataclass(frozen=True, slots=True, kw_only=True)
class Train:
    """A run of phases of one sign, or a burst of any."""

    first: int
    """Row of its first phase."""
    count: int
    polarity: int
    """Sign of its phases; 0 where both occur (a burst)."""
    start_s: float
    stop_s: float
    charge: float
    """Sum of its phases' charges, signed."""
    complete: bool
    """Neither end may have been cut off by the record."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PolarityCycles:
    """Complete trains of alternating sign, taken two by two."""

    trains: tuple[Train, ...]
    """Every complete train."""
    irregular: tuple[Train, ...]
    """Those whose number of phases is not the declared one."""
    net_charge: NDArray[np.float64]
    """Of each cycle (a train and the next), signed, in unit seconds."""
    phase_charge: NDArray[np.float64]
    """Sum of the magnitudes of the phase charges of each cycle."""
    alternates: bool
    """Neighbouring trains always differ in sign, and there are at least two."""


def pair_phases(pulses: PulseTable, max_gap_s: float) -> PulsePairs:
    """Join neighbours of opposite sign that are at most ``max_gap_s`` apart, from the first on."""
    joins = (pulses.polarity[:-1] != pulses.polarity[1:]) & (pulses.gap_s <= max_gap_s)
    firsts: list[int] = []
    row = 0
    while row < joins.size:
        if joins[row]:
            firsts.append(row)
            row += 1
        row += 1
    first = np.array(firsts, np.intp)
    alone = np.setdiff1d(np.arange(len(pulses)), np.concatenate((first, first + 1)))
    return PulsePairs(
        first=pulses.select(first), second=pulses.select(first + 1), unpaired=alone.astype(np.intp)
    )


def natural_pair_gap(pulses: PulseTable) -> float | None:
    """Return the gap up to which phases belong to one pulse, or None where phases stand alone.

    Two phases of opposite sign are one pulse where they touch or where the pauses on both sides
    are at least twice the gap between them; most phases must be in such pairs.
    """
    if len(pulses) < 2:
        return None
    gaps = pulses.gap_s
    lasting = np.fmin(pulses.duration_s[:-1], pulses.duration_s[1:])
    around = np.fmin(np.append(gaps[1:], np.inf), np.insert(gaps[:-1], 0, np.inf))
    touching = gaps <= _TOUCHING * np.nan_to_num(lasting, nan=0.0)
    apart = (gaps < _CLOSE * around) & np.isfinite(around)
    paired = (pulses.polarity[:-1] != pulses.polarity[1:]) & (touching | apart)
    if 4 * int(np.count_nonzero(paired)) < len(pulses):
        return None
    return float(gaps[paired].max())


def trains(pulses: PulseTable) -> tuple[Train, ...]:
    """Return the runs of phases of one sign."""
    return _runs(pulses, np.flatnonzero(pulses.polarity[:-1] != pulses.polarity[1:]) + 1)


def bursts(pulses: PulseTable, *, pause_s: float) -> tuple[Train, ...]:
    """Return the runs of phases without a pause longer than ``pause_s``."""
    return _runs(pulses, np.flatnonzero(pulses.gap_s > pause_s) + 1)


def polarity_cycles(
    pulses: PulseTable, pulses_per_train: int, *, phases_per_pulse: int = 1
) -> PolarityCycles:
    """Return trains and polarity cycles; only trains that the record holds from end to end count.

    The first and the last run of the record may be parts of trains and are left out, unless
    they have the declared number of pulses.
    """
    expected = pulses_per_train * phases_per_pulse
    runs = trains(pulses) if phases_per_pulse == 1 else _led_trains(pulses)
    inner = tuple(
        run
        for index, run in enumerate(runs)
        if 0 < index < len(runs) - 1 or (run.count == expected and run.complete)
    )
    half = len(inner) // 2
    charges = [(inner[2 * k].charge, inner[2 * k + 1].charge) for k in range(half)]
    weights = np.abs(pulses.charge)
    sizes = [float(weights[run.first : run.first + run.count].sum()) for run in inner[: 2 * half]]
    return PolarityCycles(
        trains=inner,
        irregular=tuple(run for run in inner if run.count != expected),
        net_charge=np.array([sum(pair) for pair in charges]),
        phase_charge=np.array(sizes).reshape(half, 2).sum(axis=1),
        alternates=len(inner) > 1 and all(a.polarity == -b.polarity for a, b in pairwise(inner)),
    )


def _led_trains(pulses: PulseTable) -> tuple[Train, ...]:
    """Return runs of biphasic pulses with the same leading sign."""
    leading = pulses.polarity[::2]
    breaks = 2 * (np.flatnonzero(leading[:-1] != leading[1:]) + 1)
    return _runs(pulses, breaks, led=True)


def _runs(pulses: PulseTable, breaks: NDArray[np.intp], *, led: bool = False) -> tuple[Train, ...]:
    count = len(pulses)
    if count == 0:
        return ()
    edges = [0, *(int(row) for row in breaks), count]
    return tuple(_run(pulses, first, stop, led=led) for first, stop in pairwise(edges))


def _run(pulses: PulseTable, first: int, stop: int, *, led: bool) -> Train:
    signs = pulses.polarity[first:stop]
    uniform = bool((signs == signs[0]).all()) or led
    return Train(
        first=first,
        count=stop - first,
        polarity=int(signs[0]) if uniform else 0,
        start_s=float(pulses.start_s[first]),
        stop_s=float(pulses.stop_s[stop - 1]),
        charge=float(pulses.charge[first:stop].sum()),
        complete=bool(pulses.complete[first:stop].all()),
    )
