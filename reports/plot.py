"""Waveform figures as hand-written SVG: small, without scripts, readable on paper.

A figure stacks its traces over one time axis. Each trace is the min-max envelope of all its samples
(:mod:`reports.envelope`); nothing here judges, the limits are drawn as they were given.
Drawing units are integers, two to a pixel of a usual screen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

from bench.waveform import Waveform
from reports.axes import Scale, tick_label, ticks
from reports.envelope import BINS, Envelope, envelope
from reports.numbers import plain, with_unit
from reports.units import engineering

__all__ = ["Instant", "LimitLine", "Overlay", "Trace", "figure", "svg"]

_WIDTH, _LEFT, _RIGHT = 2000, 170, 1770
_TEXT = 28
"""Font size; 1.15 of it is a line, 0.55 of it a letter's mean width."""
_LETTER = 0.55 * _TEXT
_GAP = 34
_FOOT = 86
_LABEL_ROW = 36
_HEIGHTS = {1: 470, 2: 340, 3: 270}
_LOW_HEIGHT = 120
"""Height of a logic trace (sync)."""
_LIMIT_SHARE = 4.0
"""A limit further out than this many times the data is named at the edge instead of drawn."""
_ROOM, _LABEL_ROOM = 0.08, 0.12
"""Free share of the value range beyond the data; more where the worst sample is labelled."""
_MOVE_RADIX = 1 << 16
"""Packs the two integers of a move into one; drawings are far lower than half of this."""
_INK, _TRACE, _LIMIT, _GRID = "#1a1a1a", "#1f5fa8", "#b00020", "#d5d5d5"
_OTHER = "#8a4b00"
"""Of the record laid over a trace: 6.6:1 on white."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitLine:
    """A horizontal limit, in the unit of its trace."""

    label: str
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Instant:
    """A labelled instant: cause, off, limit."""

    label: str
    time_s: float
    limit: bool = False
    """True for a time limit, drawn as limits are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """A record laid over a trace; the caller brings it to the same unit and time."""

    waveform: Waveform
    label: str
    under: str
    """What the trace below it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """One channel as it is drawn."""

    waveform: Waveform
    label: str
    limits: tuple[LimitLine, ...] = ()
    mark_worst: bool = False
    """Mark the sample furthest from zero in the window."""
    logic: bool = False
    """Draw it low: a sync line needs no height."""
    over: Overlay | None = None
    """Another record over this one, on the same axes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Panel:
    """A trace with its place in the drawing; values are in ``unit`` after ``factor``."""

    trace: Trace
    shape: Envelope
    over: Envelope | None
    factor: float
    unit: str
    x: Scale
    y: Scale


def figure(
    traces: Sequence[Trace],
    *,
    title: str,
    caption: str = "",
    window_s: tuple[float, float] | None = None,
    instants: Sequence[Instant] = (),
    anchor: str = "",
) -> str:
    """Return an HTML ``<figure>``: the drawing and, under it, ``caption`` (HTML, already escaped).

    Raises ValueError where no trace has a sample inside ``window_s``.
    """
    drawing = svg(traces, title=title, window_s=window_s, instants=instants)
    name = f' id="{escape(anchor)}"' if anchor else ""
    text = f"<figcaption>{caption}</figcaption>" if caption else ""
    return f"<figure{name}>{drawing}{text}</figure>"


def svg(
    traces: Sequence[Trace],
    *,
    title: str,
    window_s: tuple[float, float] | None = None,
    instants: Sequence[Instant] = (),
    standalone: bool = False,
) -> str:
    """Return the drawing; ``standalone`` adds what a file of its own needs.

    Raises ValueError where no trace has a sample inside ``window_s``.
    """
    shapes = [(trace, _windowed(trace.waveform, window_s)) for trace in traces]
    drawn = [(trace, shape) for trace, shape in shapes if shape is not None]
    if not drawn:
        raise ValueError(f"figure {title!r}: no sample inside the window {window_s}")
    panels, height = _layout(drawn, _time_scale(drawn, window_s), len(instants), window_s)
    parts = [_trace_panel(panel) for panel in panels]
    parts += [_time_axis(panels), _instants(panels, instants)]
    space = ' xmlns="http://www.w3.org/2000/svg"' if standalone else ""
    return (
        f'<svg{space} role="img" viewBox="0 0 {_WIDTH} {height}" font-size="{_TEXT}" '
        f'font-family="sans-serif" fill="{_INK}"><title>{escape(title)}</title>'
        f"<desc>{escape(_in_words(panels, instants))}</desc>{''.join(parts)}</svg>"
    )


