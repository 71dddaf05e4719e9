"""Segmented memory: every trigger a record of its own, with its time; declared where it is driven."""

from __future__ import annotations

import struct
from dataclasses import replace

import numpy as np
import pytest

from bench.errors import InstrumentError, InstrumentTimeout, ScpiError, SettingOutOfRange
from bench.twin.dialects import SCOPES
from instruments.roles import SegmentedOscilloscope
from instruments.scopes.siglent_wavedesc import acquired_frames
from tests.instruments.loopback import OnLoopback
from tests.instruments.test_scope_families import prepare

POINTS = 1000
COUNT = 5
PERIOD_S = 0.01
"""Of the fake world's square wave."""


ONE_RECORD = {
    "keysight-3000x": b":ACQ:MODE RTIM;:SYST:ERR?",
    "rigol-dho800": b":REC:WREC:ENAB 0",
    "rigol-ds1000z": b":FUNC:WREC:ENAB 0",
    "rohde-schwarz-rtb2000": b"ACQ:SEGM:STAT OFF",
    "siglent-sds800xhd": b":ACQ:SEQUENCE OFF",
    "tektronix-mso4": b"HOR:FAST:STATE 0",
}
"""By family that drives segments: what makes the memory one again."""
WITHOUT_TIMES = {"rigol-dho800", "rigol-ds1000z"}


@pytest.fixture(params=sorted(ONE_RECORD))
def family(request):
    return request.param


@pytest.fixture
def bench(family):
    found = OnLoopback(family)
    found.driver.reset()
    prepare(found, points=POINTS)
    found.driver.configure_timebase(duration_s=1e-3, before_trigger_s=0.2e-3, points=POINTS)
    found.clock.sleep(1.0 - 3.5 * PERIOD_S - found.clock.now_ns() * 1e-9)  # midnight of some clocks
    return found


def complete(bench) -> bool:
    return bench.clock.wait_until(
        lambda: bench.driver.acquisition_state() == "complete", timeout_s=1.0
    )


def test_every_trigger_fills_a_segment_with_its_own_time(bench, family):
    bench.driver.arm_segments(COUNT)
    assert complete(bench)
    segments = bench.driver.fetch_segments((1,), points=POINTS)
    assert len(segments) == COUNT
    times_s = [segment.time_s for segment in segments]
    if family in WITHOUT_TIMES:
        assert times_s == [None] * COUNT
    else:
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


def test_one_record_is_taken_again_after_segments(bench, family):
    bench.driver.arm_segments(COUNT)
    assert complete(bench)
    bench.driver.arm_single()
    assert complete(bench)
    assert POINTS / 2 <= bench.driver.fetch((1,), points=POINTS)[1].record_length <= 2 * POINTS
    assert ONE_RECORD[family] in bench.line.sent
    with pytest.raises(InstrumentError, match=r"expected (1|no) segments"):
        bench.simulated.acquisition.segments.clear()
        bench.driver.fetch_segments((1,), points=POINTS)


def test_several_channels_of_a_segment_are_of_one_trigger(bench):
    bench.driver.arm_segments(COUNT)
    assert complete(bench)
    for segment in bench.driver.fetch_segments((1, 4), points=POINTS):
        assert set(segment.waveforms) == {1, 4}
        sync = segment.waveforms[4]
        volts, at_s = sync.values(), sync.times()
        assert abs(volts[at_s < -50e-6].mean() - 0.0) < 0.3
        assert abs(volts[at_s > 100e-6].mean() - 3.3) < 0.4


@pytest.mark.parametrize("who", ["driver", "somebody"])
def test_a_scope_that_was_stopped_early_gives_no_segments(bench, who):
    bench.driver.arm_segments(COUNT)
    bench.clock.sleep(2.5 * PERIOD_S)
    (bench.driver if who == "driver" else bench.simulated.acquisition).stop()
    assert 0 < len(bench.simulated.acquisition.segments) < COUNT
    assert bench.driver.acquisition_state() == "stopped"
    with pytest.raises(InstrumentError, match="expected 5 segments, found 0"):
        bench.driver.fetch_segments((1,), points=POINTS)


def test_segments_of_before_arming_are_never_taken_for_new_ones(bench):
    bench.driver.arm_segments(COUNT)
    assert complete(bench)
    bench.simulated.acquisition.deaf = True
    bench.driver.arm_segments(COUNT)
    assert bench.driver.acquisition_state() == "armed"
    with pytest.raises(InstrumentError, match="the acquisition is armed"):
        bench.driver.fetch_segments((1,), points=POINTS)
    bench.driver.stop()
    assert bench.driver.acquisition_state() == "stopped"


def test_no_segment_fills_itself_without_a_trigger(bench):
    bench.simulated.acquisition.deaf = True
    bench.driver.arm_segments(COUNT)
    bench.clock.sleep(1.0)
    assert bench.driver.acquisition_state() == "armed"


