"""Draws the chosen figures from the stored waveforms, with captions that identify the record."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from html import escape

from bench.errors import BenchError
from bench.record.schema import MeasurementRecord, WaveformRecord
from bench.waveform import Waveform
from reports.choice import FigureRequest
from reports.conditions import conditions_text
from reports.numbers import limits_text, plain, print_measurement, with_unit
from reports.page import raw_anchor
from reports.plot import Instant, LimitLine, Trace, figure
from reports.units import engineering, scale_between
from reports.windows import around_pulse, around_reaction

__all__ = ["Drawn", "LoadWaveform", "channel_text", "draw_all"]

LoadWaveform = Callable[[str], Waveform]
"""Returns a stored waveform by its SHA-256; raises BenchError or OSError."""

_KEPT = 8
"""Waveforms kept in memory while neighbouring figures share them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A figure, or the reason why it could not be drawn; ``html`` is ready for the page."""

    number: int
    anchor: str
    requirement: str
    row_id: str
    html: str


def draw_all(requests: Iterable[FigureRequest], load_waveform: LoadWaveform) -> list[Drawn]:
    """Return the figures of ``requests``, numbered from 1; the second of a kind is a reference.

    A record that cannot be read gives a visible note in place of its figure.
    """
    load = functools.lru_cache(maxsize=_KEPT)(load_waveform)
    drawn: dict[tuple[str, str], Drawn] = {}
    figures: list[Drawn] = []
    for request in requests:
        key = request.row.id, request.view
        if key in drawn:
            figures.append(_reference(drawn[key], request.requirement))
            continue
        drawn[key] = _draw(len(drawn) + 1, request, load)
        figures.append(drawn[key])
    return figures


def _reference(shown: Drawn, requirement: str) -> Drawn:
    """Return a pointer to a figure that another requirement shares."""
    html = f'<p class="note">See <a href="#{shown.anchor}">Figure {shown.number}</a>.</p>'
    return replace(shown, requirement=requirement, html=html)


def _draw(number: int, request: FigureRequest, load: LoadWaveform) -> Drawn:
    name = f"figure-{number}"
    try:
        traces = _traces(request, load)
        html = figure(
            traces,
            title=_title(number, request),
            caption=_caption(number, request, traces),
            window_s=_window(request, traces[0].waveform),
            instants=_instants(request),
            anchor=name,
        )
    except (BenchError, OSError, ValueError) as error:
        html = _missing(number, request, str(error))
    return Drawn(
        number=number,
        anchor=name,
        requirement=request.requirement,
        row_id=request.row.id,
        html=html,
    )


def _traces(request: FigureRequest, load: LoadWaveform) -> list[Trace]:
    traces: list[Trace] = []
    for index, channel in enumerate(request.channels):
        waveform = load(channel.sha256)
        measured = index == 0
        traces.append(
            Trace(
                waveform=waveform,
                label=channel.label,
                limits=_limit_lines(request.row, waveform) if measured else (),
                mark_worst=measured and request.view != "edge",
                logic="sync" in channel.label.lower(),
            )
        )
    return traces


def _limit_lines(row: MeasurementRecord, waveform: Waveform) -> tuple[LimitLine, ...]:
    """Return the row's limits as levels of the trace, on both sides of zero for a magnitude."""
    factor = scale_between(row.unit, waveform.unit)
    if factor is None:
        return ()
    sides = [("≥", row.low, 1), ("≤", row.high, 1)]
    if _is_magnitude(row, waveform, factor):
        sides += [("≤", row.low, -1), ("≥", row.high, -1)]
    return tuple(
        LimitLine(
            label=f"{sign} {limits_text(turn * limit, turn * limit, row.unit).lstrip('=').strip()}",
            value=turn * limit * factor,
        )
        for sign, limit, turn in sides
        if limit is not None
    )


def _is_magnitude(row: MeasurementRecord, waveform: Waveform, factor: float) -> bool:
    """Return whether limits of a magnitude meet a record that swings to both sides."""
    bounds = [abs(bound) * factor for bound in (row.low, row.high) if bound is not None]
    if not bounds or (row.low is not None and row.low < 0):
        return False
    lowest, highest = (int(code) for code in (waveform.codes.min(), waveform.codes.max()))
    ends = sorted(
        (lowest * waveform.gain + waveform.offset, highest * waveform.gain + waveform.offset)
    )
    return ends[0] < -0.25 * max(ends[1], 0.25 * min(bounds))


