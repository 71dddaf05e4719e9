"""Ratings against closed forms: I·sqrt(d), I·d, I²·R·tp, and steps between known levels."""

import math

import numpy as np
import pytest

from bench.errors import DeviceMisbehaved
from bench.station.measurands import ratings
from tests.station.outputs import output_of, trains_of

CURRENT_A, DUTY = 400e-6, 6e-3 / 12.5e-3
EDGE = 1 - 60e-6 / 6e-3 / 3
"""Mean square of a trapezoid over that of the rectangle of its 50 % duration."""
PPM = 10.0


@pytest.fixture(scope="module")
def output():
    return output_of(trains_of())


def test_rms_current_of_a_rectangular_train(output):
    found = ratings.rms_current(output, timebase_ppm=PPM)
    assert found.value == pytest.approx(CURRENT_A * math.sqrt(DUTY * EDGE), rel=1e-3)
    assert found.unit == "A"
    assert 0 < found.expanded_uncertainty < 0.05 * found.value
    assert found.waveforms == ("sha",)


def test_mean_rectified_current_of_a_rectangular_train(output):
    found = ratings.average_current(output, timebase_ppm=PPM)
    assert found.value == pytest.approx(CURRENT_A * DUTY, rel=1e-3)


def test_densities_divide_by_the_declared_area():
    output = output_of(trains_of(), profile="ref-alt-192", level=5)
    assert output.profile.output.electrode_area_cm2 == 0.5
    rms = ratings.rms_current(output, timebase_ppm=PPM)
    density = ratings.rms_current_density(output, timebase_ppm=PPM)
    assert density.value == pytest.approx(rms.value / 0.5)
    power = ratings.power_density(output, load_tolerance=0.01, timebase_ppm=PPM)
    assert power.value == pytest.approx(rms.value**2 * 500.0 / 0.5)


def test_the_load_and_twice_the_current_are_in_the_power_budget(output):
    rms = ratings.rms_current(output, timebase_ppm=PPM)
    power = ratings.power_density(output, load_tolerance=0.01, timebase_ppm=PPM)
    relative = power.budget.standard_uncertainty / power.value
    current = rms.budget.standard_uncertainty / rms.value
    assert relative == pytest.approx(math.hypot(2 * current, 0.01 / math.sqrt(3)), rel=0.02)


def test_energy_is_that_of_the_largest_pulse():
    codes = trains_of(second_half=0.5)
    found = ratings.pulse_energy(output_of(codes), load_tolerance=0.01, timebase_ppm=PPM)
    assert found.value == pytest.approx(CURRENT_A**2 * 500.0 * 6e-3, rel=0.01)


def test_both_phases_of_a_biphasic_pulse_are_one_energy():
    codes = trains_of(per_train=1, pulses=60, period_s=8.3333333e-3, duration_s=2e-3)
    output = output_of(codes, profile="ref-biph-10", level=10)
    found = ratings.pulse_energy(output, load_tolerance=0.01, timebase_ppm=PPM)
    assert found.value == pytest.approx(2 * CURRENT_A**2 * 500.0 * 2e-3, rel=0.01)


def test_the_largest_step_counts_not_the_last():
    levels = [output_of(trains_of(), current_a=a, level=n + 1)
              for n, a in enumerate((80e-6, 300e-6, 400e-6))]  # fmt: skip
    found = ratings.largest_level_step(levels)
    assert found.value == pytest.approx(220e-6, rel=0.01)
    assert found.budget.standard_uncertainty > 0


def test_the_lowest_setting_is_the_off_position_where_there_is_one():
    levels = [output_of(trains_of(), current_a=a, level=n) for n, a in ((1, 8e-6), (5, 400e-6))]
    assert ratings.lowest_share(levels, off_current=None).value == pytest.approx(0.02, rel=0.02)
    off = ratings.average_current(output_of(trains_of(), current_a=1e-9), timebase_ppm=PPM)
    assert ratings.lowest_share(levels, off_current=off).value < 1e-5


def test_a_record_without_a_whole_repetition_is_no_number():
    output = output_of(trains_of(pulses=15))
    with pytest.raises(DeviceMisbehaved, match="no whole repetition"):
        ratings.rms_current(output, timebase_ppm=PPM)


def test_rms_leaves_the_converters_noise_out():
    quiet = ratings.rms_current(output_of(trains_of(), noise=0.5), timebase_ppm=PPM)
    noisy = ratings.rms_current(output_of(trains_of(), noise=5.0), timebase_ppm=PPM)
    assert noisy.value == pytest.approx(quiet.value, rel=2e-3)
    assert np.isfinite(noisy.expanded_uncertainty)
