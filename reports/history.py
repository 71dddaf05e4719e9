"""The page of ``bench history``: yield, Pareto, capability, control charts, golden unit, own reference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from bench.history import Drift
from bench.history.capability import Index
from bench.history.overview import Overview, Parameter
from reports.chart import Level, Points, bars, points_chart
from reports.numbers import limits_text, plain, value_with_uncertainty, with_unit
from reports.page import css_string, environment
from reports.units import shown_unit
from reports.wording import SIMULATED_NOTICE

__all__ = ["render_history"]

_CHARTS: Final = 6
_BARS: Final = 12
_MOST: Final = 20
"""A larger index says only that the spread is nothing beside the limits."""
_SURE: Final = 0.01
"""Probability by chance below which a drift is marked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _ParameterView:
    id: str
    limits: str
    count: int
    mean: str
    sigma: str
    indices: Sequence[tuple[str, str]]
    """Cp, Cpk, Pp, Ppk, Ppk of the units: value and 95 % limits."""
    signals: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _DriftView:
    station: str
    name: str
    count: int
    last: str
    limits: str
    moved: str
    slope: str
    probability: str
    marked: bool


def render_history(found: Overview, *, name: str) -> str:
    """Return the page as one HTML document: no script, inline drawings."""
    capable = [row for row in found.parameters if row.capability is not None]
    return (
        environment()
        .get_template("history.html.j2")
        .render(
            name=name,
            found=found,
            first_pass=_share(found.yields.first_pass, found.yields.units),
            final=_share(found.yields.final, found.yields.units),
            pareto=_pareto(found),
            parameters=[_view(row) for row in capable],
            without_limit=len(found.parameters) - len(capable),
            charts=[_chart(row) for row in capable[:_CHARTS]],
            golden=[
                (unit, len(rows), [_view(row) for row in _moved(rows)], [_chart(row) for row in (_moved(rows) or rows[:1])[:_CHARTS]])
                for unit, rows in found.golden.items()
            ],
            drifts=[_drift(drift) for drift in found.drifts],
            notice=SIMULATED_NOTICE,
            css_string=css_string,
        )
    )  # fmt: skip


def _share(part: int, whole: int) -> str:
    return f"{with_unit(f'{100 * part / whole:.1f}', '%')} ({part} of {whole})" if whole else "none"


def _pareto(found: Overview) -> str:
    rows = [
        (name, float(units), f"{units} units, {100 * share:.0f} % with those above")
        for name, units, share in found.failures[:_BARS]
    ]
    return bars(rows, title="Failed measurements by number of units") if rows else ""


def _moved(rows: Sequence[Parameter]) -> list[Parameter]:
    return [row for row in rows if row.signals]


def _view(row: Parameter) -> _ParameterView:
    made = row.capability
    chart = row.chart
    sigma = float(chart.points.std(ddof=1))
    return _ParameterView(
        id=row.id,
        limits=limits_text(row.low, row.high, row.unit),
        count=chart.points.size,
        mean=with_unit(
            value_with_uncertainty(float(chart.points.mean()), sigma, "").split(" ±")[0],
            shown_unit(row.unit),
        ),
        sigma=with_unit(plain(float(f"{sigma:.2g}")), shown_unit(row.unit)),
        indices=[] if made is None else [
            _index(index) for index in (made.cp, made.cpk, made.pp, made.ppk, made.ppk_of_units)
        ],
        signals="; ".join(f"{signal.text} ({len(signal.points)} times)" for signal in row.signals) or "none",
    )  # fmt: skip


def _index(index: Index) -> tuple[str, str]:
    if index.value is None or index.low is None or index.high is None:
        return "–", ""
    if index.value > _MOST:
        return f"> {_MOST}", ""
    limits = f"{index.low:.2f} to {index.high:.2f}".replace("-", "\N{MINUS SIGN}")
    return f"{index.value:.2f}".replace("-", "\N{MINUS SIGN}"), limits


def _chart(row: Parameter) -> str:
    chart = row.chart
    levels = [
        Level(label="UCL", value=chart.high), Level(label="mean", value=chart.centre),
        Level(label="LCL", value=chart.low),
        *(
            Level(label=label, value=limit, limit=True)
            for label, limit in (("upper limit", row.high), ("lower limit", row.low))
            if limit is not None
        ),
    ]  # fmt: skip
    flagged = sorted({point for signal in row.signals for point in signal.points})
    rules = "; ".join(signal.text for signal in row.signals) or "no rule of Nelson is broken"
    return points_chart(
        Points(values=chart.points, unit=shown_unit(row.unit), flagged=flagged),
        levels,
        title=f"Individuals chart of {row.id}: {rules}",
        caption=f"<b>{escape(row.id)}</b>: {escape(rules)}. UCL and LCL are mean ± 2.66 mean moving ranges.",
    )


def _drift(drift: Drift) -> _DriftView:
    unit = shown_unit(drift.unit)
    return _DriftView(
        station=drift.station,
        name=drift.name,
        count=drift.count,
        last=with_unit(plain(float(f"{drift.last:.5g}")), unit),
        limits=limits_text(_rounded(drift.low), _rounded(drift.high), drift.unit),
        moved=with_unit(f"{drift.moved:+.2g}".replace("-", "\N{MINUS SIGN}"), unit),
        slope=with_unit(f"{drift.slope:+.2g}".replace("-", "\N{MINUS SIGN}"), unit),
        probability="< 0.0001" if drift.slope_p < 1e-4 else f"{drift.slope_p:.4f}",
        marked=drift.slope_p < _SURE,
    )


def _rounded(limit: float | None) -> float | None:
    return None if limit is None else float(f"{limit:.6g}")
