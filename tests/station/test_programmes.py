"""A sequence of rates against what is declared of it: which step, at what rate, for how long."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from bench.profile import ModeStep, load_profile
from bench.station.programmes import PlayedMode, played
from bench.station.steady_output import SteadyOutput
from tests.station.outputs import CODES, capture_of

PROFILE = load_profile("ref-seq-500")
STEPS = PROFILE.mode_steps["programme"]
INTERVAL_S = 20e-6
PHASE = round(PROFILE.waveform.pulse_duration_s / INTERVAL_S)
Played = Sequence[tuple[float, float]]
DECLARED: Played = [(60.0, 1.5), (30.0, 1.5), (10.0, 2.0)]


def starts_of(steps: Played, *, seconds: float = 8.0) -> np.ndarray:
    """Return the starts of pulses that play steps over and over, from within the first on."""
    starts = [-0.7]
    while starts[-1] < seconds:
        for rate_hz, lasting_s in steps:
            for _ in range(round(rate_hz * lasting_s)):
                starts.append(starts[-1] + 1.0 / rate_hz)
    inner = np.array(starts)
    return inner[(inner > 2e-3) & (inner < seconds - 5e-3)]


def seen(starts: np.ndarray, steps: Sequence[ModeStep] = STEPS) -> PlayedMode:
    codes = np.zeros(round(8.0 / INTERVAL_S))
    for start_s in starts:
        first = round(start_s / INTERVAL_S)
        codes[first : first + PHASE] = CODES
        codes[first + PHASE : first + 2 * PHASE] = -CODES
    capture = capture_of(codes, current_a=500e-6, interval_s=INTERVAL_S)
    output = SteadyOutput(capture=capture, profile=PROFILE, level=5, load_ohm=500.0)
    return played(output, steps, timebase_ppm=1.0)


def rates_of(found: PlayedMode) -> list[float | None]:
    return [step.rate.value for step in found.steps]


def durations_of(found: PlayedMode) -> list[float | None]:
    return [None if step.duration is None else step.duration.value for step in found.steps]


def test_the_declared_sequence_is_seen_as_declared() -> None:
    found = seen(starts_of(DECLARED))
    assert rates_of(found) == pytest.approx([60.0, 30.0, 10.0], rel=1e-4)
    assert durations_of(found) == pytest.approx([1.5, 1.5, 2.0], abs=1e-3)
    assert found.in_order
    assert found.defects.value == 0.0


def test_a_wrong_rate_is_that_of_its_step() -> None:
    found = seen(starts_of([(60.0, 1.5), (36.0, 1.5), (10.0, 2.0)]))
    assert rates_of(found) == pytest.approx([60.0, 36.0, 10.0], rel=1e-4)


def test_a_step_that_lasts_too_long_says_so() -> None:
    found = seen(starts_of([(60.0, 1.5), (30.0, 2.0), (10.0, 2.0)]))
    assert durations_of(found) == pytest.approx([1.5, 2.0, 2.0], abs=1e-3)


def test_a_step_that_is_left_out_is_missing() -> None:
    found = seen(starts_of([(60.0, 1.5), (10.0, 2.0)]))
    assert rates_of(found)[1] is None
    assert not found.in_order


def test_steps_in_another_order_are_out_of_order() -> None:
    found = seen(starts_of([(60.0, 1.5), (10.0, 2.0), (30.0, 1.5)]))
    assert rates_of(found) == pytest.approx([60.0, 30.0, 10.0], rel=1e-4)
    assert not found.in_order


def test_a_missing_pulse_belongs_to_no_step_and_is_counted() -> None:
    starts = starts_of(DECLARED)
    found = seen(np.delete(starts, int(np.searchsorted(starts, 1.5))))
    assert rates_of(found) == pytest.approx([60.0, 30.0, 10.0], rel=1e-4)
    assert found.defects.value == 1.0


def test_one_rate_for_ever_has_no_duration() -> None:
    found = seen(starts_of([(20.0, 1.0)]), PROFILE.mode_steps["slow"])
    assert rates_of(found) == pytest.approx([20.0], rel=1e-4)
    assert durations_of(found) == [None]
    assert found.in_order
