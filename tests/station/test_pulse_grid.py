"""Which pulses are missing: on the output's own grid, and at the ends of a record."""

from __future__ import annotations

import numpy as np
import pytest

from bench.profile import load_profile
from bench.station.event_records import phases_in
from bench.station.measurands import timing
from bench.station.pulse_grid import defective_pulses
from bench.station.rollovers import Crossing
from bench.station.scales import Label
from tests.station.outputs import CODES, capture_of, trains_of

PROFILE = load_profile("ref-alt-400")
PERIOD_S = PROFILE.waveform.pulse_period_s


def crossing(*, pulses=640, cut_after=None, stretch=1.0):
    codes = trains_of(pulses=pulses, period_s=PERIOD_S * stretch)
    if cut_after is not None:  # the output stands still at the current that it had
        stop = round((cut_after * PERIOD_S + 6e-3) / 20e-6)
        codes[stop:] = -CODES
    capture = capture_of(codes, current_a=400e-6, interval_s=20e-6)
    phases = phases_in(capture.waveforms[Label.CURRENT], PROFILE).whole()
    return Crossing(wrap_s=2147.484, capture=capture, phases=phases)


def test_a_whole_output_has_no_defects():
    defects, pulses = timing.crossing_defects(crossing(), PROFILE)
    assert (defects.value, pulses) == (0.0, 640)


def test_an_output_that_stops_in_its_record_misses_the_rest():
    defects, _ = timing.crossing_defects(crossing(cut_after=370), PROFILE)
    assert defects.value == pytest.approx(640 - 370, abs=2)


@pytest.mark.parametrize("stretch", [0.985, 0.998, 1.002, 1.015])
def test_a_rate_within_its_tolerance_is_no_missing_pulse(stretch):
    phases = crossing(stretch=stretch).phases
    assert defective_pulses(phases, PROFILE)[0] == 0


@pytest.mark.parametrize("stretch", [0.998, 1.0])
def test_a_pulse_left_out_is_missing_on_the_output_s_own_grid(stretch):
    phases = crossing(stretch=stretch).phases
    kept = np.ones(len(phases), bool)
    kept[[100, 333]] = False
    assert defective_pulses(phases.select(kept), PROFILE)[0] == 2


def test_every_second_pulse_left_out_is_missing_and_no_other_rate():
    phases = crossing().phases
    kept = np.arange(len(phases)) % 2 == 0
    assert defective_pulses(phases.select(kept), PROFILE)[0] == pytest.approx(320, abs=2)
