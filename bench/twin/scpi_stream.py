"""SCPI on a plain stream: the raw socket and the serial line of an instrument.

A line feed ends a message in both directions. A stream has no device clear, no status byte and
no END: what was asked is answered, however late. On a pseudo-terminal the bytes are those of a
serial line; its speed, parity and handshake are not simulated.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import tty
from collections import deque

from bench.twin.scpi import ScpiInstrument
from bench.twin.scpi_parameters import ScpiError
from bench.twin.servers import LineConnection, LineServer

__all__ = ["ScpiStream", "ScpiTerminal", "StreamServer"]

_LONGEST_MESSAGE = 1 << 20
_CHUNK_BYTES = 65_536
_PROMPT = b">>"
"""Of a telnet port. Source: sessions with a Siglent SDS5104X, a Keysight EDUX1052A."""


class ScpiStream:
    """The input buffer of one stream in front of an instrument."""

    def __init__(self, instrument: ScpiInstrument) -> None:
        self._instrument = instrument
        self._pending = b""
        self._overrun = False
        self._late = b""
        """An answer that is sent when its client has given it up."""
        self.broken = False
        """Whether the line ends in the middle of what :meth:`feed` returned last."""

    def feed(self, data: bytes) -> bytes:
        """Execute every message that is complete; return what they answer."""
        late, self._late = self._late, b""
        *messages, self._pending = (self._pending + data).split(self._instrument.message_end)
        replies = b"".join([self._take(message) for message in messages])
        if len(self._pending) > _LONGEST_MESSAGE:
            self._overrun, self._pending = True, b""
        return late + replies

    def _take(self, message: bytes) -> bytes:
        """Execute one message; what overruns the buffer is dropped up to its line feed."""
        if self._overrun or len(message) > _LONGEST_MESSAGE:
            self._overrun = False
            self._instrument.push_error(ScpiError(-363))
            return b""
        reply = self._instrument.answer(message) if message.strip() else None
        if reply is None:
            return b""
        if reply.fate == "late":
            self._late = reply.data + b"\n"
            return b""
        self.broken = self.broken or reply.fate == "cut"
        return reply.data if reply.fate == "unended" else reply.data + b"\n"


class StreamServer(LineServer):
    """The raw socket of one instrument; every connection has its own input buffer."""

    def __init__(self, instrument: ScpiInstrument) -> None:
        super().__init__()
        self._instrument = instrument
        self._streams: dict[LineConnection, ScpiStream] = {}

    def remember(self, connection: LineConnection) -> None:
        """Greet who connected, where this is a telnet port."""
        super().remember(connection)
        if self._instrument.wire.is_telnet:
            maker, model = self._instrument.identity.split(",")[:2]
            greeting = f"Welcome to the SCPI instrument '{maker} {model}'\r\n"
            connection.send(greeting.encode("latin-1") + _PROMPT)

    def received(self, connection: LineConnection, data: bytes) -> None:
        """Execute what came and answer it."""
        stream = self._streams.setdefault(connection, ScpiStream(self._instrument))
        reply = stream.feed(data)
        if self._instrument.wire.is_telnet:
            reply += _PROMPT
        if stream.broken:
            connection.break_off(reply)
        elif reply:
            connection.send(reply)

    def forget(self, connection: LineConnection) -> None:
        """A connection ended, its half message with it."""
        super().forget(connection)
        self._streams.pop(connection, None)


class ScpiTerminal:
    """A pseudo-terminal in front of one instrument, as a serial port would be."""

    def __init__(self, instrument: ScpiInstrument) -> None:
        self._stream = ScpiStream(instrument)
        self._master, self._slave = os.openpty()  # ours stays open: a client may come and go
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self._to_send: deque[memoryview] = deque()
        self.path = os.ttyname(self._slave)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._master, self._read)

    def close(self) -> None:
        """Close both ends."""
        self._loop.remove_reader(self._master)
        self._loop.remove_writer(self._master)
        os.close(self._master)
        os.close(self._slave)

    def _read(self) -> None:
        with contextlib.suppress(BlockingIOError):
            reply = self._stream.feed(os.read(self._master, _CHUNK_BYTES))
            if self._stream.broken:  # unplugged for a moment
                self._stream.broken, reply = False, reply[: len(reply) // 2]
            if reply:
                self._to_send.append(memoryview(reply))
                self._loop.add_writer(self._master, self._write)

    def _write(self) -> None:
        while self._to_send:
            try:
                sent = os.write(self._master, self._to_send[0])
            except BlockingIOError:
                return
            rest = self._to_send.popleft()[sent:]
            if rest:
                self._to_send.appendleft(rest)
        self._loop.remove_writer(self._master)
