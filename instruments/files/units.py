"""Units as the headers of recorded files write them."""

from __future__ import annotations

import re

__all__ = ["parse_unit", "split_name"]

_PREFIXES = {"n": 1e-9, "u": 1e-6, "µ": 1e-6, "μ": 1e-6, "m": 1e-3, "": 1.0, "k": 1e3}
_WORDS = {
    "v": "V", "volt": "V", "volts": "V",
    "a": "A", "amp": "A", "amps": "A", "ampere": "A", "amperes": "A",
    "s": "s", "sec": "s", "secs": "s", "second": "s", "seconds": "s",
}  # fmt: skip
_LONG_PREFIXES = {"nano": 1e-9, "micro": 1e-6, "milli": 1e-3, "kilo": 1e3}
_BRACKETED = re.compile(r"^(?P<name>.*?)\s*[\[(](?P<unit>[^\])]*)[\])]\s*$")
_SUFFIXED = re.compile(r"^(?P<name>.+?)(?:\s+in\s+|_)(?P<unit>[A-Za-zµμ]+)$")


def parse_unit(text: str) -> tuple[str, float] | None:
    """Return the unit without prefix ("V", "A" or "s") and the factor to it, or None."""
    word = text.strip().strip("()[]\"' ")
    for long, factor in _LONG_PREFIXES.items():
        if word.lower().startswith(long) and word[len(long) :].lower() in _WORDS:
            return _WORDS[word[len(long) :].lower()], factor
    if word.lower() in _WORDS:
        return _WORDS[word.lower()], 1.0
    prefix, rest = word[:1], word[1:]
    if prefix in _PREFIXES and rest.lower() in ("v", "a", "s", "sec", "volt", "amp"):
        return _WORDS[rest.lower()], _PREFIXES[prefix]
    return None


def split_name(text: str) -> tuple[str, tuple[str, float] | None]:
    """Split a column title such as ``CH1 (mV)``, ``CH1 in V`` or ``current_ua`` from its unit."""
    title = text.strip().strip('"')
    for pattern in (_BRACKETED, _SUFFIXED):
        match = pattern.match(title)
        if match:
            unit = parse_unit(match["unit"])
            if unit is not None:
                return match["name"].strip() or title, unit
    return title, None
