"""A serial line is set as its resource name says: speed, framing, terminator, over a pseudo-terminal."""

from __future__ import annotations

import termios

import pytest

from bench.errors import InstrumentError, NotConnected
from bench.station.lock import lock_path
from instruments.serial_line import SerialLine, split_resource
from instruments.session import open_session
from tests.instruments.peers import SerialPeer

BLOCK = b"#15\n\r\n\rA"


def terminal(end: bytes) -> SerialPeer:
    """Return an instrument that answers only what ends as it wants it to."""
    answers = {b"*IDN?": b"A,B,C,D" + end, b"*OPC?": b"1" + end, b"BLOCK?": BLOCK + end}
    return SerialPeer(lambda message: answers.get(message, b""), end=end)


@pytest.mark.parametrize(("name", "end"), [("lf", b"\n"), ("crlf", b"\r\n"), ("cr", b"\r")])
def test_messages_end_as_the_line_wants_in_both_directions(name, end):
    with terminal(end) as peer:
        session = open_session(f"{peer.resource_name}?terminator={name}", role="dmm")
        for _ in range(3):
            assert session.query("*IDN?") == "A,B,C,D"
            assert session.query_block("BLOCK?", count=5).tobytes() == BLOCK[3:]
        session.clear()
        assert session.query("*OPC?") == "1"
        session.close()


def test_speed_and_framing_reach_the_port():
    with terminal(b"\n") as peer:
        name = f"{peer.resource_name}?baud=19200&stop=2&handshake=rts"
        session = open_session(name, role="dmm")
        _, _, control, _, speed, _, _ = termios.tcgetattr(peer.slave)
        assert speed == termios.B19200
        assert control & termios.CSTOPB
        assert control & termios.CRTSCTS
        assert session.query("*IDN?") == "A,B,C,D"
        session.close()


@pytest.mark.parametrize("asked", ["parity=even", "bits=7"])
def test_a_framing_that_the_port_refuses_is_said(asked):
    """A pseudo-terminal has eight bits and no parity."""
    with terminal(b"\n") as peer, pytest.raises(NotConnected, match="Invalid argument"):
        open_session(f"{peer.resource_name}?{asked}", role="dmm")


def test_what_is_left_out_is_the_usual_line():
    assert split_resource("ASRL1::INSTR") == ("ASRL1::INSTR", SerialLine())
    name, line = split_resource("ASRL/dev/ttyS0::INSTR?BAUD=115200&terminator=CRLF")
    assert (name, line.baud, line.end, line.bits) == (
        "ASRL/dev/ttyS0::INSTR",
        "115200",
        b"\r\n",
        "8",
    )


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ("ASRL1::INSTR?bauds=9600", "found 'bauds'; did you mean 'baud'"),
        ("ASRL1::INSTR?baud=fast", "baud: expected a number, found 'fast'"),
        ("ASRL1::INSTR?baud=0", "baud: expected a number, found '0'"),
        ("ASRL1::INSTR?terminator=nl", "terminator: expected lf or crlf or cr, found 'nl'"),
        ("TCPIP::1.2.3.4::5025::SOCKET?baud=9600", "it is no serial line"),
    ],
)
def test_what_a_line_cannot_be_is_said(asked, reason):
    with pytest.raises(InstrumentError, match="not a usable VISA resource") as caught:
        open_session(asked, role="dmm")
    assert reason in str(caught.value)


def test_one_port_has_one_lock_however_it_is_set():
    assert lock_path("ASRL/dev/ttyS0::INSTR?baud=9600") == lock_path("ASRL/dev/ttyS0::INSTR")
