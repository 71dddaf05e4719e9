"""Sampling, averaging, extremes and filters of exact voltages against dense numerical ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.twin.interface import SegmentTable
from bench.twin.noise import NoiseTable
from bench.twin.sampling import Grid, averages, extremes, high_pass, low_pass, samples

_STOP_NS = 4_000_000


def _table() -> SegmentTable:
    """A step up, a slow decay, a spike of two modes, a rest; seven unequal pieces."""
    return SegmentTable(
        start_ns=np.array([0, 500_000, 1_000_004, 1_700_004, 1_700_054, 2_400_004, 3_999_000]),
        stop_ns=_STOP_NS,
        level_v=np.array([0.0, 1.0, 0.5, 0.0, 0.2, -1.0, 0.0]),
        weights_v=np.array(
            [[0.0, 0], [-1.0, 0], [0.5, -0.3], [3.0, -3.0], [1.0, 0.0], [1.2, 0.1], [0.0, 0.0]]
        ),
        rates_per_s=np.array(
            [[0.0, 0], [-1e5, 0], [-400, -2e4], [-1e6, -5e6], [-3e5, 0], [-700, -9e3], [0.0, 0.0]]
        ),
        noise_v=np.zeros(7),
    )


def _dense(table: SegmentTable, times_s: np.ndarray) -> np.ndarray:
    piece = np.searchsorted(table.start_ns * 1e-9, times_s, side="right") - 1
    since_s = times_s - table.start_ns[piece] * 1e-9
    modes = table.weights_v[piece] * np.exp(table.rates_per_s[piece] * since_s[:, None])
    return table.level_v[piece] + modes.sum(axis=1)


def _grid(interval_s: float, count: int, offset_s: float = 0.0) -> Grid:
    return Grid(origin_ns=0, offset_s=offset_s, interval_s=interval_s, count=count)


@settings(max_examples=40, deadline=None)
@given(
    interval_s=st.floats(min_value=2e-8, max_value=1e-4),
    offset_s=st.floats(min_value=0.0, max_value=2e-3),
)
def test_samples_are_the_table_s_values(interval_s: float, offset_s: float) -> None:
    count = min(20_000, int((3.9e-3 - offset_s) / interval_s))
    times_s = offset_s + np.arange(count) * interval_s
    got = samples(_table(), _grid(interval_s, count, offset_s), resolution_v=1e-12)
    edges_s = _table().start_ns * 1e-9
    away = np.abs(times_s[:, None] - edges_s).min(axis=1) > 1e-12
    assert np.abs(got - _dense(_table(), times_s))[away].max() < 1e-9


def test_low_pass_agrees_with_a_recursive_filter_at_two_nanoseconds() -> None:
    corner_hz, step_s = 500e3, 2e-9
    times_s = np.arange(0, 1.75e-3, step_s)
    driven = _dense(_table(), times_s + step_s / 2)
    factor = np.exp(-2 * np.pi * corner_hz * step_s)
    output, expected = driven[0], np.empty_like(driven)
    for index, value in enumerate(driven.tolist()):
        expected[index] = output
        output = value + (output - value) * factor
    filtered = low_pass(_table(), corner_hz)
    got = samples(filtered, _grid(1e-7, 17_400), resolution_v=1e-12)
    assert np.abs(got - expected[::50][:17_400]).max() < 2e-4


def test_high_pass_lets_a_step_decay_and_keeps_its_edge() -> None:
    step = SegmentTable(
        start_ns=np.array([0, 50_000_000]), stop_ns=100_000_000, level_v=np.array([0.0, 1.0]),
        weights_v=np.zeros((2, 1)), rates_per_s=np.zeros((2, 1)), noise_v=np.zeros(2),
    )  # fmt: skip
    got = samples(high_pass(step, 10.0), _grid(1e-3, 100), resolution_v=1e-9)
    assert got[50] - got[49] == pytest.approx(1.0, abs=0.03)
    assert got[99] / got[50] == pytest.approx(np.exp(-2 * np.pi * 10 * 0.049), rel=1e-6)


def test_averages_are_means_over_their_intervals() -> None:
    interval_s, count = 3e-5, 130
    dense_s = (np.arange(count * 3000) + 0.5) * interval_s / 3000
    expected = _dense(_table(), dense_s).reshape(count, 3000).mean(axis=1)
    got = averages(_table(), _grid(interval_s, count))
    assert np.abs(got - expected).max() < 2e-4


def test_extremes_find_a_spike_that_samples_miss() -> None:
    interval_s, count = 1e-4, 39
    dense_s = np.arange(count * 20_000) * interval_s / 20_000
    dense = _dense(_table(), dense_s).reshape(count, -1)
    low, high = extremes(_table(), _grid(interval_s, count))
    assert dense.max() > 0.15 + samples(_table(), _grid(interval_s, count), resolution_v=1e-9).max()
    assert np.abs(high - dense.max(axis=1)).max() < 0.02
    assert np.abs(low - dense.min(axis=1)).max() < 0.02


def test_noise_is_white_and_belongs_to_its_sample() -> None:
    table = NoiseTable(5)
    whole = table.deviates(stream=9, first=0, step=1, count=200_000)
    assert abs(float(whole.mean())) < 0.01
    assert float(whole.std()) == pytest.approx(1.0, abs=0.01)
    for lag in (1, 2, 7, 64):
        assert abs(float(np.corrcoef(whole[:-lag], whole[lag:])[0, 1])) < 0.01
    thinned = table.deviates(stream=9, first=0, step=8, count=1000)
    assert np.array_equal(thinned, whole[::8][:1000])
    other = table.deviates(stream=10, first=0, step=1, count=200_000)
    assert abs(float(np.corrcoef(whole, other)[0, 1])) < 0.01
