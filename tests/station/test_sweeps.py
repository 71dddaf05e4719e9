"""Sweeps of start phases: the direct current by any aperture, within the uncertainty it states."""

from __future__ import annotations

import numpy as np
import pytest

from bench.judge import multimeter_accuracy
from bench.profile import load_profile
from bench.profile.load import profile_names
from bench.station import measurands
from bench.station.bench import READING_ROOM
from bench.station.direct_current import DirectCurrent
from bench.station.repetition import Repetition
from bench.station.sweeps import Sweeps
from tests.station.test_direct_current import PROFILES, SHUNT, Fixture

OFFSET_A = 1.4e-6
STEPPED = multimeter_accuracy("34401A")


class Output:
    """Trains of rectangular pulses with a direct current on them, integrated exactly."""

    def __init__(self, profile: str, *, amplitude_a: float) -> None:
        wave = load_profile(profile).waveform
        period_s = wave.pulse_period_s
        count = wave.pulses_per_polarity_cycle
        edges: list[float] = []
        levels: list[float] = []
        for pulse in range(count):
            sign = -1.0 if wave.kind == "alternating" and pulse >= count // 2 else 1.0
            for part in range(wave.phases_per_pulse):
                edges += [pulse * period_s + (part + k) * wave.pulse_duration_s for k in (0, 1)]
                levels += [sign * amplitude_a * (-1) ** part, 0.0]
        self.cycle_s = wave.polarity_cycle_s
        times = np.array([*edges, self.cycle_s])
        self._times = times
        charges = np.diff(times) * np.array(levels)
        self._charge_c = np.concatenate([[0.0], np.cumsum(charges)])
        self.mean_a = float(self._charge_c[-1]) / self.cycle_s + OFFSET_A

    def charge_c(self, time_s: float) -> float:
        """Integral from zero to a time."""
        cycles, rest_s = divmod(time_s, self.cycle_s)
        part_c = float(np.interp(rest_s, self._times, self._charge_c))
        return cycles * float(self._charge_c[-1]) + part_c + OFFSET_A * time_s


class Clock:
    """Time that passes while somebody sleeps or measures."""

    def __init__(self, start_s: float) -> None:
        self.time_s = start_s

    def now_ns(self) -> int:
        return round(self.time_s * 1e9)

    def sleep(self, seconds: float) -> None:
        self.time_s += seconds


class Meter:
    """Means over an aperture that starts late by a jitter, and a second one for its zero."""

    def __init__(self, output: Output, clock: Clock, random, *, stretch=1.0, jitter_s=2e-3):
        self._output, self._clock, self._random = output, clock, random
        self._stretch, self._jitter_s = stretch, jitter_s

    def configure_dc_voltage(self, *, range_v, aperture_s):
        self._aperture_s = aperture_s * self._stretch

    def read(self, count=1):
        readings = []
        for _ in range(count):
            self._clock.time_s += 5e-3 + self._random.uniform(0.0, 2 * self._jitter_s)
            start_s = self._clock.time_s
            stop_s = start_s + self._aperture_s
            charge_c = self._output.charge_c(stop_s) - self._output.charge_c(start_s)
            self._clock.time_s = stop_s + self._aperture_s
            noise_v = self._random.normal(0, 0.15e-6)
            readings.append(charge_c / self._aperture_s * SHUNT.ohm + SHUNT.meter_zero_v + noise_v)
        return np.array(readings)


def measured(name: str, seed: int, *, stretch: float, accuracy=STEPPED):
    """Return the error and the expanded uncertainty of one measurement, in A."""
    random = np.random.default_rng(seed)
    profile = load_profile(name)
    amplitude_a = profile.levels[-1].current_ua * 1e-6
    output = Output(name, amplitude_a=amplitude_a)
    clock = Clock(random.uniform(0, 10))
    direct = DirectCurrent(
        dmm=Meter(output, clock, random, stretch=stretch),
        fixture=Fixture(),
        clock=clock,
        shunt=SHUNT,
        accuracy=accuracy,
    )
    repetition = Repetition.declared(
        profile, peak_a=amplitude_a, timebase_ppm=50.0, stretch=1 + 30e-6
    )
    found = measurands.direct_current(direct.of_cycles(repetition))
    assert found.value is not None, found.reason
    return found.value - output.mean_a, found.budget.expanded_uncertainty


