"""Gauge studies: how much of what is seen is the bench.

Crossed study, data of shape (appraisers, parts, trials); on an automatic bench the appraiser is the station.
Average-range and ANOVA methods: AIAG Measurement Systems Analysis, 4th ed., chapter III. The interaction is
pooled with the error where its p value is above 0.25. The two methods can disagree on the number of distinct
categories: the study says which it is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from bench.history.constants import D2, D2_SINGLE

__all__ = ["GaugeStudy", "TypeOne", "gauge_anova", "gauge_average_range", "type_one"]

POOLING_P: Final = 0.25
_TRIALS: Final = (2, 3, 4, 5)
_CATEGORIES: Final = 1.41
_TYPE_ONE_SHARE: Final = 0.2

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class GaugeStudy:
    """Standard deviations in the unit of the data."""

    method: str
    repeatability: float
    reproducibility: float
    gauge: float
    parts: float
    total: float

    @property
    def gauge_pct(self) -> float:
        """%GRR of the total variation: below 10 good, above 30 not to be used."""
        return 100 * self.gauge / self.total if self.total else 0.0

    @property
    def categories(self) -> int:
        """Number of distinct categories; five at least are wanted."""
        return math.floor(_CATEGORIES * self.parts / self.gauge) if self.gauge else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeOne:
    """One part, one bench, many readings: repeatability and bias against a tolerance."""

    count: int
    bias: float
    sigma: float
    cg: float
    cgk: float
    bias_p: float
    """Probability of such a bias by chance (t-test)."""


def gauge_average_range(data: Floats) -> GaugeStudy:
    """Return the study by average and range; raises ValueError for a shape without constants."""
    appraisers, parts, trials = _shape(data)
    mean_range = float(np.ptp(data, axis=2).mean())
    repeatability = mean_range / D2[trials]
    spread = float(np.ptp(data.mean(axis=(1, 2))))
    of_appraisers = (spread / D2_SINGLE[appraisers]) ** 2 - repeatability**2 / (parts * trials)
    reproducibility = math.sqrt(max(of_appraisers, 0.0))
    of_parts = float(np.ptp(data.mean(axis=(0, 2)))) / D2_SINGLE[parts]
    gauge = math.hypot(repeatability, reproducibility)
    return GaugeStudy(
        method="average and range", repeatability=repeatability, reproducibility=reproducibility,
        gauge=gauge, parts=of_parts, total=math.hypot(gauge, of_parts),
    )  # fmt: skip


def gauge_anova(data: Floats) -> GaugeStudy:
    """Return the study by analysis of variance; raises ValueError without repetition."""
    appraisers, parts, trials = _shape(data)
    grand = data.mean()
    by_part, by_appraiser, cells = data.mean(axis=(0, 2)), data.mean(axis=(1, 2)), data.mean(axis=2)
    of_parts = appraisers * trials * float(((by_part - grand) ** 2).sum())
    of_appraisers = parts * trials * float(((by_appraiser - grand) ** 2).sum())
    of_cells = trials * float(((cells - grand) ** 2).sum()) - of_parts - of_appraisers
    within = float(((data - cells[:, :, None]) ** 2).sum())
    cell_freedom, error_freedom = (appraisers - 1) * (parts - 1), appraisers * parts * (trials - 1)
    interaction, error = of_cells / cell_freedom, within / error_freedom
    ratio = interaction / error if error else math.inf
    if float(stats.f.sf(ratio, cell_freedom, error_freedom)) > POOLING_P:
        error = (of_cells + within) / (cell_freedom + error_freedom)
        interaction, method = error, "analysis of variance, interaction pooled"
    else:
        method = "analysis of variance, with interaction"
    var_interaction = max(interaction - error, 0.0) / trials
    var_appraiser = max(of_appraisers / (appraisers - 1) - interaction, 0.0) / (parts * trials)
    var_part = max(of_parts / (parts - 1) - interaction, 0.0) / (appraisers * trials)
    reproducibility = math.sqrt(var_appraiser + var_interaction)
    gauge = math.sqrt(error + reproducibility**2)
    return GaugeStudy(
        method=method, repeatability=math.sqrt(error), reproducibility=reproducibility, gauge=gauge,
        parts=math.sqrt(var_part), total=math.sqrt(gauge**2 + var_part),
    )  # fmt: skip


def type_one(values: Floats, *, reference: float, low: float, high: float) -> TypeOne:
    """Return Cg and Cgk (20 % of the tolerance over 6 s) of readings of one reference part.

    Raises ValueError on fewer than two readings or without spread.
    """
    sigma = float(values.std(ddof=1)) if values.size > 1 else 0.0
    if sigma == 0.0:
        raise ValueError("a type-1 study needs readings that differ")
    bias = float(values.mean()) - reference
    reach = _TYPE_ONE_SHARE * (high - low)
    return TypeOne(
        count=values.size,
        bias=bias,
        sigma=sigma,
        cg=reach / (6 * sigma),
        cgk=(reach / 2 - abs(bias)) / (3 * sigma),
        bias_p=float(stats.ttest_1samp(values, reference).pvalue),
    )


def _shape(data: Floats) -> tuple[int, int, int]:
    if data.ndim != 3 or data.shape[2] not in _TRIALS or min(data.shape[:2]) < 2:
        raise ValueError(
            "a gauge study needs two appraisers and parts at least and 2 to 5 trials, "
            f"found shape {data.shape}"
        )
    if max(data.shape[:2]) > max(D2_SINGLE):
        raise ValueError(f"at most ten appraisers and ten parts have constants, found {data.shape}")
    appraisers, parts, trials = data.shape
    return appraisers, parts, trials
