"""State levels of a two-state record by the histogram method of IEEE 181.

The engine itself needs no two states (:mod:`bench.measure.states`): this is the method that other
programs call ``statelevels``, for comparison with their answers.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["DEFAULT_BINS", "bilevel_states"]

DEFAULT_BINS = 100


def bilevel_states(
    values: NDArray[np.floating],
    *,
    bins: int = DEFAULT_BINS,
    method: Literal["mode", "mean"] = "mode",
    bounds: tuple[float, float] | None = None,
) -> tuple[float, float]:
    """Return the lower and the upper state level of ``values``, in their unit.

    The range (``bounds``, or that of the values) is cut into ``bins``; the occupied bins are split
    in the middle, which belongs to both halves; a level is the centre of a half's fullest bin, the
    lowest of equals, or with ``mean`` the mean of its bin centres. Values outside ``bounds`` are
    left out. Raises ValueError where no value or no range is left, or for less than two bins.

    Source: IEEE Std 181, histogram modes and histogram means; the bin edges as GNU Octave's
    ``statelevels`` has them (upper edge inside).
    """
    if bins < 2:
        raise ValueError(f"expected at least 2 bins, found {bins}")
    inside = np.asarray(values, dtype=np.float64)
    if bounds is not None:
        inside = inside[(inside >= bounds[0]) & (inside <= bounds[1])]
    if inside.size == 0:
        raise ValueError("no value lies inside the bounds")
    low, high = bounds if bounds is not None else (float(inside.min()), float(inside.max()))
    if not high > low:
        raise ValueError(f"expected a range of values, found {low:g} to {high:g}")
    width = (high - low) / bins
    index = np.clip(np.ceil(bins * (inside - low) / (high - low)) - 1, 0, bins - 1).astype(np.intp)
    counts = np.bincount(index, minlength=bins)
    occupied = np.flatnonzero(counts)
    first, last = int(occupied[0]), int(occupied[-1])
    split = first + (last - first) // 2
    halves = slice(first, split + 1), slice(split, last + 1)
    centres = low + width * (np.arange(bins) + 0.5)
    if method == "mean":
        lower, upper = (float(np.average(centres[half], weights=counts[half])) for half in halves)
    else:
        lower, upper = (float(centres[half][counts[half].argmax()]) for half in halves)
    return lower, upper
