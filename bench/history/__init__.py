"""Production history: yield, capability, control charts and gauge studies, on frames of runs."""

from bench.history.capability import Capability, capability
from bench.history.charts import ControlChart, Signal, individuals, nelson, western_electric, xbar_r
from bench.history.frames import (
    failures,
    load_rows,
    load_stored_rows,
    measured,
    of_golden_units,
    of_production,
    repeatability,
    yields,
)
from bench.history.gauge import GaugeStudy, TypeOne, gauge_anova, gauge_average_range, type_one
from bench.history.reference import Drift, drifts, load_reference

__all__ = [
    "Capability",
    "ControlChart",
    "Drift",
    "GaugeStudy",
    "Signal",
    "TypeOne",
    "capability",
    "drifts",
    "failures",
    "gauge_anova",
    "gauge_average_range",
    "individuals",
    "load_reference",
    "load_rows",
    "load_stored_rows",
    "measured",
    "nelson",
    "of_golden_units",
    "of_production",
    "repeatability",
    "type_one",
    "western_electric",
    "xbar_r",
    "yields",
]
