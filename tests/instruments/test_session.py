"""Exchanges over a written dialogue: numbers, blocks, errors, virtual time-outs."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import InstrumentError, InstrumentTimeout, NotConnected
from instruments.session import parse_block, parse_numbers
from tests.instruments.dialogue import Dialogue, HandClock, block, session


def test_a_query_returns_the_answer_without_its_terminator():
    assert session(Dialogue(("*IDN?", "A,B,C,D\r"))).query("*IDN?") == "A,B,C,D"


def test_a_query_number_refuses_several_numbers():
    with pytest.raises(InstrumentError, match=r"role \(FAKE::INSTR\).*expected 1 numbers, found 2"):
        session(Dialogue(("X?", "1,2"))).query_number("X?")


@pytest.mark.parametrize(
    "reply", ["", "volts", "1.0V", "nan", "inf", "0x10", "1_000", "1,,2", "1E999", "7" * 500]
)
def test_what_is_not_a_number_is_refused(reply):
    with pytest.raises(InstrumentError, match="expected a number"):
        session(Dialogue(("X?", reply))).query_numbers("X?")


def test_a_reply_that_is_not_ascii_is_refused():
    with pytest.raises(InstrumentError, match="expected ASCII"):
        session(Dialogue(("X?", b"\xff\xfe"))).query("X?")


def test_a_timeout_names_role_resource_and_command_and_clears_the_line():
    dialogue = Dialogue(("X?", TimeoutError()))
    with pytest.raises(InstrumentTimeout, match=r"role \(FAKE::INSTR\): no complete answer to X\?"):
        session(dialogue).query("X?")
    assert dialogue.cleared == 1


def test_a_line_that_cannot_be_cleared_is_broken_and_says_so():
    class Stuck(Dialogue):
        def clear(self, *, limit_s):
            return False

    line = session(Stuck(("X?", TimeoutError())))
    with pytest.raises(InstrumentTimeout):
        line.query("X?")
    with pytest.raises(NotConnected, match=r"no longer usable.*open it again"):
        line.query("Y?")


def test_an_interrupted_exchange_is_cleared_before_the_next():
    class Interrupted(Dialogue):
        def read_text(self, *, timeout_s):
            if self._reply == "":
                raise KeyboardInterrupt
            return super().read_text(timeout_s=timeout_s)

    dialogue = Interrupted(("X?", ""), ("Y?", "1"), ("Z?", "2"))
    line = session(dialogue)
    with pytest.raises(KeyboardInterrupt):
        line.query("X?")
    assert dialogue.cleared == 0
    assert [line.query("Y?"), line.query("Z?")] == ["1", "2"]
    assert dialogue.cleared == 1


def test_a_dropped_line_is_not_connected_and_stays_so():
    dialogue = Dialogue(("X?", ConnectionResetError("reset")))
    line = session(dialogue)
    with pytest.raises(NotConnected, match="connection was lost"):
        line.query("X?")
    assert dialogue.closed
    with pytest.raises(NotConnected, match="no longer usable"):
        line.query("X?")


def test_a_closed_session_says_so():
    line = session(Dialogue())
    line.close()
    line.close()
    with pytest.raises(NotConnected, match="it was closed"):
        line.query("X?")


def test_virtual_time_beyond_the_timeout_is_a_timeout():
    clock = HandClock(step_ns=6_000_000_000)
    with pytest.raises(InstrumentTimeout, match="within 5 s"):
        session(Dialogue(("READ?", "1")), clock=clock).query("READ?")


def test_an_operation_declared_long_may_take_its_virtual_time():
    clock = HandClock(step_ns=6_000_000_000)
    assert session(Dialogue(("READ?", "1")), clock=clock).query("READ?", timeout_s=7.0) == "1"


def test_every_exchange_is_logged_with_role_payload_cut_and_duration(caplog):
    caplog.set_level(logging.DEBUG, logger="instruments.session")
    session(Dialogue(("DATA?", block(bytes(1000))))).query_block("DATA?")
    (record,) = caplog.records
    assert record.levelno == logging.DEBUG
    assert record.getMessage().startswith("role < DATA? > b'#800001000")
    assert "1011 in all" in record.getMessage()
    assert record.getMessage().endswith("ms)")


def test_a_block_is_a_view_of_what_came():
    codes = session(Dialogue(("DATA?", block(b"\x00\n\xff#")))).query_block("DATA?", count=4)
    assert codes.tolist() == [0, 10, 255, 35]
    assert codes.base is not None


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (b"#0abc", "expected 4 bytes, the block has 3"),
        (b"hello\n", "definite-length block"),
        (b"", "a block's length"),
        (b"#9", "block's length"),
        (b"#3a00", "block's length"),
        (b"#15abc\n", "block of 5 bytes, found 4"),
        (b"#13abcdef", "block of 3 bytes, found 6"),
        (b"#13abc\n", "expected 4 bytes, the block has 3"),
    ],
)
def test_a_block_that_is_not_what_was_asked_for_is_refused_and_the_line_cleared(reply, reason):
    dialogue = Dialogue(("DATA?", reply))
    with pytest.raises(InstrumentError, match=reason):
        session(dialogue).query_block("DATA?", count=4)
    assert dialogue.cleared == 1


@given(payload=st.binary(max_size=300), digits=st.integers(4, 9), end=st.sampled_from(["", "\n"]))
def test_any_payload_survives_any_legal_header(payload, digits, end):
    reply = f"#{digits}{len(payload):0{digits}d}".encode() + payload + end.encode()
    expected = np.frombuffer(payload, dtype=np.uint8)
    assert np.array_equal(parse_block(reply, count=len(payload)), expected)


@given(reply=st.binary(max_size=60))
def test_any_bytes_are_a_block_or_a_value_error(reply):
    try:
        parse_block(reply)
    except ValueError:
        return
    assert reply[:1] == b"#"


@given(values=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_numbers_survive_the_formats_that_instruments_use(values):
    reply = ",".join(f"{value:+.16E}" for value in values)
    assert parse_numbers(reply, count=len(values)).tolist() == values
