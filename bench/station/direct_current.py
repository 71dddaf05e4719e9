"""Direct current by multimeter over the shunt, in apertures of whole polarity cycles.

The cycle is measured with the scope first; readings are repeated until at least ten cycles are
covered, from three start phases that must agree. Source: docs/laboratory.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bench.clock import Clock
from bench.station.fixture import Fixture
from instruments.roles import Multimeter

__all__ = ["DirectCurrent", "DirectReading", "Shunt"]

SHUNT_RANGE_V: Final = 0.1
MINIMUM_APERTURE_S: Final = 0.1
MAXIMUM_APERTURE_S: Final = 1.0
CYCLES: Final = 10
START_PHASES: Final = 3
AGREEMENT_A: Final = 0.3e-6
"""The phases agree when they lie this close: a tenth of the tightest d.c. limit, and noise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shunt:
    """The shunt as the self-test found it, with the meter's zero over it."""

    ohm: float
    relative_uncertainty: float
    """Standard uncertainty of ``ohm`` over ``ohm``."""
    meter_zero_v: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectReading:
    """A mean current in amperes, and what it was made from."""

    current_a: float
    volts_v: tuple[float, ...]
    """Readings as they came, the meter's zero still in them."""
    shunt: Shunt
    aperture_s: float
    phase_spread_a: float
    """Largest difference between the means of the start phases."""

    @property
    def phases_agree(self) -> bool:
        """Whether the start phases gave the same direct current."""
        return self.phase_spread_a <= AGREEMENT_A


class DirectCurrent:
    """The meter over the shunt."""

    def __init__(self, *, dmm: Multimeter, fixture: Fixture, clock: Clock, shunt: Shunt) -> None:
        self._dmm = dmm
        self._fixture = fixture
        self._clock = clock
        self._shunt = shunt

    def of_cycles(self, cycle_s: float) -> DirectReading:
        """Return the mean over whole polarity cycles of a running device."""
        whole = max(1, math.ceil(MINIMUM_APERTURE_S / cycle_s))
        per_phase = math.ceil(CYCLES / (whole * START_PHASES))
        return self._read(whole * cycle_s, per_phase, pause_s=cycle_s / START_PHASES)

    def over(self, aperture_s: float) -> DirectReading:
        """Return the mean over at least ``aperture_s``, for a device that delivers nothing."""
        single_s = min(aperture_s, MAXIMUM_APERTURE_S)
        count = math.ceil(aperture_s / single_s)
        return self._read(single_s, count, pause_s=0.0, phases=1)

    def _read(
        self, aperture_s: float, per_phase: int, *, pause_s: float, phases: int = START_PHASES
    ) -> DirectReading:
        self._fixture.close("dmm_shunt")
        self._dmm.configure_dc_voltage(range_v=SHUNT_RANGE_V, aperture_s=aperture_s)
        groups: list[NDArray[np.float64]] = []
        for _ in range(phases):
            groups.append(self._dmm.read(per_phase))
            self._clock.sleep(pause_s)
        self._fixture.open("dmm_shunt")
        volts = np.concatenate(groups)
        means_a = np.array([group.mean() for group in groups]) / self._shunt.ohm
        return DirectReading(
            current_a=(float(volts.mean()) - self._shunt.meter_zero_v) / self._shunt.ohm,
            volts_v=tuple(float(reading) for reading in volts),
            shunt=self._shunt,
            aperture_s=aperture_s,
            phase_spread_a=float(np.ptp(means_a)),
        )
