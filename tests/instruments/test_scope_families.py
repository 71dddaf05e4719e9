"""Every scope driver on its simulated dialect: one set of demands for all families."""

from __future__ import annotations

import numpy as np
import pytest

from bench.errors import InstrumentError, SettingOutOfRange
from bench.judge import scope_accuracy
from bench.twin.dialects import SCOPES
from tests.instruments.loopback import OnLoopback

FAMILIES = sorted(SCOPES)
POINTS = 2000


@pytest.fixture(params=FAMILIES)
def bench(request) -> OnLoopback:
    bench = OnLoopback(request.param)
    bench.driver.reset()
    return bench


def prepare(bench: OnLoopback, *, points: int = POINTS) -> None:
    """All four channels, 40 ms with 10 ms before the sync line's rising edge."""
    scope = bench.driver
    for channel, volts_per_division in ((1, 0.075), (2, 0.0075), (3, 0.0125), (4, 1.0)):
        scope.configure_channel(channel, volts_per_division=volts_per_division)
    scope.configure_timebase(duration_s=0.04, before_trigger_s=0.01, points=points)
    scope.configure_edge_trigger(channel=4, level_v=1.5, slope="rising")


def capture(bench: OnLoopback, *channels: int, points: int = POINTS):
    bench.driver.arm_single()
    assert bench.clock.wait_until(
        lambda: bench.driver.acquisition_state() == "complete", timeout_s=5.0
    )
    return bench.driver.fetch(channels, points=points)


def test_four_channels_of_one_shot_are_scaled_within_the_data_sheet(bench):
    prepare(bench)
    records = capture(bench, 1, 2, 3, 4)
    accuracy = scope_accuracy(bench.driver.identity.model)
    wired_v = {1: 1e-3 + 0.005 * 0.2, 2: 0.0, 3: 0.003 * 0.02, 4: 0.0}
    for channel, high_v, scale_v in ((1, 0.2, 0.075), (2, 0.02, 0.0075), (3, 0.02, 0.0125)):
        times_s, volts = records[channel].times(), records[channel].values()
        limit_v = accuracy.gain_of_full_scale * accuracy.divisions * scale_v
        limit_v += accuracy.offset_div * scale_v + accuracy.offset_v + wired_v[channel]
        for phase, wanted_v in ((2.5e-3, high_v), (7.5e-3, 0.0)):
            inside = np.abs(times_s % 0.01 - phase) < 1.5e-3
            assert inside.sum() > POINTS / 20
            assert abs(volts[inside].mean() - wanted_v) < limit_v, (channel, wanted_v)
    sync = records[4]
    assert sync.values().max() == pytest.approx(3.3, rel=0.1)


def test_a_record_is_as_long_as_asked_and_its_trigger_is_at_time_zero(bench):
    prepare(bench)
    sync = capture(bench, 4)[4]
    assert POINTS / 2 <= sync.record_length <= 2 * POINTS
    assert sync.t0_s == pytest.approx(-0.01, abs=2 * sync.sample_interval_s)
    last_s = sync.t0_s + sync.duration_s
    assert last_s == pytest.approx(0.03, abs=2 * sync.sample_interval_s)
    volts, times_s = sync.values(), sync.times()
    rises_s = times_s[1:][(volts[:-1] < 1.5) & (volts[1:] >= 1.5)]
    assert np.abs(rises_s).min() <= 2 * sync.sample_interval_s


def test_a_scope_that_never_triggers_is_armed_and_stopped_it_has_no_record(bench):
    prepare(bench)
    bench.simulated.acquisition.deaf = True
    bench.driver.arm_single()
    bench.clock.sleep(1.0)
    assert bench.driver.acquisition_state() == "armed"
    with pytest.raises(InstrumentError, match="no record to fetch, the acquisition is armed"):
        bench.driver.fetch((4,), points=POINTS)
    bench.driver.stop()
    assert bench.driver.acquisition_state() == "stopped"
    with pytest.raises(InstrumentError, match="the acquisition is stopped"):
        bench.driver.fetch((4,), points=POINTS)


def test_a_record_of_before_arming_is_never_taken_for_a_new_one(bench):
    prepare(bench)
    capture(bench, 4)
    bench.simulated.acquisition.deaf = True
    bench.driver.arm_single()
    bench.driver.stop()
    assert bench.driver.acquisition_state() == "stopped"


