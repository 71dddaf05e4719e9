"""When an output has ended, on a range whose zero and noise come near to what counts as off."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from bench.profile import load_profile
from bench.station.event_records import flowing_a, off_averaging_s, off_interval_s
from bench.station.measurands import worst_latency
from bench.station.measurands.reactions import _level_relative
from bench.station.ranges import RangeChoice
from bench.station.reactions import Reactions
from bench.station.scales import Label
from tests.station.outputs import CODES, capture_of

PROFILE = load_profile("ref-biph-10")
CODE_A = 2.25e-3 / 256
REST_A = -0.62 * CODE_A
"""Of a healthy scope: the converter's non-linearity between zero and both reference currents."""
NOISE_CODES = 0.4
"""Half a code with the rounding."""
CAUSE_S, WATCHED_S, OFF_S = 0.02, 1.5, 0.4
DENSE_S = off_interval_s(PROFILE, 256 * CODE_A)
COARSE_S = off_averaging_s(PROFILE) / 6.0


def reaction(*, interval_s=DENSE_S, left=(), rest_a=REST_A, seed=1):
    """Phases of 900 µA until ``OFF_S`` after the cause, then what ``left`` says.

    ``left``: (start, stop, amperes), seconds after the cause.
    """
    time_s = np.arange(round((CAUSE_S + WATCHED_S) / interval_s)) * interval_s - CAUSE_S
    place_s = np.mod(time_s, 1 / 60.0)
    current_a = 0.9e-3 * ((place_s < 0.2e-3) * 1.0 - ((place_s >= 0.2e-3) & (place_s < 0.4e-3)))
    current_a[time_s > OFF_S] = 0.0
    for start_s, stop_s, left_a in left:
        current_a[(time_s >= start_s) & (time_s < stop_s)] = left_a
    capture = capture_of(
        (current_a + REST_A) / CODE_A, current_a=CODE_A * CODES, interval_s=interval_s,
        noise=NOISE_CODES, seed=seed,
    )  # fmt: skip
    sync = capture_of(
        np.where(time_s >= 0.0, 100.0, 0.0), current_a=CODES * 33e-3, interval_s=interval_s,
        label=Label.SYNC,
    )  # fmt: skip
    scale = capture.scales[Label.CURRENT]
    scale = replace(
        scale, rest_v=rest_a * scale.sensitivity, noise_v=0.5 * CODE_A * scale.sensitivity
    )
    capture = replace(
        capture,
        waveforms=dict(capture.waveforms) | dict(sync.waveforms),
        hashes={Label.CURRENT: "current", Label.SYNC: "sync"},
        scales={Label.CURRENT: scale} | {Label.SYNC: sync.scales[Label.SYNC]},
    )
    reactions = Reactions(
        treatment=None,
        fixture=None,
        records=SimpleNamespace(ranges=RangeChoice(profile=PROFILE)),
        sleep=None,
    )
    return reactions.after_sync(capture)


LAST_S = 23 / 60.0 + 0.4e-3
"""The last phase before ``OFF_S`` ends here."""


@pytest.mark.parametrize("seed", range(5))
def test_what_a_range_shows_of_nothing_is_no_output(seed):
    found = worst_latency([reaction(seed=seed)], 25.0)
    assert LAST_S == pytest.approx(found.value, abs=2 * DENSE_S)
    assert found.expanded_uncertainty < 1e-3


def test_without_the_rest_of_the_range_the_same_record_says_nothing():
    found = worst_latency([reaction(rest_a=0.0, interval_s=COARSE_S)], 25.0)
    assert found.value is None
    assert found.undecidable
    assert "offset and noise of this range" in found.reason


@pytest.mark.parametrize(
    "left",
    [
        [(0.5, 2.0, 15e-6)],  # a direct current
        [(at, at + 0.2e-3, 20e-6) for at in np.arange(0.5, 1.5, 1 / 60.0)],  # small pulses
    ],
)
def test_a_small_output_that_goes_on_is_seen(left):
    found = worst_latency([reaction(left=left)], 25.0)
    assert found.value is None
    assert not found.undecidable
    assert "still on" in found.reason


