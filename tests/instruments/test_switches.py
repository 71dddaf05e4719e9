"""Exact dialogues with relay units other than the DAQ970A, and with boards that speak no SCPI."""

from __future__ import annotations

import os
import socket
import tty

import pytest

from bench.errors import InstrumentError, SettingOutOfRange
from instruments import open_load_switch
from instruments.roles import Identity
from instruments.session import Session
from instruments.switches import Keithley2700, Lcus, Numato
from instruments.switches.lcus import frame
from tests.instruments.dialogue import Dialogue, HandClock, identity, session
from tests.instruments.peers import Peer

OK = '0,"No error"'


def keithley(*exchanges, model="MODEL 2700"):
    dialogue = Dialogue(*exchanges)
    return Keithley2700(session(dialogue), identity(model)), dialogue


CARDS = ("*OPT?;:SYST:ERR?", f"7700,7706;{OK}")


def test_a_2700_closes_and_reads_back_and_leaves_the_other_channels():
    driver, dialogue = keithley(
        CARDS,
        (
            ":ROUT:MULT:CLOS (@101,103:104);*OPC?;:ROUT:MULT:CLOS?;:SYST:ERR?",
            f"1;(@101,103:104,220);{OK}",
        ),
        (":ROUT:MULT:OPEN (@101);*OPC?;:ROUT:MULT:CLOS?;:SYST:ERR?", f"1;(@103,104,220);{OK}"),
        (":ROUT:MULT:CLOS?;:SYST:ERR?", f"(@);{OK}"),
    )
    assert driver.channels == (*range(101, 121), *range(201, 221))
    driver.close_channels([104, 101, 103])
    driver.open_channels([101])
    assert driver.closed_channels([101, 103]) == frozenset()
    dialogue.require_finished()


def test_a_daq6510_names_its_cards_another_way():
    driver, _ = keithley(
        (
            ":SYST:CARD1:IDN?;:SYST:CARD2:IDN?;:SYST:ERR?",
            '7702,40 Ch Mux,1,2;Empty Slot,0,0,0;0,"No error;0;0 0"',
        ),
        model="DAQ6510",
    )
    assert driver.channels == tuple(range(101, 141))


@pytest.mark.parametrize("reply", ["101", "(@101", "(@101,)", "", "(@1a)"])
def test_states_that_cannot_be_read_are_refused(reply):
    driver, _ = keithley(CARDS, (":ROUT:MULT:CLOS?;:SYST:ERR?", f"{reply};{OK}"))
    with pytest.raises(InstrumentError, match=r"(cannot be read|not usable)"):
        driver.closed_channels([101])


def test_a_relay_that_does_not_close_is_named():
    driver, _ = keithley(
        CARDS, (":ROUT:MULT:CLOS (@101);*OPC?;:ROUT:MULT:CLOS?;:SYST:ERR?", f"1;(@102);{OK}")
    )
    with pytest.raises(InstrumentError, match=r"channels \[101\] did not close"):
        driver.close_channels([101])


@pytest.mark.parametrize("cards", ["NONE,NONE", "7799,NONE"])
def test_no_card_and_an_unknown_card_are_named(cards):
    driver, _ = keithley(("*OPT?;:SYST:ERR?", f"{cards};{OK}"))
    with pytest.raises(InstrumentError, match=r"(no slot holds|slot 100 holds '7799')"):
        driver.open_all()


class Board:
    """A transport that remembers bytes and answers lines."""

    def __init__(self, *lines: bytes) -> None:
        self.sent: list[bytes] = []
        self.lines = list(lines)

    def write(self, message: bytes, *, timeout_s: float) -> None:
        self.sent.append(message)

    def read_text(self, *, timeout_s: float) -> bytes:
        if not self.lines:
            raise TimeoutError
        return self.lines.pop(0)

    def read_block(self, *, timeout_s: float, count: int | None = None) -> bytes:
        raise AssertionError

    def clear(self, *, limit_s: float) -> bool:
        return True

    def close(self) -> None:
        pass


def board_session(board: Board) -> Session:
    return Session(board, role="switch", resource_name="ASRL/dev/ttyACM0::INSTR", clock=HandClock())


def named(maker: str, model: str) -> Identity:
    return Identity(manufacturer=maker, model=model, serial="", firmware="")


def test_a_numato_is_told_by_letters_above_nine_and_read_back():
    board = Board(
        b"relay on 0\n", b"\r>relay on F\n", b"\r>relay readall\n", b"\r8001\n",
        b"\r>relay off F\n", b"\r>relay readall\n", b"\r0001\n",
    )  # fmt: skip
    driver = Numato(board_session(board), named("Numato", "NUMATO-16"))
    driver.close_channels([16, 1])
    driver.open_channels([16])
    assert board.sent == [
        b"relay on 0\r", b"relay on F\r", b"relay readall\r", b"relay off F\r",
        b"relay readall\r",
    ]  # fmt: skip
    assert driver.reads_back
    assert driver.drain_errors() == ()


def test_a_numato_whose_relay_does_not_follow_is_named():
    board = Board(b"relay on 2\n", b"\r>relay readall\n", b"\r00\n")
    driver = Numato(board_session(board), named("Numato", "NUMATO-8"))
    with pytest.raises(InstrumentError, match=r"channels \[3\] did not close"):
        driver.close_channels([3])


