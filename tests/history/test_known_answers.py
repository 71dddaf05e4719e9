"""Published answers: NIST's certified moments and capability, Montgomery's charts, AIAG's gauge study."""

from __future__ import annotations

import numpy as np
import pytest

from bench.history import capability, gauge_anova, gauge_average_range, individuals, xbar_r
from tests.history.published import (
    AIAG,
    FLOWRATE,
    HARD_BAKE,
    LEW,
    LOTTERY,
    MAVRO,
    MICHELSO,
    PISTON_RINGS,
    THERMAL_IMPEDANCE,
    alternating,
)


@pytest.mark.parametrize(
    ("values", "mean", "sigma", "digits"),
    [
        (LOTTERY, 518.958715596330, 291.699727470969, 1e-14),
        (LEW, -177.435000000000, 277.332168044316, 1e-14),
        (MAVRO, 2.00185600000000, 0.000429123454003053, 1e-12),
        (MICHELSO, 299.852400000000, 0.0790105478190518, 1e-12),
        (np.array([10000001.0, 10000003.0, 10000002.0]), 10000002.0, 1.0, 1e-15),
        (alternating(1.2), 1.2, 0.1, 1e-14),
        (alternating(1000000.2), 1000000.2, 0.1, 1e-9),
        (alternating(10000000.2), 10000000.2, 0.1, 1e-8),
    ],
    ids=["Lottery", "Lew", "Mavro", "Michelso", "NumAcc1", "NumAcc2", "NumAcc3", "NumAcc4"],
)
def test_certified_moments(values, mean, sigma, digits):
    """NIST StRD, univariate, but for PiDigits: its certified mean, 4.5348, is not that of 5000 digits of pi.

    Where fewer digits are asked, the data themselves are not exact in binary.
    """
    found = capability(values, low=-1e9, high=None)

    assert found.mean == pytest.approx(mean, rel=1e-14)
    assert found.sigma_overall == pytest.approx(sigma, rel=digits)


def test_limits_of_nists_flow_rates():
    """e-Handbook 6.3.2.2: 50.81, limits 45.8159 and 55.8041; moving range 1.8778, up to 6.1349."""
    chart = individuals(FLOWRATE)

    assert (chart.low, chart.centre, chart.high) == pytest.approx(
        (45.8159, 50.81, 55.8041), rel=5e-5
    )
    assert (chart.range_centre, chart.range_high) == pytest.approx((1.8778, 6.1349), rel=2e-4)


@pytest.mark.parametrize(
    ("size", "a2", "d4"),
    [(2, 1.880, 3.267), (3, 1.023, 2.574), (4, 0.729, 2.282), (5, 0.577, 2.114), (6, 0.483, 2.004)],
)
def test_constants_of_subgroups(size, a2, d4):
    """Montgomery, appendix VI: A2 and D4 to three digits; D3 is zero up to six values."""
    chart = xbar_r(np.tile(np.linspace(0.0, 1.0, size), (5, 1)))

    assert chart.high - chart.centre == pytest.approx(a2, abs=1.1e-3)
    assert chart.range_high == pytest.approx(d4, abs=1.1e-3)
    assert chart.range_low == 0.0


def test_charts_of_the_piston_rings():
    """The limits that qcc prints for these data: 73.98805 and 74.0143, s 0.009785, Cp 1.70."""
    chart = xbar_r(PISTON_RINGS)
    sigma = chart.sigma * 5**0.5

    assert chart.centre == pytest.approx(74.00118, abs=5e-6)
    assert (chart.low, chart.high) == pytest.approx((73.98805, 74.0143), abs=1e-5)
    assert sigma == pytest.approx(0.009785, abs=5e-7)
    assert chart.range_centre == pytest.approx(0.02276, abs=5e-6)
    assert chart.range_high == pytest.approx(0.04812, abs=2e-5)
    assert (74.05 - 73.95) / (6 * sigma) == pytest.approx(1.70, abs=5e-3)


def test_charts_of_the_hard_bake_process():
    """Montgomery, example 6.1: 1.31795 to 1.69325, ranges up to 0.68749, s 0.1398, Cp 1.192."""
    chart = xbar_r(HARD_BAKE)
    sigma = chart.sigma * 5**0.5

    assert (chart.centre, chart.range_centre) == pytest.approx((1.5056, 0.32521), abs=5e-5)
    assert (chart.low, chart.high) == pytest.approx((1.31795, 1.69325), abs=2e-4)
    assert chart.range_high == pytest.approx(0.68749, abs=3e-4)
    assert sigma == pytest.approx(0.1398, abs=5e-5)
    assert (2.0 - 1.0) / (6 * sigma) == pytest.approx(1.192, abs=1e-3)


def test_the_average_range_study_is_aiags():
    study = gauge_average_range(AIAG)

    assert study.repeatability == pytest.approx(0.20188, rel=2e-4)
    assert study.reproducibility == pytest.approx(0.22963, rel=3e-4)
    assert study.gauge == pytest.approx(0.30575, rel=2e-4)
    assert study.parts == pytest.approx(1.10456, rel=2e-4)
    assert study.total == pytest.approx(1.14610, rel=2e-4)
    assert study.gauge_pct == pytest.approx(26.68, abs=0.01)
    assert study.categories == 5


def test_the_analysis_of_variance_of_the_same_data():
    """Variances of the pooled model: McNeese, Three ways to analyze a Gage R&R study (2015)."""
    study = gauge_anova(AIAG)

    assert study.method.endswith("pooled")
    assert study.repeatability**2 == pytest.approx(0.0400, abs=5e-5)
    assert study.reproducibility**2 == pytest.approx(0.0515, abs=5e-5)
    assert study.parts**2 == pytest.approx(1.086, abs=5e-4)
    assert study.gauge**2 == pytest.approx(0.0914, abs=5e-5)
    assert study.categories == 4


def test_a_study_whose_interaction_is_real():
    """Montgomery: parts 48.2926, inspectors 0.5646, interaction 0.7280, error 0.5111."""
    study = gauge_anova(THERMAL_IMPEDANCE)

    assert study.method.endswith("with interaction")
    assert study.parts**2 == pytest.approx(48.2926, abs=5e-5)
    assert study.reproducibility**2 == pytest.approx(0.5646 + 0.7280, abs=1e-4)
    assert study.repeatability**2 == pytest.approx(0.5111, abs=5e-5)