def test_a_late_pulse_that_stands_alone_is_seen():
    found = worst_latency([reaction(left=[(1.2, 1.2002, 60e-6)])], 25.0)
    assert found.value == pytest.approx(1.2002, abs=2 * DENSE_S)


def test_what_noise_explains_by_itself_is_undecidable_and_no_late_end():
    found = worst_latency([reaction(left=[(1.2, 1.2 + 80e-6, 12e-6)])], 25.0)
    assert (found.value, found.undecidable) == (None, True)
    assert "between 383.8 and 1200 ms" in found.reason


def test_pulses_in_the_trough_of_an_envelope_are_no_decay():
    trough = [(at, at + 0.2e-3, 300e-6) for at in np.arange(24, 28) / 60.0]
    found = worst_latency([reaction(left=trough)], 25.0)
    assert found.value == pytest.approx(27 / 60.0 + 0.2e-3, abs=2 * DENSE_S)
    assert found.expanded_uncertainty < 1e-3


@pytest.mark.parametrize("tau_s", [5e-3, 20e-3])
def test_a_decay_makes_the_end_as_uncertain_as_the_level_at_the_threshold(tau_s):
    step_s = 0.02 * tau_s
    tail = [
        (OFF_S + i * step_s, OFF_S + (i + 1) * step_s, 0.9e-3 * np.exp(-0.02 * i))
        for i in range(500)
    ]
    ended = reaction(left=tail)
    found = worst_latency([ended], 25.0)
    lines = {line.name: line.standard_uncertainty for line in found.budget.lines}
    exact_s = _level_relative(ended) * tau_s
    assert exact_s <= lines["threshold"] < 1.25 * exact_s


DOUBTFUL = [(1.2, 1.2 + 80e-6, 12e-6)]
"""What noise explains by itself, long after the output's end."""


@pytest.mark.parametrize(
    "others",
    [
        [reaction(left=DOUBTFUL)],
        [None],  # an injection that never crossed the threshold
    ],
)
def test_a_late_end_that_is_certain_shows_beside_one_that_is_not(others):
    late = reaction(left=[(0.9, 0.9002, 60e-6)])
    found = worst_latency([*others, late], 25.0)
    assert (found.value, found.undecidable) == (None, True)
    assert found.least.value == pytest.approx(0.9002, abs=2 * DENSE_S)
    assert found.least.waveforms


def test_a_doubtful_end_is_at_least_as_late_as_what_is_certain_of_it():
    found = worst_latency([reaction(left=DOUBTFUL)], 25.0)
    averaging_s = off_averaging_s(PROFILE)
    assert LAST_S - averaging_s < found.least.value < LAST_S
    flowing = worst_latency([reaction(left=DOUBTFUL)], 25.0, pauses=False)
    assert 0.0 < flowing.least.value < LAST_S


def test_an_output_that_never_ends_is_seen_beside_an_injection_that_did_nothing():
    found = worst_latency([None, reaction(left=[(0.5, 2.0, 15e-6)])], 25.0)
    assert (found.value, found.undecidable) == (None, False)


def test_nothing_is_certain_where_nothing_was_provoked():
    found = worst_latency([None], 25.0)
    assert (found.value, found.undecidable, found.least) == (None, True, None)


def test_the_current_of_a_record_is_counted_from_the_rest_of_its_range():
    capture = reaction().capture
    waveform = capture.waveforms[Label.CURRENT]
    quiet = replace(capture, waveforms={Label.CURRENT: waveform.between(waveform.t0_s + 0.5, 10.0)})
    assert flowing_a(quiet, PROFILE) < 0.7 * PROFILE.off_a


@pytest.mark.parametrize("name", ["ref-biph-10", "ref-biph-v3", "ref-ems-50", "ref-alt-400"])
def test_a_mean_is_eight_times_its_noise_below_what_counts_as_off(name):
    profile = load_profile(name)
    range_a = RangeChoice(profile=profile).wide_a()
    samples = off_averaging_s(profile) / off_interval_s(profile, range_a)
    assert samples >= 4.0
    assert range_a / 512 / samples**0.5 <= profile.off_a / 7.99
