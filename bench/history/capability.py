"""Process capability, with confidence limits and with what the bench adds taken out.

Cp = (U - L) / 6 s, Cpk = min(U - m, m - L) / 3 s with the short-term s (mean moving range over d2 = 1.128);
Pp, Ppk with the overall s. Confidence: Cp by chi-square with the degrees of freedom f of its s, Cpk by the
normal approximation Cpk ± z sqrt(1 / 9n + Cpk² / 2f) (A. F. Bissell, 1990). Source of the terms: AIAG SPC,
2nd ed.; NIST/SEMATECH e-Handbook 6.1.6. f is n - 1 for the overall s; the mean moving range knows less:
0.605 (n - 1) (Cryer and Ryan, 1990, recalled; a test holds the coverage).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from bench.history.charts import individuals

__all__ = ["Capability", "Index", "capability"]

_MOVING_RANGE_SHARE: Final = 0.605
LEAST_VALUES: Final = 2
CONFIDENCE: Final = 0.95

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """A capability index with its two-sided 95 % limits; None where it has no meaning."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability:
    """Indices of one parameter. ``cp`` and ``pp`` need both limits."""

    count: int
    mean: float
    sigma_within: float
    sigma_overall: float
    cp: Index
    cpk: Index
    pp: Index
    ppk: Index
    ppk_of_units: Index
    """Ppk with the bench's own variance taken out; no value where that is not known."""


def capability(
    values: Floats, *, low: float | None, high: float | None, u_repeat: float | None = None
) -> Capability:
    """Return the indices of values in the order in which they were measured, shape (n,), n >= 2.

    ``u_repeat`` is the bench's repeatability standard deviation, in the same unit: what differs when one
    unit is measured again. Not the combined uncertainty, whose systematic part spreads no values: taking
    that out would call the units better than they are. Raises ValueError on fewer values or without any limit.
    """
    if values.size < LEAST_VALUES or (low is None and high is None):
        raise ValueError("capability needs two values and a limit")
    mean, overall = float(values.mean()), float(values.std(ddof=1))
    within = individuals(values).sigma
    n = values.size
    short = _MOVING_RANGE_SHARE * (n - 1)
    of_units = Index(value=None)
    if u_repeat is not None:
        sigma = math.sqrt(max(overall**2 - u_repeat**2, 0.0))
        of_units = _centred_index(low, high, mean, sigma, n, n - 1)
    return Capability(
        count=n,
        mean=mean,
        sigma_within=within,
        sigma_overall=overall,
        cp=_spread_index(low, high, within, short),
        cpk=_centred_index(low, high, mean, within, n, short),
        pp=_spread_index(low, high, overall, n - 1),
        ppk=_centred_index(low, high, mean, overall, n, n - 1),
        ppk_of_units=of_units,
    )


def _spread_index(low: float | None, high: float | None, sigma: float, freedom: float) -> Index:
    if low is None or high is None or sigma == 0.0:
        return Index(value=None)
    value = (high - low) / (6 * sigma)
    tail = (1 - CONFIDENCE) / 2
    return Index(
        value=value,
        low=value * math.sqrt(float(stats.chi2.ppf(tail, freedom)) / freedom),
        high=value * math.sqrt(float(stats.chi2.ppf(1 - tail, freedom)) / freedom),
    )


def _centred_index(
    low: float | None, high: float | None, mean: float, sigma: float, n: int, freedom: float
) -> Index:
    if sigma == 0.0:
        return Index(value=None)
    above = math.inf if high is None else high - mean
    below = math.inf if low is None else mean - low
    value = min(above, below) / (3 * sigma)
    reach = float(stats.norm.ppf(1 - (1 - CONFIDENCE) / 2)) * math.sqrt(
        1 / (9 * n) + value**2 / (2 * freedom)
    )
    return Index(value=value, low=value - reach, high=value + reach)
