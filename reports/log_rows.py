"""Cells and blocks of the engineering log: every string of a record escaped, no number computed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import cast

from bench.record.schema import MeasurementRecord
from reports.conditions import conditions_text
from reports.numbers import margin_text, print_measurement
from reports.verdicts import sign_of, worst_first, worst_of

__all__ = [
    "HEADERS",
    "evidence_block",
    "figure_block",
    "measurement_cells",
    "measurement_from_json",
    "measurement_table",
]

HEADERS: tuple[str, ...] = (
    '<th class="sortable" data-column-type="requirement" scope="col">Requirement</th>',
    '<th scope="col">Measured ± U</th>',
    '<th scope="col">Limits</th>',
    '<th scope="col">Margin</th>',
    '<th class="sortable" data-column-type="verdict" scope="col">Verdict</th>',
)

Scalar = str | int | float | bool


def measurement_from_json(text: str) -> MeasurementRecord:
    """Return the row that a test attached as JSON.

    Raises ValueError where ``text`` is not a JSON object. A member that is missing or of another
    type reads as empty: the log shows what there is, the journal is the record.
    """
    match json.loads(text):
        case dict() as data:
            members = cast("Mapping[str, object]", data)
        case other:
            raise ValueError(f"a measurement is a JSON object, found {type(other).__name__}")
    return MeasurementRecord(
        id=_word(members, "id"),
        requirements=tuple(str(item) for item in _list(members, "requirements")),
        quantity=_word(members, "quantity"),
        basis=_word(members, "basis"),
        value=_number(members, "value"),
        unit=_word(members, "unit"),
        expanded_uncertainty=_number(members, "expanded_uncertainty"),
        coverage_factor=_number(members, "coverage_factor"),
        low=_number(members, "low"),
        high=_number(members, "high"),
        rule=_word(members, "rule"),
        verdict=_word(members, "verdict"),
        margin_pct=_number(members, "margin_pct"),
        p_conform=_number(members, "p_conform"),
        conditions=_conditions(members),
        waveforms=(),
        attempt=int(_number(members, "attempt") or 1),
        reason=_word(members, "reason"),
    )


def _word(members: Mapping[str, object], name: str) -> str:
    value = members.get(name)
    return value if isinstance(value, str) else ""


def _number(members: Mapping[str, object], name: str) -> float | None:
    value = members.get(name)
    return float(value) if isinstance(value, int | float) else None


def _list(members: Mapping[str, object], name: str) -> list[object]:
    value = members.get(name)
    return cast("list[object]", value) if isinstance(value, list) else []


def _conditions(members: Mapping[str, object]) -> dict[str, Scalar]:
    value = members.get("conditions")
    if not isinstance(value, dict):
        return {}
    items = cast("dict[str, object]", value).items()
    return {name: item for name, item in items if isinstance(item, str | int | float | bool)}


def measurement_cells(
    rows: Sequence[MeasurementRecord], *, requirements: Iterable[str] = ()
) -> list[str]:
    """Return the cells for the worst of ``rows``; ``requirements`` stands in where there is none."""
    worst = worst_of(rows)
    if worst is None:
        return [
            _cell("requirement", ", ".join(requirements)),
            *(_cell("empty", "") for _ in range(4)),
        ]
    printed = print_measurement(worst)
    names = sorted({name for row in rows for name in row.requirements} | set(requirements))
    count = f" (worst of {len(rows)})" if len(rows) > 1 else ""
    return [
        _cell("requirement", ", ".join(names)),
        _cell("measured", printed.measured + count),
        _cell("limits", printed.limits),
        _cell("margin", margin_text(worst.margin_pct)),
        _cell("verdict", _verdict(worst.verdict), sign_of(worst.verdict).tone),
    ]


def _verdict(verdict: str) -> str:
    sign = sign_of(verdict)
    return f"{sign.shape} {sign.word}"


def _cell(column: str, text: str, tone: str = "") -> str:
    name = f"col-{column} {tone}".strip()
    return f'<td class="{name}">{escape(text)}</td>'


def measurement_table(rows: Iterable[MeasurementRecord]) -> str:
    """Return all rows as a compact table, the worst first."""
    body = "".join(_table_row(row) for row in worst_first(rows))
    heads = ("Requirement", "Quantity", "Conditions", "Measured ± U", "Limits", "Margin", "Verdict")
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    return (
        f'<table class="measurements"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    )


def _table_row(row: MeasurementRecord) -> str:
    printed = print_measurement(row)
    attempt = f", attempt {row.attempt}" if row.attempt > 1 else ""
    texts = (
        ", ".join(row.requirements),
        f"{row.quantity} ({row.basis}{attempt})",
        conditions_text(row.conditions),
        printed.measured,
        f"{printed.limits}, {row.rule}",
        margin_text(row.margin_pct),
        f"{_verdict(row.verdict)}{': ' + row.reason if row.reason else ''}",
    )
    cells = "".join(f"<td>{escape(text)}</td>" for text in texts)
    return f'<tr class="{sign_of(row.verdict).tone}">{cells}</tr>'


def evidence_block(text: str) -> str:
    """Return a line of evidence as text."""
    return f'<pre class="evidence">{escape(text)}</pre>'


def figure_block(drawing: str) -> str:
    """Return a drawing of :mod:`reports.plot` as it is, anything else as text."""
    whole = drawing.lstrip()
    if whole.startswith(("<svg", "<figure")) and "<script" not in whole.lower():
        return f'<div class="drawing">{whole}</div>'
    return evidence_block(drawing)
