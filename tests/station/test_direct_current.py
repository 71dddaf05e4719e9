"""Direct current by meter: whole repetitions, ten of them, three start phases; never alternating."""

import numpy as np
import pytest

from bench.judge import multimeter_accuracy
from bench.profile import load_profile
from bench.station import measurands
from bench.station.direct_current import (
    MAXIMUM_APERTURE_S,
    MINIMUM_APERTURE_S,
    SHUNT_RANGE_V,
    Apertures,
    DirectCurrent,
    Shunt,
    holds_cycles,
)
from bench.station.repetition import Repetition

PROFILES = [
    "ref-alt-192", "ref-alt-400", "ref-biph-10", "ref-biph-v3", "ref-galv-390", "ref-mens-400",
    "ref-mono-mod", "ref-pro-600",
]  # fmt: skip
METER = multimeter_accuracy("34465A")
ZERO = (1.0e-6, 1.2e-6, 0.8e-6, 1.0e-6)
SHUNT = Shunt(ohm=100.0, relative_uncertainty=1e-4, source="self-test", zero_readings_v=ZERO)


def repetition_of(name):
    wave = load_profile(name).waveform
    return Repetition(
        repeat_s=wave.repeat_s,
        cycle_s=wave.polarity_cycle_s,
        envelope_s=None if wave.envelope is None else 1 / wave.envelope.rate_hz,
        timebase_ppm=50.0,
        peak_a=400e-6,
    )


class Meter:
    """Answers what is asked of it: it has no alternating-current function at all."""

    def __init__(self, *groups_v, scatter_v=1e-8):
        self.groups_v = list(groups_v)
        self.scatter_v = scatter_v
        self.configured = []
        self.counts = []

    def configure_dc_voltage(self, *, range_v, aperture_s):
        self.configured.append((range_v, aperture_s))

    def read(self, count=1):
        self.counts.append(count)
        mean_v = self.groups_v.pop(0)
        return mean_v + self.scatter_v * np.cos(np.pi * np.arange(count))


class Fixture:
    def __init__(self):
        self.closed = []

    def close(self, *names):
        self.closed += names

    def open(self, *names):
        for name in names:
            self.closed.remove(name)


class Clock:
    def __init__(self):
        self.slept_s = []

    def sleep(self, seconds):
        self.slept_s.append(seconds)


def reading(meter, repetition=None, clock=None):
    direct = DirectCurrent(
        dmm=meter, fixture=Fixture(), clock=clock or Clock(), shunt=SHUNT, accuracy=METER
    )
    if repetition is None:
        return direct.over(1.0)
    return direct.of_cycles(repetition)


@pytest.mark.parametrize("name", PROFILES)
def test_apertures_are_whole_repetitions_and_ten_are_covered(name):
    repetition = repetition_of(name)
    found = Apertures.of(repetition, METER)
    assert MINIMUM_APERTURE_S <= found.aperture_s <= MAXIMUM_APERTURE_S
    cycles = found.aperture_s / repetition.cycle_s
    assert round(cycles) == pytest.approx(cycles, abs=1e-9)
    covered_s = 3 * found.readings_per_phase * found.aperture_s
    if repetition.repeat_s <= MAXIMUM_APERTURE_S:
        whole = found.aperture_s / repetition.repeat_s
        assert round(whole) == pytest.approx(whole, abs=1e-9)
        assert covered_s >= 10 * repetition.repeat_s * (1 - 1e-9)
    else:
        assert covered_s >= 3 * repetition.repeat_s * (1 - 1e-9)


def test_an_envelope_that_repeats_after_ten_seconds_is_read_in_nearly_whole_envelopes():
    repetition = repetition_of("ref-mono-mod")
    assert 10.0 == pytest.approx(repetition.repeat_s)
    envelopes = Apertures.of(repetition, METER).aperture_s * 8.3
    assert round(envelopes) == pytest.approx(envelopes, abs=0.05)