def _windowed(waveform: Waveform, window_s: tuple[float, float] | None) -> Envelope | None:
    view = waveform if window_s is None else waveform.between(*window_s)
    return envelope(view, bins=BINS)


def _time_scale(
    drawn: Sequence[tuple[Trace, Envelope]], window_s: tuple[float, float] | None
) -> Scale:
    if window_s is None:
        starts = [trace.waveform.t0_s for trace, _ in drawn]
        stops = [trace.waveform.t0_s + trace.waveform.duration_s for trace, _ in drawn]
        window_s = min(starts), max(stops)
    start, stop = window_s
    if stop <= start:
        stop = start + drawn[0][0].waveform.sample_interval_s
    return Scale(low=start, high=stop, start=_LEFT, stop=_RIGHT)


def _layout(
    drawn: Sequence[tuple[Trace, Envelope]],
    x: Scale,
    label_count: int,
    window_s: tuple[float, float] | None,
) -> tuple[list[_Panel], int]:
    """Return the panels from top to bottom and the height of the drawing."""
    top = 16 + _LABEL_ROW * min(label_count, 3)
    tall = _HEIGHTS[min(len([0 for trace, _ in drawn if not trace.logic]) or 1, 3)]
    panels: list[_Panel] = []
    for trace, shape in drawn:
        bottom = top + (_LOW_HEIGHT if trace.logic else tall)
        over = None if trace.over is None else _windowed(trace.over.waveform, window_s)
        panels.append(_panel(trace, shape, over, x, (top, bottom)))
        top = bottom + _GAP
    return panels, top - _GAP + _FOOT


def _panel(
    trace: Trace, shape: Envelope, over: Envelope | None, x: Scale, edges: tuple[int, int]
) -> _Panel:
    size = max(abs(shape.minimum), abs(shape.maximum))
    factor, unit = engineering(size, trace.waveform.unit, always=True)
    low, high = _value_range(trace, shape)
    if over is not None:
        room = _ROOM * (over.maximum - over.minimum)
        low, high = min(low, over.minimum - room), max(high, over.maximum + room)
    scale = Scale(low=low * factor, high=high * factor, start=edges[1], stop=edges[0])
    return _Panel(trace=trace, shape=shape, over=over, factor=factor, unit=unit, x=x, y=scale)


def _value_range(trace: Trace, shape: Envelope) -> tuple[float, float]:
    """Return the range that holds all data, zero and every limit that is near enough."""
    low, high = min(shape.minimum, 0.0), max(shape.maximum, 0.0)
    reach = _LIMIT_SHARE * max(-low, high)
    near = [limit.value for limit in trace.limits if abs(limit.value) <= reach]
    low, high = min(low, *near, 0.0), max(high, *near, 0.0)
    room = _ROOM * (high - low) or 1.0
    label_room = _LABEL_ROOM * (high - low) if trace.mark_worst else 0.0
    if shape.peak_value < 0:
        return low - room - label_room, high + room
    return low - room, high + room + label_room


def _trace_panel(panel: _Panel) -> str:
    return (
        _value_axis(panel)
        + _curve(panel, panel.shape, _TRACE)
        + ("" if panel.over is None else _laid_over(panel, panel.over))
        + "".join(_limit_lines(panel))
        + (_worst(panel) if panel.trace.mark_worst else "")
    )