def test_a_forced_record_completes_and_two_records_differ(bench):
    prepare(bench)
    bench.simulated.acquisition.deaf = True
    records = []
    for _ in range(2):
        bench.driver.arm_single()
        bench.driver.force_trigger()
        bench.clock.sleep(0.1)
        assert bench.driver.acquisition_state() == "complete"
        records.append(bench.driver.fetch((1,), points=POINTS)[1])
    assert records[0].acquisition_id != records[1].acquisition_id
    assert not np.array_equal(records[0].codes, records[1].codes)


def test_an_offset_is_the_voltage_at_mid_screen(bench):
    bench.simulated.time_base_error = 0.0
    prepare(bench)
    bench.driver.configure_channel(4, volts_per_division=0.5, offset_v=1.5)
    record = capture(bench, 4)[4]
    middle = (record.code_low + record.code_high + 1) / 2
    assert record.gain * middle + record.offset == pytest.approx(1.5, abs=0.06)
    assert record.values().max() == pytest.approx(3.3, rel=0.1)
    assert record.values().min() == pytest.approx(0.0, abs=0.2)


def test_what_lies_off_the_screen_is_a_rail_and_not_a_number(bench):
    prepare(bench)
    scale = bench.driver.configure_channel(4, volts_per_division=0.02)
    assert scale == pytest.approx(0.02, rel=0.3)
    record = capture(bench, 4)[4]
    assert record.codes.max() >= record.code_high


def test_a_long_record_is_read_in_the_family_s_own_windows(bench):
    points = min(600_000, bench.driver.capabilities.most_points)
    prepare(bench, points=points)
    record = capture(bench, 1, points=points)[1]
    assert points / 2 <= record.record_length <= 2 * points
    times_s = record.times()
    assert times_s[-1] - times_s[0] == pytest.approx(0.04, rel=0.01)


@pytest.mark.parametrize("channel", [0, 5])
def test_a_channel_that_is_not_there_is_refused(bench, channel):
    with pytest.raises(SettingOutOfRange, match=f"channel {channel} does not exist"):
        bench.driver.configure_channel(channel, volts_per_division=1.0)


def test_settings_out_of_range_raise_and_send_nothing(bench):
    sent = len(bench.line.sent)
    for volts_per_division in (1e-6, 1e6):
        with pytest.raises(SettingOutOfRange, match="nothing was sent"):
            bench.driver.configure_channel(1, volts_per_division=volts_per_division)
    with pytest.raises(SettingOutOfRange, match="nothing was sent"):
        bench.driver.configure_timebase(duration_s=1e6, points=POINTS)
    with pytest.raises(SettingOutOfRange, match="do not lie inside"):
        bench.driver.configure_timebase(duration_s=0.1, before_trigger_s=0.2)
    assert bench.line.sent[sent:] == []


def test_the_same_settings_are_sent_once(bench):
    prepare(bench)
    sent = len(bench.line.sent)
    prepare(bench)
    assert bench.line.sent[sent:] == []


def test_a_reset_makes_the_driver_choose_the_record_length_again(bench):
    prepare(bench)
    length = capture(bench, 1)[1].record_length
    bench.driver.reset()
    prepare(bench)
    assert capture(bench, 1)[1].record_length == length


def test_the_simulated_scope_has_no_error_left(bench):
    prepare(bench)
    capture(bench, 1, 2, 3, 4)
    assert bench.driver.drain_errors() == ()
    assert bench.simulated.next_error().code == 0


def test_either_edge_and_falling_edges_trigger(bench):
    prepare(bench)
    bench.driver.configure_edge_trigger(channel=4, level_v=1.5, slope="falling")
    sync = capture(bench, 4)[4]
    around = np.abs(sync.times()) > 3 * sync.sample_interval_s
    before = sync.values()[around & (sync.times() < 0) & (sync.times() > -3e-3)]
    after = sync.values()[around & (sync.times() > 0) & (sync.times() < 3e-3)]
    assert before.mean() > 3
    assert after.mean() < 0.3


def test_a_short_record_at_a_microsecond_scale(bench):
    bench.world.period_ns = 40_000
    prepare(bench)
    bench.driver.configure_timebase(duration_s=100e-6, before_trigger_s=20e-6, points=1000)
    record = capture(bench, 4, points=1000)[4]
    assert record.duration_s == pytest.approx(100e-6, rel=0.02)
    assert record.sample_interval_s < 0.3e-6


def test_a_long_record_that_triggers_at_once_is_armed(bench):
    prepare(bench)
    bench.driver.configure_timebase(duration_s=3.5, before_trigger_s=0.0, points=POINTS)
    bench.world.period_ns = 1_000_000
    bench.driver.arm_single()
    assert bench.driver.acquisition_state() in ("armed", "triggered")
