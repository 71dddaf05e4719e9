"""SCPI on a stream: lines end with a line feed, blocks with their own length.

pyvisa-py opens the line; reading it is ours, because pyvisa-py's reading ends blocks at every byte
that looks like a line feed, spins on a closed peer and hands a late answer to the next question.
"""

from __future__ import annotations

import logging
import socket
import time

from instruments.blocks import read_header, shortened
from instruments.greeting import require_no_greeting
from instruments.pipes import Pipe, SerialPipe, SocketPipe
from instruments.serial_line import SerialLine
from instruments.visa import ignored_errors, interface_of, open_resource

__all__ = ["LONGEST_TEXT_BYTES", "SLOWEST_BYTES_PER_S", "StreamTransport"]

LONGEST_TEXT_BYTES = 64 << 20
"""Two million readings of a multimeter with sixteen characters each, twice over."""
SLOWEST_BYTES_PER_S = 500.0
"""A serial line of 9600 baud, halved: a block may take so long beyond the time-out, not longer."""
_CHUNK_BYTES = 65_536
_REOPEN_PAUSE_S = 0.05
_QUIET_S = 0.2
_PROMPT = b"\r\n >"
"""Terminators and the prompt of relay boards, which nobody misses."""
_MARKER = (b"*IDN?\n", b"*OPC?\n")
"""Two questions whose answers in this order mean that nothing older is to come."""
_IDENTITY_COMMAS = 3

_logger = logging.getLogger(__name__)


