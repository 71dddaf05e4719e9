"""What is declared passes in every respect; one departure of any kind is said by its name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bench.profile import load_profile
from bench.station.expected_output import ExpectedOutput
from bench.station.measurands import (
    excluded_rate,
    farthest_amplitude,
    farthest_duration,
    steady_defects,
)
from bench.station.pulse_grid import defective_pulses, stuck_pulses
from bench.station.scales import Label
from tests.station.outputs import capture_of, output_of, trains_of

INTERVAL_S = 20e-6
PERIOD = round(12.5e-3 / INTERVAL_S)
ALT = load_profile("ref-alt-400")


def departures(codes: np.ndarray, *, current_a: float = 400e-6) -> str:
    capture = capture_of(codes, current_a=current_a, interval_s=INTERVAL_S)
    expected = ExpectedOutput(profile=ALT, level=5, load_ohm=500.0)
    return "; ".join(expected.departures(capture, capture.waveforms[Label.CURRENT]))


def one_pulse(codes: np.ndarray, number: int, factor: float) -> np.ndarray:
    changed = codes.copy()
    changed[number * PERIOD : (number + 1) * PERIOD] *= factor
    return changed


def test_the_declared_output_has_no_departure() -> None:
    assert departures(trains_of()) == ""


@pytest.mark.parametrize(
    ("codes", "said"),
    [
        (one_pulse(trains_of(), 33, 0.8), "a pulse of -320 µA at level 5, 400 declared"),
        (one_pulse(trains_of(), 33, 0.0), "1 pulses missing, extra or cut"),
        (trains_of(second_half=0.93), "polarities differ by"),
        (trains_of(duration_s=7e-3), "pulses of 70"),
        (trains_of(period_s=13.5e-3), "74.07 pulses a second"),
        (np.zeros(50_000), "no pulses at level 5"),
    ],
)
def test_a_departure_is_said_by_its_name(codes: np.ndarray, said: str) -> None:
    assert said in departures(codes)


def test_the_pulse_that_is_not_like_the_others_is_found() -> None:
    output = output_of(one_pulse(trains_of(), 12, 0.7))
    found = farthest_amplitude(output, -1, declared_a=400e-6)
    assert found.value == pytest.approx(280e-6, rel=0.01)
    assert farthest_amplitude(output, 1, declared_a=400e-6).value == pytest.approx(400e-6, rel=0.01)
    lasting = farthest_duration(output_of(trains_of()), 1, timebase_ppm=1.0)
    assert lasting.value == pytest.approx(6e-3, rel=1e-3)


def test_missing_pulses_are_counted_and_nothing_is_nothing() -> None:
    output = output_of(one_pulse(trains_of(), 33, 0.0))
    defects, pulses = steady_defects(output)
    assert (defects.value, pulses) == (1.0, 79)
    assert defective_pulses(output.pulses.select(slice(0, 0)), ALT) == (0, 0)


def test_a_pulse_that_does_not_end_is_stuck() -> None:
    pulses = output_of(trains_of()).pulses
    assert stuck_pulses(pulses, ALT) == 0
    stops_s = pulses.stop_s.copy()
    stops_s[-1] += 0.1
    assert stuck_pulses(replace(pulses, stop_s=stops_s), ALT) == 1


def test_the_excluded_rate_is_the_rule_of_three() -> None:
    assert excluded_rate(0) is None
    assert excluded_rate(30_000) == pytest.approx(3.0 / 30_000, rel=2e-3)
    assert excluded_rate(1) == pytest.approx(0.95)
