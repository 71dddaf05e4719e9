"""The tests behind a comparison, on arrays with one entry a measurement.

With d the mean difference B - A, s its standard error and v degrees of freedom:

- smallest effect: p that a difference of no more than ``smallest`` looks like this,
  P(T_v > (|d| - smallest) / s) + P(T_v > (|d| + smallest) / s), the most that a true difference of up to
  ``smallest`` gives on both sides together (a minimum-effect test; smallest = 0 is the two-sided t-test);
- equivalence: p that a difference of ``margin`` or more looks like this, the larger of two one-sided
  tests, P(T_v > (margin - |d|) / s) (D. J. Schuirmann, 1987);
- many comparisons: Holm's step-down adjustment (S. Holm, 1979), which holds the probability of one false
  finding among all of them, whatever their dependence.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

__all__ = ["Difference", "holm", "p_effect", "p_equivalence", "paired", "single", "welch"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """B - A: estimate, standard error, degrees of freedom (infinite where u is of a budget)."""

    estimate: float
    standard_error: float
    degrees_of_freedom: float
    method: str

    @property
    def expanded_uncertainty(self) -> float:
        """Half the 95 % interval of the difference."""
        return float(stats.t.isf(0.025, self.degrees_of_freedom)) * self.standard_error


def paired(a: Floats, b: Floats, *, u_bench: float) -> Difference:
    """Compare the same units, shape (units,) each, at least two.

    ``u_bench`` is the standard uncertainty of the difference that no number of units makes smaller:
    zero on one bench, whose systematic errors are in both.
    """
    d = b - a
    se = float(np.hypot(d.std(ddof=1) / np.sqrt(d.size), u_bench))
    return Difference(
        estimate=float(d.mean()), standard_error=se, degrees_of_freedom=d.size - 1.0,
        method="paired",
    )  # fmt: skip


def welch(a: Floats, b: Floats, *, u_bench: float) -> Difference:
    """Compare different units, at least two on each side (B. L. Welch, 1947)."""
    va, vb = a.var(ddof=1) / a.size, b.var(ddof=1) / b.size
    total = va + vb
    spread = va**2 / (a.size - 1) + vb**2 / (b.size - 1)
    return Difference(
        estimate=float(b.mean() - a.mean()),
        standard_error=float(np.sqrt(total + u_bench**2)),
        degrees_of_freedom=float(total**2 / spread) if spread else float(a.size + b.size - 2),
        method="two samples",
    )


def single(a: float, b: float, *, u_a: float, u_b: float) -> Difference:
    """Compare one run with one run by the uncertainties of their budgets."""
    return Difference(
        estimate=b - a, standard_error=float(np.hypot(u_a, u_b)), degrees_of_freedom=np.inf,
        method="one run each",
    )  # fmt: skip


def p_effect(estimate: Floats, error: Floats, freedom: Floats, smallest: Floats) -> Floats:
    """Return the p values of the smallest-effect test, shape (rows,)."""
    size = np.abs(estimate)
    near, far = (_upper_tail(size + shift, error, freedom) for shift in (-smallest, smallest))
    return np.minimum(1.0, near + far)


def p_equivalence(estimate: Floats, error: Floats, freedom: Floats, margin: Floats) -> Floats:
    """Return the p values of the equivalence test, shape (rows,)."""
    return _upper_tail(margin - np.abs(estimate), error, freedom)


def holm(p: Floats) -> Floats:
    """Return Holm's adjusted p values, shape (rows,)."""
    order = np.argsort(p)
    scaled = p[order] * np.arange(p.size, 0, -1)
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(scaled))
    return adjusted


def _upper_tail(distance: Floats, error: Floats, freedom: Floats) -> Floats:
    """Return P(T > distance / error); without any spread the answer is certain."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(error > 0, distance / error, np.where(distance > 0, np.inf, -np.inf))
    return np.asarray(stats.t.sf(ratio, freedom), dtype=np.float64)
