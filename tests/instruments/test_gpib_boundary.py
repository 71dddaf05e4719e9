"""GPIB at the boundary to pyvisa: a resource that answers as one does, with no card behind it."""

from __future__ import annotations

import contextlib
from collections import deque

import pytest
import pyvisa
from pyvisa.constants import StatusCode

from bench.errors import InstrumentError, InstrumentTimeout, NotConnected
from instruments import transport
from instruments.session import open_session

PAYLOAD = bytes(range(256)) * 5000
BLOCK = b"#7%07d" % len(PAYLOAD) + PAYLOAD + b"\n"
END, MORE = StatusCode.success, StatusCode.success_max_count_read
NAME = "GPIB0::7::INSTR"


class Resource:
    """Answers messages; ``largest`` is what the bus gives in one read at most."""

    def __init__(self, *, largest: int = 65_536, clears: bool = True) -> None:
        self.largest = largest
        self.clears = clears
        self.timeout = 0
        self.session = 1
        self.visalib = self
        self.cleared = 0
        self._replies: deque[bytes] = deque()

    def write_raw(self, message: bytes) -> None:
        known = {b"*IDN?": b"A,B,C,D\n", b"BLOCK?": BLOCK, b"SHORT?": BLOCK[:-100]}
        reply = known.get(message.strip())
        if reply is not None:
            self._replies.append(reply)

    def read(self, session: int, count: int):
        assert session == self.session
        if not self._replies:
            raise pyvisa.VisaIOError(StatusCode.error_timeout)
        size = min(count, self.largest)
        reply = self._replies.popleft()
        if len(reply) > size:
            self._replies.appendleft(reply[size:])
            return reply[:size], MORE
        return reply, END

    def clear(self) -> None:
        if not self.clears:
            raise pyvisa.VisaIOError(StatusCode.error_nonsupported_operation)
        self.cleared += 1
        self._replies.clear()

    def ignore_warning(self, *_codes):
        return contextlib.nullcontext()

    def close(self) -> None:
        self._replies.clear()


def opened(monkeypatch, resource: Resource):
    monkeypatch.setattr(transport, "open_resource", lambda *_, **__: resource)
    monkeypatch.setattr(transport, "interface_of", lambda _resource: None)
    return open_session(NAME, role="dmm", timeout_s=0.2)


@pytest.mark.parametrize("largest", [1000, 65_536, 1 << 21])
def test_text_and_records_are_whole_however_the_bus_cuts_them(monkeypatch, largest):
    session = opened(monkeypatch, Resource(largest=largest))
    for _ in range(2):
        assert session.query("*IDN?") == "A,B,C,D"
        assert session.query_block("BLOCK?", count=len(PAYLOAD)).tobytes() == PAYLOAD


@pytest.mark.parametrize("question", ["NOTHING?", "SHORT?"])
def test_after_silence_or_a_short_record_the_bus_is_cleared(monkeypatch, question):
    resource = Resource()
    session = opened(monkeypatch, resource)
    with pytest.raises((InstrumentTimeout, InstrumentError)):
        session.query_block(question, count=len(PAYLOAD))
    assert resource.cleared >= 1
    assert session.query("*IDN?") == "A,B,C,D"


def test_a_bus_that_cannot_be_cleared_is_given_up_and_says_so(monkeypatch):
    session = opened(monkeypatch, Resource(clears=False))
    with pytest.raises(InstrumentTimeout):
        session.query("NOTHING?")
    with pytest.raises(NotConnected, match="no longer usable, it could not be cleared"):
        session.query("*IDN?")
