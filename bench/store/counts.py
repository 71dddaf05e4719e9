"""Which numbers may stand together."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["Counts"]


class Counts(IntEnum):
    """Whether a number may be used in statistics, and with which others."""

    NOWHERE = 0
    """There is no number, the bench was at fault, or the unit is the golden one, which watches the bench."""
    REAL = 1
    SIMULATED = 2