@pytest.mark.parametrize("stretch", [1.0, 5 / 6, 1.37], ids=["50 Hz", "60 Hz", "odd"])
@pytest.mark.parametrize("name", ["ref-alt-192", "ref-alt-400", "ref-mens-400", "ref-pro-600"])
def test_the_mean_lies_within_its_uncertainty_whatever_the_aperture(name, stretch):
    found = [measured(name, seed, stretch=stretch) for seed in range(20)]
    inside = sum(abs(error_a) <= expanded_a for error_a, expanded_a in found)
    assert inside >= 17
    assert max(expanded_a for _, expanded_a in found) < 2e-6
    assert abs(np.mean([error_a for error_a, _ in found])) < 0.25e-6


def test_a_monophasic_output_at_sixty_hertz_is_within_a_tenth_of_its_direct_current():
    for seed in range(10):
        error_a, expanded_a = measured("ref-galv-390", seed, stretch=5 / 6)
        assert abs(error_a) <= 1.5 * expanded_a
        assert expanded_a < 10e-6


def test_one_phase_alone_would_invent_a_direct_current():
    output, clock = Output("ref-alt-400", amplitude_a=400e-6), Clock(0.0)
    meter = Meter(output, clock, np.random.default_rng(1))
    meter.configure_dc_voltage(range_v=0.1, aperture_s=0.2)
    invented = (meter.read(20) - SHUNT.meter_zero_v) / SHUNT.ohm - output.mean_a
    assert np.abs(invented).max() > 20e-6


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("model", ["34401A", "34461A", "DM858", "SDM3055", "8846A"])
def test_the_plan_expects_no_less_scatter_than_there_is(name, model):
    profile = load_profile(name)
    repetition = Repetition.declared(profile, peak_a=400e-6, timebase_ppm=50.0)
    sweeps = Sweeps.of(repetition, multimeter_accuracy(model))
    assert sweeps.aperture_s == 0.2
    if profile.waveform.envelope is not None:
        return
    output = Output(name, amplitude_a=400e-6)
    random = np.random.default_rng(3)
    means_a = []
    for _ in range(200):
        starts_s = [
            sweeps.start_s(0, phase) + random.uniform(-2e-3, 2e-3) + 10 * output.cycle_s
            for phase in range(sweeps.phases)
        ]
        charges_c = [output.charge_c(s + 0.2) - output.charge_c(s) for s in starts_s]
        means_a.append(np.mean(charges_c) / 0.2)
    assert np.std(means_a) <= 1.3 * sweeps.expected_scatter_a(repetition) + 1e-9


def test_an_aperture_in_seconds_that_is_too_short_tiles_the_repetition():
    profile = load_profile("ref-alt-400")
    repetition = Repetition.declared(profile, peak_a=400e-6, timebase_ppm=50.0)
    sweeps = Sweeps.of(repetition, multimeter_accuracy("DMM6500"))
    assert sweeps.aperture_s == pytest.approx(7 / 8 * 0.25)
    sweeps = Sweeps.of(repetition, multimeter_accuracy("MODEL 2000"))
    assert sweeps.aperture_s == pytest.approx(5 / 8 * 0.25)


def test_start_phases_are_equally_spaced_over_all_sweeps():
    sweeps = Sweeps(aperture_s=0.2, period_s=0.25)
    starts = sorted(
        sweeps.start_s(sweep, phase)
        for sweep in range(sweeps.sweeps)
        for phase in range(sweeps.phases)
    )
    assert np.diff(starts) == pytest.approx(0.25 / 64)


@pytest.mark.parametrize("model", ["34401A", "34465A"])
@pytest.mark.parametrize("name", profile_names())
def test_a_reading_is_over_in_the_time_that_is_kept_for_it(name, model):
    clock, random = Clock(0.3), np.random.default_rng(5)
    profile = load_profile(name)
    direct = DirectCurrent(
        dmm=Meter(Output(name, amplitude_a=1e-4), clock, random),
        fixture=Fixture(),
        clock=clock,
        shunt=SHUNT,
        accuracy=multimeter_accuracy(model),
    )
    repetition = Repetition.declared(profile, peak_a=1e-4, timebase_ppm=50.0)
    begun_s = clock.time_s
    direct.of_cycles(repetition)
    taken_s = clock.time_s - begun_s
    assert taken_s <= READING_ROOM * direct.duration_s(repetition)
    assert taken_s < 0.5 * profile.timers.session_s
