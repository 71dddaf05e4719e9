"""Direct current by multimeter over the shunt, in apertures of whole repetitions of the output.

The repetition is measured with the scope first; readings are taken until at least ten repetitions
are covered, from three start phases that must agree. A meter whose readings hold no whole repetition
sweeps their start phases instead (:mod:`bench.station.sweeps`). Never by the meter's alternating-current
function, which sees neither the direct part nor pulses below its band. Source: docs/laboratory.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bench.clock import Clock
from bench.judge import MultimeterAccuracy
from bench.station.fixture import Fixture
from bench.station.repetition import Repetition
from bench.station.sweeps import Sweeps
from instruments.roles import Multimeter

__all__ = ["Apertures", "DirectCurrent", "DirectReading", "Shunt", "holds_cycles"]

SHUNT_RANGE_V: Final = 0.1
MINIMUM_APERTURE_S: Final = 0.1
MAXIMUM_APERTURE_S: Final = 1.0
REPETITIONS: Final = 10
START_PHASES: Final = 3
READINGS_PER_PHASE: Final = 3
"""At least: eight degrees of freedom with three start phases."""
RESIDUAL_READINGS: Final = 5
AGREEMENT_V: Final = 30e-6
"""The phases agree when they lie this close over the shunt, 0.3 µA over 100 Ω: a tenth of the tightest
d.c. limit, and noise."""
SPREAD_OF_THREE: Final = 5.06
"""Range of three means over their standard deviation, exceeded by chance once in a thousand cases.
Source: studentized range, infinite degrees of freedom. Where an aperture holds no whole repetition
the readings scatter, and phases can agree no better than that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shunt:
    """The shunt as the self-test found it, with the meter's zero over it."""

    ohm: float
    relative_uncertainty: float
    """Standard uncertainty of ``ohm`` over ``ohm``."""
    source: str
    zero_readings_v: tuple[float, ...]
    """The meter on the shunt without current."""

    @property
    def meter_zero_v(self) -> float:
        """Mean of the zero readings."""
        return math.fsum(self.zero_readings_v) / len(self.zero_readings_v)


