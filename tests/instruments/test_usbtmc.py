"""USBTMC without hardware: pyusb and pyvisa-py as they are, on an instrument made of a backend."""

from __future__ import annotations

import time

import numpy as np
import pytest

from bench.errors import InstrumentError, InstrumentTimeout, NotConnected
from instruments.discovery import usb_resources
from instruments.session import open_session
from tests.instruments.usb_peer import UsbPeer

PAYLOAD = np.random.default_rng(1).integers(0, 256, 1_200_000, dtype=np.uint8).tobytes()
BLOCK = b"#7%07d" % len(PAYLOAD) + PAYLOAD + b"\n"


def answer(message: bytes) -> bytes | None:
    known = {b"*IDN?": b"A,B,C,D\n", b"BLOCK?": BLOCK, b"SHORT?": BLOCK[:2000]}
    return known.get(message)


def opened(monkeypatch, peer: UsbPeer, *, timeout_s: float = 0.5):
    peer.install(monkeypatch)
    return open_session(peer.resource_name, role="scope", timeout_s=timeout_s)


@pytest.mark.parametrize("largest", [100, 500, 512, 1 << 20, 1 << 22])
def test_text_and_long_records_are_whole_however_they_are_cut(monkeypatch, largest):
    session = opened(monkeypatch, UsbPeer(answer, largest=largest))
    for _ in range(2):
        session.write("SET 1")
        assert session.query("*IDN?") == "A,B,C,D"
    if largest > 100:
        assert session.query_block("BLOCK?", count=len(PAYLOAD)).tobytes() == PAYLOAD
    session.close()


def test_a_long_command_is_sent_whole(monkeypatch):
    seen: list[bytes] = []
    session = opened(monkeypatch, UsbPeer(lambda m: seen.append(m) or b"1\n"))
    command = "A" * 3000 + "?"
    assert session.query(command) == "1"
    assert seen == [command.encode()]
    session.close()


def test_silence_costs_the_time_out_and_the_line_is_cleared(monkeypatch):
    peer = UsbPeer(answer)
    session = opened(monkeypatch, peer)
    started_s = time.monotonic()
    with pytest.raises(InstrumentTimeout):
        session.query("NOTHING?")
    assert time.monotonic() - started_s < 1.1 * 0.5 + 0.1
    assert peer.cleared == 1
    assert session.query("*IDN?") == "A,B,C,D"
    session.close()


@pytest.mark.parametrize(
    ("fault", "error"),
    [("wrong_tag", InstrumentError), ("unended", InstrumentTimeout), ("short", InstrumentError)],
)
def test_what_is_wrong_is_no_number_and_the_next_answer_is_right(monkeypatch, fault, error):
    peer = UsbPeer(answer)
    session = opened(monkeypatch, peer)
    peer.wrong_tag, peer.ends = fault == "wrong_tag", fault != "unended"
    with pytest.raises(error):
        session.query_block("SHORT?" if fault == "short" else "BLOCK?", count=len(PAYLOAD))
    peer.wrong_tag, peer.ends = False, True
    assert session.query("*IDN?") == "A,B,C,D"
    session.close()


def test_a_plug_that_is_pulled_is_a_lost_connection_at_once(monkeypatch):
    peer = UsbPeer(answer)
    session = opened(monkeypatch, peer, timeout_s=5.0)
    assert session.query("*IDN?") == "A,B,C,D"
    peer.unplugged = True
    started_s = time.monotonic()
    with pytest.raises(NotConnected, match="No such device"):
        session.query("*IDN?")
    assert time.monotonic() - started_s < 1.0


def test_an_instrument_on_usb_is_found(monkeypatch):
    peer = UsbPeer(answer)
    peer.install(monkeypatch)
    assert [found.resource_name for found in usb_resources()] == [peer.resource_name]


def test_no_such_instrument_is_said(monkeypatch):
    UsbPeer(answer).install(monkeypatch)
    with pytest.raises((NotConnected, InstrumentError), match="No device found"):
        open_session("USB0::1::2::X::0::INSTR", role="scope")