def _window(request: FigureRequest, waveform: Waveform) -> tuple[float, float] | None:
    if request.view == "whole":
        return None
    times = [mark.time_s for mark in request.instants if mark.time_s is not None]
    if request.view == "edge":
        limit = _time_limit(request)
        return around_reaction(
            times,
            limit_s=limit.time_s if limit is not None else None,
            sample_interval_s=waveform.sample_interval_s,
        )
    marked = (m.time_s for m in request.instants if "worst" in m.label.lower())
    return around_pulse(waveform, at_s=next(marked, None))


def _time_limit(request: FigureRequest) -> Instant | None:
    factor = scale_between(request.row.unit, "s")
    if factor is None or request.row.high is None or not request.instants:
        return None
    start = request.instants[0].time_s or 0.0
    label = print_measurement(request.row).limits.rpartition("to ")[2]
    return Instant(label=f"limit {label}", time_s=start + request.row.high * factor, limit=True)


def _instants(request: FigureRequest) -> list[Instant]:
    marks = [
        Instant(label=mark.label, time_s=mark.time_s)
        for mark in request.instants
        if mark.time_s is not None
    ]
    limit = _time_limit(request) if request.view == "edge" else None
    return [*marks, limit] if limit is not None else marks


_VIEWS = {
    "whole": "whole record",
    "worst": "worst pulse",
    "edge": "shutdown edge",
}


def _title(number: int, request: FigureRequest) -> str:
    row = print_measurement(request.row)
    return (
        f"Figure {number}: {request.requirement}, {request.row.quantity}, "
        f"{_VIEWS[request.view]}; measured {row.measured}, limits {row.limits}, "
        f"{request.row.verdict}"
    )


def _caption(number: int, request: FigureRequest, traces: list[Trace]) -> str:
    conditions = conditions_text({**request.capture.conditions, **request.row.conditions})
    row = print_measurement(request.row)
    head = (
        f"<b>Figure {number}. {escape(request.row.quantity)}, {_VIEWS[request.view]}</b>"
        f"{'; ' if conditions else ''}{escape(conditions)}. Measured {escape(row.measured)}, "
        f"limits {escape(row.limits)}."
    )
    channels = "; ".join(
        channel_text(channel, trace.waveform)
        for channel, trace in zip(request.channels, traces, strict=True)
    )
    clipped = _clipped(request.channels, traces)
    taken = f" Taken {escape(request.capture.taken_at)}." if request.capture.taken_at else ""
    return f"{head} {channels}.{taken} Limits evaluated on all samples.{clipped}"


def channel_text(channel: WaveformRecord, waveform: Waveform) -> str:
    """Return what identifies a drawn record, as HTML: channel, range, sampling, hash."""
    full_scale = _quantity(channel.full_scale, channel.unit)
    interval = _quantity(waveform.sample_interval_s, "s")
    count = f"{waveform.record_length:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    return (
        f"{escape(channel.label)}: {escape(channel.instrument)} {escape(channel.channel)}, full "
        f"scale {full_scale}, sample interval {interval}, envelope of {count} samples, record "
        f'<a href="#{raw_anchor(channel.sha256)}" title="SHA-256 {escape(channel.sha256)}">'
        f"{escape(channel.sha256[:12])}</a>"
    )


def _quantity(value: float, unit: str) -> str:
    factor, shown = engineering(value, unit, always=True)
    return escape(with_unit(plain(value * factor), shown))


def _clipped(channels: Iterable[WaveformRecord], traces: Iterable[Trace]) -> str:
    """Return a warning that names the channels with samples on a rail of the converter."""
    names = [
        channel.label
        for channel, trace in zip(channels, traces, strict=True)
        if trace.waveform.codes.size
        and (
            int(trace.waveform.codes.min()) <= trace.waveform.code_low
            or int(trace.waveform.codes.max()) >= trace.waveform.code_high
        )
    ]
    if not names:
        return ""
    return f" <b>Samples on a rail of the converter: {escape(', '.join(names))}.</b>"


def _missing(number: int, request: FigureRequest, reason: str) -> str:
    return (
        f'<p class="missing" id="figure-{number}"><b>Figure {number} cannot be drawn.</b> '
        f"{escape(request.row.quantity)}: {escape(reason)}</p>"
    )