@dataclass(frozen=True, slots=True, kw_only=True)
class Apertures:
    """How a direct current is read: aperture, readings a start phase, and what misfits."""

    aperture_s: float
    readings_per_phase: int
    phase_step_s: float
    error_a: float
    """Bound of the current that an aperture invents which is not quite a whole repetition."""
    whole: bool
    """Whether an aperture holds whole repetitions; else only several of them together nearly do."""

    @classmethod
    def of(cls, repetition: Repetition, accuracy: MultimeterAccuracy) -> Apertures:
        """Choose apertures for an output that repeats.

        A repetition longer than the meter's longest aperture is covered by several readings, each
        of whole polarity cycles and as nearly of whole envelopes as it can be; their scatter is a
        part of the uncertainty.
        """
        ppm = repetition.timebase_ppm + accuracy.aperture_ppm
        error_a = ppm * 1e-6 * repetition.peak_a
        longest_s = min(MAXIMUM_APERTURE_S, accuracy.longest_aperture_s)
        fits = repetition.repeat_s <= longest_s
        if fits:
            whole = max(1, math.ceil(MINIMUM_APERTURE_S / repetition.repeat_s))
            whole = min(whole, math.floor(longest_s / repetition.repeat_s))
            aperture_s = whole * repetition.repeat_s
            covering = math.ceil(REPETITIONS / (whole * START_PHASES))
        else:
            aperture_s = _whole_cycles_s(repetition, longest_s)
            covering = math.ceil(repetition.repeat_s / aperture_s)
        return cls(
            aperture_s=aperture_s,
            readings_per_phase=max(READINGS_PER_PHASE, covering),
            phase_step_s=repetition.repeat_s / START_PHASES,
            error_a=error_a,
            whole=fits,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectReading:
    """A mean current in amperes, and what it was made from."""

    current_a: float
    volts_v: tuple[float, ...]
    """Readings as they came, the meter's zero still in them."""
    shunt: Shunt
    accuracy: MultimeterAccuracy
    aperture_s: float
    aperture_error_a: float
    phase_spread_a: float
    """Largest difference between the means of the start phases."""
    agreement_a: float
    """Up to which difference they agree."""

    @property
    def phases_agree(self) -> bool:
        """Whether the start phases gave the same direct current."""
        return self.phase_spread_a <= self.agreement_a


class DirectCurrent:
    """The meter over the shunt."""

    def __init__(
        self,
        *,
        dmm: Multimeter,
        fixture: Fixture,
        clock: Clock,
        shunt: Shunt,
        accuracy: MultimeterAccuracy,
    ) -> None:
        self._dmm = dmm
        self._fixture = fixture
        self._clock = clock
        self._shunt = shunt
        self._accuracy = accuracy

    @property
    def _agreement_a(self) -> float:
        return AGREEMENT_V / self._shunt.ohm

    @property
    def shunt_ohm(self) -> float:
        """The shunt as the self-test found it."""
        return self._shunt.ohm

    def of_cycles(self, repetition: Repetition, *, quick: bool = False) -> DirectReading:
        """Return the mean over whole repetitions of a running device.

        ``quick``: one reading a start phase where each holds whole repetitions, else the readings of
        one start phase; the fewer degrees of freedom are in the uncertainty.
        """
        if not holds_cycles(repetition, self._accuracy, envelopes=not quick):
            return self._sweep(Sweeps.of(repetition, self._accuracy))
        apertures = Apertures.of(repetition, self._accuracy)
        if quick and apertures.whole:
            apertures = replace(apertures, readings_per_phase=1)
        phases = 1 if quick and not apertures.whole else START_PHASES
        return self._read(apertures, phases=phases)

    def duration_s(self, repetition: Repetition) -> float:
        """Return how long :meth:`of_cycles` takes, without the messages between the readings."""
        if not holds_cycles(repetition, self._accuracy):
            return Sweeps.of(repetition, self._accuracy).duration_s
        apertures = Apertures.of(repetition, self._accuracy)
        readings_s = 2.0 * apertures.readings_per_phase * apertures.aperture_s
        return START_PHASES * (readings_s + apertures.phase_step_s)

    def over(self, aperture_s: float, *, readings: int = RESIDUAL_READINGS) -> DirectReading:
        """Return the mean over readings of at least ``aperture_s`` each, at most a second.

        For a device that delivers nothing.
        """
        apertures = Apertures(
            aperture_s=min(aperture_s, MAXIMUM_APERTURE_S),
            readings_per_phase=readings,
            phase_step_s=0.0,
            error_a=0.0,
            whole=True,
        )
        return self._read(apertures, phases=1)

    def _read(self, apertures: Apertures, *, phases: int) -> DirectReading:
        self._fixture.close("dmm_shunt")
        self._dmm.configure_dc_voltage(range_v=SHUNT_RANGE_V, aperture_s=apertures.aperture_s)
        groups: list[NDArray[np.float64]] = []
        for _ in range(phases):
            groups.append(self._dmm.read(apertures.readings_per_phase))
            self._clock.sleep(apertures.phase_step_s)
        self._fixture.open("dmm_shunt")
        volts = np.concatenate(groups)
        means_a = np.array([group.mean() for group in groups]) / self._shunt.ohm
        return DirectReading(
            current_a=(float(volts.mean()) - self._shunt.meter_zero_v) / self._shunt.ohm,
            volts_v=tuple(float(reading) for reading in volts),
            shunt=self._shunt,
            accuracy=self._accuracy,
            aperture_s=apertures.aperture_s,
            aperture_error_a=apertures.error_a,
            phase_spread_a=float(np.ptp(means_a)),
            agreement_a=self._agreement_a if apertures.whole else self._by_scatter_a(groups),
        )

    def _sweep(self, sweeps: Sweeps) -> DirectReading:
        """Return the mean of sweeps over the start phases; each sweep counts as one reading."""
        self._fixture.close("dmm_shunt")
        self._dmm.configure_dc_voltage(range_v=SHUNT_RANGE_V, aperture_s=sweeps.aperture_s)
        groups = self._swept(sweeps)
        self._fixture.open("dmm_shunt")
        means_v = groups.mean(axis=1)
        spread_a = float(np.ptp(means_v)) / self._shunt.ohm
        return DirectReading(
            current_a=(float(means_v.mean()) - self._shunt.meter_zero_v) / self._shunt.ohm,
            volts_v=tuple(float(mean) for mean in means_v),
            shunt=self._shunt,
            accuracy=self._accuracy,
            aperture_s=sweeps.aperture_s,
            aperture_error_a=0.0,
            phase_spread_a=spread_a,
            agreement_a=self._by_scatter_a(list(groups)),
        )

    def _swept(self, sweeps: Sweeps) -> NDArray[np.float64]:
        """Take one reading at each start phase.

        Each sweep begins with the phase after the one that the last began with: what drifts between
        the bench's clock and the device's falls on every phase alike.
        """
        origin_s = self._clock.now_ns() * 1e-9
        readings = np.empty((sweeps.sweeps, sweeps.phases))
        for sweep, step in np.ndindex(readings.shape):
            phase = (sweep + step) % sweeps.phases
            due_s = origin_s + sweeps.start_s(sweep, phase)
            late = (self._clock.now_ns() * 1e-9 - due_s) / sweeps.period_s
            due_s += max(0, math.ceil(late)) * sweeps.period_s
            self._clock.sleep(max(0.0, due_s - self._clock.now_ns() * 1e-9))
            readings[sweep, phase] = self._dmm.read(1)[0]
        return readings

    def _by_scatter_a(self, groups: Sequence[NDArray[np.float64]]) -> float:
        """Return how far apart the means of the phases may lie by the scatter of their readings."""
        variances = [float(group.var(ddof=1)) / group.size for group in groups]
        scatter_a = math.sqrt(math.fsum(variances) / len(variances)) / self._shunt.ohm
        return max(self._agreement_a, SPREAD_OF_THREE * scatter_a)


def holds_cycles(
    repetition: Repetition, accuracy: MultimeterAccuracy, *, envelopes: bool = True
) -> bool:
    """Return whether one reading of the meter can hold whole polarity cycles, and ``envelopes`` too.

    Readings that are each a part of one envelope differ by the part: start phases of them cannot agree.
    """
    slowest_s = repetition.cycle_s
    if envelopes and repetition.envelope_s is not None:
        slowest_s = max(slowest_s, repetition.envelope_s)
    return accuracy.aperture_in_seconds and slowest_s <= accuracy.longest_aperture_s


def _whole_cycles_s(repetition: Repetition, longest_s: float) -> float:
    """Return the whole number of cycles, within the longest aperture, nearest to whole envelopes."""
    longest = math.floor(longest_s / repetition.cycle_s)
    envelope_s = repetition.envelope_s
    if longest < 1 or envelope_s is None:
        return min(longest_s, max(longest, 1) * repetition.cycle_s)

    def misfit(count: int) -> float:
        """Share of the aperture that is not whole envelopes."""
        envelopes = count * repetition.cycle_s / envelope_s
        return abs(envelopes - round(envelopes)) / envelopes

    fewest = min(longest, math.ceil(MINIMUM_APERTURE_S / repetition.cycle_s))
    return min(range(fewest, longest + 1), key=misfit) * repetition.cycle_s
