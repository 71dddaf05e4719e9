"""Quantities as people write them: ``6 ms``, ``80 µA``, ``100.0 ohm ± 0.1 %``, into a wanted unit.

Every scaling is decimal, so that ``80 uA`` asked for in ``uA`` is exactly 80.0 and ``6 ms`` asked
for in ``s`` is the float nearest to 0.006.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Final

__all__ = [
    "QuantityError",
    "Stated",
    "Tolerance",
    "convert",
    "dimension_of",
    "in_unit",
    "stated",
    "tolerance",
    "written",
]


class QuantityError(ValueError):
    """A text is not a quantity of the wanted dimension; says expected and found, not where."""


_PREFIXES: Final[Mapping[str, int]] = MappingProxyType(
    {"p": -12, "n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9}
)

_PREFIXED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "A": "current",
        "V": "voltage",
        "ohm": "resistance",
        "s": "time",
        "Hz": "frequency",
        "C": "charge",
        "F": "capacitance",
        "J": "energy",
        "W": "power",
        "W/cm2": "power density",
        "A/cm2": "current density",
        "C/s": "charge rate",
        "V/A": "resistance",
    }
)

_PLAIN: Final[Mapping[str, tuple[str, Decimal]]] = MappingProxyType(
    {
        "min": ("time", Decimal(60)),
        "h": ("time", Decimal(3600)),
        "%": ("ratio", Decimal("0.01")),
        "ppm": ("ratio", Decimal("0.000001")),
        "1": ("ratio", Decimal(1)),
        "cm2": ("area", Decimal(1)),
        "degC": ("temperature", Decimal(1)),
        "pulses": ("number of pulses", Decimal(1)),
        "items": ("number of items", Decimal(1)),
        "traces": ("number of traces", Decimal(1)),
        "steps": ("number of steps", Decimal(1)),
        "mV/uA": ("resistance", Decimal(1000)),
        "V/uA": ("resistance", Decimal(1000000)),
    }
)

_SPELLINGS: Final = str.maketrans(
    {"µ": "u", "\u03bc": "u", "Ω": "ohm", "\u2126": "ohm", "²": "2", "−": "-"}
)
"""Micro (both code points), ohm (both code points), superscript two and the typographic minus."""

_QUANTITY: Final = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(\S*)")
_PLUS_MINUS: Final = re.compile(r"\s*(?:±|\+/-|\+-)\s*")
_AT_LEAST: Final = re.compile(r"\s*,\s*at least\s+")
_EXAMPLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "current": "80 uA",
        "voltage": "4 V",
        "resistance": "500 ohm",
        "time": "6 ms",
        "frequency": "80 Hz",
        "charge": "2.4 uC",
        "ratio": "10 %",
        "area": "1.0 cm2",
        "temperature": "43 degC",
        "power density": "0.25 W/cm2",
        "current density": "2 mA/cm2",
        "charge rate": "0.1 uC/s",
    }
)


def _normal(text: str) -> str:
    return text.translate(_SPELLINGS).replace("°C", "degC").replace("℃", "degC").strip()


def _unit(symbol: str) -> tuple[str, Decimal] | None:
    """Return (dimension, factor to the base unit), or None where the symbol is unknown."""
    if symbol in _PLAIN:
        return _PLAIN[symbol]
    for base, dimension in _PREFIXED.items():
        prefix = symbol.removesuffix(base)
        if symbol.endswith(base) and prefix in _PREFIXES:
            return dimension, Decimal(1).scaleb(_PREFIXES[prefix])
    return None


def dimension_of(unit: str) -> str:
    """Return the dimension of a unit in words; raises QuantityError for an unknown unit."""
    return _known(unit)[0]


def _known(unit: str) -> tuple[str, Decimal]:
    found = _unit(_normal(unit) or "1")
    if found is None:
        raise QuantityError(f"unknown unit {unit!r}; prefixes p n u m k M G, e.g. uA, mV, kohm, ms")
    return found


def _expected(unit: str) -> str:
    dimension = dimension_of(unit)
    example = _EXAMPLES.get(dimension)
    return f"a {dimension}" + (f" such as {example!r}" if example else f" in {unit}")


def _number_and_unit(text: str) -> tuple[Decimal, str] | None:
    match = _QUANTITY.fullmatch(_normal(text))
    if match is None:
        return None
    try:
        number = Decimal(match[1])
    except InvalidOperation:
        return None
    return number, match[2]


def _decimal_in(text: str, unit: str) -> Decimal:
    split = _number_and_unit(text)
    if split is None:
        raise QuantityError(f"expected {_expected(unit)}, found {text!r}")
    number, symbol = split
    wanted, wanted_factor = _known(unit)
    if not symbol and wanted != "ratio":
        raise QuantityError(f"expected {_expected(unit)}, found {text!r} without a unit")
    dimension, factor = _known(symbol)
    if dimension != wanted:
        raise QuantityError(f"expected {_expected(unit)}, found {text!r}, a {dimension}")
    return number * factor / wanted_factor


def in_unit(text: str, unit: str) -> float:
    """Return a written quantity as a number in ``unit``.

    Raises QuantityError where the text is no quantity, has no unit or is of another dimension.
    """
    value = float(_decimal_in(text, unit))
    if value in (float("inf"), float("-inf")):
        raise QuantityError(f"expected {_expected(unit)}, found {text!r}, which is too large")
    return value


def convert(value: float, *, source: str, target: str) -> float:
    """Return ``value`` given in unit ``source`` as a number in unit ``target``."""
    dimension, factor = _known(source)
    wanted, wanted_factor = _known(target)
    if dimension != wanted:
        raise QuantityError(f"{source} is a {dimension}, {target} is a {wanted}")
    if factor == wanted_factor:
        return value
    return float(Decimal(repr(float(value))) * factor / wanted_factor)


def written(value: float, unit: str) -> str:
    """Return a quantity as the reports print it: ``400 µA``, ``10 %``; ratios stand alone."""
    number = f"{value:.7g}"
    symbol = unit.replace("uA", "µA").replace("us", "µs").replace("uC", "µC").replace("ohm", "Ω")
    return number if unit in {"", "1"} else f"{number} {symbol}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """A value with the half-width that was stated for it, both in ``unit``."""

    value: float
    half_width: float
    unit: str


def stated(text: str, unit: str) -> Stated:
    """Return ``100.0 ohm ± 0.1 %`` or ``100.0 ohm ± 0.1 ohm`` in ``unit``; no ± means zero.

    Raises QuantityError as :func:`in_unit` does, also for a negative half-width.
    """
    value_text, *rest = _PLUS_MINUS.split(_normal(text))
    value = _decimal_in(value_text, unit)
    if not rest:
        return Stated(value=float(value), half_width=0.0, unit=unit)
    if len(rest) > 1 or _number_and_unit(rest[0]) is None:
        raise QuantityError(f"expected a quantity like '100.0 ohm ± 0.1 %', found {text!r}")
    width = _half_width(rest[0], nominal=value, unit=unit)
    if width < 0:
        raise QuantityError(f"expected a half-width of zero or more after ±, found {text!r}")
    return Stated(value=float(value), half_width=float(width), unit=unit)


def _half_width(text: str, *, nominal: Decimal, unit: str) -> Decimal:
    split = _number_and_unit(text)
    if split is not None and split[1] in {"%", "ppm"} and dimension_of(unit) != "ratio":
        return _decimal_in(text, "1") * abs(nominal)
    return _decimal_in(text, unit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """A symmetric tolerance: the wider of ``relative`` of the nominal and ``floor`` (in ``unit``)."""

    relative: float = 0.0
    floor: float = 0.0
    unit: str = "1"

    def half_width(self, nominal: float, *, floor: float | None = None) -> float:
        """Return the half-width about ``nominal``, in its unit.

        ``floor`` replaces the tolerance's own where the caller has scaled it (to another unit, or
        to a charge).
        """
        return max(self.relative * abs(nominal), self.floor if floor is None else floor)

    def __str__(self) -> str:
        relative = f"±{100 * self.relative:.6g} %" if self.relative else ""
        floor = written(self.floor, self.unit) if self.floor else ""
        if relative and floor:
            return f"{relative}, at least {floor}"
        return relative or f"±{floor or 0}"


def tolerance(text: str, unit: str) -> Tolerance:
    """Return ``±10 %``, ``±2 uA`` or ``±10 %, at least 2 uA`` with its floor in ``unit``.

    Raises QuantityError where it is none of these or is negative.
    """
    body = _PLUS_MINUS.sub("", _normal(text), count=1)
    relative_text, *rest = _AT_LEAST.split(body)
    split = _number_and_unit(relative_text)
    if split is None or len(rest) > 1:
        raise QuantityError(f"expected a tolerance like '±10 %, at least 2 uA', found {text!r}")
    if split[1] not in {"%", "ppm"} and rest:
        raise QuantityError(f"expected a percentage before 'at least', found {text!r}")
    if split[1] in {"%", "ppm"}:
        floor = in_unit(rest[0], unit) if rest else 0.0
        found = Tolerance(relative=in_unit(relative_text, "1"), floor=floor, unit=unit)
    else:
        found = Tolerance(floor=in_unit(relative_text, unit), unit=unit)
    if found.relative < 0 or found.floor < 0:
        raise QuantityError(f"expected a tolerance of zero or more, found {text!r}")
    return found
