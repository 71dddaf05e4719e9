"""Every instrument by every transport, with pyvisa-py and with clients that misbehave."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator

import numpy as np
import pytest
import pyvisa

from bench.twin.laboratory import TRANSPORTS, Laboratory
from tests.twin.fake_world import FakeWorld
from tests.twin.serving import Served, read_exactly, served

ROLES = ("scope", "dmm", "switch", "supply", "generator")


@pytest.fixture(scope="module")
def laboratory() -> Iterator[Served]:
    with served(transports=["dmm=serial", "scope=socket", "supply=vxi11"]) as running:
        yield running


@pytest.fixture
def resources() -> Iterator[pyvisa.ResourceManager]:
    manager = pyvisa.ResourceManager("@py")
    yield manager
    manager.close()


def _open(resources, laboratory: Served, role: str, transport: str):
    resource = resources.open_resource(laboratory.addresses["resources"][role][transport])
    resource.timeout = 2000
    if transport in {"socket", "serial"}:
        resource.read_termination = resource.write_termination = "\n"
    return resource


def _raw(laboratory: Served, transport: str, role: str = "dmm") -> socket.socket:
    name = laboratory.addresses["resources"][role][transport]
    port = name.split("::")[2 if transport == "socket" else 1].rpartition(",")[2]
    return socket.create_connection(("127.0.0.1", int(port)), timeout=2)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_an_instrument_is_the_same_by_every_transport(laboratory, resources, transport) -> None:
    resource = _open(resources, laboratory, "dmm", transport)
    assert resource.query("*IDN?").split(",")[1] == "34465A"
    resource.write("VOLT:DC:RANG 10")
    assert float(resource.query("VOLT:DC:RANG?")) == 10.0
    resource.write("NO:SUCH")
    assert resource.query("SYST:ERR?").startswith("-113")
    resource.close()


@pytest.mark.parametrize("transport", ["hislip", "vxi11"])
def test_a_record_is_the_same_bytes_by_every_transport(laboratory, resources, transport) -> None:
    scope = _open(resources, laboratory, "scope", transport)
    plain = _open(resources, laboratory, "scope", "socket")
    scope.query("*RST;:DIG CHAN1;*OPC?")
    codes = scope.query_binary_values(":WAV:SOUR CHAN1;:WAV:DATA?", "B", container=np.ndarray)
    plain.write(":WAV:DATA?")
    with plain.read_termination_context(None):
        head = plain.read_bytes(2)
        count = int(plain.read_bytes(int(head[1:])))
        raw = plain.read_bytes(count + 1)
    assert raw == codes.astype(np.uint8).tobytes() + b"\n"


def test_the_address_of_a_role_is_the_one_that_was_chosen(laboratory) -> None:
    at = laboratory.addresses
    assert at["dmm"] == at["resources"]["dmm"]["serial"] and "/dev/" in at["dmm"]
    assert at["scope"] == at["resources"]["scope"]["socket"]
    assert at["supply"] == at["resources"]["supply"]["vxi11"]
    assert at["switch"] == at["resources"]["switch"]["hislip"]


@pytest.mark.parametrize("choice", ["dmm=pigeon", "oven=socket", "dmm"])
def test_an_unknown_transport_is_refused(choice) -> None:
    with pytest.raises(ValueError, match="expected one of scope, dmm"):
        Laboratory(FakeWorld(), seed=1, transports=[choice])


def test_a_raw_socket_takes_messages_in_pieces_and_several_at_once(laboratory) -> None:
    with _raw(laboratory, "socket") as line, line.makefile("rb") as reader:
        for piece in (b"*ID", b"N?\r\n*OPC?\n\n*E", b"SR?\n"):
            line.sendall(piece)
        assert b"34465A" in reader.readline()
        assert reader.readline() == b"1\n"
        assert reader.readline().strip().lstrip(b"+").isdigit()


def test_two_sockets_do_not_get_one_anothers_answers(laboratory) -> None:
    with _raw(laboratory, "socket") as one, _raw(laboratory, "socket") as two:
        one.sendall(b"*ID")
        two.sendall(b"*OPC?\n")
        one.sendall(b"N?\n")
        assert two.recv(100) == b"1\n"
        assert b"34465A" in one.recv(100)


def test_an_endless_message_is_dropped_and_reported(laboratory) -> None:
    with _raw(laboratory, "socket") as line, line.makefile("rb") as reader:
        line.sendall(b"*CLS\n" + b"x" * ((1 << 20) + 1))
        line.sendall(b"\n*IDN?\n:SYST:ERR?\n")
        assert b"34465A" in reader.readline()
        assert reader.readline().startswith(b"-363")


class RawVxi11:
    """A VXI-11 client made from the RFC, that can misbehave."""

    def __init__(self, line: socket.socket) -> None:
        self.line = line
        self.xid = 0

    def call(self, procedure: int, arguments: bytes, *, program=0x0607AF, version=1, rpc=2):
        self.xid += 1
        head = struct.pack("!10I", self.xid, 0, rpc, program, version, procedure, 0, 0, 0, 0)
        record = head + arguments
        half = len(record) // 2  # two fragments, as RFC 5531 allows
        for part, last in ((record[:half], 0), (record[half:], 0x8000_0000)):
            self.line.sendall(struct.pack("!I", last | len(part)) + part)
        return self.reply()

    def reply(self) -> bytes:
        (mark,) = struct.unpack("!I", read_exactly(self.line, 4))
        record = read_exactly(self.line, mark & 0x7FFF_FFFF)
        assert struct.unpack_from("!II", record) == (self.xid, 1)
        return record[8:]

    def results(self, procedure: int, arguments: bytes) -> bytes:
        reply = self.call(procedure, arguments)
        assert struct.unpack_from("!IIII", reply) == (0, 0, 0, 0)
        return reply[16:]

    def link(self, name=b"inst0", *, lock=0) -> tuple[int, ...]:
        padded = struct.pack("!I", len(name)) + name + bytes(-len(name) % 4)
        return struct.unpack("!4I", self.results(10, struct.pack("!3I", 1, lock, 0) + padded))

    def write(self, link: int, text: bytes) -> tuple[int, ...]:
        head = struct.pack("!5I", link, 1000, 0, 8, len(text))
        return struct.unpack("!2I", self.results(11, head + text + bytes(-len(text) % 4)))

    def read(self, link: int, count: int, *, timeout_ms=50, flags=0, character=0):
        asked = struct.pack("!6I", link, count, timeout_ms, 0, flags, character)
        found = self.results(12, asked)
        error, reason, size = struct.unpack_from("!3I", found)
        return error, reason, found[12 : 12 + size]


@pytest.fixture
def vxi11(laboratory) -> Iterator[RawVxi11]:
    with _raw(laboratory, "vxi11") as line:
        yield RawVxi11(line)


def test_a_response_is_read_in_pieces_with_the_reasons_of_the_standard(vxi11) -> None:
    error, link, _, largest = vxi11.link()
    assert (error, largest) == (0, 1 << 20)
    assert vxi11.write(link, b"*CLS;*OPC?;*OPC?") == (0, 16)
    assert vxi11.read(link, 1) == (0, 1, b"1")
    assert vxi11.read(link, 100, flags=0x80, character=ord(";")) == (0, 2, b";")
    assert vxi11.read(link, 2) == (0, 1 | 4, b"1\n")
    assert vxi11.read(link, 10) == (15, 0, b"")
    vxi11.write(link, b"SYST:ERR?")
    assert vxi11.read(link, 100)[2].startswith(b"-420")


def test_an_unread_response_is_query_interrupted(vxi11) -> None:
    link = vxi11.link()[1]
    vxi11.write(link, b"*CLS;*IDN?")
    vxi11.write(link, b"SYST:ERR?")
    assert vxi11.read(link, 100)[2].startswith(b"-410")


def test_a_locked_instrument_serves_the_lock_s_holder_alone(laboratory, vxi11) -> None:
    link = vxi11.link(lock=1)[1]
    with _raw(laboratory, "vxi11") as line:
        other = RawVxi11(line)
        assert other.link(lock=1)[0] == 11
        second = other.link()[1]
        assert other.write(second, b"*CLS") == (11, 0)
        assert vxi11.results(19, struct.pack("!I", link)) == bytes(4)
        assert other.write(second, b"*CLS") == (0, 4)


def test_what_is_not_there_is_refused_in_the_protocol_s_words(vxi11) -> None:
    assert vxi11.link(b"gpib0,5")[0] == 3
    assert vxi11.write(999, b"*CLS") == (4, 0)
    assert vxi11.results(22, b"") == struct.pack("!I", 8)
    assert struct.unpack_from("!4I", vxi11.call(99, b""))[3] == 3
    assert struct.unpack_from("!4I", vxi11.call(10, b"", program=77))[3] == 1
    assert struct.unpack_from("!6I", vxi11.call(10, b"", version=9))[3:] == (2, 1, 1)
    assert struct.unpack_from("!4I", vxi11.call(10, b"\0"))[3] == 4
    assert struct.unpack_from("!4I", vxi11.call(10, b"", rpc=3)) == (1, 0, 2, 2)


def test_a_stray_client_does_not_stop_the_others(laboratory, resources) -> None:
    with _raw(laboratory, "vxi11") as line:
        line.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert line.recv(10) == b""
    assert "34465A" in _open(resources, laboratory, "dmm", "vxi11").query("*IDN?")
