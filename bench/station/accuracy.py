"""The data sheets that a station's budgets rest on, by what its instruments say they are."""

from __future__ import annotations

from dataclasses import dataclass

from bench.judge import MultimeterAccuracy, ScopeAccuracy, multimeter_accuracy, scope_accuracy
from bench.station.configuration import Station
from bench.station.corrections import corrected_accuracy
from bench.station.equipment import InstrumentEntry
from bench.station.simulated_instruments import SimulatedInstruments

__all__ = ["StationAccuracy", "accuracy_of_models", "planned_accuracy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StationAccuracy:
    """Limits of error of the two instruments that measure."""

    multimeter: MultimeterAccuracy
    scope: ScopeAccuracy


def accuracy_of_models(
    *, dmm: str, scope: str, station: str, meter: InstrumentEntry | None = None
) -> StationAccuracy:
    """Return the tables of two models; raises ConfigurationError where one has none.

    ``meter``: the station's entry for the multimeter, with the corrections of its certificate.
    """
    table = multimeter_accuracy(dmm, where=f"station {station}, instruments.dmm")
    if meter is not None:
        table = corrected_accuracy(
            table, meter.corrections, certificate=meter.calibration_certificate
        )
    return StationAccuracy(
        multimeter=table,
        scope=scope_accuracy(scope, where=f"station {station}, instruments.scope"),
    )


def planned_accuracy(
    station: Station | None, *, simulated: SimulatedInstruments | None = None
) -> StationAccuracy:
    """Return the tables of the models that a station file names, before anything is opened.

    Without a station, and where a simulated one names no model, those of the simulated laboratory.
    """
    instruments = simulated or SimulatedInstruments()
    named = {} if station is None else {r: e.model for r, e in station.instruments.items()}
    models = {role: named.get(role) or instruments.model(role) for role in ("scope", "dmm")}
    name = "simulated bench" if station is None else station.name
    meter = None if station is None else station.instruments["dmm"]
    return accuracy_of_models(dmm=models["dmm"], scope=models["scope"], station=name, meter=meter)
