"""Sinusoids: published distortion figures, a fit against its construction, scipy as an oracle."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.measure import distortion, fit_sine, fit_sine_at, thd_of_harmonics
from bench.waveform import Waveform


def sampled(values, *, rate_hz, full_scale, dtype=np.int16, t0_s=0.0):
    """Return values as codes of a converter of 16 (or 8) bits, with a little dither."""
    top = np.iinfo(dtype).max
    dither = np.random.default_rng(1).uniform(-0.5, 0.5, values.size)
    codes = np.rint(values / full_scale * top + dither).astype(dtype)
    return Waveform(
        codes=codes, gain=full_scale / top, offset=0.0, t0_s=t0_s, sample_interval_s=1 / rate_hz,
        channel="1",
    )  # fmt: skip


def test_p4_distortion_of_a_tone_with_three_harmonics():
    """Source: P4, mathworks.com, Measure Total Harmonic Distortion: 0.0800 %."""
    t = np.arange(44_100) / 44_100
    w = 2 * np.pi * t
    values = (
        np.cos(w * 1000) + 8e-4 * np.sin(w * 2000) + 2e-5 * np.cos(w * 3000 - np.pi / 4)
        + 8e-6 * np.sin(w * 4000)
    )  # fmt: skip
    found = distortion(sampled(values, rate_hz=44_100, full_scale=1.01))
    assert found.thd_pct == pytest.approx(0.0800, abs=0.0005)
    assert found.fundamental.frequency_hz == pytest.approx(1000.0, rel=1e-8)


def test_p5_distortion_from_amplitudes():
    """Source: P5, ee_calculateThdPercent: 4.5480 %."""
    assert thd_of_harmonics((1175.6, 43.7, 22.1, 17.3, 12.7)) == pytest.approx(4.5480, abs=5e-5)


def test_p6_distortion_in_db():
    """Source: P6, closed form: 10 log10((0.01² + 0.005²) / 2²) = -45.05 dB."""
    t = np.arange(1000) / 1000.0
    w = 2 * np.pi * t
    values = 2 * np.cos(w * 100) + 0.01 * np.cos(w * 200) + 0.005 * np.cos(w * 300)
    found = distortion(sampled(values, rate_hz=1000, full_scale=2.1))
    expected = 10 * math.log10((0.01**2 + 0.005**2) / 2**2)
    assert expected == pytest.approx(-45.05, abs=0.005)
    assert found.thd_db == pytest.approx(expected, abs=0.05)


@given(
    cycles=st.floats(3.0, 400.0),
    amplitude=st.floats(0.2, 0.9),
    phase=st.floats(-math.pi, math.pi),
    offset=st.floats(-0.09, 0.09),
)
def test_a_fit_finds_what_the_record_was_made_from(cycles, amplitude, phase, offset):
    rate_hz, count = 1e5, 20_000
    frequency_hz = cycles * rate_hz / count
    t = np.arange(count) / rate_hz
    values = amplitude * np.cos(2 * np.pi * frequency_hz * t + phase) + offset
    found = fit_sine(sampled(values, rate_hz=rate_hz, full_scale=1.0))
    assert found.frequency_hz == pytest.approx(frequency_hz, rel=1e-5)
    assert found.amplitude == pytest.approx(amplitude, rel=1e-4)
    assert found.offset == pytest.approx(offset, abs=1e-4)
    assert math.cos(found.phase_rad - phase) == pytest.approx(1.0, abs=1e-5)


def test_the_fit_agrees_with_scipys_least_squares():
    from scipy.optimize import curve_fit

    rng = np.random.default_rng(5)
    t = np.arange(5000) / 1e4
    values = 0.6 * np.sin(2 * np.pi * 73.3 * t + 0.4) + 0.05 + rng.normal(0, 0.05, t.size)
    waveform = sampled(values, rate_hz=1e4, full_scale=1.0)

    def model(t, frequency_hz, amplitude, phase, offset):
        return amplitude * np.cos(2 * np.pi * frequency_hz * t + phase) + offset

    best, _ = curve_fit(model, t, waveform.values(), p0=(73.0, 0.5, -1.0, 0.0))
    found = fit_sine(waveform)
    assert found.frequency_hz == pytest.approx(best[0], rel=1e-6)
    assert found.amplitude == pytest.approx(best[1], rel=1e-5)
    assert found.offset == pytest.approx(best[3], abs=1e-6)
    assert found.residual_rms == pytest.approx(0.05, rel=0.03)


def test_sinad_of_an_ideal_converter():
    """Source: 6.02 N + 1.76 dB for a full-scale sine on N bits (here dithered: 3 dB less)."""
    t = np.arange(100_000) / 1e6
    values = np.sin(2 * np.pi * 1234.5 * t)
    found = fit_sine(sampled(values, rate_hz=1e6, full_scale=1.0, dtype=np.int8))
    assert found.sinad_db == pytest.approx(6.02 * 8 + 1.76 - 3.01, abs=0.3)


def test_a_long_record_is_fitted_to_its_end():
    rate_hz, count = 1e6, 1_000_000
    t = np.arange(count) / rate_hz
    values = 0.8 * np.cos(2 * np.pi * 80.123456 * t)
    found = fit_sine(sampled(values, rate_hz=rate_hz, full_scale=1.0, dtype=np.int8))
    assert found.frequency_hz == pytest.approx(80.123456, rel=1e-6)
    assert found.samples == count


def test_three_parameters_at_a_known_frequency():
    t = np.arange(1000) / 1000.0
    values = 0.5 * np.sin(2 * np.pi * 50 * t)
    found = fit_sine_at(sampled(values, rate_hz=1000, full_scale=1.0), 50.0)
    assert found.amplitude == pytest.approx(0.5, rel=1e-4)
    assert found.phase_rad == pytest.approx(-math.pi / 2, abs=1e-4)


@pytest.mark.parametrize("count", [1, 7])
def test_too_few_samples_are_said(count):
    with pytest.raises(ValueError, match="needs 8 samples"):
        fit_sine(sampled(np.ones(count), rate_hz=1.0, full_scale=2.0))


def test_less_than_a_cycle_is_said():
    with pytest.raises(ValueError, match="whole cycle"):
        fit_sine_at(sampled(np.ones(100), rate_hz=1000.0, full_scale=2.0), 5.0)
