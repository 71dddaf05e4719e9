"""Segmented memory: every trigger a record of its own, with its time; declared where it is driven."""

from __future__ import annotations

import numpy as np
import pytest

from bench.errors import InstrumentError, SettingOutOfRange
from bench.twin.dialects import SCOPES
from instruments.roles import SegmentedOscilloscope
from tests.instruments.loopback import OnLoopback
from tests.instruments.test_scope_families import prepare

POINTS = 1000
COUNT = 5
PERIOD_S = 0.01
"""Of the fake world's square wave."""


@pytest.fixture
def bench():
    found = OnLoopback("keysight-3000x")
    found.driver.reset()
    prepare(found, points=POINTS)
    found.driver.configure_timebase(duration_s=1e-3, before_trigger_s=0.2e-3, points=POINTS)
    return found


def complete(bench) -> bool:
    return bench.clock.wait_until(
        lambda: bench.driver.acquisition_state() == "complete", timeout_s=1.0
    )


def test_every_trigger_fills_a_segment_with_its_own_time(bench):
    bench.driver.arm_segments(COUNT)
    assert complete(bench)
    segments = bench.driver.fetch_segments((1,), points=POINTS)
    assert len(segments) == COUNT
    times_s = np.array([segment.time_s for segment in segments])
    assert times_s[0] == 0.0
    assert np.diff(times_s) == pytest.approx(PERIOD_S, rel=1e-3)
    for segment in segments:
        record = segment.waveforms[1]
        volts, at_s = record.values(), record.times()
        assert at_s[0] == pytest.approx(-0.2e-3, abs=2e-6)
        before, after = volts[at_s < -50e-6], volts[at_s > 100e-6]
        assert abs(after.mean() - before.mean()) > 0.15
    codes = [segment.waveforms[1].codes.tobytes() for segment in segments]
    assert len(set(codes)) == COUNT  # five records, not five times one


def test_one_record_is_taken_again_after_segments(bench):
    bench.driver.arm_segments(COUNT)
    assert complete(bench)
    bench.driver.arm_single()
    assert complete(bench)
    assert bench.driver.fetch((1,), points=POINTS)[1].record_length == POINTS
    assert b":ACQ:MODE RTIM;:SYST:ERR?" in bench.line.sent
    with pytest.raises(InstrumentError, match="expected 1 segments"):
        bench.simulated.acquisition.segments.clear()
        bench.driver.fetch_segments((1,), points=POINTS)


def test_a_scope_that_was_stopped_early_gives_no_segments(bench):
    bench.driver.arm_segments(COUNT)
    bench.clock.sleep(2.5 * PERIOD_S)
    bench.driver.stop()
    with pytest.raises(InstrumentError, match="expected 5 segments, found 0"):
        bench.driver.fetch_segments((1,), points=POINTS)


@pytest.mark.parametrize("count", [1, 26])
def test_a_number_that_no_model_promises_is_refused(bench, count):
    with pytest.raises(SettingOutOfRange):
        bench.driver.arm_segments(count)


@pytest.mark.parametrize("family", sorted(SCOPES))
def test_a_driver_declares_segments_where_it_has_them_and_only_there(family):
    driver = OnLoopback(family).driver
    assert isinstance(driver, SegmentedOscilloscope) == (driver.capabilities.most_segments > 0)
