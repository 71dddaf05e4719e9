"""Limits that a station cannot decide, found when the plan is made and refused there.

A guarded limit whose acceptance interval is empty can only fail or remain INCONCLUSIVE, however good
the device is. Source: docs/laboratory.md; the rules are those of :mod:`bench.judge.rules`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bench.errors import ConfigurationError
from bench.judge import Limit, needed_uncertainty
from bench.plugin.settings import RunSettings
from bench.plugin.units import unit_factor
from bench.requirements import Requirement
from bench.station.accuracy import planned_accuracy
from bench.station.predictions import Prediction

__all__ = ["Undecidable", "require_decidable", "undecidable_limits", "unpredicted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecidable:
    """One limit at one level into one load, with the uncertainty to expect and the one needed."""

    requirement: str
    limit: Limit
    level: int
    load_ohm: float
    expanded_uncertainty: float
    needed: float
    dominant: str
    """The largest contribution to the uncertainty."""

    def __str__(self) -> str:
        """Say what cannot be decided and what would be needed."""
        limit = self.limit
        return (
            f"{self.requirement} {limit.quantity}, {limit.basis.value} limit {limit.text}, level "
            f"{self.level} into {self.load_ohm:g} Ω, rule {limit.rule.value}: predicted U "
            f"{self.expanded_uncertainty:.3g} {limit.unit} (mostly {self.dominant}), U below "
            f"{self.needed:.3g} {limit.unit} is needed"
        )


def undecidable_limits(
    settings: RunSettings, planned: Iterable[tuple[str, ...]] = ()
) -> tuple[Undecidable, ...]:
    """Return every limit of a plan whose acceptance interval is empty on its station.

    ``planned`` are the requirements of the tests of a plan that is a path. Raises
    ConfigurationError where the station's instruments have no accuracy table.
    """
    prediction = _prediction(settings)
    return tuple(
        found
        for row in _tested(settings, planned)
        for quantity in row.quantities
        for found in _of_quantity(row, quantity, settings, prediction)
    )


def _prediction(settings: RunSettings) -> Prediction:
    accuracy = planned_accuracy(settings.station, simulated=settings.simulated_instruments)
    return Prediction(profile=settings.profile, accuracy=accuracy)


def unpredicted(
    settings: RunSettings, planned: Iterable[tuple[str, ...]] = ()
) -> tuple[tuple[str, str], ...]:
    """Return requirement and quantity of every limit whose uncertainty is known afterwards only."""
    prediction = _prediction(settings)
    return tuple(
        (row.id, quantity)
        for row in _tested(settings, planned)
        for quantity in row.quantities
        if quantity not in prediction.quantities
    )


def require_decidable(settings: RunSettings, planned: Iterable[tuple[str, ...]] = ()) -> None:
    """Raise ConfigurationError where a limit of the plan cannot be decided on its station."""
    found = undecidable_limits(settings, planned)
    if not found:
        return
    station = "simulated bench" if settings.station is None else settings.station.name
    lines = "".join(f"\n  {each}" for each in found)
    raise ConfigurationError(
        f"plan {settings.plan_name} of {settings.profile.id} on {station}: {len(found)} limits "
        "cannot be decided; declare a wider tolerance or a floor in the profile, choose another "
        "decision rule under [rules] of the station file, use better instruments, or leave the "
        f"requirement out of the plan:{lines}"
    )


def _tested(settings: RunSettings, planned: Iterable[tuple[str, ...]]) -> Iterator[Requirement]:
    catalogue = settings.catalogue
    for row in settings.requirements(planned):
        if not catalogue.not_applicable(row.id, settings.profile):
            yield row


def _of_quantity(
    row: Requirement, quantity: str, settings: RunSettings, prediction: Prediction
) -> Iterator[Undecidable]:
    scope = settings.scope([row.id])
    seen: set[str] = set()
    for level in scope.levels:
        for load_ohm in scope.loads_ohm:
            for found in _at(row, quantity, settings, prediction, level, load_ohm):
                # What does not depend on level and load is said once.
                text = f"{found.limit} {found.expanded_uncertainty:.6g}"
                if text not in seen:
                    seen.add(text)
                    yield found


def _at(
    row: Requirement,
    quantity: str,
    settings: RunSettings,
    prediction: Prediction,
    level: int,
    load_ohm: float,
) -> Iterator[Undecidable]:
    budget = prediction.budget(quantity, level=level, load_ohm=load_ohm)
    if budget is None:
        return
    unit = next(rule.unit for rule in row.limits if rule.quantity == quantity)
    unit = unit.replace("uA", "µA").replace("uC", "µC").replace("us", "µs")
    try:
        scale = unit_factor(row.id, budget.unit, unit)
    except ValueError as error:
        raise ConfigurationError(str(error)) from error
    limits = settings.catalogue.limits(
        row.id,
        quantity,
        settings.profile,
        level=level,
        load_ohm=load_ohm,
        reference=budget.value * scale,
    )
    for limit in limits:
        expanded = budget.expanded_uncertainty * scale
        needed = needed_uncertainty(
            limit,
            expanded,
            coverage_factor=budget.coverage_factor,
            natural_low=0.0 if limit.low is None else None,
        )
        if needed is not None:
            yield Undecidable(
                requirement=row.id,
                limit=limit,
                level=level,
                load_ohm=load_ohm,
                expanded_uncertainty=expanded,
                needed=needed,
                dominant=budget.lines[0].name,
            )
