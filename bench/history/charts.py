"""Control charts of W. A. Shewhart and the rules that read them.

I-MR: limits at mean ± 2.66 mean moving range (3 / d2(2)), moving range up to 3.267 times its mean. Xbar-R:
constants A2, D3, D4 of the subgroup size. Rules: L. S. Nelson, J. Quality Technology 16 (1984); Western
Electric Statistical Quality Control Handbook (1956). Limits are of the data, never the specification's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bench.history.constants import D2, D3

__all__ = [
    "DEFAULT_NELSON",
    "ControlChart",
    "Signal",
    "individuals",
    "nelson",
    "western_electric",
    "xbar_r",
]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

DEFAULT_NELSON: Final = (1, 2, 5, 6)
"""All eight at once multiply false alarms; these are the usual choice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlChart:
    """A chart of points with its limits, and the chart of ranges below it."""

    points: Floats
    centre: float
    sigma: float
    """Of a point, short-term."""
    low: float
    high: float
    ranges: Floats
    range_centre: float
    range_low: float
    range_high: float

    @property
    def scaled(self) -> Floats:
        """The points in standard deviations from the centre."""
        return (
            (self.points - self.centre) / self.sigma if self.sigma else np.zeros_like(self.points)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """A rule that the points break; ``points`` are those that complete it, from 0."""

    rule: int
    text: str
    points: tuple[int, ...]


def individuals(values: Floats) -> ControlChart:
    """Return the I-MR chart of values in order of time, shape (n,), n >= 2; raises ValueError."""
    if values.size < 2:
        raise ValueError("a control chart needs two values")
    ranges = np.abs(np.diff(values))
    return _chart(values, ranges, size=2, share=1.0)


def xbar_r(groups: Floats) -> ControlChart:
    """Return the Xbar-R chart of subgroups, shape (groups, size), size 2 to 6; raises ValueError."""
    size = groups.shape[1]
    if size not in D2:
        raise ValueError(f"subgroups of 2 to 6 values are charted by their range, found {size}")
    return _chart(groups.mean(axis=1), np.ptp(groups, axis=1), size=size, share=size**-0.5)


def _chart(points: Floats, ranges: Floats, *, size: int, share: float) -> ControlChart:
    mean_range = float(ranges.mean())
    sigma = mean_range / D2[size] * share
    centre = float(points.mean())
    reach = 3 * D3[size] / D2[size]
    return ControlChart(
        points=points, centre=centre, sigma=sigma, low=centre - 3 * sigma, high=centre + 3 * sigma,
        ranges=ranges, range_centre=mean_range, range_low=max(0.0, 1 - reach) * mean_range,
        range_high=(1 + reach) * mean_range,
    )  # fmt: skip


def nelson(chart: ControlChart, rules: Iterable[int] = DEFAULT_NELSON) -> tuple[Signal, ...]:
    """Return the rules of Nelson, by number, that the chart breaks."""
    return _signals(chart, {number: _NELSON[number] for number in rules})


def western_electric(chart: ControlChart) -> tuple[Signal, ...]:
    """Return the rules of Western Electric that the chart breaks."""
    return _signals(chart, _WESTERN_ELECTRIC)


def _signals(
    chart: ControlChart, rules: Mapping[int, tuple[str, Callable[[Floats], Flags]]]
) -> tuple[Signal, ...]:
    z = chart.scaled
    found = [(number, text, np.flatnonzero(test(z))) for number, (text, test) in rules.items()]
    return tuple(
        Signal(rule=number, text=text, points=tuple(int(k) for k in at))
        for number, text, at in found
        if at.size
    )


def _window(flags: Flags, length: int, least: int) -> Flags:
    """Return where at least ``least`` of the last ``length`` points hold, the last one among them."""
    if flags.size < length:
        return np.zeros(flags.size, dtype=np.bool_)
    counts = np.convolve(flags.astype(np.int64), np.ones(length, dtype=np.int64))[: flags.size]
    full = np.arange(flags.size) >= length - 1
    return np.asarray(full & flags & (counts >= least), dtype=np.bool_)


def _either(z: Floats, test: Callable[[Floats], Flags]) -> Flags:
    return np.asarray(test(z) | test(-z), dtype=np.bool_)


def _beyond(limit: float, *, of: int, least: int) -> Callable[[Floats], Flags]:
    return lambda z: _either(z, lambda side: _window(side > limit, of, least))


def _trend(length: int) -> Callable[[Floats], Flags]:
    def rises(z: Floats) -> Flags:
        steps = np.concatenate(([False], np.diff(z) > 0))
        return _window(steps, length - 1, length - 1)

    return lambda z: _either(z, rises)


def _alternates(z: Floats) -> Flags:
    steps = np.sign(np.diff(z))
    turns = np.concatenate(([False, False], steps[1:] * steps[:-1] < 0))
    return _window(turns, 12, 12)  # 14 points have 12 turns


def _within(z: Floats) -> Flags:
    return _window(np.abs(z) < 1, 15, 15)


def _both_sides(z: Floats) -> Flags:
    return _window(np.abs(z) > 1, 8, 8)


_NELSON: Final[Mapping[int, tuple[str, Callable[[Floats], Flags]]]] = {
    1: ("a point beyond 3 sigma", lambda z: np.abs(z) > 3),
    2: ("nine points on one side", _beyond(0.0, of=9, least=9)),
    3: ("six points rising or falling", _trend(6)),
    4: ("fourteen points up and down in turn", _alternates),
    5: ("two of three points beyond 2 sigma on one side", _beyond(2.0, of=3, least=2)),
    6: ("four of five points beyond 1 sigma on one side", _beyond(1.0, of=5, least=4)),
    7: ("fifteen points within 1 sigma", _within),
    8: ("eight points beyond 1 sigma on both sides", _both_sides),
}
_WESTERN_ELECTRIC: Final[Mapping[int, tuple[str, Callable[[Floats], Flags]]]] = {
    1: _NELSON[1],
    2: _NELSON[5],
    3: _NELSON[6],
    4: ("eight points on one side", _beyond(0.0, of=8, least=8)),
}
