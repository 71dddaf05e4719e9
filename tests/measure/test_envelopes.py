"""Envelopes, sequences of rates, templates and plateau noise of constructed records."""

import numpy as np
import pytest

from bench.measure import (
    Template,
    analyse,
    envelope,
    envelope_deviation,
    plateau_noise,
    rate_segments,
    shape_deviation,
)
from tests.measure.records import INTERVAL_S, alternating, biphasic, record, trapezoids

PERIOD = 1000.0
WIDTH_S = 200.0 * INTERVAL_S


def modulated(count=400, *, rate_per_pulse, depth, square, top=100.0):
    """Return starts, stops and tops of one-signed pulses under an envelope."""
    index = np.arange(count)
    turn = (index * rate_per_pulse) % 1.0
    wave = (turn < 0.5).astype(float) if square else 0.5 + 0.5 * np.cos(2 * np.pi * turn)
    starts = 250.0 + PERIOD * index
    return starts, starts + 200.0, top * (1.0 - depth * (1.0 - wave))


def phases_of(starts, stops, tops, *, noise=1.0, count=400):
    values = trapezoids(starts, stops, tops, size=int(PERIOD * (count + 1)))
    return analyse(record(values, noise=noise)).pulses


@pytest.mark.parametrize("square", [True, False])
@pytest.mark.parametrize("depth", [0.3, 0.5, 0.8])
def test_depth_and_rate_of_an_envelope(square, depth):
    phases = phases_of(*modulated(rate_per_pulse=0.025, depth=depth, square=square))
    found = envelope(phases)
    tolerance = 0.01 if square else 0.15  # a sine's crest is the mean of its highest quarter
    assert found.depth == pytest.approx(depth, abs=tolerance)
    assert found.rate_hz == pytest.approx(0.025 / (PERIOD * INTERVAL_S), rel=0.01)


def test_an_envelope_down_to_nothing_keeps_its_hidden_pulses():
    phases = phases_of(*modulated(rate_per_pulse=0.025, depth=1.0, square=True))
    found = envelope(phases)
    assert found.depth == pytest.approx(1.0, abs=0.01)
    assert found.rate_hz == pytest.approx(25.0, rel=0.01)


def test_pulses_of_one_height_have_no_envelope():
    found = envelope(phases_of(*modulated(rate_per_pulse=0.025, depth=0.0, square=True)))
    assert abs(found.depth) < 0.02
    assert found.rate_hz is None


@pytest.mark.parametrize("square", [True, False])
def test_deviation_from_the_declared_envelope(square):
    """A square of depth d that is missing leaves d/2 over the mean height 1 - d/2."""
    phases = phases_of(*modulated(rate_per_pulse=0.025, depth=0.5, square=square))
    right = envelope_deviation(phases, depth=0.5, rate_hz=25.0, square=square)
    assert right < 0.05
    flat = phases_of(*modulated(rate_per_pulse=0.025, depth=0.0, square=square))
    wrong = envelope_deviation(flat, depth=0.5, rate_hz=25.0, square=square)
    assert wrong > 0.15


def test_a_sequence_of_rates_is_found_in_its_order():
    periods = [1000.0] * 20 + [500.0] * 40 + [2000.0] * 10
    starts = 250.0 + np.concatenate(([0.0], np.cumsum(periods)))
    values = trapezoids(starts, starts + 100.0, np.full(starts.size, 100.0), size=62_000)
    found = rate_segments(analyse(record(values, noise=1.0)).pulses)
    assert [round(one.rate_hz) for one in found] == [1000, 2000, 500]
    assert sum(one.pulses - 1 for one in found) == len(periods)


def test_one_missing_pulse_is_no_new_rate():
    starts = np.delete(250.0 + 1000.0 * np.arange(40), 20)
    values = trapezoids(starts, starts + 100.0, np.full(starts.size, 100.0), size=41_000)
    found = rate_segments(analyse(record(values, noise=1.0)).pulses)
    assert [round(one.rate_hz) for one in found] == [pytest.approx(1000, rel=0.06)]


RECTANGLE = Template(times_s=(0.0, 0.0, WIDTH_S, WIDTH_S), levels=(0.0, 1.0, 1.0, 0.0))


def test_a_pulse_like_its_template_deviates_by_its_edges_alone():
    starts, stops, tops = alternating(100)
    waveform = record(trapezoids(starts, stops, tops, size=101_000), noise=1.5)
    analysis = analyse(waveform)
    found = shape_deviation(waveform, analysis, analysis.pulses.whole(), RECTANGLE)
    # two edges of 6 samples, each a triangle of at most a half: (2 * 6 * 0.5² / 3 / 300) ** 0.5
    assert found == pytest.approx((2 * 6 / 12 / 300) ** 0.5, abs=0.01)


def test_edges_can_be_left_to_another_question():
    starts, stops, tops = alternating(100)
    waveform = record(trapezoids(starts, stops, tops, size=101_000, edge=20.0), noise=1.5)
    analysis = analyse(waveform)
    whole = analysis.pulses.whole()
    assert shape_deviation(waveform, analysis, whole, RECTANGLE) > 0.06
    found = shape_deviation(waveform, analysis, whole, RECTANGLE, settle_s=20 * INTERVAL_S)
    assert found < 0.01


def test_another_shape_deviates_by_its_difference():
    starts, stops, tops = alternating(100)
    waveform = record(trapezoids(starts, stops, tops, size=101_000), noise=1.5)
    analysis = analyse(waveform)
    longer = Template(times_s=(0.0, 0.0, 1.3 * WIDTH_S, 1.3 * WIDTH_S), levels=(0.0, 1.0, 1.0, 0.0))
    found = shape_deviation(waveform, analysis, analysis.pulses.whole(), longer)
    assert found > 0.15


def test_both_phases_belong_to_a_biphasic_template():
    starts, stops, tops = biphasic(50, gap=0.0)
    waveform = record(trapezoids(starts, stops, tops, size=51_000), noise=1.5)
    analysis = analyse(waveform)
    leading = analysis.pulses.select(analysis.pulses.polarity > 0)
    both = Template(
        times_s=(0.0, 0.0, WIDTH_S, WIDTH_S, 2 * WIDTH_S, 2 * WIDTH_S),
        levels=(0.0, 1.0, 1.0, -1.0, -1.0, 0.0),
    )
    assert shape_deviation(waveform, analysis, leading, both) < 0.12
    assert shape_deviation(waveform, analysis, leading, RECTANGLE) > 0.3


@pytest.mark.parametrize("added", [2.0, 6.0])
def test_noise_on_the_plateau_is_told_from_the_instruments(added):
    starts, stops, tops = alternating(200)
    rng = np.random.default_rng(2)
    values = trapezoids(starts, stops, tops, size=201_000)
    values += np.where(np.abs(values) > 50.0, rng.normal(0.0, added, values.size), 0.0)
    waveform = record(values, noise=1.5)
    analysis = analyse(waveform)
    positive = analysis.pulses.select(analysis.pulses.polarity > 0).whole()
    assert plateau_noise(waveform, analysis, positive) == pytest.approx(added, rel=0.05)


def test_a_quiet_plateau_has_no_noise_of_its_own():
    starts, stops, tops = alternating(200)
    waveform = record(trapezoids(starts, stops, tops, size=201_000), noise=1.5)
    analysis = analyse(waveform)
    positive = analysis.pulses.select(analysis.pulses.polarity > 0).whole()
    assert plateau_noise(waveform, analysis, positive) < 0.3
