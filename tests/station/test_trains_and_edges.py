"""Trains, jitter, transitions, overshoot and spikes of constructed records."""

import numpy as np
import pytest

from bench.station import edges
from bench.station.measurands import trains
from tests.station.outputs import CODES, output_of, trains_of

PPM = 10.0


def test_trains_of_ten():
    output = output_of(trains_of())
    assert trains.pulses_per_train(output).value == 10
    assert trains.pulses_per_train(output).exact
    lasting = trains.train_duration(output, timebase_ppm=PPM)
    assert lasting.value == pytest.approx(0.125, rel=1e-4)
    assert trains.duty(output, timebase_ppm=PPM).value == pytest.approx(0.48, rel=1e-3)


def test_the_train_farthest_off_is_named():
    codes = trains_of()
    pulse = round(12.5e-3 / 20e-6)
    codes[34 * pulse : 35 * pulse] = 0.0
    assert trains.pulses_per_train(output_of(codes)).value == 9


def test_too_few_trains_are_no_number():
    found = trains.train_duration(output_of(trains_of(pulses=25)), timebase_ppm=PPM)
    assert found.value is None
    assert "no two whole trains" in found.reason


def test_jitter_is_found_and_the_noise_is_not_jitter():
    rng = np.random.default_rng(7)
    still = trains.period_jitter(output_of(trains_of()), timebase_ppm=PPM)
    assert still.value < 2e-4
    shifts = rng.normal(0.0, 125e-6, 80)
    moved = trains.period_jitter(output_of(trains_of(shift_s=shifts)), timebase_ppm=PPM)
    assert moved.value == pytest.approx(0.01, rel=0.2)
    assert abs(moved.value - 0.01) < 2 * moved.expanded_uncertainty


def test_transition_is_the_slowest_edge():
    output = output_of(trains_of(edge_s=500e-6))
    found = edges.transition_duration(output, timebase_ppm=PPM)
    assert found.value == pytest.approx(0.8 * 500e-6, rel=0.03)


def test_overshoot_is_found_where_it_is():
    codes = trains_of()
    assert edges.edge_overshoot([output_of(codes)]).value < 0.02
    rung = codes.copy()
    after = np.flatnonzero((codes[1:] >= CODES) & (codes[:-1] < CODES))
    for start in after:
        rung[start + 1 : start + 4] *= 1.2
    found = edges.edge_overshoot([output_of(codes), output_of(rung)])
    assert found.value == pytest.approx(0.2, abs=0.03)


def test_a_spike_at_one_reversal_is_found_with_its_charge():
    codes = 0.5 * trains_of()
    clean = edges.spike_charge([output_of(codes, current_a=800e-6)])
    assert (clean.value, clean.exact) == (0.0, True)
    codes[round(0.125 / 20e-6) : round(0.125 / 20e-6) + 10] = CODES
    found = edges.spike_charge([output_of(codes, current_a=800e-6)])
    assert found.value == pytest.approx(800e-6 * 10 * 20e-6, rel=0.02)
    assert found.budget is not None
