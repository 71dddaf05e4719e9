"""A laboratory on a fake world, served from a thread, and clients to talk to it."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from bench.twin.laboratory import Laboratory
from tests.twin.fake_world import FakeWorld

HEADER = struct.Struct("!2sBBIQ")


class Served:
    """A laboratory and its addresses, while its event loop runs in a thread."""

    def __init__(self, laboratory: Laboratory) -> None:
        self.laboratory = laboratory
        self.addresses: dict[str, str | int] = {}
        self.loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        assert self._started.wait(10)

    def port(self, role: str) -> int:
        address = str(self.addresses[role])
        if "hislip" in address:
            return int(address.split(",")[1].split("::", maxsplit=1)[0])
        return int(address.rpartition(":")[2])

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.addresses = self.loop.run_until_complete(self.laboratory.start())
        self._started.set()
        self.loop.run_forever()
        self.loop.run_until_complete(self.laboratory.close())
        self.loop.close()


@contextmanager
def served(
    world: FakeWorld | None = None, *faults: str, transports: Sequence[str] = ()
) -> Iterator[Served]:
    """Serve a laboratory as long as the block runs."""
    running = Served(
        Laboratory(world or FakeWorld(), seed=3, bench_faults=faults, transports=transports)
    )
    try:
        yield running
    finally:
        running.stop()


class RawHislip:
    """A HiSLIP client that can misbehave."""

    def __init__(self, port: int) -> None:
        self.sync = socket.create_connection(("127.0.0.1", port), timeout=5)
        self.send(self.sync, 0, 0, 0x0100_7878, b"hislip0")
        self.session = self.receive(self.sync)[2] & 0xFFFF
        self.other = socket.create_connection(("127.0.0.1", port), timeout=5)
        self.send(self.other, 17, 0, self.session)
        assert self.receive(self.other)[0] == 18
        self.message_id = 0xFFFF_FF00

    def send(
        self, channel: socket.socket, kind: int, control: int, parameter: int, payload: bytes = b""
    ) -> None:
        channel.sendall(HEADER.pack(b"HS", kind, control, parameter, len(payload)) + payload)

    def receive(self, channel: socket.socket) -> tuple[int, int, int, bytes]:
        _, kind, control, parameter, length = HEADER.unpack(read_exactly(channel, HEADER.size))
        return kind, control, parameter, read_exactly(channel, length)

    def write(self, message: bytes, *, delivered: bool = False) -> None:
        self.send(self.sync, 7, int(delivered), self.message_id, message)
        self.message_id += 2

    def query(self, message: bytes) -> bytes:
        self.write(message, delivered=True)
        kind, _, parameter, payload = self.receive(self.sync)
        assert (kind, parameter) == (7, self.message_id - 2)
        return payload

    def close(self) -> None:
        self.sync.close()
        self.other.close()


def read_exactly(channel: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        part = channel.recv(count - len(data))
        if not part:
            raise ConnectionError("the server closed the connection")
        data += part
    return data