def test_one_record_is_taken_again_where_the_segments_were_refused(bench, family):
    def another(message: bytes, reply: bytes) -> bytes:
        counts = (b"COUN", b":FEND?", b":FRAM?")
        return reply.replace(b"5", b"4") if any(name in message for name in counts) else reply

    bench.line.altered = another
    with pytest.raises(InstrumentError, match=r"segments|frames"):
        bench.driver.arm_segments(COUNT)
    bench.driver.arm_single()
    assert ONE_RECORD[family] in bench.line.sent


RIGOL = pytest.mark.parametrize("family", sorted(WITHOUT_TIMES))


@RIGOL
def test_frames_that_are_the_same_are_not_two(bench):
    sent: list[bytes] = []

    def first(message: bytes, right: bytes) -> bytes:
        sent.extend([right] if message == b":WAV:DATA?" else [])
        return sent[0] if message == b":WAV:DATA?" else right

    bench.line.altered = first
    bench.driver.arm_segments(COUNT)
    assert complete(bench)
    with pytest.raises(InstrumentError, match="frame 2 has the samples of the frame before it"):
        bench.driver.fetch_segments((1,), points=POINTS)


@RIGOL
def test_a_recording_that_never_ran_is_not_the_one_before_it(bench, monkeypatch):
    bench.driver.arm_segments(COUNT)
    assert complete(bench)
    execute = bench.simulated.execute
    monkeypatch.setattr(
        bench.simulated, "execute", lambda m: None if b"OPER RUN" in m else execute(m)
    )
    with pytest.raises(InstrumentTimeout, match="it did not arm"):
        bench.driver.arm_segments(COUNT)
    assert bench.driver.acquisition_state() == "stopped"


@RIGOL
def test_a_frame_that_is_not_shown_is_not_read(bench):
    bench.line.altered = lambda message, right: b"1" if b"FCUR?" in message else right
    bench.driver.arm_segments(COUNT)
    assert complete(bench)
    with pytest.raises(InstrumentError, match="it did not show frame 2"):
        bench.driver.fetch_segments((1,), points=POINTS)


RS = pytest.mark.parametrize("family", ["rohde-schwarz-rtb2000"])


@RS
@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (b"-4.0E-02,-3.0E-02,-2.0E-02,-1.0E-02", "expected 5 numbers, found 4"),
        (b"-4.0E-02,-3.0E-02,-2.0E-02,soon,0.0E+00", "expected a number, found soon"),
        (b"0.0E+00,1.0E-02,2.0E-02,3.0E-02,4.0E-02", "the newest is 0.04 s before itself"),
        (b"-4.0E-02,-3.0E-02,-3.0E-02,-1.0E-02,-0.0E+00", "cannot be that of its trigger"),
    ],
)
def test_a_time_that_cannot_be_one_of_a_segment_is_an_error(bench, reply, reason):
    bench.line.altered = lambda message, right: reply if b"TSR:ALL?" in message else right
    bench.driver.arm_segments(COUNT)
    assert complete(bench)
    with pytest.raises(InstrumentError, match=reason):
        bench.driver.fetch_segments((1,), points=POINTS)


@RS
def test_a_segment_that_is_not_the_one_selected_is_an_error(bench):
    bench.line.altered = lambda message, right: b"-2" if b"CURR?" in message else right
    bench.driver.arm_segments(COUNT)
    assert complete(bench)
    with pytest.raises(InstrumentError, match="segment 1 of channel 1 was selected, it shows -2"):
        bench.driver.fetch_segments((1,), points=POINTS)


@RS
def test_fewer_segments_than_were_armed_are_not_complete(bench):
    bench.line.altered = lambda message, right: b"4" if message == b"ACQ:AVA?" else right
    bench.driver.arm_segments(COUNT)
    assert not complete(bench)
    with pytest.raises(InstrumentError, match="the acquisition is stopped"):
        bench.driver.fetch_segments((1,), points=POINTS)


@RS
def test_a_scope_without_the_option_says_so(bench):
    bench.simulated.rejects = ("SEGM",)
    with pytest.raises(ScpiError, match="check the model and its options"):
        bench.driver.arm_segments(COUNT)


@pytest.mark.parametrize("count", [1, 26])
def test_a_number_that_no_model_promises_is_refused(bench, count):
    with pytest.raises(SettingOutOfRange):
        bench.driver.arm_segments(count)


STAMPS = b"HOR:FAST:TIMES:ALL?"


@pytest.mark.parametrize("family", ["tektronix-mso4"])
@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"2026", b"26", "expected the time stamp of frame 1"),
        (b" 3:", b" 4:", "expected the time stamp of frame 3"),
        (b".02.2026", b".Feb.2026", "expected the time stamp of frame 1"),
        (b"28.02", b"31.02", "the times of its frames cannot be read: day"),
        (b", ", b"; ", "expected 5 time stamps, found 1"),
    ],
)
def test_a_time_stamp_of_another_format_is_an_error(bench, old, new, reason):
    bench.line.altered = lambda message, reply: (
        reply.replace(old, new) if message == STAMPS else reply
    )
    bench.driver.arm_segments(COUNT)
    assert complete(bench)
    with pytest.raises(InstrumentError, match=reason):
        bench.driver.fetch_segments((1,), points=POINTS)


