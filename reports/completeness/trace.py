"""The matrix from hazard and requirement to test and result, and back: what hangs loose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bench.decision import Verdict
from bench.record.schema import RequirementRecord, RunRecord
from reports.completeness.finding import Finding, all_of

__all__ = ["Orphans", "orphans", "trace_items"]

_RISK_CONTROLS = ("fault", "leakage")
"""Groups whose limits are risk controls: each must name the hazard that it controls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Orphans:
    """What lacks its partner, by name."""

    requirements: tuple[str, ...]
    """Without a test, and not excused as not applicable."""
    controls: tuple[str, ...]
    """Risk controls that name no hazard."""
    tests: tuple[str, ...]
    """Planned or run, without a requirement of the record."""
    results: tuple[str, ...]
    """Measurements without a known requirement or of a test that was not planned."""


def orphans(record: RunRecord) -> Orphans:
    """Return the orphans of ``record`` in both directions."""
    known = {row.id for row in record.requirements}
    demanded = _demanded(record)
    tested = {name for ids in demanded.values() for name in ids}
    return Orphans(
        requirements=tuple(
            row.id for row in record.requirements if row.id not in tested and not _excused(row)
        ),
        controls=tuple(
            row.id for row in record.requirements if _is_control(row) and not row.hazards
        ),
        tests=tuple(node for node, ids in demanded.items() if not known & set(ids)),
        results=tuple(
            row.id
            for row in record.measurements
            if not known & set(row.requirements) or row.test not in demanded
        ),
    )


def _is_control(row: RequirementRecord) -> bool:
    return row.group in _RISK_CONTROLS and row.kind == "limit"


def _demanded(record: RunRecord) -> Mapping[str, tuple[str, ...]]:
    """Return the planned tests; records before the plan was kept have those that ran."""
    return record.planned or {test.node_id: test.requirements for test in record.tests}


def _excused(row: RequirementRecord) -> bool:
    return row.verdict == Verdict.NOT_APPLICABLE and bool(row.reason)


def trace_items(record: RunRecord) -> tuple[Finding, ...]:
    """Return the orphans in both directions; untested requirements must be visible as such."""
    found = orphans(record)
    controls = sum(_is_control(row) for row in record.requirements)
    return (
        all_of("requirement to test", found.requirements, total=len(record.requirements), what="requirements have a test or are excused by name"),
        all_of("hazard to risk control", found.controls, total=controls, what="risk controls name their hazard"),
        all_of("test to requirement", found.tests, total=len(_demanded(record)), what="tests have a requirement"),
        all_of("result to requirement", found.results, total=len(record.measurements), what="results have a requirement and a planned test"),
    )  # fmt: skip
