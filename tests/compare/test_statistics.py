"""The tests behind a comparison, against scipy's own and against worked answers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from bench.compare.statistics import holm, p_effect, p_equivalence, paired, single, welch

A = np.array([10.1, 9.8, 10.3, 10.0, 9.9, 10.4])
B = np.array([10.4, 10.0, 10.5, 10.1, 10.3, 10.6])


def tail(function, difference, limit):
    return float(
        function(
            np.array([difference.estimate]),
            np.array([difference.standard_error]),
            np.array([difference.degrees_of_freedom]),
            np.array([limit]),
        )[0]
    )


def test_with_no_smallest_effect_the_paired_test_is_the_t_test():
    expected = stats.ttest_rel(B, A)

    assert tail(p_effect, paired(A, B, u_bench=0.0), 0.0) == pytest.approx(expected.pvalue)


def test_with_no_smallest_effect_two_samples_are_welchs_test():
    longer = np.append(B, [11.5, 9.0])
    expected = stats.ttest_ind(longer, A, equal_var=False)
    found = welch(A, longer, u_bench=0.0)

    assert tail(p_effect, found, 0.0) == pytest.approx(expected.pvalue)
    assert found.degrees_of_freedom == pytest.approx(expected.df)


@pytest.mark.parametrize(("smallest", "true"), [(0.0, 0.0), (0.05, -0.05), (0.3, 0.3), (0.3, 0.0)])
def test_a_difference_of_no_more_than_the_smallest_is_called_more_at_the_stated_rate(
    smallest, true
):
    """The claim of the test is its rate of false findings; 20,000 experiments of eight units."""
    drawn = np.random.default_rng(11).normal(true, 1.0, (20_000, 8))
    error = drawn.std(axis=1, ddof=1) / np.sqrt(8)
    full = np.ones(len(drawn))
    p = p_effect(drawn.mean(axis=1), error, 7 * full, smallest * full)

    assert np.mean(p < 0.05) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / len(drawn))


@pytest.mark.parametrize("margin", [0.3, 0.5, 0.2])
def test_equivalence_is_the_larger_of_two_one_sided_tests(margin):
    d = B - A
    upper = stats.ttest_1samp(d, margin, alternative="less").pvalue
    lower = stats.ttest_1samp(d, -margin, alternative="greater").pvalue

    assert tail(p_equivalence, paired(A, B, u_bench=0.0), margin) == pytest.approx(
        max(upper, lower)
    )


def test_holm_steps_down():
    """0.01 x 4, 0.02 x 3, 0.03 x 2 and 0.04 made monotonous; the formula's own example by hand."""
    assert holm(np.array([0.02, 0.01, 0.04, 0.03])) == pytest.approx([0.06, 0.04, 0.06, 0.06])


def test_holm_never_exceeds_one():
    assert holm(np.array([0.9, 0.8])).tolist() == [1.0, 1.0]


def test_what_the_bench_does_not_know_is_not_averaged_away():
    many = np.tile(A, 1000)

    assert paired(many, many + 0.1, u_bench=0.05).standard_error == pytest.approx(0.05)


def test_one_run_each_is_compared_by_its_budgets():
    found = single(10.0, 10.5, u_a=0.3, u_b=0.4)

    assert (found.estimate, found.standard_error) == pytest.approx((0.5, 0.5))
    assert found.expanded_uncertainty == pytest.approx(0.98, rel=1e-3)


def test_without_any_spread_the_answer_is_certain():
    same = paired(np.ones(3), np.ones(3), u_bench=0.0)
    moved = paired(np.ones(3), np.ones(3) + 0.5, u_bench=0.0)

    assert (tail(p_effect, same, 0.1), tail(p_equivalence, same, 0.1)) == (1.0, 0.0)
    assert (tail(p_effect, moved, 0.1), tail(p_equivalence, moved, 0.1)) == (0.0, 1.0)
