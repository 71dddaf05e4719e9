"""The data sheets that a station's budgets rest on, by what its instruments say they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bench.judge import MultimeterAccuracy, ScopeAccuracy, multimeter_accuracy, scope_accuracy
from bench.station.configuration import Station

__all__ = ["SIMULATED_MODELS", "StationAccuracy", "accuracy_of_models", "planned_accuracy"]

SIMULATED_MODELS: Final = {"scope": "DSO-X 3024A", "dmm": "34465A"}
"""What the simulated laboratory answers to ``*IDN?`` (docs/laboratory.md)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StationAccuracy:
    """Limits of error of the two instruments that measure."""

    multimeter: MultimeterAccuracy
    scope: ScopeAccuracy


def accuracy_of_models(*, dmm: str, scope: str, station: str) -> StationAccuracy:
    """Return the tables of two models; raises ConfigurationError where one has none."""
    return StationAccuracy(
        multimeter=multimeter_accuracy(dmm, where=f"station {station}, instruments.dmm"),
        scope=scope_accuracy(scope, where=f"station {station}, instruments.scope"),
    )


def planned_accuracy(station: Station | None) -> StationAccuracy:
    """Return the tables of the models that a station file names, before anything is opened.

    Without a station, and where a simulated one names no model, those of the simulated laboratory.
    """
    named = {} if station is None else {r: e.model for r, e in station.instruments.items()}
    models = {role: named.get(role) or model for role, model in SIMULATED_MODELS.items()}
    name = "simulated bench" if station is None else station.name
    return accuracy_of_models(dmm=models["dmm"], scope=models["scope"], station=name)
