"""The compliance report: one static, self-contained HTML page made from a run's record.

Why it is static: ``docs/decisions/0003-report-is-static.md``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bench.decision import Verdict
from bench.record.schema import BudgetLine, BudgetRecord, RunRecord, TestOutcome
from reports.choice import DEFAULT_CAP, choose_figures, rows_by_requirement
from reports.completeness import Finding, coverage_of
from reports.completeness.contents import SIGNATURE_FIELDS, SIGNATURE_ROLES
from reports.evidence import Drawn, LoadWaveform, draw_all
from reports.numbers import plain, step_limits_text, step_value_text, value_with_uncertainty
from reports.output_sheet import OutputSheet, output_sheet
from reports.page import anchor, css_string, environment
from reports.rows import (
    CaptureView,
    MeasurementView,
    RequirementView,
    capture_views,
    measurement_view,
    requirement_views,
    worst_margins,
)
from reports.tracings import draw_tracings
from reports.units import engineering, shown_unit
from reports.verdicts import LEGEND, Sign, sign_of, worst_of
from reports.wording import (
    EXCLUSIONS,
    HAZARDS,
    SIMULATED_NOTICE,
    RuleText,
    basis_text,
    report_title,
    rule_texts,
    statement,
)

__all__ = ["render_compliance"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _RuleUse:
    text: RuleText
    requirements: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _BudgetView:
    """A budget with its numbers in one readable unit."""

    record: BudgetRecord
    requirements: str
    measured: str
    unit: str
    combined: str
    lines: tuple[tuple[BudgetLine, str, str], ...]
    """Each contribution with its standard uncertainty and its share of the variance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """Everything that the template prints."""

    record: RunRecord
    title: str
    sign: Sign
    statement: str
    counts: tuple[tuple[Sign, int, int], ...]
    """Each verdict with its number of measurements and of requirements."""
    worst: Sequence[MeasurementView]
    conditional: Sequence[MeasurementView]
    groups: Sequence[tuple[str, Sequence[RequirementView]]]
    requirements: Sequence[RequirementView]
    untested: Sequence[RequirementView]
    rules: Sequence[_RuleUse]
    budgets: Sequence[_BudgetView]
    captures: Sequence[CaptureView]
    retries: Sequence[MeasurementView]
    orphan_tests: Sequence[TestOutcome]
    sheet: OutputSheet
    tracings: Sequence[str]
    figure_count: int
    wall_s: float


def render_compliance(
    record: RunRecord,
    load_waveform: LoadWaveform,
    *,
    figure_cap: int = DEFAULT_CAP,
    findings: Sequence[tuple[str, Finding]] = (),
) -> str:
    """Return the report of ``record`` as one HTML document.

    ``load_waveform`` returns a stored waveform by its SHA-256; one that raises BenchError or
    OSError becomes a visible note where its figure would stand. At most ``figure_cap`` figures
    are drawn. ``findings`` on the completeness of the record are printed at its end.
    """
    figures = draw_all(choose_figures(record, cap=figure_cap), load_waveform)
    template = environment().get_template("report.html.j2")
    return template.render(
        page=_page(record, figures, load_waveform),
        findings=findings,
        coverage=coverage_of(record),
        signature_roles=SIGNATURE_ROLES,
        signature_fields=SIGNATURE_FIELDS,
        css_string=css_string,
        anchor=anchor,
        basis_text=basis_text,
        legend=LEGEND,
        exclusions=EXCLUSIONS,
        hazards=HAZARDS,
        notice=SIMULATED_NOTICE,
        sign_of=sign_of,
        shown_unit=shown_unit,
        step_value=step_value_text,
        step_limits=step_limits_text,
    )


def _page(record: RunRecord, figures: Sequence[Drawn], load_waveform: LoadWaveform) -> _Page:
    views = requirement_views(record, figures)
    sheet = output_sheet(record)
    conditional = {Verdict.CONDITIONAL_PASS.value, Verdict.CONDITIONAL_FAIL.value}
    return _Page(
        record=record,
        title=report_title(record),
        sign=sign_of(record.verdict),
        statement=statement(record),
        counts=_counts(record),
        worst=worst_margins(record),
        conditional=[measurement_view(r) for r in record.measurements if r.verdict in conditional],
        groups=_groups(views),
        requirements=views,
        untested=[view for view in views if view.record.verdict == Verdict.NOT_TESTED],
        rules=_rules(record),
        budgets=_budgets(record),
        captures=capture_views(record),
        retries=[measurement_view(row) for row in record.measurements if row.attempt > 1],
        orphan_tests=[test for test in record.tests if not test.requirements],
        sheet=sheet,
        tracings=draw_tracings(record, sheet.tracings, load_waveform),
        figure_count=len(figures),
        wall_s=sum(record.timing_s.values()),
    )


def _counts(record: RunRecord) -> tuple[tuple[Sign, int, int], ...]:
    requirements = Counter(requirement.verdict for requirement in record.requirements)
    return tuple(
        (sign, record.counts.get(sign.word, 0), requirements[sign.word]) for sign in LEGEND
    )


def _groups(views: Sequence[RequirementView]) -> list[tuple[str, list[RequirementView]]]:
    """Return the requirements by group, in the order in which the groups first appear."""
    groups: dict[str, list[RequirementView]] = {}
    for view in views:
        groups.setdefault(view.record.group, []).append(view)
    return list(groups.items())


def _rules(record: RunRecord) -> list[_RuleUse]:
    """Return the decision rules that were applied, each with the requirements it was applied to."""
    used: dict[str, list[str]] = {}
    for row in record.measurements:
        for requirement in row.requirements:
            if requirement not in used.setdefault(row.rule, []):
                used[row.rule].append(requirement)
    return [
        _RuleUse(text=text, requirements=tuple(sorted(used[text.rule])))
        for text in rule_texts(used)
    ]


def _budgets(record: RunRecord) -> list[_BudgetView]:
    """Return the budget of each requirement's worst row, in the requirements' order; the others stay in the journal."""
    known = {budget.id: budget for budget in record.budgets}
    rows = rows_by_requirement(record)
    wanted: dict[str, list[str]] = {}
    for requirement in record.requirements:
        worst = worst_of([row for row in rows.get(requirement.id, ()) if row.budget in known])
        if worst is not None:
            wanted.setdefault(worst.budget, []).append(requirement.id)
    return [_budget_view(known[name], requirements) for name, requirements in wanted.items()]


def _budget_view(budget: BudgetRecord, requirements: Sequence[str]) -> _BudgetView:
    size = max(abs(budget.value), budget.expanded_uncertainty)
    factor, unit = engineering(size, budget.unit, always=True)
    total = sum(line.standard_uncertainty**2 for line in budget.lines)
    return _BudgetView(
        record=budget,
        requirements=", ".join(requirements),
        measured=value_with_uncertainty(
            budget.value * factor, budget.expanded_uncertainty * factor, unit
        ),
        unit=unit,
        combined=_two_digits(budget.standard_uncertainty * factor),
        lines=tuple(
            (
                line,
                _two_digits(line.standard_uncertainty * factor),
                f"{100 * line.standard_uncertainty**2 / total:.0f} %" if total > 0 else "–",
            )
            for line in sorted(budget.lines, key=lambda line: -line.standard_uncertainty)
        ),
    )


def _two_digits(number: float) -> str:
    return plain(float(f"{number:.2g}"))
