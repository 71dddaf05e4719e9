"""The HiSLIP server, with pyvisa-py and with clients that misbehave."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import numpy as np
import pytest
import pyvisa

from tests.twin.serving import HEADER, RawHislip, Served, read_exactly, served


@pytest.fixture(scope="module")
def laboratory() -> Iterator[Served]:
    with served() as running:
        yield running


@pytest.fixture
def resources() -> Iterator[pyvisa.ResourceManager]:
    manager = pyvisa.ResourceManager("@py")
    yield manager
    manager.close()


@pytest.fixture
def client(laboratory: Served) -> Iterator[RawHislip]:
    raw = RawHislip(laboratory.port("dmm"))
    raw.query(b"*CLS;*IDN?")
    yield raw
    raw.close()


def _open(resources: pyvisa.ResourceManager, laboratory: Served, role: str):
    resource = resources.open_resource(str(laboratory.addresses[role]))
    resource.timeout = 5000
    return resource


def test_pyvisa_talks_to_every_instrument(
    laboratory: Served, resources: pyvisa.ResourceManager
) -> None:
    models = {
        role: _open(resources, laboratory, role).query("*IDN?").split(",")[1:3]
        for role in ("scope", "dmm", "switch", "supply", "generator")
    }
    assert models == {
        "scope": ["DSO-X 3024A", "SIM-3-1"],
        "dmm": ["34465A", "SIM-3-2"],
        "switch": ["DAQ970A", "SIM-3-3"],
        "supply": ["E36312A", "SIM-3-4"],
        "generator": ["33511B", "SIM-3-5"],
    }


def _status_shows(meter, bit: int) -> bool:
    """Ask until the message on the other channel has been worked through, a hundred times at most."""
    return any(meter.read_stb() & bit for _ in range(100))


def test_pyvisa_reads_status_and_clears(
    laboratory: Served, resources: pyvisa.ResourceManager
) -> None:
    meter = _open(resources, laboratory, "dmm")
    meter.write("*CLS")
    assert meter.read_stb() == 0
    meter.write("NONSENSE")
    assert _status_shows(meter, 0x04)
    meter.write("*IDN?")
    assert _status_shows(meter, 0x10)
    assert meter.read().startswith("Keysight")
    assert not meter.read_stb() & 0x10
    meter.clear()
    assert meter.query("SYST:ERR?").startswith("-113")


def test_a_block_longer_than_a_message_arrives_whole(
    laboratory: Served, resources: pyvisa.ResourceManager
) -> None:
    scope = _open(resources, laboratory, "scope")
    scope.write("*RST;:STOP;:TIM:RANG 2E-2;:SING;:TRIG:FORC")
    assert scope.query("*OPC?").strip() == "1"
    scope.write(":WAV:POIN:MODE RAW;:WAV:POIN 4000000;FORM BYTE")
    points = int(scope.query(":WAV:POIN?"))
    codes = scope.query_binary_values(":WAV:DATA?", datatype="B", container=np.ndarray)
    assert len(codes) == points == 4_000_000
    again = scope.query_binary_values(":WAV:DATA?", datatype="B", container=np.ndarray)
    assert np.array_equal(codes, again)
    assert scope.query("SYST:ERR?").startswith("+0")


def test_two_clients_have_output_queues_of_their_own(
    laboratory: Served, resources: pyvisa.ResourceManager
) -> None:
    runner = _open(resources, laboratory, "switch")
    guardian = _open(resources, laboratory, "switch")
    runner.write("*IDN?")
    assert guardian.query("*TST?").strip() == "+0"
    assert runner.read().startswith("Keysight")
    runner.query("ROUT:CLOS (@101);*OPC?")
    assert guardian.query("ROUT:CLOS? (@101,102)").strip() == "1,0"


def test_a_query_on_top_of_an_unread_reply_is_interrupted(client: RawHislip) -> None:
    client.write(b"*IDN?", delivered=True)
    client.write(b"*TST?")
    kinds = [client.receive(client.sync)[0] for _ in range(3)]
    assert kinds == [7, 13, 7]
    assert client.receive(client.other)[0] == 14
    assert client.query(b"SYST:ERR?").startswith(b"-410")


def test_a_message_may_come_in_pieces(client: RawHislip) -> None:
    client.send(client.sync, 6, 1, client.message_id, b"*ID")
    for byte in HEADER.pack(b"HS", 7, 0, client.message_id + 2, 2) + b"N?":
        client.sync.sendall(bytes([byte]))
    kind, _, message_id, payload = client.receive(client.sync)
    assert (kind, message_id, payload[:8]) == (7, client.message_id + 2, b"Keysight")


def test_a_device_clear_forgets_half_a_message(client: RawHislip) -> None:
    client.send(client.sync, 6, 1, client.message_id, b"NONSENSE ")
    client.send(client.other, 19, 0, 0)
    assert client.receive(client.other)[0] == 23
    client.send(client.sync, 8, 0, 0)
    assert client.receive(client.sync)[0] == 9
    client.message_id = 0xFFFF_FF00
    assert client.query(b"SYST:ERR?").startswith(b"+0")


def test_a_trigger_message_reaches_the_instrument(client: RawHislip) -> None:
    client.query(b"*RST;:TRIG:SOUR BUS;:VOLT:DC:RANG 1;APER 1E-3;:INIT;*OPC?")
    client.send(client.sync, 12, 1, client.message_id)
    client.message_id += 2
    assert float(client.query(b"FETC?")) == pytest.approx(0.01, abs=0.02)
    client.send(client.sync, 12, 1, client.message_id)
    client.message_id += 2
    assert client.query(b"SYST:ERR?").startswith(b"-211")


def test_the_maximum_message_size_is_agreed_and_kept(client: RawHislip) -> None:
    client.send(client.other, 15, 0, 0, (64).to_bytes(8, "big"))
    assert client.receive(client.other)[3] == (1 << 20).to_bytes(8, "big")
    client.write(b"*IDN?", delivered=True)
    text, kind = b"", 6
    while kind == 6:
        kind, _, _, payload = client.receive(client.sync)
        assert len(payload) <= 64 - HEADER.size
        text += payload
    assert text.startswith(b"Keysight Technologies,34465A,")


def test_an_exclusive_lock_holds_others_back(laboratory: Served, client: RawHislip) -> None:
    other = RawHislip(laboratory.port("dmm"))
    client.send(client.other, 4, 1, 0)
    assert client.receive(client.other)[:2] == (5, 1)
    other.send(other.other, 4, 1, 10)
    assert other.receive(other.other)[:2] == (5, 0)
    other.write(b"*TST?")
    assert client.query(b"*IDN?").startswith(b"Keysight")
    other.sync.settimeout(0.05)
    with pytest.raises(TimeoutError):
        other.sync.recv(1)
    other.sync.settimeout(5)
    client.send(client.other, 4, 0, 0)
    assert client.receive(client.other)[:2] == (5, 1)
    assert other.receive(other.sync)[3] == b"+0\n"
    other.close()


def test_a_lock_ends_with_its_connection(laboratory: Served, client: RawHislip) -> None:
    holder = RawHislip(laboratory.port("dmm"))
    holder.send(holder.other, 4, 1, 0)
    assert holder.receive(holder.other)[:2] == (5, 1)
    client.write(b"*TST?", delivered=True)
    holder.close()
    assert client.receive(client.sync)[3] == b"+0\n"


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        bytes(64),
        HEADER.pack(b"HS", 7, 0, 0, 4) + b"*RST",
        HEADER.pack(b"HS", 17, 0, 999, 0),
        HEADER.pack(b"HS", 0, 0, 0x01007878, 5) + b"inst0",
    ],
)
def test_garbage_ends_its_connection_only(
    laboratory: Served, client: RawHislip, garbage: bytes
) -> None:
    with socket.create_connection(("127.0.0.1", laboratory.port("dmm")), timeout=5) as stranger:
        stranger.sendall(garbage)
        reply = read_exactly(stranger, HEADER.size)
        assert HEADER.unpack(reply)[1] == 2
        while stranger.recv(4096):
            pass
    assert client.query(b"*TST?") == b"+0\n"


def test_unknown_and_oversized_messages_are_refused(client: RawHislip) -> None:
    client.send(client.sync, 99, 0, 0, b"what")
    assert client.receive(client.sync)[:2] == (3, 1)
    client.sync.sendall(HEADER.pack(b"HS", 7, 0, 0, (1 << 20) + 1) + bytes((1 << 20) + 1))
    assert client.receive(client.sync)[:2] == (3, 4)
    assert client.query(b"*TST?") == b"+0\n"


def test_a_client_killed_in_the_middle_of_a_block_leaves_the_server_well(
    laboratory: Served, resources: pyvisa.ResourceManager
) -> None:
    scope = _open(resources, laboratory, "scope")
    scope.write("*RST;:STOP;:TIM:RANG 2E-2;:SING;:TRIG:FORC")
    assert scope.query("*OPC?").strip() == "1"
    victim = RawHislip(laboratory.port("scope"))
    victim.sync.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    victim.write(b":WAV:POIN:MODE RAW;:WAV:POIN 4000000;:WAV:DATA?;DATA?;DATA?;DATA?")
    read_exactly(victim.sync, 5000)
    victim.close()
    assert scope.query("*IDN?").startswith("KEYSIGHT")
    assert scope.query(":WAV:POIN?").strip() == "+4000000"
