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


class NoiseTable:
    """Normal deviates with mean 0 and standard deviation 1."""

    def __init__(self, seed: int) -> None:
        generator = np.random.default_rng([seed, 0x4E01])
        drawn = generator.standard_normal(1 << _TABLE_BITS)
        self._deviates = ((drawn - drawn.mean()) / drawn.std()).astype(np.float32)

    def deviates(self, *, stream: int, first: int, step: int, count: int) -> NDArray[np.float32]:
        """Return the deviates of samples ``first + step * j``, shape (count,), of one stream."""
        index = np.arange(first, first + step * count, step, dtype=np.uint64).astype(np.uint32)
        index *= np.uint32(0x9E3779B9)
        index ^= np.uint32(_mixed(stream))
        return self._deviates[_hash(index) >> np.uint32(32 - _TABLE_BITS)]


def _hash(values: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Mix 32 bits well: two multiplications and three shifts, constants of C. Wellons' search."""
    values ^= values >> np.uint32(16)
    values *= np.uint32(0x7FEB352D)
    values ^= values >> np.uint32(15)
    values *= np.uint32(0x846CA68B)
    values ^= values >> np.uint32(16)
    return values


def _mixed(stream: int) -> int:
    return (stream * 0xD6E8FEB9 + 0x2545F491) & 0xFFFF_FFFF
