"""A declared envelope laid over pulses whose amplitudes are known."""

from __future__ import annotations

import numpy as np
import pytest

from bench.measure import Modulation, PulseTable, fit_modulation, seen_modulation
from tests.measure.test_ramps import table

PERIOD_S = 0.02
NOISE = 0.003


def under(modulation: Modulation, *, seconds: float, phase: float = 0.37) -> PulseTable:
    """Return alternating pulses of 300 µA at the crest, with noise of a third of a per cent."""
    starts = 0.2 + np.arange(0.0, seconds, PERIOD_S)
    shares = modulation.shares(modulation.rate_hz * starts + phase)
    signs = np.where(np.arange(starts.size) % 2, -1.0, 1.0)
    noise = np.random.default_rng(5).normal(0.0, NOISE, starts.size)
    return table(starts, signs * 300e-6 * (shares + noise))


SINE = Modulation(rate_hz=0.5, depth=0.6, square=False)
SQUARE = Modulation(rate_hz=8.3, depth=0.5, square=True)


@pytest.mark.parametrize(("declared", "seconds"), [(SINE, 2.1), (SQUARE, 1.0)])
@pytest.mark.parametrize("phase", [0.0, 0.25, 0.61])
def test_every_pulse_has_the_share_of_its_moment(
    declared: Modulation, seconds: float, phase: float
) -> None:
    pulses = under(declared, seconds=seconds, phase=phase)
    fitted = fit_modulation(pulses, declared)
    assert fitted is not None
    assert fitted.height == pytest.approx(300e-6, rel=2e-3)
    assert fitted.deviation < 2 * NOISE
    crests = np.abs(pulses.top) / fitted.shares(pulses.start_s)
    assert np.nanmax(np.abs(crests / 300e-6 - 1.0)) < 0.04


def test_a_part_of_a_turn_is_enough_where_the_crest_is_known() -> None:
    pulses = under(SINE, seconds=0.4)
    fitted = fit_modulation(pulses, SINE, height=300e-6)
    assert fitted is not None
    crests = np.abs(pulses.top) / fitted.shares(pulses.start_s)
    assert np.nanmax(np.abs(crests / 300e-6 - 1.0)) < 0.04


@pytest.mark.parametrize("square", [False, True])
@pytest.mark.parametrize("depth", [0.3, 0.9])
@pytest.mark.parametrize("faster", [0.8, 1.7])
def test_depth_and_rate_are_those_of_the_record(square: bool, depth: float, faster: float) -> None:
    real = Modulation(rate_hz=0.5 * faster, depth=depth, square=square)
    declared = Modulation(rate_hz=0.5, depth=0.6, square=square)
    seen = seen_modulation(under(real, seconds=6.4), declared)
    assert seen is not None
    assert seen.rate_hz is not None
    assert seen.depth == pytest.approx(depth, abs=0.01)
    assert seen.rate_hz == pytest.approx(real.rate_hz, rel=5e-3)
    assert abs(seen.rate_hz - real.rate_hz) < 4 * seen.rate_uncertainty_hz


@pytest.mark.parametrize("declared", [SINE, SQUARE])
def test_pulses_that_are_alike_have_no_rate(declared: Modulation) -> None:
    flat = Modulation(rate_hz=declared.rate_hz, depth=0.0, square=declared.square)
    seen = seen_modulation(under(flat, seconds=4.0), declared)
    assert seen is not None
    assert seen.rate_hz is None
    assert seen.depth < 0.02


def test_three_pulses_are_too_few() -> None:
    pulses = under(SINE, seconds=0.06)
    assert fit_modulation(pulses, SINE) is None
    assert seen_modulation(pulses, SINE) is None
