"""Bytes to and from a stream that pyvisa-py has opened: a raw socket or a serial port."""

from __future__ import annotations

import os
import select
import socket
import time
from typing import Any, Protocol

from instruments.serial_line import SerialLine
from instruments.visa import builtin_errors

__all__ = ["Pipe", "SerialPipe", "SocketPipe"]

_SERIAL_POLL_S = 0.05
"""How long a serial port blocks: the longest by which a time-out is overstepped."""
_DRAINED_BYTES = 65_536


class Pipe(Protocol):
    """A stream of bytes. Deadlines are on ``time.monotonic``; raises TimeoutError and OSError."""

    def send(self, data: bytes, *, deadline_s: float) -> None:
        """Send everything."""
        ...

    def receive(self, into: memoryview, *, deadline_s: float) -> int:
        """Receive at least one byte; return how many."""
        ...

    def waiting(self) -> bytes:
        """Return and forget what has arrived and was not asked for."""
        ...


class SocketPipe:
    """The socket of a raw-socket resource: no delay, and its end is an error."""

    def __init__(self, line: socket.socket) -> None:
        """Use a socket that is connected; raises ConnectionError where it is not.

        pyvisa-py returns one that was refused as if it were open.
        """
        error = line.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            raise ConnectionError(os.strerror(error))
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        line.setblocking(False)
        self._line = line

    def send(self, data: bytes, *, deadline_s: float) -> None:
        """Send everything; raises TimeoutError where the peer does not take it."""
        view = memoryview(data)
        while view:
            try:
                view = view[self._line.send(view) :]
            except BlockingIOError:
                self._await(write=True, deadline_s=deadline_s)

    def receive(self, into: memoryview, *, deadline_s: float) -> int:
        """Receive what is there, waiting for the first byte."""
        while True:
            try:
                count = self._line.recv_into(into)
            except BlockingIOError:
                self._await(write=False, deadline_s=deadline_s)
                continue
            if not count:
                raise ConnectionResetError("the instrument closed the connection")
            return count

    def waiting(self) -> bytes:
        """Return what has arrived."""
        try:
            data = self._line.recv(_DRAINED_BYTES)
        except BlockingIOError:
            return b""
        if not data:
            raise ConnectionResetError("the instrument closed the connection")
        return data

    def _await(self, *, write: bool, deadline_s: float) -> None:
        remaining_s = deadline_s - time.monotonic()
        lines = [self._line]
        ready = remaining_s > 0 and any(
            select.select([] if write else lines, lines if write else [], [], remaining_s)
        )
        if not ready:
            raise TimeoutError("no answer")


class SerialPipe:
    """A pyserial port; a port that was unplugged raises SerialException, an OSError."""

    def __init__(self, port: Any, line: SerialLine) -> None:
        """Set a port that is open; raises ValueError or OSError where it cannot be set so."""
        with builtin_errors():
            line.apply(port)
        port.timeout = _SERIAL_POLL_S
        self._port = port

    def send(self, data: bytes, *, deadline_s: float) -> None:
        """Send everything; raises TimeoutError where the handshake forbids it."""
        from serial import SerialTimeoutException

        self._port.write_timeout = max(0.001, deadline_s - time.monotonic())
        try:
            self._port.write(data)
        except SerialTimeoutException as error:
            raise TimeoutError("the line takes no bytes") from error

    def receive(self, into: memoryview, *, deadline_s: float) -> int:
        """Receive what is there, waiting for the first byte."""
        while True:
            data: bytes = self._port.read(min(len(into), max(1, self._port.in_waiting)))
            if data:
                into[: len(data)] = data
                return len(data)
            if time.monotonic() >= deadline_s:
                raise TimeoutError("no answer")

    def waiting(self) -> bytes:
        """Return what has arrived."""
        return bytes(self._port.read(self._port.in_waiting)) if self._port.in_waiting else b""