def _value_axis(panel: _Panel) -> str:
    x, y = panel.x, panel.y
    marks = ticks(y.low, y.high, about=2 if panel.trace.logic else 6)
    step = marks[1] - marks[0] if len(marks) > 1 else y.high - y.low
    lines = "".join(f"M{x.start} {y.at(mark)}H{x.stop}" for mark in marks)
    labels = "".join(
        f'<text x="{x.start - 12}" y="{y.at(mark) + 10}">{tick_label(mark, step)}</text>'
        for mark in marks
    )
    middle = (y.start + y.stop) // 2
    name = escape(f"{panel.trace.label} / {panel.unit}" if panel.unit else panel.trace.label)
    return (
        f'<path d="{lines}" stroke="{_GRID}" stroke-width="2"/>'
        f'<path d="M{x.start} {y.stop}V{y.start}H{x.stop}" fill="none" stroke="#767676" '
        f'stroke-width="2"/><g text-anchor="end">{labels}</g>'
        f'<text transform="translate(30 {middle})rotate(-90)" text-anchor="middle">{name}</text>'
    )


def _curve(panel: _Panel, shape: Envelope, colour: str, *, opacity: str = "") -> str:
    factor = panel.factor
    x = panel.x.at_all(shape.times_s)
    high = panel.y.at_all(shape.high * factor)
    if shape.exact:
        return f'<path d="{_path(x, high)}" fill="none" stroke="{colour}" stroke-width="3"/>'
    low = panel.y.at_all(shape.low * factor)
    outline = _path(np.concatenate([x, x[::-1]]), np.concatenate([high, low[::-1]]))
    return f'<path d="{outline}z" fill="{colour}"{opacity} stroke="{colour}" stroke-width="2"/>'


def _laid_over(panel: _Panel, over: Envelope) -> str:
    """Return the record over the trace, seen through, and the names of both."""
    if panel.trace.over is None:
        return ""
    names = ((panel.trace.over.under, _TRACE), (panel.trace.over.label, _OTHER))
    legend = "".join(
        f'<text x="{_RIGHT + 10}" y="{panel.y.stop + _TEXT + _LABEL_ROW * row}" fill="{colour}">'
        f"{escape(name)}</text>"
        for row, (name, colour) in enumerate(names)
    )
    return _curve(panel, over, _OTHER, opacity=' fill-opacity=".4"') + legend


def _path(x: NDArray[np.int64], y: NDArray[np.int64]) -> str:
    """Return path data in relative moves; points inside a level run are left out."""
    level = np.zeros(x.size, dtype=bool)
    level[1:-1] = (y[1:-1] == y[:-2]) & (y[1:-1] == y[2:]) & (x[:-2] != x[2:])
    x, y = x[~level], y[~level]
    moves = np.diff(x) * _MOVE_RADIX + np.diff(y)
    different, which = np.unique(moves, return_inverse=True)
    words = [_move(move) for move in different.tolist()]
    return f"M{x[0]} {y[0]}l" + " ".join([words[index] for index in which.tolist()])