def test_three_start_phases_are_a_third_of_a_repetition_apart():
    clock, meter = Clock(), Meter(1e-6, 1e-6, 1e-6)
    reading(meter, repetition_of("ref-alt-400"), clock)
    assert [pytest.approx(0.25 / 3)] * 3 == clock.slept_s
    assert [(SHUNT_RANGE_V, pytest.approx(0.25))] == meter.configured
    assert [4, 4, 4] == meter.counts


def test_start_phases_that_disagree_are_no_number():
    found = measurands.direct_current(reading(Meter(0.0, 0.0, 50e-6), repetition_of("ref-alt-400")))
    assert (None, True) == (found.value, found.undecidable)
    assert "0.50 µA" in found.reason


def test_phases_of_whole_repetitions_agree_by_a_fixed_bound_and_others_by_their_scatter():
    steady = [0.0, 0.0, 0.45e-6 * SHUNT.ohm]  # 0.45 µA apart
    whole = reading(Meter(*steady), repetition_of("ref-alt-400"))
    quiet = reading(Meter(*steady), repetition_of("ref-mono-mod"))
    noisy = reading(Meter(*steady, scatter_v=1e-4), repetition_of("ref-mono-mod"))
    assert [False, False, True] == [r.phases_agree for r in (whole, quiet, noisy)]


def test_zero_of_the_meter_is_taken_off_and_its_scatter_is_in_the_budget():
    found = measurands.direct_current(
        reading(Meter(11e-6, 11e-6, 11e-6), repetition_of("ref-alt-400"))
    )
    assert 0.1e-6 == pytest.approx(found.value, rel=1e-6)
    lines = {line.name: line for line in found.budget.lines}
    scatter_a = np.std(ZERO, ddof=1) / np.sqrt(len(ZERO)) / SHUNT.ohm
    assert scatter_a == pytest.approx(lines["zero of the meter"].standard_uncertainty)
    assert (3, 11) == (
        lines["zero of the meter"].degrees_of_freedom,
        lines["repeatability"].degrees_of_freedom,
    )


def test_aperture_that_is_not_quite_whole_is_in_the_budget_and_grows_with_the_peak():
    found = measurands.direct_current(reading(Meter(0.0, 0.0, 0.0), repetition_of("ref-alt-400")))
    lines = {line.name: line.standard_uncertainty for line in found.budget.lines}
    expected_a = 400e-6 * (50.0 + METER.aperture_ppm) * 1e-6 / np.sqrt(3.0)
    assert expected_a == pytest.approx(lines["aperture"])


def test_which_meters_hold_a_cycle():
    held = {
        model: holds_cycles(repetition_of("ref-alt-400"), multimeter_accuracy(model))
        for model in ("34461A", "34465A", "MODEL 2000", "DMM6500", "SDM3065X")
    }
    assert held == {
        "34461A": False, "34465A": True, "MODEL 2000": False, "DMM6500": False, "SDM3065X": False,
    }  # fmt: skip
    short = repetition_of("ref-pro-600")
    assert holds_cycles(short, multimeter_accuracy("MODEL 2000"))
    assert Apertures.of(short, multimeter_accuracy("MODEL 2000")).aperture_s <= 0.1666


def test_an_envelope_longer_than_the_longest_aperture_is_swept_unless_time_is_short():
    slow = repetition_of("ref-env-300")
    assert slow.envelope_s > METER.longest_aperture_s > slow.cycle_s
    assert not holds_cycles(slow, METER)
    assert holds_cycles(slow, METER, envelopes=False)
    assert holds_cycles(repetition_of("ref-mono-mod"), METER)  # 8.3 Hz


def test_residual_current_has_several_readings_and_so_a_scatter():
    found = measurands.residual_current(reading(Meter(-1e-6)))
    assert 20e-9 == pytest.approx(found.value, rel=1e-2)
    assert {"repeatability", "zero of the meter"} <= {line.name for line in found.budget.lines}
    assert found.budget.degrees_of_freedom is not None
