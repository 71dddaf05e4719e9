"""One record of an InfiniiVision scope: its preamble, its legal sizes, its codes.

Source: *InfiniiVision 3000 X-Series Programmer's Guide*, ``:WAVeform`` commands: values 0 (hole), 1
(clipped low) and 255 (clipped high) of the BYTE format, preamble fields and formulae.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.errors import SettingOutOfRange
from instruments.session import parse_numbers

__all__ = [
    "CLIPPED_HIGH",
    "CLIPPED_LOW",
    "HOLE",
    "UNSIGNED_MIDDLE",
    "Preamble",
    "legal_points",
    "signed",
]

HOLE = 0
"""Unsigned code of a sample that was never acquired."""
UNSIGNED_MIDDLE = 128
CLIPPED_LOW = 1 - UNSIGNED_MIDDLE
CLIPPED_HIGH = 255 - UNSIGNED_MIDDLE

_LEGAL_POINTS = (
    100, 250, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000,
    1_000_000, 2_000_000, 4_000_000, 8_000_000,
)  # fmt: skip
_PREAMBLE_FIELDS = 10
_BYTE_FORMAT = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Preamble:
    """The scaling of one record as the scope declares it."""

    points: int
    peak_detect: bool
    x_increment_s: float
    x_origin_s: float
    x_reference: float
    y_increment_v: float
    y_origin_v: float
    y_reference: float

    @classmethod
    def parse(cls, reply: str) -> Preamble:
        """Read the ten fields; raises ValueError for anything that cannot scale a record."""
        fields = [float(field) for field in parse_numbers(reply, count=_PREAMBLE_FIELDS)]
        sample_format, kind, points, _, x_inc, x_orig, x_ref, y_inc, y_orig, y_ref = fields
        if sample_format != _BYTE_FORMAT:
            raise ValueError(f"expected the format 0 (BYTE), found {sample_format:g}")
        if points < 1 or not x_inc > 0 or y_inc == 0:
            raise ValueError(f"{points:g} points, x increment {x_inc:g}, y increment {y_inc:g}")
        return cls(
            points=int(points),
            peak_detect=kind == 1,
            x_increment_s=x_inc,
            x_origin_s=x_orig,
            x_reference=x_ref,
            y_increment_v=y_inc,
            y_origin_v=y_orig,
            y_reference=y_ref,
        )


def legal_points(points: int) -> int:
    """Return the largest number of points that the scope transfers and that is not over ``points``."""
    legal = [candidate for candidate in _LEGAL_POINTS if candidate <= points]
    if not legal:
        raise SettingOutOfRange(
            f"at most {points} points were asked for, the scope transfers {_LEGAL_POINTS[0]} or more"
        )
    return legal[-1]


def signed(codes: NDArray[np.uint8]) -> NDArray[np.int8]:
    """Return unsigned codes less 128 as int8: one pass over the record, no wider copy."""
    return np.bitwise_xor(codes, np.uint8(UNSIGNED_MIDDLE)).view(np.int8)
