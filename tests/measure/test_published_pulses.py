"""Answers of others: a step response, state levels of a histogram, closed forms of plain shapes."""

import math

import numpy as np
import pytest

from bench.measure import analyse, bilevel_states
from bench.waveform import Waveform
from tests.measure.records import record, trapezoids


def codes_of(values, *, interval_s, full_scale):
    """Return values as 16-bit codes of a converter, dithered by its own rounding."""
    top = np.iinfo(np.int16).max
    dither = np.random.default_rng(1).uniform(-0.5, 0.5, values.size)
    codes = np.rint(values / full_scale * top + dither).astype(np.int16)
    return Waveform(
        codes=codes, gain=full_scale / top, offset=0.0, t0_s=0.0, sample_interval_s=interval_s,
        channel="1",
    )  # fmt: skip


@pytest.mark.parametrize("duration_s", [8.0, 20.0, 200.0])
def test_p1_step_response_of_a_third_order_system(duration_s):
    """Source: P1, mathworks.com, stepinfo of (8s²+18s+32)/(s³+6s²+14s+24): rise 0.2087 s,
    overshoot 26.53 %, peak 1.6871; 26.5435 % and 1.6872 where the grid is dense.

    The response is the leading transition of a pulse: what still rings counts little in its top.
    """
    from scipy import signal

    interval_s = 1e-3
    t = np.arange(0.0, duration_s, interval_s)
    _, response = signal.step(signal.TransferFunction([8, 18, 32], [1, 6, 14, 24]), T=t)
    rest = np.zeros(round(20.0 / interval_s))
    values = np.concatenate((rest, response, rest))
    found = analyse(codes_of(values, interval_s=interval_s, full_scale=1.8), baseline=0.0)

    assert 1 == len(found.pulses)
    assert found.pulses.rise_s[0] == pytest.approx(0.2087, rel=1e-3)
    assert found.pulses.top[0] == pytest.approx(32 / 24, rel=1e-3)
    assert found.pulses.overshoot_pct[0] == pytest.approx(26.5435, rel=1e-3)
    assert found.pulses.droop_pct[0] == 0.0
    assert found.maximum == pytest.approx(1.6872, rel=1e-3)


T = np.linspace(0.0, 20.0 * np.pi, 100)
SQUARE_AND_COSINE = np.where(np.mod(T, 2.0 * np.pi) < np.pi, 1.0, -1.0) + np.cos(T)


@pytest.mark.parametrize(
    ("options", "levels"),
    [
        ({}, (-1.9795, 1.9800)),
        ({"bins": 50}, (-1.9595, 1.9600)),
        ({"method": "mean"}, (-1.0090, 0.9532)),
        ({"bounds": (-1.8, 1.0)}, (-1.7860, 0.0060)),
    ],
)
def test_p3_state_levels_of_a_histogram(options, levels):
    """Source: P3, GNU Octave signal, tests of statelevels: square(t) + cos(t)."""
    assert levels == pytest.approx(bilevel_states(SQUARE_AND_COSINE, **options), abs=5e-5)


@pytest.mark.parametrize(
    ("values", "options", "said"),
    [
        ([1.0, 1.0], {}, "range of values"),
        ([1.0, 2.0], {"bounds": (3.0, 4.0)}, "no value"),
        ([1.0, 2.0], {"bins": 1}, "at least 2 bins"),
    ],
)
def test_levels_of_nothing_are_refused(values, options, said):
    with pytest.raises(ValueError, match=said):
        bilevel_states(np.array(values), **options)


@pytest.mark.parametrize("edge", [10.0, 40.0])
def test_p8_a_straight_edge_lasts_four_fifths_of_its_ramp(edge):
    starts = 250.25 + 1000.0 * np.arange(200)
    values = trapezoids(starts, starts + 400.0, np.full(200, 100.0), size=200_500, edge=edge)
    found = analyse(record(values, noise=0.3)).pulses
    assert np.median(found.rise_s) / 1e-6 == pytest.approx(0.8 * edge, rel=5e-3)
    assert np.median(found.fall_s) / 1e-6 == pytest.approx(0.8 * edge, rel=5e-3)


def test_p8_crest_factor_of_a_sine():
    t = np.arange(100_000) / 100_000
    found = analyse(
        codes_of(np.sin(2 * np.pi * 50 * t), interval_s=1e-5, full_scale=1.05), baseline=0.0
    )
    assert found.crest_factor == pytest.approx(math.sqrt(2.0), rel=1e-3)
    assert found.rms_about_baseline == pytest.approx(1 / math.sqrt(2.0), rel=1e-3)
    assert found.average_rectified == pytest.approx(2 / math.pi, rel=1e-3)
