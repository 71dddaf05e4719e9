"""Limits as data: one rule says how a pair of tolerance limits follows from a declaration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from bench.decision import Basis, Limit, Rule
from bench.quantity import Tolerance, convert, dimension_of, written
from bench.requirements.declared import Declared

__all__ = ["Bound", "LimitRule", "Side", "evaluate"]

Side = Literal["both", "high", "low"]

REFERENCE: Final = "reference"
"""Name of the nominal that is another measurement: the caller gives it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """One side of a limit: a number in the rule's unit, or ``factor`` times a nominal."""

    value: float = 0.0
    nominal: str = ""
    factor: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitRule:
    """How the limits of one quantity follow from a declaration.

    Either ``nominal`` (or zero) with a tolerance about it, or fixed bounds; of several bounds on
    one side the strictest holds. ``relative_to`` is what the tolerance's relative part is taken
    of, where that is not the nominal itself. The tolerance's floor is multiplied by the nominal
    ``floor_times`` (a current becomes a charge) or divided by ``floor_per`` (it becomes a ratio).
    """

    quantity: str
    unit: str
    basis: Basis
    mark: str
    nominal: str = ""
    tolerance: str = ""
    """Name of a declared tolerance; empty where ``fixed`` is given."""
    fixed: Tolerance | None = None
    relative_to: str = ""
    floor_times: str = ""
    floor_per: str = ""
    side: Side = "both"
    low: tuple[Bound, ...] = ()
    high: tuple[Bound, ...] = ()
    when: tuple[str, ...] = ()
    """Features that the device must all have for this rule to apply."""

    @property
    def is_tolerance(self) -> bool:
        """Whether the limits lie about a nominal."""
        return self.fixed is not None or bool(self.tolerance)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """One evaluation: the rule at a level and a load of a declaration."""

    rule: LimitRule
    declared: Declared
    level: int
    load_ohm: float
    reference: float | None

    def nominal(self, name: str, unit: str) -> float:
        """Return a nominal in ``unit``; raises LookupError and QuantityError."""
        if name == REFERENCE:
            if self.reference is None:
                raise LookupError(
                    f"{self.rule.quantity}: the limit is relative to another measurement; "
                    "give it as `reference`"
                )
            return self.reference
        value, found = self.declared.nominal(name, level=self.level, load_ohm=self.load_ohm)
        return convert(value, source=found, target=unit)

    def bound(self, bound: Bound) -> float:
        if not bound.nominal:
            return bound.value
        return bound.factor * self.nominal(bound.nominal, self.rule.unit)


def evaluate(
    rule: LimitRule,
    declared: Declared,
    *,
    decision: Rule,
    level: int | None = None,
    load_ohm: float | None = None,
    reference: float | None = None,
) -> Limit | None:
    """Return the limit of a rule, or None where the device lacks what the rule is about.

    Without a level the highest is meant, without a load the smallest. Raises LookupError for a
    nominal or tolerance that the declaration lacks.
    """
    if not set(rule.when) <= declared.features:
        return None
    case = _Case(
        rule=rule,
        declared=declared,
        level=declared.levels[-1].number if level is None else level,
        load_ohm=declared.loads_ohm[0] if load_ohm is None else load_ohm,
        reference=reference,
    )
    low, high, text = _about_nominal(case) if rule.is_tolerance else _bounds(case)
    return Limit(
        quantity=rule.quantity,
        basis=rule.basis,
        low=low,
        high=high,
        unit=_printed(rule.unit),
        rule=decision,
        text=text,
        mark=rule.mark,
    )


def _printed(unit: str) -> str:
    return unit.replace("uA", "µA").replace("uC", "µC").replace("us", "µs")


def _bounds(case: _Case) -> tuple[float | None, float | None, str]:
    rule = case.rule
    low = max((case.bound(bound) for bound in rule.low), default=None)
    high = min((case.bound(bound) for bound in rule.high), default=None)
    words = [
        f"{sign} {written(value, rule.unit)}"
        for sign, value in (("≥", low), ("≤", high))
        if value is not None
    ]
    return low, high, " and ".join(words)


def _about_nominal(case: _Case) -> tuple[float | None, float | None, str]:
    rule = case.rule
    centre = case.nominal(rule.nominal, rule.unit) if rule.nominal else 0.0
    tolerance = rule.fixed or case.declared.tolerance_named(rule.tolerance)
    base = case.nominal(rule.relative_to, rule.unit) if rule.relative_to else centre
    half = tolerance.half_width(base, floor=_floor(case, tolerance))
    low = None if rule.side == "high" else centre - half
    high = None if rule.side == "low" else centre + half
    return low, high, _words(case, centre, half, tolerance)


def _floor(case: _Case, tolerance: Tolerance) -> float:
    """Return the tolerance's floor in the rule's unit."""
    if tolerance.floor == 0:
        return 0.0
    rule = case.rule
    if rule.floor_times:
        charge_uc = tolerance.floor * case.nominal(rule.floor_times, "s")
        return convert(charge_uc, source="uC", target=rule.unit)
    if rule.floor_per:
        return tolerance.floor / case.nominal(rule.floor_per, tolerance.unit)
    return convert(tolerance.floor, source=tolerance.unit, target=rule.unit)


def _words(case: _Case, centre: float, half: float, tolerance: Tolerance) -> str:
    """Return the limit as the report prints it: nominal, then the tolerance as declared."""
    rule = case.rule
    nominal = written(centre, rule.unit)
    how = str(tolerance)
    if rule.relative_to:
        base = written(case.nominal(rule.relative_to, rule.unit), rule.unit)
        how = how.replace(" %", f" % of {base}", 1)
    if centre == 0 and rule.side == "high":
        return f"≤ {written(half, rule.unit)} ({how})"
    if rule.side == "high":
        return f"≤ {nominal} {how.replace('±', '+')}"
    if rule.side == "low":
        return f"≥ {nominal} {how.replace('±', '−')}"
    if centre == 0 and dimension_of(rule.unit) != "ratio":
        return f"within ±{written(half, rule.unit)}"
    return f"{nominal} {how}"
