"""Is the record complete? One finding for each item that the REC requirements ask for.

The same findings are judged by a closing test of the run and printed again with every report made
from it; see ``docs/decisions/0005-completeness-is-checked-twice.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from bench.record.schema import RunRecord
from reports.completeness.contents import (
    assurance_items,
    authorisation_items,
    software_test_items,
    test_report_items,
)
from reports.completeness.coverage import Coverage, coverage_items, coverage_of
from reports.completeness.finding import Finding, State
from reports.completeness.integrity import integrity_items
from reports.completeness.rows import (
    attempt_items,
    condition_items,
    conformity_items,
    uncertainty_items,
)
from reports.completeness.session import calibration_items, criteria_items
from reports.completeness.trace import orphans, trace_items

__all__ = [
    "CHECKS",
    "Coverage",
    "Finding",
    "State",
    "coverage_of",
    "findings",
    "integrity_items",
    "orphans",
]

CHECKS: Final[Mapping[str, Callable[[RunRecord], tuple[Finding, ...]]]] = MappingProxyType(
    {
        "REC-001": test_report_items,
        "REC-002": conformity_items,
        "REC-003": uncertainty_items,
        "REC-004": software_test_items,
        "REC-005": trace_items,
        "REC-007": calibration_items,
        "REC-009": authorisation_items,
        "REC-010": criteria_items,
        "REC-011": attempt_items,
        "REC-012": coverage_items,
        "REC-013": assurance_items,
        "REC-014": condition_items,
    }
)
"""The checks that need the record alone; REC-008 also needs the files beside it."""


def findings(record: RunRecord) -> tuple[tuple[str, Finding], ...]:
    """Return every finding on ``record`` with its requirement, in the order of their numbers."""
    return tuple(
        (requirement, finding) for requirement, check in CHECKS.items() for finding in check(record)
    )