def _move(packed: int) -> str:
    """Return one relative move; few are different, so each is formatted once."""
    dx = (packed + _MOVE_RADIX // 2) // _MOVE_RADIX
    return f"{dx}{packed - dx * _MOVE_RADIX:+d}"


def _limit_lines(panel: _Panel) -> list[str]:
    """Return the limit lines, labelled at the right edge; far limits are named there only."""
    parts: list[str] = []
    used: list[int] = []
    lines = ""
    for limit in sorted(panel.trace.limits, key=lambda line: -line.value):
        value = limit.value * panel.factor
        inside = panel.y.low <= value <= panel.y.high
        y = panel.y.at(min(max(value, panel.y.low), panel.y.high))
        place = max([y + 10, *(taken + _LABEL_ROW for taken in used)])
        used.append(place)
        arrow = "" if inside else "↑ " if value > 0 else "↓ "
        text = escape(arrow + limit.label)
        parts.append(f'<text x="{_RIGHT + 10}" y="{place}" fill="{_LIMIT}">{text}</text>')
        if inside:
            lines += f"M{_LEFT} {y}H{_RIGHT}"
    if lines:
        parts.append(
            f'<path d="{lines}" stroke="{_LIMIT}" stroke-width="3" stroke-dasharray="16 10"/>'
        )
    return parts


def _worst_text(panel: _Panel) -> str:
    factor, unit = engineering(panel.shape.peak_time_s, "s", always=True)
    value = plain(float(f"{panel.shape.peak_value * panel.factor:.4g}"))
    time = plain(float(f"{panel.shape.peak_time_s * factor:.6g}"))
    return f"{with_unit(value, panel.unit)} at {with_unit(time, unit)}"


def _worst(panel: _Panel) -> str:
    x = panel.x.at(panel.shape.peak_time_s)
    y = panel.y.at(panel.shape.peak_value * panel.factor)
    right = x > (_LEFT + _RIGHT) // 2
    label_x, side = (x - 18, "end") if right else (x + 18, "start")
    base = panel.y.start - 14 if panel.shape.peak_value < 0 else panel.y.stop + _TEXT
    text = escape(f"furthest from zero: {_worst_text(panel)}")
    return (
        f'<circle cx="{x}" cy="{y}" r="9" fill="none" stroke="{_INK}" stroke-width="4"/>'
        f'<text x="{label_x}" y="{base}" text-anchor="{side}" '
        f'stroke="#fff" stroke-width="8" paint-order="stroke">{text}</text>'
    )


def _time_axis(panels: Sequence[_Panel]) -> str:
    x, bottom = panels[0].x, panels[-1].y.start
    factor, unit = engineering(max(abs(x.low), abs(x.high)), "s", always=True)
    marks = ticks(x.low * factor, x.high * factor, about=9)
    step = marks[1] - marks[0] if len(marks) > 1 else (x.high - x.low) * factor
    labels = "".join(
        f'<text x="{x.at(mark / factor)}" y="{bottom + 38}">{tick_label(mark, step)}</text>'
        for mark in marks
    )
    notches = "".join(f"M{x.at(mark / factor)} {bottom}v10" for mark in marks)
    return (
        f'<path d="{notches}" stroke="#767676" stroke-width="2"/><g text-anchor="middle">{labels}'
        f'<text x="{(x.start + x.stop) // 2}" y="{bottom + 76}">time / {unit}</text></g>'
    )


def _instants(panels: Sequence[_Panel], instants: Sequence[Instant]) -> str:
    """Return the marked instants; their labels take the first row above the plot that is free."""
    x, top, bottom = panels[0].x, panels[0].y.stop, panels[-1].y.start
    ends = [0.0, 0.0, 0.0]
    parts: list[str] = []
    for instant in sorted(instants, key=lambda mark: mark.time_s):
        if not x.low <= instant.time_s <= x.high:
            continue
        place = x.at(instant.time_s)
        half = _LETTER * len(instant.label) / 2
        centre = min(max(place, half), _WIDTH - half)
        row = next((row for row, end in enumerate(ends) if centre - half > end), 2)
        ends[row] = centre + half + _TEXT
        colour, dash = (_LIMIT, "16 10") if instant.limit else (_INK, "4 6")
        base = top - 12 - _LABEL_ROW * row
        parts.append(
            f'<path d="M{place} {base + 4}V{bottom}" stroke="{colour}" stroke-width="3" '
            f'stroke-dasharray="{dash}"/><text x="{round(centre)}" y="{base}" fill="{colour}" '
            f'text-anchor="middle">{escape(instant.label)}</text>'
        )
    return "".join(parts)


def _in_words(panels: Sequence[_Panel], instants: Sequence[Instant]) -> str:
    sentences: list[str] = []
    for panel in panels:
        shape, unit = panel.shape, panel.unit
        low, high = (
            plain(float(f"{v * panel.factor:.4g}")) for v in (shape.minimum, shape.maximum)
        )
        limits = ", ".join(limit.label for limit in panel.trace.limits) or "none"
        sentences.append(
            f"{panel.trace.label}: minimum {low} {unit}, maximum {high} {unit}, "
            f"furthest from zero {_worst_text(panel)}, limits {limits}."
        )
        if panel.over is not None and panel.trace.over is not None:
            low, high = (
                plain(float(f"{v * panel.factor:.4g}"))
                for v in (panel.over.minimum, panel.over.maximum)
            )
            sentences.append(
                f"{panel.trace.over.label}: minimum {low} {unit}, maximum {high} {unit}."
            )
    for instant in instants:
        factor, unit = engineering(instant.time_s, "s", always=True)
        sentences.append(f"{instant.label} at {plain(instant.time_s * factor)} {unit}.")
    return " ".join(sentences)
