"""From the SI unit of a measurand to the unit of its limit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["unit_factor"]

_UNITS: Final[Mapping[str, tuple[str, float]]] = {
    "µA": ("A", 1e6),
    "mA": ("A", 1e3),
    "µC": ("C", 1e6),
    "nC": ("C", 1e9),
    "µC/s": ("A", 1e6),
    "ms": ("s", 1e3),
    "µs": ("s", 1e6),
    "min": ("s", 1 / 60),
    "mJ": ("J", 1e3),
    "mA/cm2": ("A/cm2", 1e3),
    "mV": ("V", 1e3),
    "%": ("1", 1e2),
    "": ("1", 1.0),
    "ratio": ("1", 1.0),
}
"""Units of limits: the SI unit in which the measurand comes, and the factor to the limit's."""


def unit_factor(requirement: str, measured_unit: str, limit_unit: str) -> float:
    """Return the factor from the measurand's SI unit to the unit of its limit.

    Raises ValueError where the two are units of different quantities.
    """
    si_unit, factor = _UNITS.get(limit_unit, (limit_unit, 1.0))
    if si_unit != measured_unit:
        raise ValueError(
            f"{requirement}: measured in {measured_unit}, limit in {limit_unit}: "
            "the plan and the requirement's file do not speak of the same quantity"
        )
    return factor
