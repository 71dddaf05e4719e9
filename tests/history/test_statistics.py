"""Capability, charts, their rules and gauge studies: worked by hand, by words and by chance."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from bench.history import (
    capability,
    gauge_anova,
    individuals,
    nelson,
    type_one,
    western_electric,
)
from tests.history.published import AIAG


def test_a_real_interaction_is_not_pooled():
    data = AIAG.copy()
    data[0, ::2] += 2.0
    study = gauge_anova(data)

    assert study.method.endswith("with interaction")
    assert study.reproducibility > gauge_anova(AIAG).reproducibility


def with_moments(mean, sigma, count=50):
    drawn = np.random.default_rng(5).normal(size=count)
    return mean + sigma * (drawn - drawn.mean()) / drawn.std(ddof=1)


def test_the_overall_indices_are_nists():
    """e-Handbook 6.1.6: USL 20, LSL 8, mean 16, s 2 gives 1.0 and 0.6667."""
    found = capability(with_moments(16.0, 2.0), low=8.0, high=20.0)

    assert found.pp.value == pytest.approx(1.0)
    assert found.ppk.value == pytest.approx(2 / 3)


def test_confidence_limits_of_an_index():
    """n = 50, Ppk 0.6667 ± 1.96 sqrt(1 / 450 + 0.4444 / 98); Pp x sqrt(chi2(0.025; 49) / 49) = 0.80 and x sqrt(chi2(0.975; 49) / 49) = 1.20."""
    found = capability(with_moments(16.0, 2.0), low=8.0, high=20.0)

    assert (found.pp.low, found.pp.high) == pytest.approx((0.8025, 1.1971), abs=1e-3)
    assert (found.ppk.low, found.ppk.high) == pytest.approx((0.5056, 0.8278), abs=1e-3)


def test_one_limit_has_no_spread_index():
    found = capability(with_moments(1.0, 0.1), low=None, high=1.6)

    assert found.pp.value is None
    assert found.ppk.value == pytest.approx(2.0)


def test_what_the_bench_adds_is_taken_out():
    found = capability(with_moments(0.0, 5.0), low=-12.0, high=12.0, u_repeat=3.0)

    assert found.ppk_of_units.value == pytest.approx(1.0)


def test_limits_of_individuals():
    chart = individuals(np.array([10.0, 12.0, 11.0, 13.0, 9.0]))

    assert chart.range_centre == pytest.approx(2.25)
    assert (chart.low, chart.high) == pytest.approx((11 - 2.66 * 2.25, 11 + 2.66 * 2.25), rel=1e-3)
    assert chart.range_high == pytest.approx(3.267 * 2.25, rel=1e-3)


@pytest.mark.parametrize(
    ("rule", "points"),
    [
        (1, [3.4]),
        (2, [0.1] * 9),
        (3, [-0.9, -0.5, -0.2, 0.1, 0.4, 0.8]),
        (4, [0.9, -0.9] * 7),
        (5, [2.3, 0.0, 2.3]),
        (6, [1.4, 1.4, 0.0, 1.4, 1.4]),
        (7, [0.2, 0.1, -0.1] * 5),
        (8, [1.5, -1.5, -1.6, 1.4, 1.5, -1.5, 1.6, -1.4]),
    ],
)
def test_each_rule_of_nelson_is_broken_by_its_pattern_and_not_by_less(rule, points):
    chart = chart_of(points)

    assert [signal.points[-1] for signal in nelson(chart, (rule,))] == [len(points) - 1]
    if rule != 1:
        assert () == nelson(chart_of(points[1:]), (rule,))


def chart_of(points):
    """Return a chart with centre 0 and sigma 1 whatever the points."""
    base = individuals(np.array([0.0, 1.0]))
    return type(base)(
        points=np.array(points), centre=0.0, sigma=1.0, low=-3.0, high=3.0, ranges=base.ranges,
        range_centre=1.0, range_low=0.0, range_high=3.0,
    )  # fmt: skip


def test_western_electrics_fourth_rule_takes_eight():
    assert [signal.rule for signal in western_electric(chart_of([0.1] * 8))] == [4]
    assert () == western_electric(chart_of([0.1] * 7))


def of_one_side(window, limit, least):
    return any(
        sum(side * z > limit for z in window) >= least and side * window[-1] > limit
        for side in (1, -1)
    )


def turns(window):
    steps = [b > a for a, b in itertools.pairwise(window)]
    return all(one != two for one, two in itertools.pairwise(steps))


WINDOWS = {
    1: (1, lambda w: abs(w[0]) > 3),
    2: (9, lambda w: of_one_side(w, 0.0, 9)),
    3: (6, lambda w: w == sorted(w) or w == sorted(w, reverse=True)),
    4: (14, turns),
    5: (3, lambda w: of_one_side(w, 2.0, 2)),
    6: (5, lambda w: of_one_side(w, 1.0, 4)),
    7: (15, lambda w: all(abs(z) < 1 for z in w)),
    8: (8, lambda w: all(abs(z) > 1 for z in w)),
}
"""Each rule in plain words: how many points it looks at, and what they must be."""


@pytest.mark.parametrize("rule", range(1, 9))
def test_each_rule_finds_what_its_words_say_in_random_points(rule):
    length, holds = WINDOWS[rule]
    drawn = np.random.default_rng(3).normal(size=20_000).tolist()
    expected = [k for k in range(length - 1, len(drawn)) if holds(drawn[k - length + 1 : k + 1])]

    found = [k for signal in nelson(chart_of(drawn), (rule,)) for k in signal.points]

    assert found == expected
    assert expected or rule == 8  # 0.3 in 20,000 are to be expected of eight points beyond 1 sigma


@pytest.mark.parametrize(("rule", "chance"), [(1, 2.6998e-3), (2, 2 / 2**9)])
def test_points_at_random_break_a_rule_as_rarely_as_it_promises(rule, chance):
    """Two tails beyond 3 sigma; nine of nine on either side."""
    chart = chart_of(np.random.default_rng(3).normal(size=200_000))
    found = sum(len(signal.points) for signal in nelson(chart, (rule,)))

    assert found == pytest.approx(200_000 * chance, rel=0.1)


def test_the_limits_of_cp_hold_the_true_value_as_often_as_they_say():
    """Cp is by moving ranges, which know less than n - 1 values: 2,000 processes of 30 units."""
    drawn = np.random.default_rng(4).normal(0.0, 1.0, (2000, 30))
    made = [capability(values, low=-4.0, high=4.0) for values in drawn]

    for name in ("cp", "pp"):
        inside = np.mean([getattr(m, name).low <= 4 / 3 <= getattr(m, name).high for m in made])
        assert inside == pytest.approx(0.95, abs=0.02)


def test_a_type_one_study():
    values = with_moments(10.1, 0.1)
    found = type_one(values, reference=10.0, low=7.0, high=13.0)

    assert (found.cg, found.cgk) == pytest.approx((2.0, 1.6667), rel=1e-3)
    assert found.bias_p < 1e-6
