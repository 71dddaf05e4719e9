"""What every fault of the catalogue is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from bench.twin.unit import Unit

__all__ = ["Fault", "FaultError", "Fitting", "graded", "three"]

Fitting = Callable[["Unit"], None]
"""Changes parts of a unit."""


class FaultError(ValueError):
    """A fault cannot be fitted; says which, why, and what is known."""


class Fault:
    """A fault with one change for each severity; one that is left out does not exist."""

    name: ClassVar[str] = ""
    severities: ClassVar[Mapping[str, Fitting]] = {}

    def fit(self, unit: Unit, severity: str) -> None:
        """Fit the fault; raises FaultError where it has no such severity."""
        if severity not in self.severities:
            raise FaultError(
                f"fault {self.name}: no severity {severity}; it has {', '.join(self.severities)}"
            )
        self.severities[severity](unit)


def graded(name: str, **severities: Fitting) -> type[Fault]:
    """Return a fault made of one function for each severity that exists."""
    return type(
        name, (Fault,), {"name": name, "severities": severities, "__doc__": f"Fault {name}."}
    )


def three(
    name: str, change: Callable[[Unit, float], None], low: float, middle: float, high: float
) -> type[Fault]:
    """Return a fault that applies one number, by severity."""

    def of(value: float) -> Fitting:
        return lambda unit: change(unit, value)

    return graded(name, low=of(low), middle=of(middle), high=of(high))
