"""What the tables of a report show: one view per measurement, requirement, figure and record.

Templates print these and compute nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench.decision import Verdict
from bench.record.schema import (
    CaptureRecord,
    MeasurementRecord,
    RequirementRecord,
    RunRecord,
    TestOutcome,
)
from reports.choice import rows_by_requirement
from reports.conditions import common_conditions, conditions_text, own_conditions
from reports.evidence import Drawn
from reports.numbers import (
    PrintedMeasurement,
    margin_text,
    print_measurement,
    probability_text,
    with_unit,
)
from reports.page import anchor, raw_anchor
from reports.units import engineering
from reports.verdicts import Sign, sign_of, worst_of
from reports.wording import clause_text, requirement_note

__all__ = [
    "CaptureView",
    "ClauseLine",
    "MeasurementView",
    "RequirementView",
    "capture_views",
    "measurement_view",
    "requirement_views",
    "worst_margins",
]

_WORST_LISTED = 10
_RAW_LINKS = 4
"""Links to raw records in one table cell; the rest is counted."""
EN_DASH = "\N{EN DASH}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasurementView:
    """One row of a measurement table."""

    row: MeasurementRecord
    printed: PrintedMeasurement
    sign: Sign
    margin: str
    guarded_margin: str
    probability: str
    conditions: str
    coverage: str
    raw: tuple[tuple[str, str], ...]
    """(anchor, short hash) of the first raw records."""
    more_raw: int
    requirement_anchor: str

    def how(self, shared_rule: str) -> str:
        """Return rule and acceptance as they stand after the limits, without what is shared."""
        rule = "" if self.row.rule == shared_rule else f"; {self.row.rule}"
        return rule + (f"; accepts {self.printed.acceptance}" if self.printed.acceptance else "")

    @property
    def bar(self) -> tuple[int, int]:
        """Start and width of the margin bar on a scale of -100 to 100, in per cent."""
        margin = self.row.margin_pct
        width = 0 if margin is None else round(max(-100.0, min(100.0, margin)))
        return min(0, width), abs(width)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClauseLine:
    """The worst row of one requirement on one basis, as the clause table shows it."""

    view: MeasurementView
    row_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RequirementView:
    """One requirement with everything that was found about it."""

    record: RequirementRecord
    anchor: str
    sign: Sign
    margin: str
    clause: str
    mark_note: str
    lines: tuple[ClauseLine, ...]
    rows: tuple[MeasurementView, ...]
    shared: str
    """Conditions, basis, rule, coverage factor and probability that all rows share, in one line."""
    basis: str
    rule: str
    coverage: str
    probability: str
    """Those of all rows; empty where they differ."""
    figures: tuple[Drawn, ...]
    tests: tuple[TestOutcome, ...]

    @property
    def test_names(self) -> tuple[str, ...]:
        """Every test that ran for it or measured a row of it, each once."""
        ran = [test.node_id for test in self.tests]
        measured = [view.row.test for view in self.rows if view.row.test]
        return tuple(dict.fromkeys([*ran, *measured]))

    @property
    def test_functions(self) -> tuple[str, ...]:
        """The same without their parameters: ``path::test (9 cases)``."""
        cases = Counter(name.partition("[")[0] for name in self.test_names)
        return tuple(
            name if count == 1 else f"{name} ({count} cases)" for name, count in cases.items()
        )

    @property
    def detailed(self) -> bool:
        """Whether there is more to show than the clause table does."""
        return bool(self.rows or self.tests or self.figures)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureView:
    """One acquisition and its stored records."""

    record: CaptureRecord
    conditions: str
    channels: tuple[tuple[str, str, str, str, str, str, str], ...]
    """(anchor, label, channel, full scale, sample interval, samples, SHA-256)."""


def measurement_view(
    row: MeasurementRecord, *, common: Mapping[str, str | int | float | bool] | None = None
) -> MeasurementView:
    """Return ``row`` as printed, without the conditions in ``common``."""
    coverage = "" if row.coverage_factor is None else f"{row.coverage_factor:.2f}"
    first = row.requirements[0] if row.requirements else ""
    return MeasurementView(
        row=row,
        printed=print_measurement(row),
        sign=sign_of(row.verdict),
        margin=margin_text(row.margin_pct),
        guarded_margin=margin_text(row.guarded_margin_pct),
        probability=probability_text(row.p_conform),
        conditions=conditions_text(own_conditions(row.conditions, common or {})),
        coverage=coverage,
        raw=tuple((raw_anchor(name), name[:8]) for name in row.waveforms[:_RAW_LINKS]),
        more_raw=max(0, len(row.waveforms) - _RAW_LINKS),
        requirement_anchor=anchor("req", first),
    )


def requirement_views(record: RunRecord, figures: Sequence[Drawn]) -> list[RequirementView]:
    """Return the requirements of the run, in its order."""
    rows = rows_by_requirement(record)
    tests = _tests_by_requirement(record)
    return [
        _requirement_view(
            requirement,
            rows.get(requirement.id, []),
            tuple(drawn for drawn in figures if drawn.requirement == requirement.id),
            tuple(tests.get(requirement.id, [])),
        )
        for requirement in record.requirements
    ]


def _requirement_view(
    requirement: RequirementRecord,
    rows: list[MeasurementRecord],
    figures: tuple[Drawn, ...],
    tests: tuple[TestOutcome, ...],
) -> RequirementView:
    common = common_conditions([row.conditions for row in rows])
    printed = tuple(measurement_view(row, common=common) for row in rows)
    basis = _shared(row.basis for row in rows)
    rule = _shared(row.rule for row in rows)
    coverage = _shared(view.coverage for view in printed if view.printed.uncertainty)
    probability = _shared(view.probability for view in printed)
    return RequirementView(
        record=requirement,
        anchor=anchor("req", requirement.id),
        sign=sign_of(requirement.verdict),
        margin=margin_text(requirement.worst_margin_pct),
        clause=clause_text(requirement.clause),
        mark_note=requirement_note(requirement),
        lines=_clause_lines(rows),
        rows=printed,
        shared=_shared_text(conditions_text(common), basis, rule, coverage, probability),
        basis=basis,
        rule=rule,
        coverage=coverage,
        probability=probability,
        figures=figures,
        tests=tests,
    )


def _shared(texts: Iterable[str]) -> str:
    """Return the one text that all have, or an empty one."""
    found = set(texts)
    return found.pop() if len(found) == 1 else ""


def _shared_text(conditions: str, basis: str, rule: str, coverage: str, probability: str) -> str:
    said = {
        f"limits {basis}": basis,
        f"rule {rule}": rule,
        f"k = {coverage}": coverage,
        f"probability inside {probability}": probability.strip(EN_DASH),
    }
    return "; ".join(filter(None, [conditions, *(text for text, given in said.items() if given)]))


def _clause_lines(rows: list[MeasurementRecord]) -> tuple[ClauseLine, ...]:
    """Return the worst row of each basis, the declared one first."""
    groups: dict[str, list[MeasurementRecord]] = {}
    for row in rows:
        groups.setdefault(row.basis, []).append(row)
    lines: list[ClauseLine] = []
    for basis in sorted(groups):
        worst = worst_of(groups[basis])
        if worst is not None:
            lines.append(ClauseLine(view=measurement_view(worst), row_count=len(groups[basis])))
    return tuple(lines)


def _tests_by_requirement(record: RunRecord) -> dict[str, list[TestOutcome]]:
    table: dict[str, list[TestOutcome]] = {}
    for test in record.tests:
        for requirement in test.requirements:
            table.setdefault(requirement, []).append(test)
    return table


def worst_margins(record: RunRecord) -> list[MeasurementView]:
    """Return the smallest margins, ascending: one row for each requirement, quantity and basis."""
    smallest: dict[tuple[tuple[str, ...], str, str], MeasurementRecord] = {}
    for row in record.measurements:
        if row.margin_pct is None or row.verdict == Verdict.NOT_APPLICABLE:
            continue
        key = (row.requirements, row.quantity, row.basis)
        known = smallest.get(key)
        if known is None or _margin(row) < _margin(known):
            smallest[key] = row
    ordered = sorted(smallest.values(), key=lambda row: (_margin(row), row.id))
    return [measurement_view(row) for row in ordered[:_WORST_LISTED]]


def _margin(row: MeasurementRecord) -> float:
    return row.margin_pct if row.margin_pct is not None else float("inf")


def capture_views(record: RunRecord) -> list[CaptureView]:
    """Return the acquisitions with their stored records, in the order taken."""
    return [
        CaptureView(
            record=capture,
            conditions=conditions_text(capture.conditions),
            channels=tuple(
                (
                    raw_anchor(waveform.sha256),
                    waveform.label,
                    f"{waveform.instrument} {waveform.channel}".strip(),
                    _amount(waveform.full_scale, waveform.unit),
                    _amount(waveform.sample_interval_s, "s"),
                    str(waveform.record_length),
                    waveform.sha256,
                )
                for waveform in capture.waveforms
            ),
        )
        for capture in record.captures
    ]


def _amount(value: float, unit: str) -> str:
    factor, shown = engineering(value, unit, always=True)
    return with_unit(f"{value * factor:.4g}", shown)
