"""Pulses under a declared envelope, brought to its crest, however short the record."""

from __future__ import annotations

import numpy as np
import pytest

from bench.measure import Modulation
from bench.profile import load_profile
from bench.station.course import at_crest, declared_modulation, declared_shares
from tests.measure.test_ramps import table

ENVELOPED = load_profile("ref-mono-mod")
PLAIN = load_profile("ref-alt-400")
PERIOD_S = 1.0 / 80.0


def pulses_of(count: int, *, phase: float = 0.21):
    declared = declared_modulation(ENVELOPED)
    assert declared is not None
    starts = 0.01 + PERIOD_S * np.arange(count)
    return table(starts, 335e-6 * declared.shares(declared.rate_hz * starts + phase))


def test_a_whole_turn_brings_every_pulse_to_the_crest() -> None:
    found = at_crest(pulses_of(60), ENVELOPED, least_share=0.3)
    assert len(found) > 40
    assert found.top == pytest.approx(np.full(len(found), 335e-6), rel=1e-6)


@pytest.mark.parametrize("phase", [0.0, 0.2, 0.4, 0.6, 0.8])
@pytest.mark.parametrize("count", [2, 3, 5])
def test_a_few_pulses_show_the_highest_of_them(count: int, phase: float) -> None:
    pulses = pulses_of(count, phase=phase)
    found = at_crest(pulses, ENVELOPED)
    assert found.top == pytest.approx(np.full(len(found), float(pulses.top.max())))


def test_without_an_envelope_nothing_is_changed() -> None:
    pulses = pulses_of(20)
    assert declared_modulation(PLAIN) is None
    assert at_crest(pulses, PLAIN) is pulses
    assert declared_shares(pulses, PLAIN) == pytest.approx(np.ones(20))
    assert isinstance(declared_modulation(ENVELOPED), Modulation)
