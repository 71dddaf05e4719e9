"""What every row of a record must carry: specification, rule, uncertainty, settings, attempts."""

from __future__ import annotations

from collections import defaultdict

from bench.decision import Verdict
from bench.record.schema import MeasurementRecord, RunRecord
from reports.completeness.finding import Finding, all_of, present

__all__ = ["attempt_items", "condition_items", "conformity_items", "uncertainty_items"]

_NO_STATEMENT = (Verdict.RECORDED, Verdict.NOT_APPLICABLE, Verdict.NOT_TESTED)
"""Verdicts that state no conformity."""


def conformity_items(record: RunRecord) -> tuple[Finding, ...]:
    """Return the three items of ISO/IEC 17025:2017, 7.8.6.2, over every row that states something."""
    demands = {row.id: row for row in record.requirements}
    stating = [row for row in record.measurements if row.verdict not in _NO_STATEMENT]

    def lacking_specification(row: MeasurementRecord) -> bool:
        known = [demands[name] for name in row.requirements if name in demands]
        bounded = row.low is not None or row.high is not None
        return not known or not (bounded or all(demand.limit_text for demand in known))

    def lacking_rule(row: MeasurementRecord) -> bool:
        known = [demands[name] for name in row.requirements if name in demands]
        return not row.rule and not any(demand.rule for demand in known)

    total = len(stating)
    return (
        all_of("results", [r.id for r in stating if not r.quantity], total=total, what="statements name their result"),
        all_of("specification", [r.id for r in stating if lacking_specification(r)], total=total, what="statements name their specification"),
        all_of("decision rule", [r.id for r in stating if lacking_rule(r)], total=total, what="statements name their rule"),
    )  # fmt: skip


def uncertainty_items(record: RunRecord) -> tuple[Finding, ...]:
    """Return whether U and k stand beside every number that has limits; counts have none.

    An INCONCLUSIVE row may lack them where it says why: nothing is stated on such a number.
    """
    numeric = [row for row in record.measurements if row.value is not None]
    bounded = [row for row in numeric if row.low is not None or row.high is not None]
    measured = [row for row in bounded if not row.exact]
    lacking = [
        row.id
        for row in measured
        if (row.expanded_uncertainty is None or row.coverage_factor is None)
        and not (row.verdict == Verdict.INCONCLUSIVE and row.reason)
    ]
    found = all_of("U and k", lacking, total=len(measured), what="measured values with limits")
    counts = f"{len(bounded) - len(measured)} counts and comparisons without uncertainty"
    return (found, present("exact values", counts))


def attempt_items(record: RunRecord) -> tuple[Finding, ...]:
    """Return whether every attempt before the last one of a row is still in the record."""
    attempts: dict[str, list[int]] = defaultdict(list)
    for row in record.measurements:
        attempts[row.id].append(row.attempt)
    broken = [name for name, got in attempts.items() if sorted(got) != list(range(1, len(got) + 1))]
    repeated = sum(len(got) - 1 for got in attempts.values())
    return (
        all_of("attempts", broken, total=len(attempts), what="rows have all their attempts"),
        present("superseded attempts", f"{repeated} listed"),
        present("deviations", f"{len(record.deviations)} listed"),
    )


def condition_items(record: RunRecord) -> tuple[Finding, ...]:
    """Return whether each measured value states unit and settings, and the record the surroundings.

    The settings of a row are its conditions, or those of the acquisitions that it names.
    """
    measured = [row for row in record.measurements if row.value is not None and not row.exact]
    known = {
        waveform.sha256: capture.conditions
        for capture in record.captures
        for waveform in capture.waveforms
    }

    def lacking(row: MeasurementRecord) -> bool:
        return not row.conditions and not any(known.get(name) for name in row.waveforms)

    return (
        *(
            present(name, record.environment.get(name, ""), remedy=f"{name} under [environment] of the station file")
            for name in ("temperature", "humidity", "supply")
        ),
        all_of("settings", [r.id for r in measured if lacking(r)], total=len(measured), what="measured values state level, load or state"),
        all_of("units", [r.id for r in measured if not r.unit], total=len(measured), what="measured values state their unit"),
    )  # fmt: skip