class StreamTransport:
    """A raw socket or a serial line."""

    def __init__(self, resource_name: str, line: SerialLine, *, open_timeout_s: float) -> None:
        """Open the resource; raises TimeoutError, ConnectionError or ValueError (bad name).

        ``line`` says how a serial port is set; a socket's messages end in a line feed.
        """
        self.resource_name = resource_name
        self._line = line
        self._open_timeout_s = open_timeout_s
        self._is_socket = resource_name.upper().endswith("::SOCKET")
        self._pending = bytearray()
        self._after_block = False
        self._open()

    def write(self, message: bytes, *, timeout_s: float) -> None:
        """Send ``message``; what had arrived unasked belongs to no question and is dropped.

        Raises TelnetPort where it is the greeting of one.
        """
        stray = bytes(self._pending) + self._pipe.waiting()
        self._pending.clear()
        require_no_greeting(stray)
        if stray.strip(_PROMPT):
            _logger.warning("%s: unasked bytes dropped: %s", self.resource_name, shortened(stray))
        self._send(message, deadline_s=time.monotonic() + timeout_s)

    def read_text(self, *, timeout_s: float) -> bytes:
        """Return the response up to its terminator."""
        deadline_s = time.monotonic() + timeout_s
        last = self._line.end[-1:]
        searched = 0
        while True:
            if self._after_block:
                self._drop_terminators()
            end = self._pending.find(last, searched)
            if end >= 0:
                line = bytes(self._pending[: end + 1])
                del self._pending[: end + 1]
                self._after_block = False
                require_no_greeting(line)
                return line
            searched = len(self._pending)
            if searched > LONGEST_TEXT_BYTES:
                raise ValueError(f"expected a terminator, found {searched} bytes without one")
            self._receive_more(deadline_s)

    def read_block(self, *, timeout_s: float, count: int | None = None) -> bytes | bytearray:
        """Return the header and exactly the block's bytes; the terminator is taken off the line.

        An indefinite block has no end on a stream: ``count`` must say how many bytes it has.
        """
        deadline_s = time.monotonic() + timeout_s
        while (header := read_header(self._pending)) is None:
            self._receive_more(deadline_s)
            if self._after_block:
                self._drop_terminators()
        length = count if header.length is None else header.length
        if length is None:
            raise ValueError(
                f"expected a definite-length block, found an indefinite one "
                f"({shortened(self._pending)}), whose end a stream does not show"
            )
        reply = self._exactly(header.start + length, timeout_s=timeout_s)
        self._take_terminator(deadline_s=time.monotonic() + timeout_s)
        self._after_block = True
        return reply

    def clear(self, *, limit_s: float) -> bool:
        """Leave what is under way behind: on a new connection, or by asking until it is over."""
        if self._is_socket:
            return self._reopen(time.monotonic() + limit_s)
        return self._resynchronise(time.monotonic() + limit_s)

    def close(self) -> None:
        """Close the line."""
        with ignored_errors():
            self._resource.close()

    def _open(self) -> None:
        self._resource = open_resource(self.resource_name, open_timeout_s=self._open_timeout_s)
        interface = interface_of(self._resource)
        try:
            pipe: Pipe = (
                SocketPipe(interface)
                if isinstance(interface, socket.socket)
                else SerialPipe(interface, self._line)
            )
        except (OSError, ValueError):
            self.close()
            raise
        self._pipe = pipe
        self._pending.clear()
        self._after_block = False

    def _reopen(self, deadline_s: float) -> bool:
        """Open a new connection, again and again: some instruments serve one at a time."""
        self.close()
        while True:
            try:
                self._open()
            except (OSError, ValueError):
                if time.monotonic() + _REOPEN_PAUSE_S >= deadline_s:
                    return False
                time.sleep(_REOPEN_PAUSE_S)
            else:
                return True

    def _resynchronise(self, deadline_s: float) -> bool:
        """Wait for silence, then ask what has a known answer and read up to it."""
        try:
            while self._is_talking(deadline_s):
                pass
            self._after_block = False
            for question in _MARKER:
                self._send(question, deadline_s=deadline_s)
            previous = b""
            while True:
                line = self.read_text(timeout_s=deadline_s - time.monotonic()).strip()
                if previous.count(b",") == _IDENTITY_COMMAS and line == b"1":
                    return True
                previous = line
        except (OSError, ValueError) as error:
            _logger.info("%s: not cleared: %s", self.resource_name, error)
            return False

    def _send(self, message: bytes, *, deadline_s: float) -> None:
        if message.endswith(b"\n"):
            message = message[:-1] + self._line.end
        self._pipe.send(message, deadline_s=deadline_s)

    def _is_talking(self, deadline_s: float) -> bool:
        self._pending.clear()
        try:
            self._receive_more(min(deadline_s, time.monotonic() + _QUIET_S))
        except TimeoutError:
            return False
        if time.monotonic() >= deadline_s:
            raise TimeoutError("it does not stop sending")
        return True

    def _receive_more(self, deadline_s: float) -> None:
        """Append what arrives; what never ends arrives until the deadline."""
        if time.monotonic() >= deadline_s and self._pending:
            raise TimeoutError("the response does not end")
        piece = bytearray(_CHUNK_BYTES)
        count = self._pipe.receive(memoryview(piece), deadline_s=deadline_s)
        self._pending += piece[:count] if count < _CHUNK_BYTES else piece

    def _exactly(self, size: int, *, timeout_s: float) -> bytearray:
        """Return so many bytes; the time-out is one without progress, the pace is bounded too."""
        last_s = time.monotonic() + timeout_s + size / SLOWEST_BYTES_PER_S
        reply = bytearray(size)
        view = memoryview(reply)
        have = min(size, len(self._pending))
        view[:have] = self._pending[:have]
        del self._pending[:have]
        while have < size:
            deadline_s = min(last_s, time.monotonic() + timeout_s)
            have += self._pipe.receive(view[have:], deadline_s=deadline_s)
            if time.monotonic() > last_s:
                raise TimeoutError("the block comes too slowly")
        return reply

    def _take_terminator(self, *, deadline_s: float) -> None:
        if not self._pending:
            self._receive_more(deadline_s)
        if not self._pending.startswith((b"\n", b"\r")):
            raise ValueError(
                f"expected the end of the block, found {shortened(self._pending)} behind it"
            )
        self._drop_terminators()

    def _drop_terminators(self) -> None:
        """Some families end a block with two line feeds, the second of which may come late."""
        del self._pending[: len(self._pending) - len(self._pending.lstrip(b"\r\n"))]
