"""Budgets against the GUM's worked examples with correlation and with scatter, and JCGM 101."""

import math

import numpy as np
import pytest
from GTC import cos, sin

from bench.judge import evaluate, multimeter_accuracy, normal, rectangular, voltage_budget

# GUM H.2: simultaneous resistance and reactance; means, their uncertainties and correlations.
MEANS = (4.999, 19.661e-3, 1.04446)
UNCERTAINTIES = (3.2e-3, 9.5e-6, 7.5e-4)
CORRELATIONS = np.array([[1.0, -0.355, 0.858], [-0.355, 1.0, -0.645], [0.858, -0.645, 1.0]])


def impedance(equation):
    """Evaluate an equation of V, I and phi, whose correlations come from shared causes."""
    mixing = np.linalg.cholesky(CORRELATIONS)
    causes = [normal(f"cause {k}", 1.0, source="H.2") for k in range(3)]

    def shared(*each):
        values = [
            mean + u * sum(mixing[row, k] * each[k] for k in range(3))
            for row, (mean, u) in enumerate(zip(MEANS, UNCERTAINTIES, strict=True))
        ]
        return equation(*values)

    return evaluate("impedance", "Ω", causes, shared)


def resistance(v, i, phi):
    return v / i * cos(phi)


def reactance(v, i, phi):
    return v / i * sin(phi)


def modulus(v, i, _phi):
    return v / i


PUBLISHED = [(resistance, 127.732, 0.071), (reactance, 219.847, 0.295), (modulus, 254.260, 0.236)]


@pytest.mark.parametrize(("equation", "value", "u"), PUBLISHED)
def test_resistance_and_reactance_of_the_gum(equation, value, u):
    found = impedance(equation)
    assert value == pytest.approx(found.value, abs=6e-4)
    assert u == pytest.approx(found.standard_uncertainty, abs=6e-4)


@pytest.mark.parametrize(
    ("one", "other", "published"),
    [
        (resistance, reactance, -0.588),
        (resistance, modulus, -0.485),
        (reactance, modulus, 0.993),
    ],
)
def test_correlations_between_results_of_shared_causes(one, other, published):
    # From the uncertainty of the sum; the GUM rounds its inputs, hence 0.003.
    a, b = impedance(one).standard_uncertainty, impedance(other).standard_uncertainty
    both = impedance(lambda v, i, phi: one(v, i, phi) + other(v, i, phi)).standard_uncertainty
    assert published == pytest.approx((both**2 - a**2 - b**2) / (2 * a * b), abs=0.003)


def test_scatter_of_the_daily_means_of_the_gum():
    # H.5: ten daily means of a standard: 10.000 097 V, s = 57 µV between days, nine degrees.
    microvolts = [172, 116, 13, 144, 106, 31, 60, 125, 163, 41]
    readings = [10.0 + value * 1e-6 for value in microvolts]
    found = voltage_budget(readings, accuracy=multimeter_accuracy("34465A"), range_v=10.0)
    scatter = next(line for line in found.lines if line.name == "repeatability")
    assert 10.000097 == pytest.approx(found.value, abs=5e-7)
    assert 57e-6 == pytest.approx(scatter.standard_uncertainty * math.sqrt(10), abs=5e-7)
    assert 9 == scatter.degrees_of_freedom


def test_end_gauge_at_99_per_cent():
    # H.1: 16 effective degrees of freedom and k = 2.92 make U99 = 93 nm of u = 32 nm.
    from GTC.reporting import k_factor

    assert 2.92 == pytest.approx(k_factor(16, 99), abs=0.005)
    assert 93 == pytest.approx(32 * k_factor(16, 99), abs=0.5)


@pytest.mark.parametrize(
    ("inputs", "u", "half_95"),
    [
        # JCGM 101 9.2.2 to 9.2.4: u and the half-width of the 95 % interval by Monte Carlo.
        ([normal("x", 1.0, source="")] * 4, 2.0, 3.92),
        ([rectangular("x", math.sqrt(3.0), source="")] * 4, 2.0, 3.88),
        (
            [rectangular("x", math.sqrt(3.0), source="")] * 3
            + [rectangular("x", 10 * math.sqrt(3.0), source="")],
            10.1,
            17.0,
        ),
    ],
)
def test_sums_of_jcgm_101(inputs, u, half_95):
    found = evaluate("sum", "1", inputs, lambda *each: sum(each))
    assert u == pytest.approx(found.standard_uncertainty, abs=0.06)
    # U of 95.45 % under a normal distribution is never the narrower interval.
    assert found.expanded_uncertainty >= half_95


def test_mass_calibration_by_monte_carlo_is_wider_than_first_order():
    # JCGM 101 9.3: u = 0.0754 by Monte Carlo, 0.0539 by first-order propagation; ours is the latter.
    rng = np.random.default_rng(1)
    count = 400_000
    air = rng.uniform(1.10, 1.30, count)
    weight, reference = rng.uniform(7000, 9000, count), rng.uniform(7950, 8050, count)
    mass = rng.normal(100_000.0, 0.050, count) + rng.normal(1.234, 0.020, count)
    drawn = mass * (1 + (air - 1.2) * (1 / weight - 1 / reference)) - 100_000.0
    assert 0.0754 == pytest.approx(float(drawn.std()), abs=0.0005)
