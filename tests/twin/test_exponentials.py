"""Sums of exponentials against closed forms and against a dense search."""

from __future__ import annotations

import numpy as np
import pytest

from bench.twin.exponentials import bound, integral, sign_changes, value


def test_integral_is_that_of_the_closed_form() -> None:
    terms = [(2.0, 0.0), (-3.0, -50.0)]
    assert integral(terms, 0.1) == pytest.approx(0.2 - 3.0 / 50.0 * (1.0 - np.exp(-5.0)))


def test_single_crossing_is_found_where_the_logarithm_puts_it() -> None:
    found = sign_changes([(1.0, 0.0), (-2.0, -100.0)], 0.0, 1.0)
    assert found == [pytest.approx(np.log(2.0) / 100.0, rel=1e-12)]


@pytest.mark.parametrize("seed", range(20))
def test_every_crossing_of_a_dense_search_is_found(seed: int) -> None:
    random = np.random.default_rng(seed)
    weights = random.normal(size=5)
    rates = np.array([0.0, -3.0, -30.0, -300.0, -3000.0])
    terms = list(zip(weights.tolist(), rates.tolist(), strict=True))
    times = np.concatenate([[0.0], np.logspace(-6, 0.3, 200_000)])
    sums = np.exp(np.outer(times, rates)) @ weights
    dense = times[1:][np.diff(np.sign(sums)) != 0]
    found = sign_changes(terms, 0.0, float(times[-1]))
    assert found == pytest.approx(dense.tolist(), rel=1e-3)


def test_bound_holds_everywhere() -> None:
    terms = [(0.4, 0.0), (-0.4, -10.0), (0.3, -100.0)]
    sums = [abs(value(terms, t)) for t in np.linspace(0.0, 1.0, 1000)]
    assert max(sums) <= bound(terms) == pytest.approx(0.7)


def test_a_change_long_before_everything_has_died_away_is_found():
    """At the end of the search both exponentials are below what a float can hold."""
    terms = [(-3e5, -1.3e7), (1.5, -65.0)]
    (change_s,) = sign_changes(terms, 0.0, 1000.0)
    assert change_s == pytest.approx(np.log(2e5) / (1.3e7 - 65.0), rel=1e-9)
    nested = [(5.03e-4, 0.0), (2.35933e-2, -1.3e7), (-2.35949e-2, -64.9)]
    fast_s, slow_s = sign_changes(nested, 0.0, 1000.0)
    assert fast_s == pytest.approx(1.6e-9, rel=0.1)
    assert slow_s == pytest.approx(np.log(2.35949e-2 / 5.03e-4) / 64.9, rel=1e-6)
