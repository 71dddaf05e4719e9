"""A row of ``check``: SI into the limit's unit, and no uncertainty is never taken for zero."""

from __future__ import annotations

import pytest

from bench.decision import Basis, Limit, Rule
from bench.judge import evaluate, normal
from bench.plugin.check import Check, CheckContext, _judged, _of_the_bench
from bench.profile import load_profile
from bench.requirements import load_catalogue
from bench.station.measured import Measured

LIMIT = Limit(
    quantity="shutdown", basis=Basis.DECLARED, low=None, high=100.0, unit="ms", rule=Rule.GUARDED_U
)


def budget(value, u):
    return evaluate("x", "s", [normal("x", u, value=value, source="")], lambda x: x)


def context(*, write_measurement=lambda _: None, write_budget=lambda _: None):
    return CheckContext(
        catalogue=load_catalogue(), profile=load_profile("ref-alt-400"),
        write_measurement=write_measurement, write_budget=write_budget, now=lambda: ("", 0.0),
        attempts={}, budgets={},
    )  # fmt: skip


def test_value_and_uncertainty_are_scaled_to_the_limit():
    row = _judged("FLT-017", Measured(value=0.05, unit="s", budget=budget(0.05, 1e-3)), LIMIT)

    assert (row.value, row.verdict) == (pytest.approx(50.0), "PASS")
    assert row.expanded_uncertainty == pytest.approx(2.0)


def test_a_missing_uncertainty_cannot_pass_a_guarded_rule():
    row = _judged("FLT-017", Measured(value=0.05, unit="s"), LIMIT)

    assert row.verdict == "INCONCLUSIVE"
    assert row.expanded_uncertainty is None


def test_what_is_exact_is_decided_without_an_uncertainty():
    assert _judged("FLT-017", Measured(value=0.05, unit="s", exact=True), LIMIT).verdict == "PASS"
    assert _judged("FLT-017", Measured(value=0.2, unit="s", exact=True), LIMIT).verdict == "FAIL"


def test_nothing_to_measure_is_the_devices_failure_unless_the_bench_could_not():
    gone = Measured(value=None, unit="s", reason="still on")
    blind = Measured(value=None, unit="s", reason="clipped", undecidable=True)

    assert ["FAIL", "INCONCLUSIVE"] == [_judged("FLT-017", m, LIMIT).verdict for m in (gone, blind)]


def test_a_limit_of_another_quantity_is_refused():
    with pytest.raises(ValueError, match="do not speak of the same quantity"):
        _judged("FLT-017", Measured(value=1.0, unit="A", exact=True), LIMIT)


@pytest.mark.parametrize(
    ("value_ms", "u_ms", "verdict"),
    [(50.0, 1.0, "PASS"), (99.0, 1.0, "INCONCLUSIVE"), (150.0, 1.0, "ERROR")],
)
def test_what_the_bench_itself_does_not_meet_is_never_a_devices_fail(value_ms, u_ms, verdict):
    measured = Measured(value=value_ms / 1e3, unit="s", budget=budget(value_ms / 1e3, u_ms / 1e3))
    row = _of_the_bench(_judged("LKG-008", measured, LIMIT))
    assert row.verdict == verdict
    assert ("bench itself" in row.reason) == (verdict != "PASS")


@pytest.mark.parametrize(
    ("least_s", "verdict", "value_ms"), [(0.5, "FAIL", 500.0), (0.05, "INCONCLUSIVE", None)]
)
def test_an_undecidable_value_fails_where_what_it_is_at_least_does(least_s, verdict, value_ms):
    written = []
    check = Check(context(write_measurement=written.append, write_budget=lambda _: None), test="t")
    measured = Measured(
        value=None, unit="s", reason="stands alone", undecidable=True,
        least=Measured(value=least_s, unit="s", budget=budget(least_s, 1e-3)),
    )  # fmt: skip
    check("FLT-017", "shutdown", measured)
    assert [row.verdict for row in written] == [verdict]
    assert [row.value for row in written] == [value_ms and pytest.approx(value_ms)]
    assert [bool(row.budget) for row in written] == [verdict == "FAIL"]
    assert "stands alone" in written[0].reason


@pytest.mark.parametrize(("requirement", "verdict"), [("REC-013", "ERROR"), ("REC-006", "FAIL")])
def test_a_fact_that_does_not_hold_is_the_benchs_where_it_is_demanded_of_the_bench(
    requirement, verdict
):
    check = Check(context(), test="t")
    check.fact(requirement, "item", holds=False, found="missing")
    assert [row.verdict for row in check.rows] == [verdict]
