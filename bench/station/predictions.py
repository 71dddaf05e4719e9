"""What uncertainty a station will reach, from a profile and two data sheets, before anything runs.

The budgets are those of the measurement (:mod:`bench.judge`), fed with declared currents and times
instead of measured ones; the range, the record and the aperture are the ones that the run will use.
Only what no declaration says is assumed: the noise of a sample and the slope of a transition.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from bench.judge import (
    Budget,
    Plateau,
    ScopeRange,
    Transitions,
    amplitude_budget,
    amplitude_ratio_budget,
    clock_interval_budget,
    current_over_shunt_budget,
    interval_budget,
    interval_ratio_budget,
    level_budget,
    net_charge_budget,
    phase_charge_budget,
    rate_budget,
    step_budget,
    symmetry_budget,
    transferred_scope,
)
from bench.profile import Profile
from bench.station.accuracy import StationAccuracy
from bench.station.ceiling import AVERAGING_S
from bench.station.direct_current import (
    RESIDUAL_READINGS,
    SHUNT_RANGE_V,
    START_PHASES,
    Apertures,
    holds_cycles,
)
from bench.station.measurands.record import PLATEAU_SHARE
from bench.station.measurands.timing import CLOCK_PPM
from bench.station.ranges import RangeChoice
from bench.station.repetition import Repetition
from bench.station.self_test import ZERO_READINGS
from bench.station.session import POLL_S
from bench.station.steady_output import record_duration_s, record_points
from bench.station.sweeps import Sweeps

__all__ = ["Prediction"]

NOISE_LSB: Final = 0.45
"""Of one sample, rounding included: an 8-bit scope above 10 mV/div. Proposed; the record's own noise
is what the measured budget uses."""
TRANSITION_S: Final = 35e-6
"""10 to 90 % of a source with a bandwidth of 10 kHz. Proposed."""
METER_NOISE_V: Final = 0.3e-6
"""Scatter of a 0.1 s reading on the 100 mV range of a 6.5-digit meter. Proposed."""
SHUNT_OHM: Final = 100.0
"""Of docs/laboratory.md; a station with another shunt has another scale, not another uncertainty."""
AMPLIFIER_V_PER_A: Final = 1000.0
DIRECT_V_PER_A: Final = 100.0
"""Channels 1 and 2 of docs/laboratory.md."""


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """Budgets of one profile on one station, by the quantity's name in the catalogue."""

    profile: Profile
    accuracy: StationAccuracy

    @cached_property
    def quantities(self) -> frozenset[str]:
        """Names of the quantities that can be predicted."""
        return frozenset(_BY_QUANTITY)

    def budget(self, quantity: str, *, level: int, load_ohm: float) -> Budget | None:
        """Return the budget to expect at a level into a load; None where nothing is known of it.

        None too where the quantity has no meaning there: the step below the lowest level.
        """
        predict = _BY_QUANTITY.get(quantity)
        if predict is None:
            return None
        key = quantity, level, load_ohm
        if key not in self._known:
            self._known[key] = predict(self, level, load_ohm)
        return self._known[key]

    @cached_property
    def _known(self) -> dict[tuple[str, int, float], Budget | None]:
        """Budgets made so far: many requirements limit the same quantity at the same level."""
        return {}

    # -- what the run will use

    @property
    def _shunt_ohm(self) -> float:
        return SHUNT_OHM / self.profile.scale

    @cached_property
    def _shunt_relative(self) -> float:
        return self.accuracy.multimeter.resistance_uncertainty(self._shunt_ohm, range_ohm=SHUNT_OHM)

    @cached_property
    def _interval_s(self) -> float:
        duration_s = record_duration_s(self.profile)
        return duration_s / record_points(self.profile, duration_s)

    @cached_property
    def _plateau_samples(self) -> int:
        return max(1, round(PLATEAU_SHARE * self._pulse_s / self._interval_s))

    @cached_property
    def _zero_samples(self) -> int:
        share = 1.0 - self.profile.waveform.duty
        return max(1, round(share * record_duration_s(self.profile) / self._interval_s))

    @property
    def _pulse_s(self) -> float:
        return self.profile.waveform.pulse_duration_s

    def _amplitude_a(self, level: int, load_ohm: float) -> float:
        return self.profile.current_ua(level, load_ohm) * 1e-6

    def _on(
        self, full_scale_a: float, *, volts_per_ampere: float = AMPLIFIER_V_PER_A
    ) -> ScopeRange:
        return ScopeRange(
            accuracy=transferred_scope(self.accuracy.scope),
            full_scale_a=full_scale_a,
            amperes_per_volt=self.profile.scale / volts_per_ampere,
            noise_rms_a=NOISE_LSB * full_scale_a / self.accuracy.scope.codes,
            shunt_relative=self._shunt_relative,
            shunt_source="shunt, by four-wire ohms",
        )

    def _level_range(self, level: int) -> ScopeRange:
        return self._on(RangeChoice(profile=self.profile).level_a(level))

    def _transitions(self, level: int, load_ohm: float) -> Transitions:
        amplitude_a = self._amplitude_a(level, load_ohm)
        on = self._level_range(level)
        pulses = record_duration_s(self.profile) * self.profile.waveform.repetition_rate_hz
        return Transitions(
            sample_interval_s=self._interval_s,
            transition_s=TRANSITION_S,
            noise_relative=on.noise_rms_a / amplitude_a,
            level_relative=on.mid_level_relative(amplitude_a),
            repetitions=max(1, int(pulses)),
        )

    def _plateau(self, level: int, load_ohm: float) -> Plateau:
        return Plateau(
            amplitude_a=self._amplitude_a(level, load_ohm),
            on=self._level_range(level),
            plateau_samples=self._plateau_samples,
            zero_samples=self._zero_samples,
        )

    # -- quantities

    def amplitude(self, level: int, load_ohm: float) -> Budget:
        """Predict a plateau over the zero state."""
        return amplitude_budget(
            self._amplitude_a(level, load_ohm),
            on=self._level_range(level),
            plateau_samples=self._plateau_samples,
            zero_samples=self._zero_samples,
        )

    def level_step(self, level: int, load_ohm: float) -> Budget | None:
        """Predict the rise from the level below."""
        if level == self.profile.levels[0].number:
            return None
        return step_budget(self._plateau(level - 1, load_ohm), self._plateau(level, load_ohm))

    def load_regulation(self, level: int, load_ohm: float) -> Budget:
        """Predict the amplitude over that into the smallest load."""
        return amplitude_ratio_budget(
            self._amplitude_a(level, load_ohm),
            self._amplitude_a(level, self.profile.loads_ohm[0]),
            on=self._level_range(level),
            plateau_samples=self._plateau_samples,
            zero_samples=self._zero_samples,
        )

    def symmetry(self, level: int, load_ohm: float) -> Budget:
        """Predict the sum of both amplitudes."""
        amplitude_a = self._amplitude_a(level, load_ohm)
        return symmetry_budget(
            amplitude_a,
            -amplitude_a,
            on=self._level_range(level),
            plateau_samples=self._plateau_samples,
            zero_samples=self._zero_samples,
        )

    def pulse_duration(self, level: int, load_ohm: float) -> Budget:
        """Predict the duration of a pulse."""
        return interval_budget(
            self._pulse_s,
            self._transitions(level, load_ohm),
            timebase_ppm=self.accuracy.scope.timebase_ppm,
        )

    def duration_symmetry(self, level: int, load_ohm: float) -> Budget:
        """Predict the ratio of positive to negative duration."""
        edges = self._transitions(level, load_ohm)
        return interval_ratio_budget(self._pulse_s, edges, self._pulse_s, edges)

    def repetition_rate(self, _level: int, _load_ohm: float) -> Budget:
        """Predict the rate: the time base, the fit being far better."""
        rate_hz = self.profile.waveform.repetition_rate_hz
        return rate_budget(
            rate_hz, standard_uncertainty_hz=0.0, timebase_ppm=self.accuracy.scope.timebase_ppm
        )

    def phase_charge(self, level: int, load_ohm: float) -> Budget:
        """Predict the charge of one phase."""
        return phase_charge_budget(
            self._amplitude_a(level, load_ohm) * self._pulse_s,
            duration_s=self._pulse_s,
            on=self._level_range(level),
            sample_interval_s=self._interval_s,
            zero_samples=self._zero_samples,
        )

    def net_charge_per_pulse(self, level: int, load_ohm: float) -> Budget:
        """Predict the net charge of one pulse."""
        two = self.profile.waveform.phases_per_pulse == 2
        amplitude_a = self._amplitude_a(level, load_ohm)
        return self._net(
            0.0 if two else amplitude_a * self._pulse_s,
            (self._pulse_s, self._pulse_s if two else 0.0),
            level,
            load_ohm,
        )

    def net_charge_per_cycle(self, level: int, load_ohm: float) -> Budget:
        """Predict the net charge of a polarity cycle."""
        wave = self.profile.waveform
        on_s = wave.on_time_per_pulse_s * wave.pulses_per_polarity_cycle / 2.0
        return self._net(0.0, (on_s, on_s), level, load_ohm)

    def _net(
        self, value_c: float, times_s: tuple[float, float], level: int, load_ohm: float
    ) -> Budget:
        return net_charge_budget(
            value_c,
            positive_s=times_s[0],
            negative_s=times_s[1],
            amplitude_a=self._amplitude_a(level, load_ohm),
            on=self._level_range(level),
            sample_interval_s=self._interval_s,
            zero_samples=self._zero_samples,
        )

    def direct_current(self, level: int, load_ohm: float) -> Budget:
        """Predict the direct current by meter, in apertures of whole repetitions."""
        accuracy = self.accuracy.multimeter
        repetition = Repetition.declared(
            self.profile,
            peak_a=self._amplitude_a(level, load_ohm),
            timebase_ppm=self.accuracy.scope.timebase_ppm,
        )
        current_ua, _ = self.profile.nominal("dc", level=level, load_ohm=load_ohm)
        current_a = current_ua * 1e-6
        if not holds_cycles(repetition, accuracy):
            sweeps = Sweeps.of(repetition, accuracy)
            scatter_v = sweeps.expected_scatter_a(repetition) * self._shunt_ohm
            return self._by_meter(current_a, sweeps.sweeps, 0.0, scatter_v=scatter_v)
        apertures = Apertures.of(repetition, accuracy)
        readings = START_PHASES * apertures.readings_per_phase
        return self._by_meter(current_a, readings, apertures.error_a)

    def residual_current(self, _level: int, _load_ohm: float) -> Budget:
        """Predict the direct current of a device that delivers nothing."""
        return self._by_meter(0.0, RESIDUAL_READINGS, 0.0)

    def _by_meter(
        self, current_a: float, readings: int, aperture_error_a: float, *, scatter_v: float = 0.0
    ) -> Budget:
        return current_over_shunt_budget(
            _scattered(current_a * self._shunt_ohm, readings, max(METER_NOISE_V, scatter_v)),
            accuracy=self.accuracy.multimeter,
            range_v=SHUNT_RANGE_V,
            shunt_ohm=self._shunt_ohm,
            shunt_relative=self._shunt_relative,
            zero_readings_v=_scattered(0.0, ZERO_READINGS, METER_NOISE_V),
            aperture_error_a=aperture_error_a,
        )

    def ceiling(self, _level: int, _load_ohm: float) -> Budget:
        """Predict a mean over 10 µs at the ceiling, on the range of the highest level."""
        return level_budget(
            self.profile.output.ceiling_ua * 1e-6,
            on=self._level_range(self.profile.highest_level),
            samples=max(1, round(AVERAGING_S / self._interval_s)),
        )

    def fault_peak(self, _level: int, _load_ohm: float) -> Budget:
        """Predict the peak after an injected overcurrent, on the transient channel."""
        on = self._on(RangeChoice(profile=self.profile).fault_a(), volts_per_ampere=DIRECT_V_PER_A)
        return level_budget(self.profile.protection.fault_current_ua * 1e-6, on=on, samples=1)

    def fault_charge(self, level: int, load_ohm: float) -> Budget:
        """Predict the charge after an injected overcurrent: the peak's relative uncertainty."""
        peak = self.fault_peak(level, load_ohm)
        charge_c = self.profile.protection.fault_charge_uc * 1e-6
        return peak.scaled(charge_c / peak.value, unit="C")

    def session(self, _level: int, _load_ohm: float) -> Budget:
        """Predict the length of a session by the clock."""
        return clock_interval_budget(
            self.profile.timers.session_s, poll_interval_s=POLL_S, clock_ppm=CLOCK_PPM
        )


_BY_QUANTITY: Final[Mapping[str, Callable[[Prediction, int, float], Budget | None]]] = {
    "amplitude": Prediction.amplitude,
    "ceiling": Prediction.ceiling,
    "dc": Prediction.direct_current,
    "duration_symmetry": Prediction.duration_symmetry,
    "fault_charge": Prediction.fault_charge,
    "fault_peak": Prediction.fault_peak,
    "level_step": Prediction.level_step,
    "load_regulation": Prediction.load_regulation,
    "net_charge_per_cycle": Prediction.net_charge_per_cycle,
    "net_charge_per_pulse": Prediction.net_charge_per_pulse,
    "off_state_dc": Prediction.residual_current,
    "phase_charge": Prediction.phase_charge,
    "pulse_duration": Prediction.pulse_duration,
    "repetition_rate": Prediction.repetition_rate,
    "residual_current": Prediction.residual_current,
    "session": Prediction.session,
    "symmetry": Prediction.symmetry,
}


def _scattered(mean_v: float, count: int, deviation_v: float) -> tuple[float, ...]:
    """Return readings about a mean whose standard deviation is about the given one."""
    return tuple(mean_v + deviation_v * (1 if number % 2 else -1) for number in range(count))
