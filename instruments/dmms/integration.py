"""How long a reading may integrate: in seconds, in a range of line cycles, or in steps of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, Protocol

__all__ = ["Apertures", "Integration", "LineCycleRange", "LineCycleSteps", "Seconds"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Integration:
    """An aperture as one meter makes it: the setting, and how many readings are combined."""

    mnemonic: Literal["APER", "NPLC"]
    value: float
    """In seconds or in line cycles, as ``mnemonic`` says."""
    reading_s: float
    """Seconds of one reading of the meter."""
    combined: int
    """Readings of the meter that make one of the driver's."""


class Apertures(Protocol):
    """What a family offers; raises ValueError for an aperture below its shortest."""

    @property
    def needs_line_frequency(self) -> bool:
        """Whether ``line_hz`` matters."""
        ...

    def split(self, aperture_s: float, *, line_hz: float) -> Integration:
        """Return how ``aperture_s`` is made."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Seconds:
    """An aperture in seconds; beyond the longest, equal readings are combined."""

    shortest_s: float
    longest_s: float
    combine: bool = True
    """False: beyond the longest is an error instead."""
    needs_line_frequency: bool = False

    def split(self, aperture_s: float, *, line_hz: float) -> Integration:
        """Return how ``aperture_s`` is made, whatever the line."""
        del line_hz
        combined = _parts(aperture_s, self.shortest_s, self.longest_s)
        if combined > 1 and not self.combine:
            raise ValueError(
                f"an aperture of {aperture_s:g} s is above the longest of this model, "
                f"{self.longest_s:g} s"
            )
        value_s = aperture_s / combined
        return Integration(mnemonic="APER", value=value_s, reading_s=value_s, combined=combined)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineCycleRange:
    """Any number of line cycles within a range."""

    fewest: float
    most: float
    needs_line_frequency: bool = True

    def split(self, aperture_s: float, *, line_hz: float) -> Integration:
        """Return how ``aperture_s`` is made."""
        combined = _parts(aperture_s, self.fewest / line_hz, self.most / line_hz)
        reading_s = aperture_s / combined
        return Integration(
            mnemonic="NPLC", value=reading_s * line_hz, reading_s=reading_s, combined=combined
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LineCycleSteps:
    """A few numbers of line cycles; the longest that fits is repeated."""

    steps: tuple[float, ...]
    needs_line_frequency: bool = True

    def split(self, aperture_s: float, *, line_hz: float) -> Integration:
        """Return how about ``aperture_s`` is made."""
        wanted = aperture_s * line_hz
        fitting = [step for step in self.steps if step <= wanted * (1 + 1e-9)]
        if not fitting:
            raise ValueError(_too_short(aperture_s, self.steps[0] / line_hz))
        nplc = fitting[-1]
        return Integration(
            mnemonic="NPLC",
            value=nplc,
            reading_s=nplc / line_hz,
            combined=max(1, math.floor(wanted / nplc + 0.5)),
        )


def _parts(aperture_s: float, shortest_s: float, longest_s: float) -> int:
    if not aperture_s >= shortest_s * (1 - 1e-9):
        raise ValueError(_too_short(aperture_s, shortest_s))
    return max(1, math.ceil(aperture_s / longest_s * (1 - 1e-9)))


def _too_short(aperture_s: float, shortest_s: float) -> str:
    return f"an aperture of {aperture_s:g} s is below the shortest of this model, {shortest_s:g} s"
