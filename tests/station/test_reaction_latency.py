"""From cause to off, where a pulse may end before any layer of the device can have decided."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from bench.measure import shutdown
from bench.profile import load_profile
from bench.station.ranges import RangeChoice
from bench.station.reactions import Reaction, Reactions
from bench.waveform import Waveform

SAMPLE_S = 2e-6
CAUSE_S = 1e-3
LEAST_S = 100e-6


def in_record(codes: np.ndarray, *, cause_s: float, pulse_s: float = 0.0) -> Reaction:
    waveform = Waveform(
        codes=codes, gain=1.0, offset=0.0, t0_s=0.0, sample_interval_s=SAMPLE_S, channel="CH1"
    )
    return Reaction(
        capture=SimpleNamespace(waveforms={"transient": waveform}),
        label="transient",
        cause_s=cause_s,
        result=shutdown(
            waveform, cause_s=cause_s, threshold=10.0, hold_off_s=1e-3, averaging_s=0.0
        ),
        averaging_s=0.0,
        threshold_relative=0.1,
        threshold=10.0,
        cause_level=75.0,
        pulse_s=pulse_s,
    )


def reaction(*stretches_s: tuple[float, float], pulse_s: float = 0.0) -> Reaction:
    """A record of 50 ms that is at 100 from each start to each stop, seconds after the cause."""
    time_s = SAMPLE_S * np.arange(25_000)
    codes = np.zeros(time_s.size, np.int8)
    for start_s, stop_s in stretches_s:
        codes[(time_s >= CAUSE_S + start_s) & (time_s < CAUSE_S + stop_s)] = 100
    return in_record(codes, cause_s=CAUSE_S, pulse_s=pulse_s)


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


@pytest.mark.parametrize(
    ("name", "expected_s"),
    [
        ("ref-galv-390", 0.02),
        ("ref-ems-50", 0.95 * 0.6e-3),  # 19.4 ms of pause and 0.6 of pulse in 20 ms
        ("ref-biph-v3", 0.95 * 0.2e-3),
        ("ref-mens-400", 0.0),  # 15 ms of pause and two samples in 20 ms
        ("ref-biph-10", 0.0),
        ("ref-alt-400", 0.0),
    ],
)
def test_only_a_pause_that_leaves_the_firmware_no_time_is_left_out_of_it(name, expected_s):
    reactions = Reactions(
        treatment=None,
        fixture=None,
        records=SimpleNamespace(ranges=RangeChoice(profile=load_profile(name))),
        sleep=None,
    )
    assert expected_s == pytest.approx(reactions.undecided_s("firmware"))
    assert 100e-6 == reactions.undecided_s("both") == reactions.undecided_s("hardware")


@pytest.mark.parametrize(
    ("stretches_s", "expected_s"),
    [
        ([(0.0, 1.4e-3), (25e-3, 25.5e-3)], 1.9e-3),  # a sample on either side of the pause
        ([(0.0, 1.4e-3), (25e-3, 36e-3)], 12.4e-3),  # a slow layer is as slow as before
        ([(0.0, 21e-3), (25e-3, 25.5e-3)], 25.5e-3),  # the first pulse was long enough
    ],
)
def test_a_firmware_layer_may_take_its_second_sample_behind_a_long_pause(stretches_s, expected_s):
    found = reaction(*stretches_s).latency_s(least_s=0.02)
    assert found == pytest.approx(expected_s, abs=3 * SAMPLE_S)


@pytest.mark.parametrize(
    ("stretches_s", "expected_s"),
    [
        ([(0.0, 40e-6), (44e-6, 340e-6), (20e-3, 20.05e-3)], 390e-6),  # a sample in either pulse
        ([(0.0, 300e-6), (304e-6, 600e-6), (20.3e-3, 20.6e-3)], 20.6e-3),  # two in the first
        ([(0.0, 40e-6), (44e-6, 340e-6), (20e-3, 20.6e-3), (40e-3, 40.05e-3)], 20.39e-3),
    ],
)
def test_both_phases_are_of_the_pulse_in_which_the_firmware_has_one_sample(stretches_s, expected_s):
    found = reaction(*stretches_s, pulse_s=0.6e-3).latency_s(least_s=0.57e-3)
    assert found == pytest.approx(expected_s, abs=3 * SAMPLE_S)


def slow_pulses(*pulses_s: tuple[float, float, float], tau_s: float = 15e-6) -> Reaction:
    """A source that comes up to 100, and ends, with ``tau_s``; each pulse (start, stop, tau of its end)."""
    time_s = SAMPLE_S * np.arange(25_000)
    level = np.zeros(time_s.size)
    for start_s, stop_s, end_tau_s in pulses_s:
        since_s, after_s = time_s - CAUSE_S - start_s, time_s - CAUSE_S - stop_s
        on = 100.0 * -np.expm1(-np.maximum(since_s, 0.0) / tau_s)
        level += on * np.where(after_s > 0.0, np.exp(-np.maximum(after_s, 0.0) / end_tau_s), 1.0)
    cause_s = float(time_s[np.argmax(level > 75.0)])
    return in_record(np.rint(level).astype(np.int8), cause_s=cause_s)


@pytest.mark.parametrize(
    ("pulses_s", "expected_s"),
    [
        ([(0.0, 60e-6, 2e-6)], 60e-6 - 21e-6 + 4.5e-6),
        # The first ends by itself, as slowly as it came: its end is no part of the layer's time.
        ([(0.0, 38e-6, 15e-6), (10e-3, 10.042e-3, 2e-6)], 17e-6 + 3e-6 + 21e-6 + 4.5e-6),
        # What a layer leaves on counts, however low it is.
        ([(0.0, 38e-6, 15e-6), (10e-3, 10.042e-3, 100e-6)], 17e-6 + 3e-6 + 21e-6 + 224e-6),
    ],
)
def test_slow_edges_of_a_pulse_are_no_part_of_the_hardwares_time(pulses_s, expected_s):
    assert slow_pulses(*pulses_s).flowing_s == pytest.approx(expected_s, abs=4 * SAMPLE_S)
