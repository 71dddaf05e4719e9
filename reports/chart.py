"""Charts of a history as hand-written SVG: points in time with their limits, and bars of a Pareto."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reports.axes import Scale, tick_label, ticks
from reports.numbers import plain, with_unit

__all__ = ["Level", "Points", "bars", "points_chart"]

_WIDTH, _LEFT, _RIGHT, _TOP, _BOTTOM, _HEIGHT = 2000, 190, 1640, 24, 420, 500
_TEXT = 28
_ROW = 34
_INK, _TRACE, _LIMIT, _GRID = "#1a1a1a", "#1f5fa8", "#b00020", "#d5d5d5"
_BAR_ROW, _BAR_LEFT = 52, 760
_NEAR: Final = 3.0
"""A level further from the data than this many times their range is named, not drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A horizontal line with its label."""

    label: str
    value: float
    limit: bool = False
    """A limit of the specification or of the self-test, drawn as limits are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """Values in order of time."""

    values: NDArray[np.float64]
    unit: str
    flagged: Collection[int] = ()
    """Points that complete a rule; drawn as rings."""


def points_chart(points: Points, levels: Sequence[Level], *, title: str, caption: str = "") -> str:
    """Return a ``<figure>`` of the values, run by run, with the levels that are near enough to see.

    ``caption`` is HTML, already escaped. Raises ValueError without a value.
    """
    values = points.values
    if values.size == 0:
        raise ValueError(f"chart {title!r}: no value")
    y = _scale(values, levels)
    x = Scale(low=0.5, high=values.size + 0.5, start=_LEFT, stop=_RIGHT)
    places = x.at_all(np.arange(1, values.size + 1, dtype=np.float64)), y.at_all(values)
    drawing = (
        _axes(x, y, points.unit) + _levels(levels, y, points.unit) + _marks(places, points.flagged)
    )
    said = f"{values.size} values, {plain(float(values.min()))} to {with_unit(plain(float(values.max())), points.unit)}"
    levels_said = "; ".join(f"{level.label} {plain(level.value)}" for level in levels)
    return _figure(title, f"{said}; {levels_said}.", drawing, _HEIGHT, caption)


def _figure(title: str, words: str, drawing: str, height: int, caption: str) -> str:
    text = f"<figcaption>{caption}</figcaption>" if caption else ""
    return (
        f'<figure><svg role="img" viewBox="0 0 {_WIDTH} {height}" font-size="{_TEXT}" '
        f'font-family="sans-serif" fill="{_INK}"><title>{escape(title)}</title>'
        f"<desc>{escape(words)}</desc>{drawing}</svg>{text}</figure>"
    )


def _scale(values: NDArray[np.float64], levels: Sequence[Level]) -> Scale:
    low, high = float(values.min()), float(values.max())
    reach = _NEAR * (high - low or abs(high) or 1.0)
    near = [level.value for level in levels if low - reach <= level.value <= high + reach]
    low, high = min([low, *near]), max([high, *near])
    room = 0.08 * (high - low) or 0.1 * abs(high) or 1.0
    return Scale(low=low - room, high=high + room, start=_BOTTOM, stop=_TOP)


def _axes(x: Scale, y: Scale, unit: str) -> str:
    marks = ticks(y.low, y.high, about=6)
    step = marks[1] - marks[0] if len(marks) > 1 else y.high - y.low
    lines = "".join(f"M{x.start} {y.at(mark)}H{x.stop}" for mark in marks)
    labels = "".join(
        f'<text x="{x.start - 12}" y="{y.at(mark) + 10}">{tick_label(mark, step)}</text>'
        for mark in marks
    )
    runs = [mark for mark in ticks(x.low, x.high, about=12) if mark == round(mark)]
    counts = "".join(f'<text x="{x.at(run)}" y="{_BOTTOM + 38}">{run:.0f}</text>' for run in runs)
    name = escape(f"value / {unit}" if unit else "value")
    return (
        f'<path d="{lines}" stroke="{_GRID}" stroke-width="2"/>'
        f'<path d="M{x.start} {y.stop}V{y.start}H{x.stop}" fill="none" stroke="#767676" '
        f'stroke-width="2"/><g text-anchor="end">{labels}</g><g text-anchor="middle">{counts}'
        f'<text x="{(x.start + x.stop) // 2}" y="{_BOTTOM + 74}">run, in order of time</text></g>'
        f'<text transform="translate(30 {(y.start + y.stop) // 2})rotate(-90)" text-anchor="middle">{name}</text>'
    )


def _levels(levels: Sequence[Level], y: Scale, unit: str) -> str:
    parts: list[str] = []
    taken = 0
    for level in sorted(levels, key=lambda level: -level.value):
        inside = y.low <= level.value <= y.high
        at = y.at(min(max(level.value, y.low), y.high))
        colour = _LIMIT if level.limit else _INK
        dash = "16 10" if level.limit else "4 6"
        place = taken = max(at + 10, taken + _ROW)
        arrow = "" if inside else "↑ " if level.value > y.high else "↓ "
        text = escape(f"{arrow}{level.label} {with_unit(plain(float(f'{level.value:.5g}')), unit)}")
        parts.append(f'<text x="{_RIGHT + 10}" y="{place}" fill="{colour}">{text}</text>')
        if inside:
            parts.append(
                f'<path d="M{_LEFT} {at}H{_RIGHT}" stroke="{colour}" stroke-width="3" '
                f'stroke-dasharray="{dash}"/>'
            )
    return "".join(parts)


def _marks(places: tuple[NDArray[np.int64], NDArray[np.int64]], flagged: Collection[int]) -> str:
    pairs = list(zip(*(axis.tolist() for axis in places), strict=True))
    line = " ".join(f"{x},{y}" for x, y in pairs)
    dots = "".join(f"M{x} {y}h0" for x, y in pairs)
    rings = "".join(
        f'<circle cx="{pairs[k][0]}" cy="{pairs[k][1]}" r="16" fill="none" stroke="{_LIMIT}" stroke-width="4"/>'
        for k in flagged
    )
    return (
        f'<polyline points="{line}" fill="none" stroke="{_TRACE}" stroke-width="2"/>'
        f'<path d="{dots}" stroke="{_TRACE}" stroke-width="12" stroke-linecap="round"/>{rings}'
    )


def bars(rows: Sequence[tuple[str, float, str]], *, title: str) -> str:
    """Return a ``<figure>`` of horizontal bars: (name, length, label), the longest sets the scale."""
    longest = max((length for _, length, _ in rows), default=0.0) or 1.0
    drawing = "".join(
        _bar(number, name, length / longest, label)
        for number, (name, length, label) in enumerate(rows)
    )
    words = "; ".join(f"{name}: {label}" for name, _, label in rows)
    return _figure(title, words, drawing, _BAR_ROW * len(rows) + 20, "")


def _bar(number: int, name: str, share: float, label: str) -> str:
    y = 10 + _BAR_ROW * number
    width = max(2, round(share * (_RIGHT - 300 - _BAR_LEFT)))
    return (
        f'<text x="{_BAR_LEFT - 14}" y="{y + 30}" text-anchor="end">{escape(name)}</text>'
        f'<rect x="{_BAR_LEFT}" y="{y}" width="{width}" height="40" fill="{_TRACE}"/>'
        f'<text x="{_BAR_LEFT + width + 12}" y="{y + 30}">{escape(label)}</text>'
    )
