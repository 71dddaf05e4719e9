"""Uncertainty budgets: a measurement equation evaluated with uncertain inputs.

The propagation, the correlations between repeated uses of one input and the effective degrees of
freedom are GTC's. It is imported on the first evaluation: a run pays for it once, and a command
that evaluates nothing does not pay. Source: JCGM 100:2008 4, 5 and G.4.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

__all__ = ["Budget", "Contribution", "Input", "bounded", "evaluate", "normal", "rectangular"]

Distribution = Literal["normal", "rectangular", "triangular", "arcsine"]

COVERAGE_PCT = 95.45
"""Coverage of the expanded uncertainty."""
_NORMAL_FACTOR = 2.0
"""k of that coverage with infinite degrees of freedom."""

_DIVISORS: dict[Distribution, float] = {
    "normal": 1.0,
    "rectangular": math.sqrt(3.0),
    "triangular": math.sqrt(6.0),
    "arcsine": math.sqrt(2.0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """An input quantity of a measurement equation."""

    name: str
    value: float
    standard_uncertainty: float
    distribution: Distribution
    degrees_of_freedom: float = math.inf
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """One line of a budget, in the measurand's unit: an input times its sensitivity."""

    name: str
    standard_uncertainty: float
    distribution: str
    degrees_of_freedom: float | None
    """None is infinite."""
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """A value with its combined uncertainty and every contribution to it."""

    measurand: str
    unit: str
    value: float
    standard_uncertainty: float
    degrees_of_freedom: float | None
    """Effective, by Welch and Satterthwaite; None is infinite."""
    coverage_factor: float
    expanded_uncertainty: float
    lines: tuple[Contribution, ...]
    """Largest contribution first."""

    @property
    def key(self) -> str:
        """Return a name that equal budgets share."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:16]

    def scaled(self, factor: float, *, unit: str) -> Budget:
        """Return the same budget in another unit: every number times ``factor``."""
        size = abs(factor)
        return replace(
            self,
            unit=unit,
            value=self.value * factor,
            standard_uncertainty=self.standard_uncertainty * size,
            expanded_uncertainty=self.expanded_uncertainty * size,
            lines=tuple(
                replace(line, standard_uncertainty=line.standard_uncertainty * size)
                for line in self.lines
            ),
        )

    def named(self, measurand: str) -> Budget:
        """Return the same budget for a measurand called otherwise."""
        return replace(self, measurand=measurand)


def normal(
    name: str,
    standard_uncertainty: float,
    *,
    value: float = 0.0,
    degrees_of_freedom: float = math.inf,
    source: str,
) -> Input:
    """Return an input known by its standard uncertainty."""
    return Input(
        name=name,
        value=value,
        standard_uncertainty=standard_uncertainty,
        distribution="normal",
        degrees_of_freedom=degrees_of_freedom,
        source=source,
    )


def rectangular(name: str, half_width: float, *, value: float = 0.0, source: str) -> Input:
    """Return an input known by the bounds ``value`` ± ``half_width`` (a data-sheet limit)."""
    return bounded(name, half_width, distribution="rectangular", value=value, source=source)


def bounded(
    name: str, half_width: float, *, distribution: Distribution, value: float = 0.0, source: str
) -> Input:
    """Return an input known by bounds; the distribution gives the divisor of the half-width."""
    return Input(
        name=name,
        value=value,
        standard_uncertainty=abs(half_width) / _DIVISORS[distribution],
        distribution=distribution,
        source=source,
    )


def evaluate(
    measurand: str, unit: str, inputs: Sequence[Input], equation: Callable[..., Any]
) -> Budget:
    """Return the budget of ``equation(*inputs)``.

    An input that the equation uses twice is fully correlated with itself. Inputs without
    uncertainty are numbers; an equation of numbers only has a budget without lines.
    """
    from GTC import reporting, ureal

    numbers: list[Any] = []
    uncertain: list[tuple[Input, Any]] = []
    for item in inputs:
        number: Any = item.value
        if item.standard_uncertainty > 0.0:
            number = ureal(item.value, item.standard_uncertainty, item.degrees_of_freedom)
            uncertain.append((item, number))
        numbers.append(number)
    result = equation(*numbers)
    if not hasattr(result, "df"):
        return _exact(measurand, unit, float(result))
    lines = [
        _contribution(item, float(reporting.u_component(result, number)))
        for item, number in uncertain
    ]
    freedom = float(result.df)
    factor = _NORMAL_FACTOR
    if math.isfinite(freedom):
        factor = float(reporting.k_factor(freedom, cast("Any", COVERAGE_PCT)))
    return Budget(
        measurand=measurand,
        unit=unit,
        value=float(result.x),
        standard_uncertainty=float(result.u),
        degrees_of_freedom=_finite(freedom),
        coverage_factor=factor,
        expanded_uncertainty=factor * float(result.u),
        lines=tuple(sorted(lines, key=lambda line: -line.standard_uncertainty)),
    )


def _contribution(item: Input, component: float) -> Contribution:
    return Contribution(
        name=item.name,
        standard_uncertainty=abs(component),
        distribution=item.distribution,
        degrees_of_freedom=_finite(item.degrees_of_freedom),
        source=item.source,
    )


def _exact(measurand: str, unit: str, value: float) -> Budget:
    return Budget(
        measurand=measurand,
        unit=unit,
        value=value,
        standard_uncertainty=0.0,
        degrees_of_freedom=None,
        coverage_factor=_NORMAL_FACTOR,
        expanded_uncertainty=0.0,
        lines=(),
    )


def _finite(freedom: float) -> float | None:
    """Return None for infinite degrees of freedom (or more than can matter)."""
    return None if math.isnan(freedom) or freedom > 1e6 else freedom
