"""Ramps of constructed pulse tables."""

from __future__ import annotations

import numpy as np
import pytest

from bench.measure import Modulation, PulseTable, ramp


def table(starts: np.ndarray, tops: np.ndarray) -> PulseTable:
    none = np.zeros_like(starts)
    return PulseTable(
        polarity=np.sign(tops).astype(np.int8), start_s=starts, stop_s=starts + 1e-3, top=tops,
        rise_s=none, fall_s=none, overshoot_pct=none, undershoot_pct=none, droop_pct=none,
        charge=tops * 1e-3, complete=np.ones(starts.size, np.bool_),
    )  # fmt: skip


def rising(duration_s: float, *, period_s: float = 0.0125, until_s: float = 3.0) -> PulseTable:
    starts = np.arange(0.0, until_s, period_s)
    signs = np.where(np.arange(starts.size) % 2, -1.0, 1.0)
    return table(starts, signs * 4e-4 * np.minimum(1.0, starts / duration_s))


@pytest.mark.parametrize("duration_s", [0.3, 1.0, 2.0])
def test_a_straight_rise_has_its_duration(duration_s: float) -> None:
    found = ramp(rising(duration_s))
    assert found is not None
    assert found.duration_s == pytest.approx(duration_s, rel=1e-6)
    assert found.overshoot == pytest.approx(0.0, abs=1e-12)


def test_slow_pulses_have_it_too() -> None:
    found = ramp(rising(1.0, period_s=0.2))
    assert found is not None
    assert found.duration_s == pytest.approx(1.0, rel=1e-6)


def test_a_step_has_no_duration() -> None:
    starts = np.arange(0.0, 1.0, 0.0125)
    found = ramp(table(starts, np.full(starts.size, 4e-4)))
    assert found is not None
    assert found.duration_s == 0.0
    assert found.standard_uncertainty_s == pytest.approx(0.0125 / np.sqrt(3.0))


def test_overshoot_is_of_the_largest_pulse() -> None:
    pulses = rising(1.0)
    pulses.top[90] *= 1.2
    found = ramp(pulses)
    assert found is not None
    assert found.overshoot == pytest.approx(0.2, rel=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_rounded_tops_are_no_overshoot(seed: int) -> None:
    code = 15e-6  # of a wide range: 3.7 % of the amplitude
    pulses = rising(1.0)
    exact = pulses.top * 1.02 + np.random.default_rng(seed).normal(0.0, 0.15 * code, len(pulses))
    rounded = table(pulses.start_s, np.rint(exact / code) * code)
    rounded.top[150] += np.sign(rounded.top[150]) * code  # a top that rounds to the next code
    found = ramp(rounded, code=code)
    assert found is not None
    assert found.overshoot == pytest.approx(0.0, abs=1e-9)


def test_a_pulse_beyond_rounding_is_an_overshoot_on_any_range() -> None:
    code = 15e-6
    pulses = rising(1.0)
    rounded = table(pulses.start_s, np.rint(pulses.top / code) * code)
    rounded.top[150] += 2.0 * np.sign(rounded.top[150]) * code
    found = ramp(rounded, code=code)
    assert found is not None
    assert found.overshoot == pytest.approx(2.0 * code / 4.05e-4, rel=0.02)


def test_an_envelope_is_followed_by_its_crests() -> None:
    plain = rising(1.0)
    factor = np.where(np.floor(plain.start_s / 0.06).astype(int) % 2, 0.5, 1.0)
    square = Modulation(rate_hz=1 / 0.12, depth=0.5, square=True)
    found = ramp(table(plain.start_s, plain.top * factor), modulation=square)
    assert found is not None
    assert found.duration_s == pytest.approx(1.0, rel=0.05)
    assert found.overshoot < 1e-9
    assert found.setback < 1e-9


@pytest.mark.parametrize("phase", [0.0, 0.3, 0.8])
def test_a_rise_under_a_slow_envelope_is_still_straight(phase: float) -> None:
    plain = rising(4.0, period_s=0.01, until_s=9.0)
    slow = Modulation(rate_hz=0.501, depth=0.6, square=False)
    tops = plain.top * slow.shares(0.501 * plain.start_s + phase)
    declared = Modulation(rate_hz=0.5, depth=0.6, square=False)
    found = ramp(table(plain.start_s, tops), modulation=declared)
    assert found is not None
    assert found.duration_s == pytest.approx(4.0, rel=0.01)
    assert found.overshoot < 0.01
    assert found.setback < 0.01


@pytest.mark.parametrize(("depth", "rate_hz"), [(0.45, 0.5), (0.75, 0.5), (0.6, 0.6), (0.0, 0.5)])
def test_a_wrong_envelope_is_no_wrong_rise(depth: float, rate_hz: float) -> None:
    plain = rising(4.0, period_s=0.01, until_s=9.0)
    real = Modulation(rate_hz=rate_hz, depth=depth, square=False)
    tops = plain.top * real.shares(rate_hz * plain.start_s + 0.4)
    declared = Modulation(rate_hz=0.5, depth=0.6, square=False)
    found = ramp(table(plain.start_s, tops), modulation=declared)
    assert found is not None
    assert found.duration_s == pytest.approx(4.0, rel=0.01)
    assert found.overshoot < 0.01
    assert found.setback < 0.01


def test_a_rise_that_falls_back_says_how_far() -> None:
    pulses = rising(1.0)
    pulses.top[40:50] *= 0.6
    found = ramp(pulses)
    assert found is not None
    assert found.setback == pytest.approx(0.4875 - 0.525 * 0.6, abs=0.03)


SINE = Modulation(rate_hz=0.5, depth=0.6, square=False)


@pytest.mark.parametrize("seed", range(5))
def test_rounding_in_the_trough_of_an_envelope_is_no_setback(seed: int) -> None:
    plain = rising(4.0, period_s=0.01, until_s=9.0)
    code = 0.02 * 4e-4
    flat = np.random.default_rng(seed).uniform(-0.5, 0.5)
    tops = plain.top * SINE.shares(0.5 * plain.start_s + 0.3)
    rounded = (np.round(tops / code + flat) - flat) * code
    found = ramp(table(plain.start_s, rounded), modulation=SINE)
    assert found is not None
    assert found.setback < 1.05 * 0.02  # one code: up to half of one at each of two pulses


@pytest.mark.parametrize(("from_s", "share"), [(5.9, 1.0), (4.85, 0.42)])
def test_a_fall_under_an_envelope_is_what_flows_less(from_s: float, share: float) -> None:
    plain = rising(4.0, period_s=0.01, until_s=12.0)
    shares = SINE.shares(0.5 * plain.start_s)
    fallen = (plain.start_s >= from_s) & (plain.start_s < from_s + 0.3)
    tops = plain.top * shares * np.where(fallen, 0.8, 1.0)
    found = ramp(table(plain.start_s, tops), modulation=SINE)
    assert found is not None
    assert found.setback == pytest.approx(0.2 * shares[fallen].max(), rel=0.1)
    assert type(found.setback) is float  # the journal writes no numpy scalar
    assert shares[fallen].max() == pytest.approx(share, abs=0.03)


def test_no_pulses_are_no_ramp() -> None:
    assert ramp(table(np.empty(0), np.empty(0))) is None
