"""A stuck bridge ends in time whatever the healthy unit and the instant: the threshold leaves room."""

import numpy as np
import pytest

from bench.profile import load_profile, profile_names
from bench.twin.protection import DirectCurrent
from bench.twin.spreads import _GAIN_MAX, _LEVEL_ERROR_MAX

MONOPHASIC = [name for name in profile_names() if load_profile(name).waveform.kind == "monophasic"]
SPREAD = _GAIN_MAX + _LEVEL_ERROR_MAX
PULSES = 40


def protection(profile, gain):
    """The protection of a unit that has run for a while, and the current of its highest level."""
    wave, current_a = profile.waveform, profile.levels[-1].current_ua * 1e-6
    found = DirectCurrent(
        threshold_ua=profile.protection.dc_threshold_ua,
        window_s=profile.protection.dc_window_s,
    )
    found.begin(wave.pulse_period_s)
    charge_c = current_a * wave.pulse_duration_s
    trips = [found.pulse(gain * charge_c, charge_c) for _ in range(PULSES)]
    assert not any(trips)
    return found, current_a


@pytest.mark.parametrize("name", MONOPHASIC)
@pytest.mark.parametrize("gain", [1 - SPREAD, 1.0, 1 + SPREAD])
def test_a_stuck_bridge_ends_within_what_is_declared(name, gain):
    profile = load_profile(name)
    wave = profile.waveform
    limit_s, _ = profile.nominal("dc trip", level=profile.highest_level, load_ohm=2000.0)
    for phase_s in np.linspace(0.0, wave.pulse_period_s, 200, endpoint=False):
        found, current_a = protection(profile, gain)
        commanded_c = current_a * wave.pulse_duration_s
        flowing_s = (
            wave.pulse_duration_s + wave.pulse_period_s - max(phase_s, wave.pulse_duration_s)
        )
        latency_s = wave.pulse_period_s - phase_s
        while not found.pulse(gain * current_a * flowing_s, commanded_c):
            flowing_s = wave.pulse_period_s
            latency_s += wave.pulse_period_s
        assert latency_s <= limit_s * (1 + 1e-9), f"{phase_s * 1e3:.1f} ms into a pulse"
