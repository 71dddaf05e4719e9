"""What the catalogue asks of a device's declaration; a profile satisfies it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bench.quantity import Tolerance

__all__ = ["Declared"]


class _Level(Protocol):
    @property
    def number(self) -> int: ...


class Declared(Protocol):
    """The declared figures by name, and the features on which applicability depends."""

    @property
    def id(self) -> str:
        """Name of the profile, for messages."""
        ...

    @property
    def features(self) -> frozenset[str]:
        """What the device has, e.g. ``symmetric``, ``polarity cycle``, ``trains``."""
        ...

    @property
    def levels(self) -> Sequence[_Level]:
        """The driven levels, ascending."""
        ...

    @property
    def loads_ohm(self) -> Sequence[float]:
        """The declared loads, ascending."""
        ...

    def nominal(self, name: str, *, level: int, load_ohm: float) -> tuple[float, str]:
        """Return a declared figure and its unit; raises LookupError."""
        ...

    def tolerance_named(self, name: str) -> Tolerance:
        """Return a declared tolerance; raises LookupError."""
        ...
