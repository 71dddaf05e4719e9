"""From cause to off, where a pulse may end before any layer of the device can have decided."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from bench.measure import shutdown
from bench.station.reactions import Reaction
from bench.waveform import Waveform

SAMPLE_S = 2e-6
CAUSE_S = 1e-3
LEAST_S = 100e-6


def reaction(*stretches_s: tuple[float, float]) -> Reaction:
    """A record of 40 ms that is at 100 from each start to each stop, seconds after the cause."""
    time_s = SAMPLE_S * np.arange(20_000)
    codes = np.zeros(time_s.size, np.int8)
    for start_s, stop_s in stretches_s:
        codes[(time_s >= CAUSE_S + start_s) & (time_s < CAUSE_S + stop_s)] = 100
    waveform = Waveform(
        codes=codes, gain=1.0, offset=0.0, t0_s=0.0, sample_interval_s=SAMPLE_S, channel="CH1"
    )
    return Reaction(
        capture=SimpleNamespace(waveforms={"transient": waveform}),
        label="transient",
        cause_s=CAUSE_S,
        result=shutdown(
            waveform, cause_s=CAUSE_S, threshold=10.0, hold_off_s=1e-3, averaging_s=0.0
        ),
        averaging_s=0.0,
        threshold_relative=0.1,
        threshold=10.0,
    )


@pytest.mark.parametrize(
    ("stretches_s", "expected_s"),
    [
        ([(0.0, 40e-6)], 40e-6),
        (
            [(0.0, 15e-6), (19.4e-3, 19.42e-3)],
            35e-6,
        ),  # too short to decide; trips in the next pulse
        ([(0.0, 15e-6), (5e-3, 9e-3)], 4.015e-3),  # the next pulse was long enough
        ([(0.0, 150e-6), (19.4e-3, 19.42e-3)], 19.42e-3),  # the first was
        ([(0.0, 15e-6), (5e-3, 5.015e-3), (12e-3, 12.02e-3)], 7.035e-3),  # one pause is left out
    ],
)
def test_the_clock_starts_with_the_first_pulse_that_can_be_seen(stretches_s, expected_s):
    found = reaction(*stretches_s)
    assert found.latency_s(least_s=LEAST_S) == pytest.approx(expected_s, abs=3 * SAMPLE_S)
    assert found.latency_s() == pytest.approx(stretches_s[-1][1], abs=3 * SAMPLE_S)
