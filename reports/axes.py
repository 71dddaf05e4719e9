"""Axes of a figure: tick positions, tick labels and the way from data to drawing units."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Scale", "tick_label", "ticks"]


_STEPS = ((1, 1.5), (2, 3.5), (5, 7.5), (10, 10.0))
"""Tick steps, each with the raw step up to which it is taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """A linear way from data (``low`` to ``high``) to drawing units (``start`` to ``stop``)."""

    low: float
    high: float
    start: int
    stop: int

    def at(self, value: float) -> int:
        """Return the drawing position of one value."""
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + share * (self.stop - self.start))

    def at_all(self, values: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the drawing positions of many values."""
        share = (values - self.low) / (self.high - self.low)
        return np.rint(self.start + share * (self.stop - self.start)).astype(np.int64)


def ticks(low: float, high: float, *, about: int) -> list[float]:
    """Return round values inside ``low`` to ``high``, a 1-2-5 step apart, some ``about`` of them."""
    rough = (high - low) / about
    magnitude = 10.0 ** math.floor(math.log10(rough))
    step = magnitude * next(
        factor for factor, bound in _STEPS if rough < bound * magnitude or factor == 10
    )
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [index * step for index in range(first, last + 1)]


def tick_label(value: float, step: float) -> str:
    """Return ``value`` with the decimals that ``step`` needs."""
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    text = f"{value:.{decimals}f}"
    return (text.lstrip("-") if float(text) == 0 else text).replace("-", "\N{MINUS SIGN}")
