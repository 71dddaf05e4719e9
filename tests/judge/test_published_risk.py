"""Conformity and risk against published figures: JCGM 106, RP-19, Deaver, ILAC-G8.

Global risks are integrals of a process over our own probability of conformity: a measured value x of
an item y is accepted with the probability that x lies inside the acceptance limits. The integration
and the distributions are scipy's.
"""

import pytest
from scipy import integrate, stats

from bench.judge import Basis, Limit, Rule, judge, probability_of_conformity


def within(low, high, rule=Rule.SIMPLE):
    return Limit(quantity="x", basis=Basis.DECLARED, low=low, high=high, unit="1", rule=rule)


def accepted(item, u, low, high):
    return probability_of_conformity(item, u, within(low, high))


def false_accept(half, *, process, test, accept=None):
    """Probability that an item is out of tolerance and accepted, both symmetric."""
    accept = accept or half
    density = stats.norm(0.0, process).pdf
    return (
        2
        * integrate.quad(
            lambda item: density(item) * accepted(item, test, -accept, accept),
            half,
            half + 12 * process,
        )[0]
    )


def false_reject(half, *, process, test, accept=None):
    accept = accept or half
    density = stats.norm(0.0, process).pdf
    return integrate.quad(
        lambda item: density(item) * (1 - accepted(item, test, -accept, accept)),
        -half, half, points=[-accept, accept], limit=200,
    )[0]  # fmt: skip


def test_ball_bearings_of_jcgm_106():
    # 9.5.4: gamma prior, 4.2 % nonconforming; consumer's risk 0.1 % at an acceptance limit of 1.67.
    prior = stats.gamma(4, scale=0.25)

    def consumer(limit):
        return integrate.quad(
            lambda item: prior.pdf(item) * accepted(item, 0.25, None, limit), 2.0, 10.0
        )[0]

    assert 0.042 == pytest.approx(1 - prior.cdf(2.0), abs=0.0005)
    assert 0.0080191 == pytest.approx(consumer(2.0), rel=1e-4)
    assert 0.001 == pytest.approx(consumer(1.67183), rel=1e-4)


RP_19 = [
    # in tolerance, false accepts in %, the same among the accepted; test uncertainty ratio 4
    (0.60, 4.83860326, 8.26008199),
    (0.70, 3.92234109, 5.72322042),
    (0.80, 2.85583037, 3.63227145),
    (0.90, 1.59995312, 1.79880430),
    (0.95, 0.87100925, 0.92389664),
    (0.99, 0.19991684, 0.20243866),
]


@pytest.mark.parametrize(("in_tolerance", "accepts_pct", "conditional_pct"), RP_19)
def test_tables_of_rp_19(in_tolerance, accepts_pct, conditional_pct):
    half = stats.norm.ppf((1 + in_tolerance) / 2)
    wrong = false_accept(half, process=1.0, test=0.25)
    accepts = in_tolerance - false_reject(half, process=1.0, test=0.25) + wrong
    assert accepts_pct == pytest.approx(100 * wrong, rel=2e-6)
    assert conditional_pct == pytest.approx(100 * wrong / accepts, rel=2e-6)


@pytest.mark.parametrize(
    ("sigmas", "ratio", "guard", "accepts", "rejects"),
    [
        (2.0, 4.0, 1.0, 0.008, 0.015),
        (2.5, 1.0, 1.0, 0.005, None),
        (2.0, 2.0, 0.91, 0.008, 0.066),
    ],
)
def test_false_accepts_and_rejects_of_deaver(sigmas, ratio, guard, accepts, rejects):
    test = sigmas / (2 * ratio)
    found = false_accept(sigmas, process=1.0, test=test, accept=guard * sigmas)
    assert accepts == pytest.approx(found, abs=0.0005)
    if rejects is not None:
        wrong = false_reject(sigmas, process=1.0, test=test, accept=guard * sigmas)
        assert rejects == pytest.approx(wrong, abs=0.0005)


def test_deavers_fourth_figure_agrees_to_one_digit_only():
    # Published 0.0025 for 2.5 sigma and a ratio of 4; the integral is 0.0028.
    assert 0.0025 == pytest.approx(false_accept(2.5, process=1.0, test=2.5 / 8), abs=0.0005)


@pytest.mark.parametrize("ratio", [2.0, 4.0, 10.0])
def test_guard_band_factors(ratio):
    # A guard of U leaves 1 - 1/TUR of the tolerance (the "test 95" factor); 1.645 u leaves more.
    expanded = 10.0 / ratio
    by_u = judge(0.0, limit=within(-10.0, 10.0, Rule.GUARDED_U), expanded_uncertainty=expanded)
    by_95 = judge(0.0, limit=within(-10.0, 10.0, Rule.GUARDED_95), expanded_uncertainty=expanded)
    assert 1 - 1 / ratio == pytest.approx(by_u.acceptance_high / 10.0)
    assert 1 - 1.6449 / 2 / ratio == pytest.approx(by_95.acceptance_high / 10.0)
    assert by_u.acceptance_low == -by_u.acceptance_high


def test_oil_viscosity_and_the_second_interval_of_jcgm_106():
    assert 0.6626 == pytest.approx(accepted(13.6, 1.8, 12.5, 16.3), abs=5e-5)
    assert 0.9146 == pytest.approx(accepted(5.47, 0.05, 5.40, 5.60), abs=5e-5)
