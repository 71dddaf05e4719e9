"""From a column of instants to a first instant and a sample interval."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bench.errors import FileFormatError

__all__ = ["even_timebase"]

_UNEVEN = 0.75
"""Distance from an even grid, in intervals, that printed digits may explain."""


def even_timebase(times_s: NDArray[np.float64], *, where: str) -> tuple[float, float]:
    """Return the first instant and the interval of evenly spaced instants.

    Few printed digits make neighbours look uneven; the interval is that between the first and
    the last instant. Raises FileFormatError for instants that do not rise or are not even.
    """
    if times_s.size < 2:
        raise FileFormatError(f"{where}: expected at least two samples, found {times_s.size}")
    interval_s = float(times_s[-1] - times_s[0]) / (times_s.size - 1)
    if not interval_s > 0.0:
        raise FileFormatError(
            f"{where}: expected rising instants, found {times_s[0]:g} s to {times_s[-1]:g} s"
        )
    first_s = float(times_s[0])
    off = np.abs(times_s - first_s - interval_s * np.arange(times_s.size))
    resolution_s = _printed_step(times_s)
    worst = int(off.argmax())
    if float(off[worst]) > max(_UNEVEN * interval_s, resolution_s):
        raise FileFormatError(
            f"{where}: sample {worst} at {times_s[worst]:.9g} s is not on an even grid of "
            f"{interval_s:.6g} s; segments and roll gaps must be exported one by one"
        )
    return first_s, interval_s


def _printed_step(times_s: NDArray[np.float64]) -> float:
    """Return the smallest distance between different instants."""
    steps = np.diff(times_s)
    positive = steps[steps > 0.0]
    return float(positive.min()) if positive.size else 0.0
