"""Which clauses applied, were tested, failed or were changed: the four lists of a test summary."""

from __future__ import annotations

from dataclasses import dataclass

from bench.decision import Verdict
from bench.record.schema import RunRecord
from reports.completeness.finding import Finding, all_of

__all__ = ["Coverage", "coverage_items", "coverage_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Requirements by id. Lists after FDA ASCA, appendix B."""

    applicable: tuple[str, ...]
    not_applicable: tuple[str, ...]
    tested: tuple[str, ...]
    failed: tuple[str, ...]
    modified: tuple[str, ...]
    """Changed against the catalogue, by the user's file."""

    @property
    def untested(self) -> tuple[str, ...]:
        """Applicable, and without a result."""
        return tuple(name for name in self.applicable if name not in self.tested)


def coverage_of(record: RunRecord) -> Coverage:
    """Return the four lists of ``record``, and what did not apply."""
    rows = record.requirements
    return Coverage(
        applicable=tuple(r.id for r in rows if r.verdict != Verdict.NOT_APPLICABLE),
        not_applicable=tuple(r.id for r in rows if r.verdict == Verdict.NOT_APPLICABLE),
        tested=tuple(
            r.id for r in rows if r.verdict not in (Verdict.NOT_APPLICABLE, Verdict.NOT_TESTED)
        ),
        failed=tuple(
            r.id for r in rows if r.verdict in (Verdict.FAIL, Verdict.CONDITIONAL_FAIL)
        ),
        modified=tuple(r.id for r in rows if r.changed),
    )  # fmt: skip


def coverage_items(record: RunRecord) -> tuple[Finding, ...]:
    """Return whether each list can be stated: a clause, and a reason where one is asked for."""
    lists = coverage_of(record)
    rows = {row.id: row for row in record.requirements}

    def mute(names: tuple[str, ...]) -> list[str]:
        return [name for name in names if not rows[name].reason]

    def nowhere(names: tuple[str, ...]) -> list[str]:
        return [name for name in names if not rows[name].clause]

    untested = [*mute(lists.untested), *mute(lists.not_applicable)]
    return (
        all_of("applicable", nowhere(lists.applicable), total=len(lists.applicable), what="name their clause"),
        all_of("tested", untested, total=len(rows), what="tested, or say why not"),
        all_of("failed", mute(lists.failed), total=len(lists.failed), what="say what failed"),
        all_of("modified", nowhere(lists.modified), total=len(lists.modified), what="name file and reason"),
    )  # fmt: skip