def spoilt(bench, message: bytes, *, at: int, data: bytes) -> None:
    """Put other bytes into the preamble of the third frame."""
    sent = bench.line.sent

    def altered(asked: bytes, reply: bytes) -> bytes:
        if asked != message or b":WAV:SEQUENCE 3,1" not in sent[-3:]:
            return reply
        start = reply.index(b"#") + 11 + at
        return reply[:start] + data + reply[start + len(data) :]

    bench.line.altered = altered


@pytest.mark.parametrize("family", ["siglent-sds800xhd"])
@pytest.mark.parametrize(
    ("at", "data", "reason"),
    [
        (346, struct.pack("<d", 75.0), "segment 3 cannot be read: second 75 of a minute"),
        (346, b"\xff" * 8, "segment 3 cannot be read: second nan of a minute"),
        (357, b"\x0d", "segment 3 cannot be read: month"),
        (355, b"\x17", "segment 4 cannot be that of its trigger: -82800 s after the one before"),
    ],
)
def test_a_stamp_that_is_no_time_of_a_trigger_is_an_error(bench, at, data, reason):
    bench.driver.arm_segments(COUNT)
    assert complete(bench)
    spoilt(bench, b":WAV:PRE?", at=at, data=data)
    with pytest.raises(InstrumentError, match=reason):
        bench.driver.fetch_segments((1,), points=POINTS)


@pytest.mark.parametrize("family", ["siglent-sds800xhd"])
@pytest.mark.parametrize(
    ("quirk", "reason"),
    [
        ("stamp-stands-still", "segment 2 cannot be that of its trigger: 0 s after"),
        ("stamp-runs", "the stamp of segment 1 moved by .* it is not the time of a trigger"),
    ],
)
def test_a_clock_is_not_taken_for_the_time_of_a_trigger(bench, quirk, reason):
    bench.simulated.misbehave(quirk)
    bench.driver.arm_segments(COUNT)
    assert complete(bench)
    with pytest.raises(InstrumentError, match=reason):
        bench.driver.fetch_segments((1,), points=POINTS)


@pytest.mark.parametrize("family", ["siglent-sds800xhd"])
def test_a_full_sequence_at_ready_is_found_when_the_scope_is_stopped(bench):
    bench.simulated.misbehave("sequence-stays-ready")
    bench.driver.arm_segments(COUNT)
    assert not complete(bench)
    assert bench.driver.acquisition_state() == "armed"
    bench.driver.stop()
    assert bench.driver.acquisition_state() == "complete"
    assert len(bench.driver.fetch_segments((1,), points=POINTS)) == COUNT


@pytest.mark.parametrize("family", ["siglent-sds800xhd"])
def test_a_preamble_of_zeros_is_no_segment(bench):
    bench.driver.arm_segments(COUNT)
    bench.simulated.misbehave("no-wavedesc")
    assert not complete(bench)
    assert bench.driver.acquisition_state() == "stopped"


def test_what_is_no_descriptor_has_no_frames():
    assert acquired_frames(b"x" * 346) == acquired_frames(b"WAVEDESC") == 0


@pytest.mark.parametrize("family", ["siglent-sds800xhd"])
def test_a_small_memory_is_chosen_before_the_number_of_segments(bench):
    bench.driver.configure_timebase(duration_s=1e-2, points=POINTS)  # of the whole memory 2 fit
    bench.driver.arm_segments(COUNT)
    assert bench.simulated.segments == COUNT


@pytest.mark.parametrize("family", ["siglent-sds800xhd"])
def test_more_segments_than_the_memory_holds_are_refused(bench):
    bench.driver.configure_timebase(duration_s=1e-2, points=2_000_000)
    with pytest.raises(SettingOutOfRange, match="its memory holds 2 segments, not 5"):
        bench.driver.arm_segments(COUNT)
    bench.driver.configure_timebase(duration_s=1e-3, before_trigger_s=0.2e-3, points=POINTS)
    bench.driver.arm_single()
    assert complete(bench)


@pytest.mark.parametrize("family", ["tektronix-mso4"])
def test_more_frames_than_the_memory_holds_are_refused(bench):
    bench.driver.configure_timebase(duration_s=1e-2, points=2_000_000)
    with pytest.raises(SettingOutOfRange, match="its memory holds 10 frames"):
        bench.driver.arm_segments(16)


def test_a_two_series_has_no_segments(monkeypatch):
    bench = OnLoopback("tektronix-mso4")
    monkeypatch.setattr(bench.driver, "_identity", replace(bench.driver.identity, model="MSO24"))
    assert bench.driver.capabilities.most_segments == 0
    with pytest.raises(SettingOutOfRange, match="of the MSO24; nothing was sent"):
        bench.driver.arm_segments(COUNT)
    assert bench.line.sent == []


@pytest.mark.parametrize("family", sorted(SCOPES))
def test_a_driver_declares_segments_where_it_has_them_and_only_there(family):
    driver = OnLoopback(family).driver
    assert isinstance(driver, SegmentedOscilloscope) == (driver.capabilities.most_segments > 0)
