"""Limits of error of instruments, from the data sheets in ``accuracy/``."""

from __future__ import annotations

import math
import re
import tomllib
from dataclasses import dataclass, replace
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
_TRANSFER = _FOLDER / "transfer.toml"
_USUAL_LONGEST_S = 1.0
_USUAL_AC = (0.0006, 0.0003)
"""Recalled of 6.5-digit meters, a.c. volts 10 Hz to 20 kHz, one year."""
_PREFIXES = {"m": 1e-3, "k": 1e3, "": 1.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeAccuracy:
    """Limit of error on one range: shares of the reading and of the range."""

    full_scale: float
    """Volts or ohms."""
    of_reading: float
    of_range: float
    certified_of_reading: float = 0.0
    """Standard uncertainty of a correction by certificate, a share of the reading."""
    certified_offset: float = 0.0
    """The same for its offset, in volts or ohms."""

    def limit(self, reading: float) -> float:
        """Return the half-width of the error at a reading, in volts or ohms.

        That of a rectangle as wide as the data sheet's limit and a correction's uncertainty are
        together.
        """
        limit = self.of_reading * abs(reading) + self.of_range * self.full_scale
        if not (self.certified_of_reading or self.certified_offset):
            return limit
        certified = math.hypot(self.certified_of_reading * reading, self.certified_offset)
        return math.hypot(limit, math.sqrt(3.0) * certified)


@dataclass(frozen=True, slots=True, kw_only=True)
class MultimeterAccuracy:
    """Limits of error of a multimeter."""

    model: str
    source: str
    mark: str
    aperture_ppm: float
    """Limit of error of an aperture's duration."""
    aperture_in_seconds: bool
    """False where the meter has steps of power-line cycles only."""
    longest_aperture_s: float
    """Of one reading, where it can be set in seconds."""
    ac_voltage: tuple[float, float]
    """Shares of reading and of range of a.c. volts at low frequencies."""
    dc_voltage: tuple[RangeAccuracy, ...]
    resistance: tuple[RangeAccuracy, ...]

    @property
    def reference(self) -> str:
        """Source and mark, as a budget names them."""
        return f"{self.source} [{self.mark}]"

    def voltage_limit_v(self, reading_v: float, *, range_v: float | None = None) -> float:
        """Return the half-width of a direct-voltage reading's error, in volts."""
        return _on_range(self.dc_voltage, reading_v, range_v, model=self.model)

    def ac_voltage_limit_v(self, reading_v: float, *, range_v: float) -> float:
        """Return the half-width of an alternating-voltage reading's error, in volts."""
        of_reading, of_range = self.ac_voltage
        return of_reading * reading_v + of_range * self._voltage_range_v(range_v)

    def resistance_uncertainty(self, reading_ohm: float, *, range_ohm: float) -> float:
        """Return the relative standard uncertainty of a four-wire resistance reading."""
        limit_ohm = self.resistance_limit_ohm(reading_ohm, range_ohm=range_ohm)
        return limit_ohm / math.sqrt(3.0) / reading_ohm

    def _voltage_range_v(self, range_v: float) -> float:
        """Return the full scale of the range that the meter takes for ``range_v``."""
        scales = [row.full_scale for row in self.dc_voltage]
        return min((scale for scale in scales if scale >= range_v * (1 - 1e-9)), default=range_v)

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
    codes_per_division: float
    vertical_source: str = ""
    """Source of gain and offset where it is not that of the rest: after a transfer."""

    @property
    def reference(self) -> str:
        """Source and mark, as a budget names them."""
        return f"{self.source} [{self.mark}]"

    @property
    def codes(self) -> float:
        """Codes of the whole screen."""
        return self.divisions * self.codes_per_division

    @property
    def vertical_reference(self) -> str:
        """Source and mark of gain and offset."""
        return self.vertical_source or self.reference


@cache
def multimeter_accuracy(model: str, *, where: str = "") -> MultimeterAccuracy:
    """Return the table of a model as ``*IDN?`` gives it.

    Raises ConfigurationError with ``where`` the model was found, naming the models that are known.
    """
    table = _table("multimeter", model, where)
    return MultimeterAccuracy(
        model=model,
        source=f"{table['manufacturer']} {table['family']}: {table['source']}",
        mark=table["mark"],
        aperture_ppm=table["aperture_ppm"],
        aperture_in_seconds=table["aperture_in_seconds"],
        longest_aperture_s=table.get("longest_aperture_s", _USUAL_LONGEST_S),
        ac_voltage=(
            table.get("ac_of_reading", _USUAL_AC[0]),
            table.get("ac_of_range", _USUAL_AC[1]),
        ),
        dc_voltage=tuple(_range(row) for row in table["dc_voltage"]),
        resistance=tuple(_range(row) for row in table["resistance"]),
    )


@cache
def scope_accuracy(model: str, *, where: str = "") -> ScopeAccuracy:
    """Return the data-sheet limits of a model as ``*IDN?`` gives it.

    Raises ConfigurationError with ``where`` the model was found, naming the models that are known.
    """
    table = _table("scope", model, where)
    bits, divisions = table["bits"], table["divisions"]
    return ScopeAccuracy(
        model=model,
        source=f"{table['manufacturer']} {table['family']}: {table['source']}",
        mark=table["mark"],
        codes_per_division=table.get("codes_per_division", 2**bits / divisions),
        **{
            key: table[key]
            for key in (
                "gain_of_full_scale", "offset_div", "offset_v", "offset_of_setting",
                "nonlinearity_lsb", "timebase_ppm", "divisions", "bits",
            )
        },
    )  # fmt: skip


def transferred_scope(scope: ScopeAccuracy) -> ScopeAccuracy:
    """Return what remains of a scope after its gain and offset were transferred from the meter.

    Converter and time base stay the scope's own.
    """
    table = tomllib.loads(_TRANSFER.read_text(encoding="utf-8"))
    return replace(
        scope,
        gain_of_full_scale=table["gain_of_full_scale"],
        offset_div=table["offset_div"],
        offset_v=table["offset_v"],
        offset_of_setting=0.0,
        vertical_source=f"{table['source']} [{table['mark']}]",
    )


def _table(kind: str, model: str, where: str) -> dict[str, Any]:
    tables = [table for table in _tables() if table["kind"] == kind]
    for table in tables:
        if any(re.fullmatch(pattern, model) for pattern in table["models"]):
            return table
    place = f"{where}: " if where else ""
    known = ", ".join(sorted(f"{table['family']}" for table in tables))
    raise ConfigurationError(
        f"{place}no accuracy table for the {kind} {model!r}, so nothing that it measures has an "
        f"uncertainty; known: {known}; write one from its data sheet to "
        f"{_FOLDER.parent.parent.name}/{_FOLDER.parent.name}/{_FOLDER.name} (docs/uncertainty.md)"
    )


@cache
def _tables() -> tuple[dict[str, Any], ...]:
    return tuple(
        tomllib.loads(path.read_text(encoding="utf-8"))
        for path in sorted(_FOLDER.glob("*.toml"))
        if path != _TRANSFER
    )


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
