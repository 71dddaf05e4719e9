"""The table of decision rules, and published probabilities of conformity."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.judge import Basis, Limit, Rule, Verdict, decidable, judge, probability_of_conformity

PASS, FAIL = Verdict.PASS, Verdict.FAIL
COND_PASS, COND_FAIL = Verdict.CONDITIONAL_PASS, Verdict.CONDITIONAL_FAIL


def limit(low=None, high=None, rule=Rule.SIMPLE, unit="µA"):
    return Limit(
        quantity="amplitude", basis=Basis.DECLARED, low=low, high=high, unit=unit, rule=rule
    )


TABLE = [
    # rule, in the acceptance interval, inside within w, outside within w, beyond
    (Rule.SIMPLE, PASS, PASS, FAIL, FAIL),
    (Rule.IEC_GUIDE_115, PASS, PASS, FAIL, FAIL),
    (Rule.GUARDED_U, PASS, FAIL, FAIL, FAIL),
    (Rule.GUARDED_95, PASS, FAIL, FAIL, FAIL),
    (Rule.ILAC_NONBINARY, PASS, COND_PASS, COND_FAIL, FAIL),
]


@pytest.mark.parametrize(("rule", "inside", "near", "over", "beyond"), TABLE)
def test_table_holds_at_both_limits(rule, inside, near, over, beyond):
    two_sided = limit(low=90.0, high=110.0, rule=rule)
    for side in (+1, -1):
        for distance, expected in ((0.0, inside), (9.5, near), (10.5, over), (15.0, beyond)):
            found = judge(100.0 + side * distance, limit=two_sided, expanded_uncertainty=2.0)
            assert expected == found.verdict, (side, distance)


@pytest.mark.parametrize(("rule", "inside", "near", "over", "beyond"), TABLE)
def test_table_holds_for_one_sided_limits(rule, inside, near, over, beyond):
    for distance, expected in ((-5.0, inside), (-0.5, near), (0.5, over), (5.0, beyond)):
        upper = judge(100 + distance, limit=limit(high=100.0, rule=rule), standard_uncertainty=1.0)
        lower = judge(100 - distance, limit=limit(low=100.0, rule=rule), standard_uncertainty=1.0)
        assert (expected, expected) == (upper.verdict, lower.verdict)


def test_value_on_the_limit_is_inside_and_on_the_acceptance_limit_accepted():
    assert PASS == judge(110.0, limit=limit(90.0, 110.0), expanded_uncertainty=5.0).verdict
    guarded = limit(90.0, 110.0, rule=Rule.GUARDED_U)
    assert PASS == judge(105.0, limit=guarded, expanded_uncertainty=5.0).verdict


def test_acceptance_limits_and_guard_band_are_told():
    found = judge(100.0, limit=limit(90.0, 110.0, rule=Rule.GUARDED_95), expanded_uncertainty=2.0)
    assert pytest.approx(1.6449) == found.guard_band
    assert pytest.approx((91.6449, 108.3551)) == (found.acceptance_low, found.acceptance_high)
    assert (100.0, pytest.approx(83.551)) == (found.margin_pct, found.guarded_margin_pct)


def test_margin_is_relative_to_limit_or_half_width():
    assert "0" == f"{judge(100.0, limit=limit(low=100.0)).margin_pct:.0f}"
    assert 25.0 == judge(75.0, limit=limit(high=100.0)).margin_pct
    assert pytest.approx(-20.0) == judge(120.0, limit=limit(high=100.0)).margin_pct
    assert 50.0 == judge(150.0, limit=limit(low=100.0)).margin_pct
    assert pytest.approx(20.0) == judge(108.0, limit=limit(90.0, 110.0)).margin_pct
    assert judge(-1.0, limit=limit(high=0.0)).margin_pct is None


@pytest.mark.parametrize("rule", [Rule.GUARDED_U, Rule.GUARDED_95, Rule.ILAC_NONBINARY])
def test_empty_acceptance_interval_is_inconclusive(rule):
    found = judge(100.0, limit=limit(99.0, 101.0, rule=rule), expanded_uncertainty=3.0)
    assert Verdict.INCONCLUSIVE == found.verdict
    assert "no acceptance interval" in found.reason


def test_value_beyond_all_doubt_fails_even_where_nothing_could_pass():
    narrow = limit(99.0, 101.0, rule=Rule.GUARDED_U)
    assert FAIL == judge(150.0, limit=narrow, expanded_uncertainty=3.0).verdict


@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("rule", list(Rule))
def test_missing_value_never_passes(value, rule):
    wide = limit(-1e9, 1e9, rule=rule)
    assert Verdict.INCONCLUSIVE == judge(value, limit=wide, expanded_uncertainty=1.0).verdict
    owed = judge(value, limit=wide, expanded_uncertainty=1.0, absent=FAIL)
    assert FAIL == owed.verdict
    with pytest.raises(ValueError, match="cannot be PASS"):
        judge(value, limit=wide, absent=PASS)


@pytest.mark.parametrize("rule", [Rule.GUARDED_U, Rule.GUARDED_95, Rule.ILAC_NONBINARY])
@pytest.mark.parametrize("uncertainty", [None, math.nan, math.inf])
def test_guarded_rule_without_uncertainty_never_passes(rule, uncertainty):
    found = judge(100.0, limit=limit(0.0, 200.0, rule=rule), expanded_uncertainty=uncertainty)
    assert Verdict.INCONCLUSIVE == found.verdict


def test_no_limit_is_recorded():
    assert Verdict.RECORDED == judge(1.0, limit=limit(), expanded_uncertainty=0.1).verdict


def test_negative_uncertainty_is_a_mistake():
    with pytest.raises(ValueError, match="cannot be negative"):
        judge(1.0, limit=limit(high=2.0), expanded_uncertainty=-0.1)


def test_decidable_names_the_uncertainty_that_would_do():
    tight = limit(90.0, 110.0, rule=Rule.GUARDED_U)
    assert decidable(tight, 9.9) is None
    text = decidable(tight, 12.0)
    assert text is not None
    assert "U below 10 µA is needed" in text
    assert decidable(limit(90.0, 110.0), 500.0) is None  # simple acceptance has no guard band


def test_upper_limit_on_a_magnitude_is_undecidable_above_it():
    one = limit(high=1.0, rule=Rule.GUARDED_U)
    assert decidable(one, 2.0) is None
    text = decidable(one, 2.0, natural_low=0.0)
    assert text is not None
    assert "U below 1 µA" in text


@pytest.mark.parametrize(
    ("low", "high", "value", "u", "published"),
    [
        (12.5, 16.3, 13.6, 1.8, 0.66),  # JCGM 106 two-sided example on viscosity
        (5.40, 5.60, 5.47, 0.05, 0.92),  # the same section's second interval, to two figures
    ],
)
def test_published_probabilities_of_conformity(low, high, value, u, published):
    found = probability_of_conformity(value, u, limit(low, high))
    assert published == pytest.approx(found, abs=0.0055)


def test_specific_risk_at_the_acceptance_limit():
    # ILAC-G8: w = U accepts at most 2.275 % nonconforming at k = 2, w = 1.645 u 5 %.
    for rule, risk in ((Rule.GUARDED_U, 0.02275), (Rule.GUARDED_95, 0.05)):
        found = judge(100.0, limit=limit(high=100.0, rule=rule), standard_uncertainty=1.0)
        at_limit = judge(
            found.acceptance_high, limit=limit(high=100.0, rule=rule), standard_uncertainty=1.0
        )
        assert (PASS, pytest.approx(1.0 - risk, abs=2e-5)) == (at_limit.verdict, at_limit.p_conform)


def test_count_without_uncertainty_is_decided_for_certain():
    none_missing = limit(high=0.0, rule=Rule.GUARDED_U)
    assert (PASS, 1.0) == _verdict_and_p(judge(0.0, limit=none_missing, standard_uncertainty=0.0))
    assert (FAIL, 0.0) == _verdict_and_p(judge(1.0, limit=none_missing, standard_uncertainty=0.0))


def _verdict_and_p(found):
    return found.verdict, found.p_conform


finite = st.floats(-1e6, 1e6)


@given(value=finite, low=finite, width=st.floats(0.0, 1e6), u=st.floats(0.0, 1e5))
def test_guarded_rule_never_passes_what_simple_acceptance_fails(value, low, width, u):
    for rule in (Rule.GUARDED_U, Rule.GUARDED_95, Rule.ILAC_NONBINARY):
        guarded = judge(value, limit=limit(low, low + width, rule=rule), standard_uncertainty=u)
        if guarded.verdict in (PASS, COND_PASS):
            assert PASS == judge(value, limit=limit(low, low + width)).verdict


@given(value=finite, limit_at=finite, u=st.floats(1e-3, 1e5))
def test_verdict_does_not_depend_on_sign_convention(value, limit_at, u):
    for rule in Rule:
        upper = judge(value, limit=limit(high=limit_at, rule=rule), standard_uncertainty=u)
        lower = judge(-value, limit=limit(low=-limit_at, rule=rule), standard_uncertainty=u)
        assert (upper.verdict, upper.margin_pct) == (lower.verdict, lower.margin_pct)
