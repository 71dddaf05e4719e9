"""The readings in a meter's answer, and the sentinel that stands for an overload.

Strict on purpose: what is not exactly a reading of the function in force is refused, because a
number that is wrong is worse than none. Accepted beside plain numbers is what Keithley meters add
where their format elements were left on: the unit behind each reading, and the tagged elements
(time, reading number, channel) between them.
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

__all__ = ["OVERLOAD", "is_overload", "parse_readings"]

OVERLOAD = 9.9e37
"""SCPI's infinity is 9.9E37; no real reading comes near it. Source: SCPI-1999, volume 1, 7.2.1."""

_FIELD = re.compile(
    r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)([A-Za-z][A-Za-z0-9 ]*#?)?\s*", re.ASCII
)
_OTHER_ELEMENTS = ("SECS", "RDNG#", "INTCHAN", "EXTCHAN", "LIMITS")
"""Tags of elements that are no readings. Source: Keithley 2000 manual, FORMat:ELEMents."""


def parse_readings(reply: str, *, count: int, units: tuple[str, ...] = ()) -> NDArray[np.float64]:
    """Return the ``count`` readings of an answer; raises ValueError for anything else.

    ``units`` are the tags that a reading of the function in force may carry.
    """
    readings: list[float] = []
    for field in reply.split(","):
        match = _FIELD.fullmatch(field)
        if match is None:
            raise ValueError(f"expected a number, found {field.strip()[:40]!r}")
        tag = (match[2] or "").upper()
        if tag in _OTHER_ELEMENTS and units:
            continue
        if tag and tag not in units:
            raise ValueError(
                f"expected a reading in {' or '.join(units) or 'plain numbers'}, "
                f"found {field.strip()[:40]!r}"
            )
        readings.append(float(match[1]))
    if len(readings) != count:
        raise ValueError(f"expected {count} readings, found {len(readings)}")
    return np.array(readings, dtype=np.float64)


def is_overload(readings: NDArray[np.float64]) -> bool:
    """Return whether any reading is the overload sentinel, of either sign, or not finite."""
    return bool(np.any(~np.isfinite(readings)) or np.any(np.abs(readings) >= OVERLOAD))
