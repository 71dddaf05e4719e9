"""Limits of error of instruments, from the data sheets in ``accuracy/``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from bench.errors import ConfigurationError

__all__ = [
    "MultimeterAccuracy",
    "RangeAccuracy",
    "ScopeAccuracy",
    "multimeter_accuracy",
    "scope_accuracy",
    "transferred_scope",
]

_FOLDER = Path(__file__).parent / "accuracy"
_TRANSFERRED = "transferred"
_PREFIXES = {"m": 1e-3, "k": 1e3, "": 1.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeAccuracy:
    """Limit of error on one range: shares of the reading and of the range."""

    full_scale: float
    """Volts or ohms."""
    of_reading: float
    of_range: float

    def limit(self, reading: float) -> float:
        """Return the half-width of the error at a reading, in volts or ohms."""
        return self.of_reading * abs(reading) + self.of_range * self.full_scale


@dataclass(frozen=True, slots=True, kw_only=True)
class MultimeterAccuracy:
    """Limits of error of a multimeter."""

    model: str
    source: str
    mark: str
    dc_voltage: tuple[RangeAccuracy, ...]
    resistance: tuple[RangeAccuracy, ...]

    def voltage_limit_v(self, reading_v: float, *, range_v: float | None = None) -> float:
        """Return the half-width of a direct-voltage reading's error, in volts."""
        return _on_range(self.dc_voltage, reading_v, range_v, model=self.model)

    def resistance_limit_ohm(self, reading_ohm: float, *, range_ohm: float | None = None) -> float:
        """Return the half-width of a resistance reading's error, in ohms."""
        return _on_range(self.resistance, reading_ohm, range_ohm, model=self.model)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeAccuracy:
    """Limits of error of a scope's vertical system and timebase."""

    model: str
    source: str
    mark: str
    gain_of_full_scale: float
    offset_div: float
    offset_v: float
    offset_of_setting: float
    nonlinearity_lsb: float
    timebase_ppm: float
    divisions: int
    bits: int


@cache
def multimeter_accuracy(model: str) -> MultimeterAccuracy:
    """Return the table of a model; raises ConfigurationError naming those that exist."""
    table = _table("multimeter", model)
    return MultimeterAccuracy(
        model=table["model"],
        source=f"{table['manufacturer']} {table['model']}: {table['source']}",
        mark=table["mark"],
        dc_voltage=tuple(_range(row) for row in table["dc_voltage"]),
        resistance=tuple(_range(row) for row in table["resistance"]),
    )


@cache
def scope_accuracy(model: str) -> ScopeAccuracy:
    """Return the data-sheet limits of a model; raises ConfigurationError naming those known."""
    table = _table("scope", model)
    fields = {key: table[key] for key in ScopeAccuracy.__dataclass_fields__}
    fields["source"] = f"{table['manufacturer']} {table['model']}: {table['source']}"
    if not table["manufacturer"]:
        fields["source"] = table["source"]
    return ScopeAccuracy(**fields)


def transferred_scope() -> ScopeAccuracy:
    """Return what remains after gain and offset were transferred from the multimeter."""
    return scope_accuracy(_TRANSFERRED)


def _table(kind: str, model: str) -> dict[str, Any]:
    known = {name: table for (of, name), table in _tables().items() if of == kind}
    if model not in known:
        raise ConfigurationError(
            f"no accuracy table for the {kind} {model!r}; known: {', '.join(sorted(known))}; "
            f"add a file to {_FOLDER.parent.name}/{_FOLDER.name} from its data sheet"
        )
    return known[model]


@cache
def _tables() -> dict[tuple[str, str], dict[str, Any]]:
    tables: dict[tuple[str, str], dict[str, Any]] = {}
    for path in sorted(_FOLDER.glob("*.toml")):
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        tables[table["kind"], table["model"]] = table
    return tables


def _range(row: dict[str, Any]) -> RangeAccuracy:
    number, unit = str(row["range"]).split()
    prefix = unit.removesuffix("ohm").removesuffix("V")
    return RangeAccuracy(
        full_scale=float(number) * _PREFIXES[prefix],
        of_reading=row["of_reading"],
        of_range=row["of_range"],
    )


def _on_range(
    ranges: tuple[RangeAccuracy, ...], reading: float, full_scale: float | None, *, model: str
) -> float:
    """Use the named range, or the smallest one that holds the reading with 20 % over-range."""
    wanted = abs(reading) / 1.2 if full_scale is None else full_scale * (1 - 1e-9)
    for candidate in sorted(ranges, key=lambda one: one.full_scale):
        if candidate.full_scale >= wanted:
            return candidate.limit(reading)
    raise ConfigurationError(f"{model}: no range holds a reading of {reading:g}")
