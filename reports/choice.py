"""Which figures a report draws: few per requirement, the worst first, and a cap for the whole.

A run has hundreds of captures. The record keeps them all; the report shows, for each requirement,
the capture of its worst measurement, once as a whole and once close to what decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from bench.decision import Verdict
from bench.record.schema import CaptureRecord, Mark, MeasurementRecord, RunRecord, WaveformRecord
from reports.units import scale_between
from reports.verdicts import worst_first

__all__ = ["DEFAULT_CAP", "FigureRequest", "choose_figures", "rows_by_requirement"]

DEFAULT_CAP = 120
"""Figures of a report unless the caller says otherwise."""

View = Literal["whole", "worst", "edge"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureRequest:
    """One figure to draw."""

    requirement: str
    row: MeasurementRecord
    capture: CaptureRecord
    channels: tuple[WaveformRecord, ...]
    view: View
    instants: tuple[Mark, ...]
    """The marks that have an instant, the earliest first."""


def rows_by_requirement(record: RunRecord) -> dict[str, list[MeasurementRecord]]:
    """Return the measurement rows of each requirement id, in the order of the record."""
    table: dict[str, list[MeasurementRecord]] = {}
    for row in record.measurements:
        for requirement in row.requirements:
            table.setdefault(requirement, []).append(row)
    return table


def choose_figures(record: RunRecord, *, cap: int = DEFAULT_CAP) -> list[FigureRequest]:
    """Return what to draw, in the order of the requirements, at most ``cap`` figures.

    Where the cap cuts, the requirements with the worse verdicts and margins keep their figures.
    """
    captures = _capture_of_waveform(record)
    rows = rows_by_requirement(record)
    offers: dict[str, list[FigureRequest]] = {}
    worst_rows: list[tuple[MeasurementRecord, str]] = []
    for requirement in record.requirements:
        offer = list(_offers(requirement.id, rows.get(requirement.id, []), captures))
        if offer:
            offers[requirement.id] = offer
            worst_rows.append((offer[0].row, requirement.id))
    kept = _within(cap, worst_rows, offers)
    return [request for requirement in record.requirements for request in kept[requirement.id]]


def _capture_of_waveform(record: RunRecord) -> dict[str, CaptureRecord]:
    return {
        waveform.sha256: capture for capture in record.captures for waveform in capture.waveforms
    }


def _within(
    cap: int,
    worst_rows: list[tuple[MeasurementRecord, str]],
    offers: Mapping[str, list[FigureRequest]],
) -> dict[str, list[FigureRequest]]:
    """Deal out ``cap`` figures: first one to each requirement, the worst first, then the rest."""
    rank = {id(row): index for index, row in enumerate(worst_first([r for r, _ in worst_rows]))}
    order = [name for _, name in sorted(worst_rows, key=lambda pair: rank[id(pair[0])])]
    dealt = sorted(
        (
            (turn, place, name)
            for place, name in enumerate(order)
            for turn in range(len(offers[name]))
        ),
    )[:cap]
    counts = {name: sum(1 for *_, other in dealt if other == name) for name in order}
    return _Missing({name: offers[name][:count] for name, count in counts.items()})


class _Missing(dict[str, list[FigureRequest]]):
    """A table in which an absent requirement has no figures."""

    def __missing__(self, key: str) -> list[FigureRequest]:
        return []


def _offers(
    requirement: str,
    rows: list[MeasurementRecord],
    captures: Mapping[str, CaptureRecord],
) -> Iterator[FigureRequest]:
    """Yield the figures of a requirement's worst row that has a stored capture."""
    for row in worst_first(rows):
        capture = next((captures[name] for name in row.waveforms if name in captures), None)
        if row.verdict == Verdict.NOT_APPLICABLE or capture is None:
            continue
        instants = tuple(sorted((m for m in row.marks if m.time_s is not None), key=_when))
        is_reaction = _is_reaction(row, instants)
        views = _views(instants) if is_reaction else ("whole", "worst")
        for view in views:
            yield FigureRequest(
                requirement=requirement,
                row=row,
                capture=capture,
                channels=_channels(row, capture, everything=is_reaction),
                view=view,
                instants=instants,
            )
        return


def _is_reaction(row: MeasurementRecord, instants: tuple[Mark, ...]) -> bool:
    """Return whether the row is a time from a cause to its effect, or to none."""
    caused = any(mark.label == "cause" for mark in instants)
    return scale_between(row.unit, "s") is not None and (caused or len(instants) > 1)


def _views(instants: tuple[Mark, ...]) -> tuple[View, ...]:
    """Return the edge, or the whole record where the effect never came."""
    return ("edge",) if len(instants) > 1 else ("whole",)


def _when(mark: Mark) -> float:
    return mark.time_s if mark.time_s is not None else 0.0


def _channels(
    row: MeasurementRecord, capture: CaptureRecord, *, everything: bool
) -> tuple[WaveformRecord, ...]:
    """Return the channels to stack: the measured ones first, the sync line last."""
    measured = [w for w in capture.waveforms if w.sha256 in row.waveforms]
    others = [w for w in capture.waveforms if w.sha256 not in row.waveforms]
    stack = (measured + others)[:4] if everything else measured[:2]
    return tuple(sorted(stack, key=lambda waveform: "sync" in waveform.label.lower()))
