"""Ceiling, excursions, shutdown and edges against brute force and construction."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.measure import all_edges, excursions, first_edge, shutdown, worst_mean
from tests.measure.records import INTERVAL_S, record, trapezoids

SAMPLE = INTERVAL_S


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10_000), length=st.integers(1, 300), size=st.integers(300, 2500))
def test_worst_mean_is_the_largest_of_all_moving_means(seed, length, size):
    values = np.random.default_rng(seed).integers(-100, 100, size).astype(float)
    means = np.convolve(values, np.ones(length) / length, "valid")
    found = worst_mean(record(values), averaging_s=length * SAMPLE)
    assert np.abs(means).max() == pytest.approx(found, abs=1e-9)


def test_worst_mean_is_zero_corrected_and_in_the_unit():
    wave = record(np.full(500, 40.0), gain=1e-6, offset=2e-6, unit="A")
    assert worst_mean(wave, averaging_s=1e-5, zero=2e-6) == pytest.approx(40e-6)
    assert worst_mean(wave, averaging_s=1e-5) == pytest.approx(42e-6)


def test_excursions_tell_time_charge_and_peak():
    values = trapezoids([1000.0, 3000.0], [1100.0, 3050.0], [90.0, -60.0], size=5000, edge=1e-6)
    found = excursions(record(values), ceiling=50.0)
    assert [1001e-6, 3001e-6] == pytest.approx([one.start_s for one in found], abs=1e-9)
    assert [99e-6, 49e-6] == pytest.approx([one.duration_s for one in found], abs=1e-9)
    assert [90.0, 60.0] == [one.peak for one in found]
    assert [90.0 * 99e-6, 60.0 * 49e-6] == pytest.approx([one.charge for one in found])
    assert [40.0 * 99e-6, 10.0 * 49e-6] == pytest.approx([one.charge_above for one in found])


@pytest.mark.parametrize("begins", [0.01, 0.3, 0.5, 0.8, 0.99])
def test_where_between_two_samples_an_excursion_began_is_within_its_half_width(begins):
    tau, top = 2.2, 110.0
    after = np.arange(100) + begins
    values = np.concatenate((np.zeros(50), top * np.exp(-after / tau), np.zeros(50)))
    (found,) = excursions(record(values), ceiling=20.0)
    exact = tau * (top - 20.0) * SAMPLE  # down to the ceiling
    at_the_ceiling = 0.5 * 20.0 * SAMPLE
    assert abs(found.charge - exact) < found.charge_half_width + at_the_ceiling
    assert found.charge_half_width < top * SAMPLE


def test_averaging_ignores_what_is_shorter():
    values = np.zeros(5000)
    values[2000] = 120.0
    assert () == excursions(record(values), ceiling=50.0, averaging_s=10 * SAMPLE)
    assert 1 == len(excursions(record(values), ceiling=50.0))


def test_many_excursions_are_all_found():
    values = np.tile([0.0, 0.0, 99.0, 99.0], 1000)
    assert 1000 == len(excursions(record(values), ceiling=50.0))


def stopping_at(stop, *, size=60_000, period=1000, width=400):
    starts = np.arange(100.0, stop, period)
    stops = np.minimum(starts + width, stop)
    return trapezoids(starts, stops, np.full(starts.size, 80.0), size=size, edge=1e-6)


@pytest.mark.parametrize("stop", [20_250.0, 20_499.0, 20_800.0])
def test_shutdown_is_the_last_instant_above(stop):
    wave = record(stopping_at(stop), noise=1.5)
    found = shutdown(
        wave, cause_s=15_000 * SAMPLE, threshold=10.0, averaging_s=100e-6, hold_off_s=2e-3
    )
    last = min(stop, 20_500.0) - 1.0
    assert found.last_above_s == pytest.approx(last * SAMPLE, abs=2 * SAMPLE)
    assert found.latency_s == pytest.approx(found.last_above_s - 15e-3)
    assert not found.still_on


def test_a_pause_between_pulses_is_no_shutdown():
    wave = record(stopping_at(60_000.0, size=60_000), noise=1.5)
    found = shutdown(wave, cause_s=0.0, threshold=10.0, averaging_s=100e-6, hold_off_s=2e-3)
    assert found.still_on


def test_nothing_after_the_cause_is_an_answer():
    wave = record(stopping_at(10_500.0), noise=1.5)
    found = shutdown(wave, cause_s=0.02, threshold=10.0, averaging_s=100e-6, hold_off_s=2e-3)
    assert (None, None, False) == (found.last_above_s, found.latency_s, found.still_on)


def test_cause_beyond_the_record_is_a_mistake():
    with pytest.raises(ValueError, match="before the cause"):
        shutdown(record(np.zeros(100)), cause_s=1.0, threshold=1.0, averaging_s=0.0, hold_off_s=0.0)


def test_sync_edges_are_interpolated_and_directed():
    values = trapezoids([1000.25, 5000.75], [3000.5, 7000.0], [90.0, 90.0], size=9000, edge=4.0)
    wave = record(values, noise=0.7)
    rising = all_edges(wave, level=45.0, slope="rising") / SAMPLE
    assert [1000.25, 5000.75] == pytest.approx(rising, abs=0.1)
    assert [3000.5, 7000.0] == pytest.approx(
        all_edges(wave, level=45.0, slope="falling") / SAMPLE, abs=0.1
    )
    assert 4 == all_edges(wave, level=45.0).size
    later = first_edge(wave, level=45.0, slope="rising", after_s=2000 * SAMPLE)
    assert later / SAMPLE == pytest.approx(5000.75, abs=0.1)
    assert first_edge(wave, level=120.0) is None


def test_noise_on_a_slow_edge_gives_one_instant():
    wave = record(trapezoids([5000.0], [15_000.0], [100.0], size=20_000, edge=1000.0), noise=2.0)
    assert 1 == all_edges(wave, level=50.0, slope="rising").size


def test_a_low_level_above_a_resting_zero_is_crossed():
    wave = record(trapezoids([500.0], [700.0], [90.0], size=1000), noise=0.5)
    assert first_edge(wave, level=5.0) / SAMPLE == pytest.approx(497.3, abs=1.0)


def test_falling_gain_turns_the_slope():
    wave = record(trapezoids([500.0], [700.0], [90.0], size=1000), gain=-1.0)
    assert first_edge(wave, level=-45.0, slope="falling") / SAMPLE == pytest.approx(500.0, abs=0.1)
