"""Production history: yield, capability, control charts and gauge studies, on frames of runs."""

from bench.history.capability import Capability, capability
from bench.history.charts import ControlChart, Signal, individuals, nelson, western_electric, xbar_r
from bench.history.frames import failures, load_rows, measured, repeatability, yields
from bench.history.gauge import GaugeStudy, TypeOne, gauge_anova, gauge_average_range, type_one

__all__ = [
    "Capability",
    "ControlChart",
    "GaugeStudy",
    "Signal",
    "TypeOne",
    "capability",
    "failures",
    "gauge_anova",
    "gauge_average_range",
    "individuals",
    "load_rows",
    "measured",
    "nelson",
    "repeatability",
    "type_one",
    "western_electric",
    "xbar_r",
    "yields",
]
