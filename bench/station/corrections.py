"""Corrections of the multimeter by its calibration certificate, and the meter that applies them.

A certificate says by how much a range reads wrong on the day, with an uncertainty; the data sheet says
how far it may drift until the next one. So a correction takes the known error off every reading of
its range, and its uncertainty is added to the data sheet's limit, which stays: U never shrinks by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bench.judge import MultimeterAccuracy, RangeAccuracy
from instruments.roles import Identity, Multimeter

__all__ = ["CorrectedMultimeter", "Correction", "corrected_accuracy"]

_COVERAGE: Final = 2.0
"""A certificate states expanded uncertainties, k = 2."""
_SAME: Final = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What is to be added to the readings of one range: a share of the reading, and an offset."""

    unit: str
    """``V`` (direct volts) or ``ohm``."""
    full_scale: float
    gain: float = 0.0
    gain_expanded: float = 0.0
    """Expanded uncertainty of ``gain``, k = 2, as the certificate states it."""
    offset: float = 0.0
    offset_expanded: float = 0.0

    def applied(self, readings: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return readings with the known error taken off."""
        return readings * (1.0 + self.gain) + self.offset

    def __str__(self) -> str:
        unit = "Ω" if self.unit == "ohm" else self.unit
        return (
            f"{self.full_scale:g} {unit}: ({self.gain * 1e6:+g} ± {self.gain_expanded * 1e6:g}) ppm, "
            f"({self.offset:+.3g} ± {self.offset_expanded:.2g}) {unit}"
        )


def corrected_accuracy(
    accuracy: MultimeterAccuracy, corrections: Sequence[Correction], *, certificate: str
) -> MultimeterAccuracy:
    """Return a data sheet's limits with the uncertainties of corrections added to their ranges."""
    if not corrections:
        return accuracy
    by = f", corrected by certificate {certificate}" if certificate else ", corrected"
    return replace(
        accuracy,
        source=accuracy.source + by,
        dc_voltage=tuple(_widened(row, "V", corrections) for row in accuracy.dc_voltage),
        resistance=tuple(_widened(row, "ohm", corrections) for row in accuracy.resistance),
    )


def _widened(row: RangeAccuracy, unit: str, corrections: Sequence[Correction]) -> RangeAccuracy:
    found = _of_range(corrections, unit, row.full_scale)
    if found is None:
        return row
    return replace(
        row,
        certified_of_reading=found.gain_expanded / _COVERAGE,
        certified_offset=found.offset_expanded / _COVERAGE,
    )


def _of_range(corrections: Sequence[Correction], unit: str, full_scale: float) -> Correction | None:
    for one in corrections:
        if one.unit == unit and abs(one.full_scale - full_scale) <= _SAME * full_scale:
            return one
    return None


class CorrectedMultimeter:
    """A multimeter whose readings have the known error of their range taken off."""

    def __init__(
        self,
        meter: Multimeter,
        corrections: Sequence[Correction],
        accuracy: MultimeterAccuracy,
    ) -> None:
        """Correct ``meter``; ``accuracy`` says which ranges it has."""
        self.role = meter.role
        self.resource_name = meter.resource_name
        self._meter = meter
        self._corrections = tuple(corrections)
        self._ranges = {
            "V": [row.full_scale for row in accuracy.dc_voltage],
            "ohm": [row.full_scale for row in accuracy.resistance],
        }
        self._correction: Correction | None = None

    @property
    def identity(self) -> Identity:
        """Identity of the meter."""
        return self._meter.identity

    def reset(self) -> None:
        """Reset the meter."""
        self._correction = None
        self._meter.reset()

    def drain_errors(self) -> tuple[tuple[int, str], ...]:
        """Read the meter's error queue until it is empty."""
        return self._meter.drain_errors()

    def close(self) -> None:
        """Close the meter."""
        self._meter.close()

    def configure_dc_voltage(self, *, range_v: float, aperture_s: float) -> None:
        """Measure d.c. volts, corrected."""
        self._meter.configure_dc_voltage(range_v=range_v, aperture_s=aperture_s)
        self._correction = self._for("V", range_v)

    def configure_ac_voltage(self, *, range_v: float) -> None:
        """Measure a.c. volts, for which there are no corrections."""
        self._meter.configure_ac_voltage(range_v=range_v)
        self._correction = None

    def configure_resistance(
        self, *, range_ohm: float, aperture_s: float, four_wire: bool = True
    ) -> None:
        """Measure resistance, corrected."""
        self._meter.configure_resistance(
            range_ohm=range_ohm, aperture_s=aperture_s, four_wire=four_wire
        )
        self._correction = self._for("ohm", range_ohm) if four_wire else None

    def read(self, count: int = 1) -> NDArray[np.float64]:
        """Take readings and take the known error of their range off."""
        readings = self._meter.read(count)
        return readings if self._correction is None else self._correction.applied(readings)

    def _for(self, unit: str, wanted: float) -> Correction | None:
        """Return the correction of the smallest range that holds what was asked for."""
        spans = sorted(span for span in self._ranges[unit] if span >= wanted * (1 - _SAME))
        return _of_range(self._corrections, unit, spans[0]) if spans else None
