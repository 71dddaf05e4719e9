"""Units as records carry them (``uA``, ``s``, ``ohm``) and as a reader expects them (µA, ms, Ω)."""

from __future__ import annotations

import math
import re

__all__ = ["engineering", "scale_between", "shown_unit"]

_EXPONENTS = {"p": -12, "n": -9, "u": -6, "µ": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9}
_PREFIXES = {exponent: prefix for prefix, exponent in _EXPONENTS.items() if prefix != "u"}
_BASES = ("A", "V", "s", "C", "Hz", "Ω", "W", "F", "J")
_READABLE = (0.1, 10_000.0)
"""Magnitudes that need no other prefix."""


def shown_unit(unit: str) -> str:
    """Return ``unit`` as printed: µ, Ω, °C and superscript two; ``1`` and ``-`` are no unit."""
    if unit in {"1", "-"}:
        return ""
    text = re.sub(r"\bu(?=[A-Z]|s\b)", "µ", unit.replace("μ", "µ"))
    return text.replace("ohm", "Ω").replace("degC", "°C").replace("cm2", "cm²")


def _split(unit: str) -> tuple[int, str] | None:
    """Return (power of ten, base unit), or None where the unit takes no prefix here."""
    text = shown_unit(unit)
    for base in _BASES:
        prefix = text.removesuffix(base)
        if prefix != text and prefix in _EXPONENTS:
            return _EXPONENTS[prefix], base
    return None


def scale_between(unit: str, other: str) -> float | None:
    """Return the factor from ``unit`` to ``other``, or None where they differ in kind."""
    if shown_unit(unit) == shown_unit(other):
        return 1.0
    source, target = _split(unit), _split(other)
    if source is None or target is None or source[1] != target[1]:
        return None
    return 10.0 ** (source[0] - target[0])


def engineering(magnitude: float, unit: str, *, always: bool = False) -> tuple[float, str]:
    """Return (factor, printed unit) that bring ``magnitude`` to a readable size.

    A magnitude that is readable as it stands keeps its unit unless ``always`` is true: a limit
    of 1200 s stays 1200 s in a table, while a plot axis picks the prefix afresh.
    """
    split = _split(unit)
    size = abs(magnitude)
    if split is None or size == 0 or not math.isfinite(size):
        return 1.0, shown_unit(unit)
    if not always and _READABLE[0] <= size < _READABLE[1]:
        return 1.0, shown_unit(unit)
    power = math.floor(math.log10(size) / 3 + 1e-9) * 3 + split[0]
    power = min(max(power, min(_PREFIXES)), 0 if split[1] == "s" else max(_PREFIXES))
    return 10.0 ** (split[0] - power), _PREFIXES[power] + split[1]
