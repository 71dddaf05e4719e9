"""From measurements to a requirement's verdict, and from requirements to the run's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bench.decision import Verdict

__all__ = ["requirement_verdict", "run_verdict"]

_WORST_FIRST = (
    Verdict.FAIL,
    Verdict.CONDITIONAL_FAIL,
    Verdict.ERROR,
    Verdict.INCONCLUSIVE,
    Verdict.NOT_TESTED,
    Verdict.CONDITIONAL_PASS,
    Verdict.PASS,
    Verdict.RECORDED,
    Verdict.NOT_APPLICABLE,
)


def requirement_verdict(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the worst verdict; NOT TESTED where there is none.

    A FAIL stands whatever else happened; an ERROR of the bench hides a PASS, never a FAIL.
    """
    found = set(verdicts)
    return next((verdict for verdict in _WORST_FIRST if verdict in found), Verdict.NOT_TESTED)


def run_verdict(required: Sequence[Verdict], *, bench_failed: bool, completed: bool) -> Verdict:
    """Return the verdict of a run from those of the requirements that it must decide.

    ``bench_failed``: the closing reference or the safe state failed, so no number can be trusted.
    ``completed``: the run came to its end; an interrupted one decides nothing.
    """
    if bench_failed:
        return Verdict.ERROR
    if any(verdict in (Verdict.FAIL, Verdict.CONDITIONAL_FAIL) for verdict in required):
        return Verdict.FAIL
    if Verdict.ERROR in required:
        return Verdict.ERROR
    undecided = (Verdict.INCONCLUSIVE, Verdict.NOT_TESTED)
    if not required or not completed or any(verdict in undecided for verdict in required):
        return Verdict.INCOMPLETE
    return Verdict.PASS
