"""A measured value on its way to a verdict: with its budget and evidence, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass

from bench.judge import Budget
from bench.record.schema import Mark

__all__ = ["Measured"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A number in the unit in which its limits are given; None where there is none."""

    value: float | None
    unit: str
    budget: Budget | None = None
    waveforms: tuple[str, ...] = ()
    marks: tuple[Mark, ...] = ()
    reason: str = ""
    exact: bool = False
    """A count, or the proven absence of something: it has no uncertainty. Any other value without a
    budget cannot be decided by a rule that needs one."""
    undecidable: bool = False
    """Of a missing value: True where the bench could not measure it, False where the device gave
    nothing to measure (which is the device's failure)."""
    least: Measured | None = None
    """Of an undecidable value: what it is at least. Where that is beyond an upper limit, so is the
    value, whatever it is."""

    @property
    def expanded_uncertainty(self) -> float | None:
        """U in ``unit``, or None where the value is a count or missing."""
        return (
            None if self.budget is None or self.value is None else self.budget.expanded_uncertainty
        )

    @property
    def coverage_factor(self) -> float | None:
        """K of the expanded uncertainty."""
        return None if self.budget is None or self.value is None else self.budget.coverage_factor

    @property
    def degrees_of_freedom(self) -> float | None:
        """Effective degrees of freedom; None is infinite."""
        return None if self.budget is None else self.budget.degrees_of_freedom
