"""From measurements to requirements to the run: the worst counts, and a bad bench decides nothing."""

from __future__ import annotations

import pytest

from bench.judge import Verdict, requirement_verdict, run_verdict

V = Verdict


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([], V.NOT_TESTED),
        ([V.PASS, V.PASS], V.PASS),
        ([V.PASS, V.CONDITIONAL_PASS], V.CONDITIONAL_PASS),
        ([V.PASS, V.NOT_TESTED], V.NOT_TESTED),
        ([V.PASS, V.INCONCLUSIVE], V.INCONCLUSIVE),
        ([V.ERROR, V.PASS], V.ERROR),
        ([V.ERROR, V.FAIL], V.FAIL),
        ([V.CONDITIONAL_FAIL, V.ERROR], V.CONDITIONAL_FAIL),
        ([V.RECORDED], V.RECORDED),
    ],
)
def test_a_requirement_has_the_worst_of_its_verdicts(found, expected):
    assert expected == requirement_verdict(found)


@pytest.mark.parametrize(
    ("required", "expected"),
    [
        ([V.PASS, V.CONDITIONAL_PASS, V.NOT_APPLICABLE], V.PASS),
        ([V.PASS, V.FAIL, V.ERROR], V.FAIL),
        ([V.PASS, V.CONDITIONAL_FAIL], V.FAIL),
        ([V.PASS, V.ERROR, V.INCONCLUSIVE], V.ERROR),
        ([V.PASS, V.INCONCLUSIVE], V.INCOMPLETE),
        ([V.PASS, V.NOT_TESTED], V.INCOMPLETE),
        ([], V.INCOMPLETE),
    ],
)
def test_a_run_has_the_verdict_of_its_required_requirements(required, expected):
    assert expected == run_verdict(required, bench_failed=False, completed=True)


def test_a_failed_bench_hides_every_other_verdict():
    assert run_verdict([V.FAIL, V.PASS], bench_failed=True, completed=True) is V.ERROR


def test_an_interrupted_run_is_incomplete_but_keeps_its_fail():
    assert run_verdict([V.PASS], bench_failed=False, completed=False) is V.INCOMPLETE
    assert run_verdict([V.FAIL], bench_failed=False, completed=False) is V.FAIL
