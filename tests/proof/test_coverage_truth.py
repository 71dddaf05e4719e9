"""The coverage tool's true values, on currents whose truth is known by construction."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.coverage_truth import TrueCurrent

SHUNT_OHM = 100.0
TAU_S = 10e-6


def train(signs, *, level_a=400e-6, on_s=6e-3, period_s=12.5e-3, zero_a=0.0, asymmetry=0.0):
    """Return a truth line of single phases with one time constant, one piece a state."""
    starts_s, targets_a = [0.0], [zero_a]
    for number, sign in enumerate(signs):
        begin_s = 3e-3 + number * period_s
        starts_s += [begin_s, begin_s + on_s]
        targets_a += [sign * level_a * (1 - asymmetry * (sign < 0)), zero_a]
    weights_a = -np.diff(np.array([zero_a, *targets_a]))
    return {
        "start_ns": 1_000_000,
        "stop_ns": 1_000_000 + round((3e-3 + len(signs) * period_s) * 1e9),
        "shunt_ohm": SHUNT_OHM,
        "piece_start_ns": [1_000_000 + round(t * 1e9) for t in starts_s],
        "level_v": [a * SHUNT_OHM for a in targets_a],
        "weights_v": [[w * SHUNT_OHM] for w in weights_a],
        "rates_per_s": [[-1 / TAU_S]] * len(starts_s),
    }


def test_levels_durations_and_rate_are_exact():
    found = TrueCurrent(train([1, 1, -1, -1] * 3, zero_a=20e-9))
    assert [400e-6 - 20e-9, 400e-6 + 20e-9] == pytest.approx(
        [found.amplitude_a(1), found.amplitude_a(-1)], rel=1e-12
    )
    assert [6e-3] * 2 == pytest.approx([found.duration_s(1), found.duration_s(-1)], rel=1e-9)
    assert 80.0 == pytest.approx(found.rate_hz(1), rel=1e-9)


def test_symmetry_has_the_sign_of_the_larger_polarity():
    assert 4e-6 == pytest.approx(TrueCurrent(train([1, -1] * 3, asymmetry=0.01)).symmetry_a())


def test_charge_of_a_phase_holds_its_tail():
    # A rise and a fall of one time constant leave exactly level times duration.
    found = TrueCurrent(train([1, -1] * 3))
    assert 400e-6 * 6e-3 == pytest.approx(abs(found.charges_c()[0]), rel=1e-9)
    assert 0.0 == pytest.approx(found.net_per_cycle_c(2), abs=1e-15)


def test_integrals_agree_with_quadrature():
    found = TrueCurrent(train([1, -1] * 3, zero_a=1e-6))
    start_s, stop_s = found.whole_cycles_s(2)
    times_s = np.linspace(start_s, stop_s, 400_001)
    currents = np.array([found.value(t) for t in times_s])
    for square in (False, True):
        expected = np.trapezoid(currents**2 if square else currents, times_s)
        assert expected == pytest.approx(
            found.integral(start_s, stop_s, square=square), rel=1e-5, abs=1e-12
        )


def test_last_instant_above_a_level_is_on_the_last_tail():
    found = TrueCurrent(train([1]))
    tail_s = TAU_S * np.log(400e-6 / 10e-6)
    assert 9e-3 + tail_s == pytest.approx(found.last_above_s(10e-6), abs=2e-6)


def test_a_reversal_divides_its_charge_where_it_crosses_zero():
    line = train([1])
    ns = [1_000_000 + round(t * 1e9) for t in (0.0, 1e-3, 1.2e-3, 1.4e-3)]
    steps = np.array([400e-6, -400e-6, 0.0])
    line |= {
        "piece_start_ns": ns, "stop_ns": ns[-1] + 1_000_000,
        "level_v": [0.0, *(steps * SHUNT_OHM)],
        "weights_v": [[0.0], [-0.04], [0.08], [-0.04]], "rates_per_s": [[-1 / TAU_S]] * 4,
    }  # fmt: skip
    found = TrueCurrent(line)
    first, second = found.phases
    assert 0.0 == pytest.approx(found.value(first.stop_s), abs=1e-8)  # plateaus settle to e^-15
    assert first.stop_s == second.start_s
    assert 0.0 == pytest.approx(found.charge_c(first) + found.charge_c(second), abs=1e-15)
