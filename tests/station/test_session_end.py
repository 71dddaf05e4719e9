"""Whether a record shows an output: noise of many codes is none."""

from __future__ import annotations

import numpy as np

from bench.profile import load_profile
from bench.station.session import _delivers
from tests.station.outputs import capture_of, trains_of

PROFILE = load_profile("ref-alt-400")


def test_noise_of_many_codes_is_no_output():
    noise = np.random.default_rng(1).normal(0.0, 4.0, 20_000)
    assert not _delivers(capture_of(noise, current_a=100e-6, interval_s=20e-6), PROFILE)


def test_pulses_are():
    codes = trains_of(pulses=20)
    assert _delivers(capture_of(codes, current_a=400e-6, interval_s=20e-6), PROFILE)
