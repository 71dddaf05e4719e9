"""What a generator reports of its output, held against what it was told."""

from __future__ import annotations

import math
from typing import Final

from bench.errors import InstrumentError
from instruments.session import Session, parse_numbers

__all__ = ["number", "require_near", "require_switched"]

_RELATIVE: Final = 1e-3
"""Settings are read back rounded; one that was clamped is off by far more."""


def number(session: Session, reply: str) -> float:
    """Return a reply's only number; raises InstrumentError."""
    try:
        return float(parse_numbers(reply, count=1)[0])
    except ValueError as error:
        raise InstrumentError(session.describe(f"its answer cannot be read: {error}")) from error


def require_near(session: Session, name: str, found: float, expected: float) -> None:
    """Raise InstrumentError where a setting reads back as another one."""
    if not math.isclose(found, expected, rel_tol=_RELATIVE, abs_tol=1e-9):
        raise InstrumentError(
            session.describe(
                f"its {name} was set to {expected:g}, it reports {found:g}; check the limits of the "
                "model"
            )
        )


def require_switched(session: Session, *, on: bool, found: bool) -> None:
    """Raise InstrumentError where the output is not as it was switched."""
    if found != on:
        raise InstrumentError(
            session.describe(
                f"its output was switched {'on' if on else 'off'}, it reports the opposite; check "
                "its overload protection"
            )
        )
