"""Exact dialogues with an InfiniiVision scope."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import InstrumentError, InstrumentTimeout, SettingOutOfRange
from instruments.scopes import KeysightInfiniiVision
from instruments.scopes.infiniivision_record import Preamble
from tests.instruments.dialogue import (
    NO_ERROR,
    Dialogue,
    HandClock,
    block,
    closed,
    identity,
    session,
)

ARM = ":STOP;:TER?;:AER?;:SING;:AER?;:SYST:ERR?"
TIMEBASE = (
    ":TIM:MODE MAIN;:TIM:REF CENT;:TIM:RANG 0.4;:TIM:POS 0.15;:ACQ:TYPE NORM;:TIM:RANG?;:SYST:ERR?"
)
STATE = ":OPER:COND?;:TER?;:SYST:ERR?"
WAITING, RUNNING, STOPPED = "+40", "+8", "+0"
PREAMBLE = "+0,+0,+100,+1,+1.0E-05,-2.0E-04,+0,+3.90625E-03,+5.0E-01,+128"


def scope(*exchanges, clock=None, model="DSO-X 3014T") -> tuple[KeysightInfiniiVision, Dialogue]:
    dialogue = Dialogue(*exchanges)
    driver = KeysightInfiniiVision(session(dialogue, clock=clock or HandClock()), identity(model))
    return driver, dialogue


def armed(*exchanges) -> tuple[KeysightInfiniiVision, Dialogue]:
    driver, dialogue = scope((ARM, closed("0", "0", "1")), *exchanges)
    driver.arm_single()
    return driver, dialogue


def select(channel: int, points: int) -> str:
    return (
        f":WAV:SOUR CHAN{channel};:WAV:FORM BYTE;:WAV:UNS 1;:WAV:POIN:MODE RAW;"
        f":WAV:POIN {points};:WAV:PRE?;:SYST:ERR?"
    )


@pytest.mark.parametrize(
    ("model", "count"), [("DSO-X 3014A", 4), ("MSO-X 3102T", 2), ("DSOX4024A", 4)]
)
def test_the_channel_count_follows_the_model(model, count):
    assert scope(model=model)[0].channel_count == count


def test_a_channel_is_set_up_in_one_exchange_and_the_scale_is_what_the_scope_says():
    driver, dialogue = scope(
        (
            (
                ":CHAN1:PROB 10;:CHAN1:IMP ONEM;:CHAN1:COUP DC;:CHAN1:BWL 0;:CHAN1:SCAL 0.125;"
                ":CHAN1:OFFS 0;:CHAN1:DISP 1;:CHAN1:SCAL?;:SYST:ERR?"
            ),
            closed("+1.26E-01"),
        ),
        (":CHAN1:SCAL 0.5;:CHAN1:SCAL?;:SYST:ERR?", closed("+5.0E-01")),
    )
    assert driver.configure_channel(1, volts_per_division=0.125, probe_attenuation=10) == 0.126
    assert driver.configure_channel(1, volts_per_division=0.125, probe_attenuation=10) == 0.126
    assert driver.configure_channel(1, volts_per_division=0.5, probe_attenuation=10) == 0.5
    dialogue.require_finished()


def test_another_probe_factor_sets_the_whole_channel_again():
    setup = (
        ":CHAN2:PROB {};:CHAN2:IMP ONEM;:CHAN2:COUP DC;:CHAN2:BWL 0;:CHAN2:SCAL 1;"
        ":CHAN2:OFFS 0;:CHAN2:DISP 1;:CHAN2:SCAL?;:SYST:ERR?"
    )
    driver, dialogue = scope((setup.format(1), closed("1")), (setup.format(10), closed("1")))
    driver.configure_channel(2, volts_per_division=1.0)
    driver.configure_channel(2, volts_per_division=1.0, probe_attenuation=10.0)
    dialogue.require_finished()


@pytest.mark.parametrize("channel", [0, 5])
def test_a_channel_that_does_not_exist_is_refused(channel):
    with pytest.raises(SettingOutOfRange, match="the DSO-X 3014T has 4"):
        scope()[0].configure_channel(channel, volts_per_division=1.0)


def test_the_timebase_counts_from_mid_screen():
    driver, dialogue = scope(
        (
            (
                ":TIM:MODE MAIN;:TIM:REF CENT;:TIM:RANG 0.4;:TIM:POS 0.15;:ACQ:TYPE NORM;"
                ":TIM:RANG?;:SYST:ERR?"
            ),
            closed("+4.0E-01"),
        )
    )
    driver.configure_timebase(duration_s=0.4, before_trigger_s=0.05)
    driver.configure_timebase(duration_s=0.4, before_trigger_s=0.05)
    dialogue.require_finished()


def test_a_duration_rounded_up_keeps_the_time_before_the_trigger():
    driver, dialogue = scope(
        (
            (
                ":TIM:MODE MAIN;:TIM:REF CENT;:TIM:RANG 0.4;:TIM:POS 0.15;:ACQ:TYPE PEAK;"
                ":TIM:RANG?;:SYST:ERR?"
            ),
            closed("+5.0E-01"),
        ),
        (":TIM:POS 0.2;:SYST:ERR?", NO_ERROR),
    )
    driver.configure_timebase(duration_s=0.4, before_trigger_s=0.05, peak_detect=True)
    dialogue.require_finished()


def test_a_shorter_record_than_asked_for_is_refused():
    driver, _ = scope(
        (
            (
                ":TIM:MODE MAIN;:TIM:REF CENT;:TIM:RANG 0.4;:TIM:POS 0.2;:ACQ:TYPE NORM;"
                ":TIM:RANG?;:SYST:ERR?"
            ),
            closed("+2.0E-01"),
        )
    )
    with pytest.raises(InstrumentError, match=r"0.4 s was asked for, it reports 0.2 s"):
        driver.configure_timebase(duration_s=0.4)


def test_time_before_the_trigger_lies_inside_the_record():
    with pytest.raises(SettingOutOfRange, match="do not lie inside"):
        scope()[0].configure_timebase(duration_s=0.1, before_trigger_s=0.2)


def test_the_trigger_is_an_edge_that_never_fires_by_itself():
    driver, dialogue = scope(
        (
            (
                ":TRIG:MODE EDGE;:TRIG:SWE NORM;:TRIG:EDGE:COUP DC;:TRIG:EDGE:SOUR CHAN4;"
                ":TRIG:EDGE:SLOP EITH;:TRIG:EDGE:LEV 1.65,CHAN4;:SYST:ERR?"
            ),
            NO_ERROR,
        ),
        (":TRIG:EDGE:SLOP POS;:SYST:ERR?", NO_ERROR),
    )
    driver.configure_edge_trigger(channel=4, level_v=1.65, slope="either")
    driver.configure_edge_trigger(channel=4, level_v=1.65, slope="rising")
    dialogue.require_finished()


def test_another_scale_sends_the_trigger_level_again():
    channel = (
        ":CHAN1:PROB 1;:CHAN1:IMP ONEM;:CHAN1:COUP DC;:CHAN1:BWL 0;:CHAN1:SCAL 1;"
        ":CHAN1:OFFS 0;:CHAN1:DISP 1;:CHAN1:SCAL?;:SYST:ERR?"
    )
    trigger = (
        ":TRIG:MODE EDGE;:TRIG:SWE NORM;:TRIG:EDGE:COUP DC;:TRIG:EDGE:SOUR CHAN1;"
        ":TRIG:EDGE:SLOP POS;:TRIG:EDGE:LEV 0.5,CHAN1;:SYST:ERR?"
    )
    driver, dialogue = scope(
        (channel, closed("1")),
        (trigger, NO_ERROR),
        (":CHAN1:SCAL 0.1;:CHAN1:SCAL?;:SYST:ERR?", closed("0.1")),
        (":TRIG:EDGE:LEV 0.5,CHAN1;:SYST:ERR?", NO_ERROR),
    )
    for scale_v in (1.0, 0.1):
        driver.configure_channel(1, volts_per_division=scale_v)
        driver.configure_edge_trigger(channel=1, level_v=0.5, slope="rising")
    dialogue.require_finished()


def test_arming_waits_for_the_arm_event():
    clock = HandClock()
    driver, dialogue = scope(
        (TIMEBASE, closed("+4.0E-01")),
        (ARM, closed("1", "1", "0")),
        (":AER?", "0"),
        (":AER?", "0"),
        (":AER?", "1"),
        clock=clock,
    )
    driver.configure_timebase(duration_s=0.4, before_trigger_s=0.05)
    driver.arm_single()
    assert clock.sleeps_s == [0.05, 1e-3, 2e-3]
    dialogue.require_finished()


def test_a_scope_that_does_not_arm_is_a_timeout():
    driver, _ = scope((ARM, closed("0", "0", "0")), *[(":AER?", "0")] * 100)
    with pytest.raises(InstrumentTimeout, match="did not arm within 2 s"):
        driver.arm_single()


def test_the_states_of_an_acquisition():
    driver, dialogue = armed(
        (STATE, closed(WAITING, "0")),
        (STATE, closed(RUNNING, "1")),
        (STATE, closed(RUNNING, "0")),
        (STATE, closed(STOPPED, "0")),
    )
    states = [driver.acquisition_state() for _ in range(5)]
    assert states == ["armed", "triggered", "triggered", "complete", "complete"]
    dialogue.require_finished()


def test_stopped_without_a_trigger_is_never_complete():
    driver, _ = armed((STATE, closed(STOPPED, "0")))
    assert driver.acquisition_state() == "stopped"
    with pytest.raises(InstrumentError, match="no record to fetch, the acquisition is stopped"):
        driver.fetch([1], points=100)


def test_before_arming_nothing_can_be_fetched():
    with pytest.raises(InstrumentError, match="no record to fetch"):
        scope()[0].fetch([1], points=1000)


def test_an_armed_scope_has_no_record_and_says_so():
    driver, _ = armed((STATE, closed(WAITING, "0")))
    with pytest.raises(InstrumentError, match="the acquisition is armed"):
        driver.fetch([1], points=1000)


def test_stop_loses_a_record_that_is_not_complete():
    driver, dialogue = armed((STATE, closed(RUNNING, "1")), (":STOP;:SYST:ERR?", NO_ERROR))
    driver.stop()
    assert driver.acquisition_state() == "stopped"
    dialogue.require_finished()


def test_a_forced_trigger_makes_a_record_also_where_the_event_register_stays_silent():
    driver, _ = armed((":TRIG:FORC;:SYST:ERR?", NO_ERROR), (STATE, closed(STOPPED, "0")))
    driver.force_trigger()
    assert driver.acquisition_state() == "complete"


def test_fetch_scales_and_shifts_the_codes():
    codes = bytes(range(1, 101))
    driver, dialogue = armed(
        (STATE, closed(STOPPED, "1")),
        (select(2, 100), closed(PREAMBLE)),
        (":WAV:DATA?", block(codes)),
    )
    waveform = driver.fetch([2], points=199)[2]
    raw = np.frombuffer(codes, dtype=np.uint8).astype(float)
    assert waveform.codes.dtype == np.int8
    assert waveform.values() == pytest.approx((raw - 128) * 3.90625e-3 + 0.5, abs=1e-12)
    assert (waveform.t0_s, waveform.sample_interval_s) == (-2e-4, 1e-5)
    assert (waveform.code_low, waveform.code_high) == (-127, 127)
    assert (waveform.channel, waveform.instrument) == ("CH2", "DSO-X 3014T MY00000001")
    dialogue.require_finished()


def test_the_rails_are_clipped_low_and_clipped_high_of_the_manual():
    driver, _ = armed(
        (STATE, closed(STOPPED, "1")),
        (select(1, 100), closed(PREAMBLE)),
        (":WAV:DATA?", block(b"\x01\xff" * 50)),
    )
    waveform = driver.fetch([1], points=100)[1]
    assert set(waveform.codes.tolist()) == {waveform.code_low, waveform.code_high}


def test_every_acquisition_has_an_id_of_its_own_and_a_preamble_of_its_own():
    record = [
        (STATE, closed(STOPPED, "1")),
        (select(1, 100), closed(PREAMBLE)),
        (":WAV:DATA?", block(b"\x80" * 100)),
    ]
    again = ":WAV:PRE?;:SYST:ERR?"
    driver, dialogue = armed(
        *record,
        (":WAV:DATA?", block(b"\x80" * 100)),
        (ARM, closed("0", "0", "1")),
        (STATE, closed(STOPPED, "1")),
        (again, closed(PREAMBLE)),
        (":WAV:DATA?", block(b"\x80" * 100)),
    )
    first = driver.fetch([1], points=100)[1].acquisition_id
    same = driver.fetch([1], points=100)[1].acquisition_id
    driver.arm_single()
    second = driver.fetch([1], points=100)[1].acquisition_id
    assert first == same
    assert first != second
    dialogue.require_finished()


def test_a_preamble_that_is_not_there_yet_is_asked_for_again():
    driver, _ = armed(
        (STATE, closed(STOPPED, "1")),
        (select(1, 100), closed("+0")),
        (":WAV:PRE?;:SYST:ERR?", closed(PREAMBLE)),
        (":WAV:DATA?", block(b"\x80" * 100)),
    )
    assert driver.fetch([1], points=100)[1].record_length == 100


@pytest.mark.parametrize(
    "preamble",
    [
        "+0",
        PREAMBLE.replace("+1.0E-05", "+0.0E+00"),
        PREAMBLE.replace("+3.90625E-03", "+0.0E+00"),
        "+4" + PREAMBLE[2:],
        PREAMBLE.replace("+100", "+0"),
        "volts",
    ],
)
def test_a_preamble_that_cannot_scale_is_an_error(preamble):
    driver, _ = armed(
        (STATE, closed(STOPPED, "1")),
        (select(1, 100), closed(preamble)),
        *[(":WAV:PRE?;:SYST:ERR?", closed(preamble))] * 2,
    )
    with pytest.raises(InstrumentError, match="preamble cannot scale a record"):
        driver.fetch([1], points=100)


def test_a_record_of_another_length_than_declared_is_an_error():
    driver, _ = armed(
        (STATE, closed(STOPPED, "1")),
        (select(1, 100), closed(PREAMBLE)),
        (":WAV:DATA?", block(b"\x80" * 99)),
    )
    with pytest.raises(InstrumentError, match="expected 100 bytes, the block has 99"):
        driver.fetch([1], points=100)


def test_a_hole_in_the_record_is_an_error():
    driver, _ = armed(
        (STATE, closed(STOPPED, "1")),
        (select(1, 100), closed(PREAMBLE)),
        (":WAV:DATA?", block(b"\x80" * 97 + b"\x00" * 3)),
    )
    with pytest.raises(InstrumentError, match="3 of 100 samples of channel 1 were never acquired"):
        driver.fetch([1], points=100)


@pytest.mark.parametrize(
    ("asked", "sent"), [(100, 100), (999, 500), (1_000_000, 1_000_000), (9_999_999, 8_000_000)]
)
def test_points_come_from_the_legal_list(asked, sent):
    preamble = PREAMBLE
    driver, dialogue = armed(
        (STATE, closed(STOPPED, "1")),
        (select(1, sent), closed(preamble)),
        (":WAV:DATA?", block(b"\x80" * 100)),
    )
    driver.fetch([1], points=asked)
    dialogue.require_finished()


def test_fewer_points_than_the_scope_can_send_are_refused():
    driver, _ = armed((STATE, closed(STOPPED, "1")))
    with pytest.raises(SettingOutOfRange, match="at most 99 points"):
        driver.fetch([1], points=99)


@given(
    y_increment=st.floats(1e-6, 1.0),
    y_origin=st.floats(-100, 100),
    y_reference=st.integers(0, 255),
)
def test_a_preamble_reads_back_what_was_written(y_increment, y_origin, y_reference):
    parsed = Preamble.parse(f"0,0,10,1,1e-6,0,0,{y_increment:.17E},{y_origin:.17E},{y_reference}")
    assert (parsed.y_increment_v, parsed.y_origin_v) == (y_increment, y_origin)
    assert parsed.y_reference == y_reference
