"""Test conditions as words: ``{"level": 5, "load_ohm": 500.0}`` is "level 5, load 500 Ω"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reports.numbers import plain, with_unit
from reports.units import engineering

__all__ = ["common_conditions", "conditions_text", "own_conditions"]

_SUFFIXES = {
    "_ohm": "Ω",
    "_ua": "µA",
    "_ma": "mA",
    "_a": "A",
    "_mv": "mV",
    "_v": "V",
    "_us": "µs",
    "_ms": "ms",
    "_s": "s",
    "_min": "min",
    "_hz": "Hz",
    "_uc": "µC",
    "_pct": "%",
    "_c": "°C",
    "_mm": "mm",
}
Scalar = str | int | float | bool


def _words(name: str, value: Scalar) -> str:
    unit = next((shown for suffix, shown in _SUFFIXES.items() if name.endswith(suffix)), "")
    if not unit or isinstance(value, str | bool):
        unit, label = "", name
    else:
        label = name[: name.rindex("_")]
    if unit == "Hz" and not isinstance(value, str):  # a load stays 10000 Ω, as standards write it
        factor, unit = engineering(value, unit)
        value *= factor
    return f"{label.replace('_', ' ')} {with_unit(_value(value), unit)}"


def _value(value: Scalar) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else plain(value)


def conditions_text(conditions: Mapping[str, Scalar]) -> str:
    """Return all conditions in one line."""
    return ", ".join(_words(name, value) for name, value in conditions.items())


def common_conditions(rows: Sequence[Mapping[str, Scalar]]) -> dict[str, Scalar]:
    """Return the conditions that all ``rows`` share, for one line above their table."""
    if not rows:
        return {}
    first, *rest = rows
    return {
        name: value
        for name, value in first.items()
        if all(name in row and row[name] == value for row in rest)
    }


def own_conditions(row: Mapping[str, Scalar], common: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """Return the conditions of ``row`` that are not in ``common``."""
    return {name: value for name, value in row.items() if name not in common}
