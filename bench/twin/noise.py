"""Noise that belongs to a sample and not to a fetch.

The value of sample i of an acquisition is looked up in a table of normal deviates at a hash of
(acquisition, i): a record fetched twice is the same record, a decimated fetch is a subset of the
full one, and a new acquisition has noise of its own.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["NoiseTable"]

_TABLE_BITS = 18
"""262,144 deviates, their own mean and standard deviation made exactly 0 and 1."""
_SPREAD = 0x9E3779B9
"""Odd: neighbouring samples lie far apart before they are mixed."""


class NoiseTable:
    """Normal deviates with mean 0 and standard deviation 1."""

    def __init__(self, seed: int) -> None:
        generator = np.random.default_rng([seed, 0x4E01])
        drawn = generator.standard_normal(1 << _TABLE_BITS)
        self._deviates = ((drawn - drawn.mean()) / drawn.std()).astype(np.float32)

    def deviates(self, *, stream: int, first: int, step: int, count: int) -> NDArray[np.float32]:
        """Return the deviates of samples ``first + step * j``, shape (count,), of one stream."""
        places = np.arange(count, dtype=np.uint32)
        places *= _wrapped(step * _SPREAD)
        places += _wrapped(first * _SPREAD)
        places ^= _wrapped(stream * 0xD6E8FEB9 + 0x2545F491)
        _hash(places)
        places >>= np.uint32(32 - _TABLE_BITS)
        return self._deviates.take(places)


def _hash(values: NDArray[np.uint32]) -> None:
    """Mix 32 bits well, in place: multiplications and shifts, constants of C. Wellons' search."""
    shifted = np.empty_like(values)
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B), (16, 1)):
        np.right_shift(values, np.uint32(shift), out=shifted)
        values ^= shifted
        if factor != 1:
            values *= np.uint32(factor)


def _wrapped(number: int) -> np.uint32:
    return np.uint32(number & 0xFFFF_FFFF)
