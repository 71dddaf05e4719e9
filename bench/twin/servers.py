"""The sockets of the laboratory: HiSLIP for instruments, lines for the clock and the device.

Everything runs on one event loop and each request is served to its end before the next is
looked at: the order in which requests arrive is the order in which they happen.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable

from bench.twin.clock_page import ClockPage
from bench.twin.laboratory_time import LaboratoryTime

__all__ = ["LOOPBACK", "ClockServer", "DeviceLinkServer", "LineServer", "listen", "set_no_delay"]

_log = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"
_LONGEST_LINE = 4096
_LINK_LATENCY_NS = 1_000_000
"""Virtual time that a request takes on its way to the device, and the step of waiting for it."""
_REPLY_LIMIT_NS = 50_000_000
"""A device answers within this time or its reply comes with a later advance. Source: the link's
document (50 ms for queries)."""
_EVENT_PREFIX = b"EVT "


async def listen(factory: Callable[[], asyncio.Protocol]) -> tuple[asyncio.Server, int]:
    """Serve connections on an ephemeral loopback port; return the server and its port."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(factory, LOOPBACK, 0)
    return server, int(server.sockets[0].getsockname()[1])


def set_no_delay(transport: asyncio.BaseTransport) -> None:
    """Send small messages at once."""
    connection = transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class FlowControlled(asyncio.Protocol):
    """A connection that is not read from while its client does not take what it was sent."""

    transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        set_no_delay(transport)

    def break_off(self, data: bytes) -> None:
        """Send half of something and close the connection."""
        self.transport.write(data[: len(data) // 2])
        self.transport.close()

    def pause_writing(self) -> None:
        """The client is behind: stop reading from it."""
        if not self.transport.is_closing():
            self.transport.pause_reading()

    def resume_writing(self) -> None:
        """The client caught up."""
        if not self.transport.is_closing():
            self.transport.resume_reading()


class LineServer(ABC):
    """Serves ASCII lines: what was received goes to :meth:`received`, with its connection."""

    def __init__(self) -> None:
        self.connections: list[LineConnection] = []

    def connect(self) -> LineConnection:
        """Return the protocol of one more connection."""
        return LineConnection(self)

    @abstractmethod
    def received(self, connection: LineConnection, data: bytes) -> None:
        """Serve bytes as they came."""

    def remember(self, connection: LineConnection) -> None:
        """A connection is there."""
        self.connections.append(connection)

    def forget(self, connection: LineConnection) -> None:
        """A connection ended."""
        if connection in self.connections:
            self.connections.remove(connection)


class LineConnection(FlowControlled):
    """One client of a line server."""

    def __init__(self, server: LineServer) -> None:
        self._server = server
        self.pending = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Enter the list of connections."""
        super().connection_made(transport)
        self._server.remember(self)

    def data_received(self, data: bytes) -> None:
        """Pass on what came."""
        self._server.received(self, data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Leave the list of connections."""
        _log.debug("a connection ended: %s", exc)
        self._server.forget(self)

    def send(self, data: bytes) -> None:
        """Send unless the client has gone."""
        if not self.transport.is_closing():
            self.transport.write(data)


class ClockServer(LineServer):
    """``NOW?`` and ``ADV <ns>``, both answered with the virtual time in nanoseconds.

    ``PAGE?`` is answered with the address of the :class:`ClockPage`, or an error where there is none.
    """

    def __init__(self, timeline: LaboratoryTime) -> None:
        super().__init__()
        self._timeline = timeline
        self._page = ClockPage()
        self._show()
        timeline.on_advance(self._show)

    def _show(self) -> None:
        self._page.write(self._timeline.now_ns)

    def received(self, connection: LineConnection, data: bytes) -> None:
        """Serve complete lines."""
        *lines, connection.pending = (connection.pending + data).split(b"\n")
        if len(connection.pending) > _LONGEST_LINE:
            connection.pending = b""
        for line in lines:
            connection.send(self._answer(line) + b"\n")

    def _answer(self, line: bytes) -> bytes:
        verb, _, argument = line.decode("latin-1").strip().partition(" ")
        if verb == "ADV":
            if not argument.isdigit():
                return b"ERR ADV takes a number of nanoseconds"
            self._timeline.advance_by(int(argument))
        elif verb == "PAGE?":
            return self._page.address.encode("ascii") or b"ERR no page on this system"
        elif verb != "NOW?":
            return b"ERR expected NOW?, PAGE? or ADV <ns>"
        return b"%d" % self._timeline.now_ns


class DeviceLinkServer(LineServer):
    """The device's serial line, shared by all connections.

    A reply goes to the connection that asked first and has no reply yet; an event (``EVT``) to
    all. After a complete request time advances in steps of the latency until the reply is there,
    at most 50 ms; a later reply is sent after whatever advance makes it.
    """

    def __init__(self, timeline: LaboratoryTime) -> None:
        super().__init__()
        self._timeline = timeline
        self._world = timeline.world
        self._asking: deque[LineConnection] = deque()
        self._received = b""
        timeline.on_advance(self.push)

    def received(self, connection: LineConnection, data: bytes) -> None:
        """Hand bytes to the device; wait for the reply where a request is complete."""
        self._timeline.advance_by(_LINK_LATENCY_NS)
        self._asking.clear()  # one request is outstanding: what had no reply by now gets none
        self._asking.extend([connection] * data.count(b"\n"))
        self._world.device_receive(data)
        deadline_ns = self._timeline.now_ns + _REPLY_LIMIT_NS
        while connection in self._asking and self._timeline.now_ns < deadline_ns:
            self._timeline.advance_by(_LINK_LATENCY_NS)

    def push(self) -> None:
        """Send what the device has said since."""
        self._received += self._world.device_transmit()
        *lines, self._received = self._received.split(b"\n")
        for line in lines:
            self._deliver(line + b"\n")
        if len(self._received) > _LONGEST_LINE:
            self._deliver(self._received)
            self._received = b""

    def _deliver(self, line: bytes) -> None:
        if line.startswith(_EVENT_PREFIX) or not self._asking:
            for connection in list(self.connections):
                connection.send(line)
        else:
            self._asking.popleft().send(line)