@pytest.mark.parametrize("reply", [b"\r1\n", b"\rzz\n", b"\r001\n", b"\n"])
def test_a_numato_state_of_another_width_is_refused(reply):
    board = Board(b"relay readall\n", reply)
    driver = Numato(board_session(board), named("Numato", "NUMATO-8"))
    with pytest.raises(InstrumentError, match="expected 2 hexadecimal digits"):
        driver.closed_channels([1])


def test_another_echo_than_what_was_sent_is_refused():
    board = Board(b"relay off 2\n")
    driver = Numato(board_session(board), named("Numato", "NUMATO-8"))
    with pytest.raises(InstrumentError, match="expected the echo of 'relay on 2'"):
        driver.close_channels([3])


def test_an_lcus_takes_frames_with_their_sum_and_is_never_believed_open_before():
    board = Board()
    driver = Lcus(board_session(board), named("LCUS", "LCUS-4"))
    assert driver.closed_channels([1, 2, 3, 4]) == {1, 2, 3, 4}
    driver.reset()
    assert driver.closed_channels([1, 2, 3, 4]) == frozenset()
    driver.close_channels([1])
    assert driver.closed_channels([1, 2]) == {1}
    assert board.sent[0] == bytes.fromhex("A00100A1")
    assert board.sent[-1] == bytes.fromhex("A00101A2")
    assert not driver.reads_back


def test_the_sum_is_that_of_one_byte():
    assert frame(16, closed=True) == bytes([0xA0, 0x10, 0x01, 0xB1])
    assert all(sum(frame(n, closed=c)[:3]) & 0xFF == frame(n, closed=c)[3]
               for n in range(1, 17) for c in (False, True))  # fmt: skip


@pytest.mark.parametrize("kind", [Numato, Lcus])
def test_a_channel_that_the_board_has_not_is_refused(kind):
    board = Board()
    driver = kind(board_session(board), named(kind.__name__, f"{kind.__name__}-4"))
    with pytest.raises(SettingOutOfRange, match=r"channels \[0, 5\] do not exist"):
        driver.close_channels([0, 5])
    assert board.sent == []


class LcusPeer:
    """An LCUS board on a pseudo-terminal: takes frames with their sum, answers nothing."""

    def __init__(self) -> None:
        self.closed: set[int] = set()
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.resource_name = f"ASRL{os.ttyname(self._slave)}::INSTR"

    def close(self) -> None:
        os.close(self._master)
        os.close(self._slave)

    def take(self, frames: int) -> None:
        """Obey so many frames, waiting for the last."""
        received = b""
        while len(received) < 4 * frames:
            received += os.read(self._master, 4 * frames - len(received))
        for at in range(0, len(received), 4):
            start, channel, on, total = received[at : at + 4]
            assert (start, sum(received[at : at + 3]) & 0xFF) == (0xA0, total)
            (self.closed.add if on else self.closed.discard)(channel)


def test_an_lcus_on_a_serial_port_obeys_every_channel():
    board = LcusPeer()
    name = f"{board.resource_name}?baud=9600"
    driver = open_load_switch(name, expected_model="LCUS-16", timeout_s=1.0, clock=HandClock())
    driver.close_channels(range(1, 17))  # 10 is a line feed: it must arrive as it is
    board.take(16)
    assert board.closed == set(range(1, 17))
    driver.open_channels([10])
    board.take(1)
    assert board.closed == set(range(1, 17)) - {10}
    assert driver.closed_channels([9, 10]) == {9}
    driver.close()
    board.close()


class NumatoPeer(Peer):
    """A Numato board behind a raw socket: echo, answer and prompt, each command ended by CR."""

    def __init__(self, count: int) -> None:
        self.states = [False] * count
        super().__init__()

    def serve(self, line: socket.socket) -> None:
        received = b""
        while data := line.recv(4096):
            *commands, received = (received + data).split(b"\r")
            for command in commands:
                line.sendall(command.strip() + b"\n\r" + self.answer(command.decode().split()))

    def answer(self, words: list[str]) -> bytes:
        match words:
            case ["ver"]:
                return b"0000000A\n\r>"
            case ["id", "get"]:
                return b"NUMATO42\n\r>"
            case ["relay", "readall"]:
                value = sum(closed << number for number, closed in enumerate(self.states))
                return f"{value:0{len(self.states) // 4}x}\n\r>".encode()
            case ["relay", word, digit]:
                self.states[int(digit, 32)] = word == "on"
                return b">"
            case _:
                return b">"


def test_a_board_is_opened_by_the_model_that_the_station_names_and_keeps_in_step():
    with NumatoPeer(32) as peer:
        name = f"TCPIP::127.0.0.1::{peer.port}::SOCKET"
        driver = open_load_switch(name, expected_model="NUMATO-32", timeout_s=2.0)
        assert (driver.identity.model, driver.identity.serial) == ("NUMATO-32", "NUMATO42")
        driver.reset()
        driver.close_channels([1, 11, 32])
        assert [n + 1 for n, closed in enumerate(peer.states) if closed] == [1, 11, 32]
        assert driver.closed_channels(range(1, 33)) == {1, 11, 32}
        driver.open_all()
        assert not any(peer.states)
        driver.close()
