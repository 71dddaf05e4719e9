"""Byte streams to a device: TCP from the standard library, a serial port through pyserial."""

from __future__ import annotations

import contextlib
import select
import socket
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol
from urllib.parse import parse_qs, urlsplit

from bench.errors import ConfigurationError, DeviceLinkError

if TYPE_CHECKING:
    import serial

__all__ = ["ByteStream", "LineReader", "SerialStream", "TcpStream", "open_stream"]

_CONNECT_TIMEOUT_S = 5.0
_CHUNK_BYTES = 4096
_DEFAULT_BAUD = 115_200
_MOST_PENDING_CHUNKS = 64
_LONGEST_LINE_BYTES = 4096
"""A device that sends more than this without a line feed is not speaking a line protocol."""


class ByteStream(Protocol):
    """Bytes to and from a device, in wall time."""

    name: str

    def send(self, data: bytes) -> None:
        """Send all of ``data``; raises DeviceLinkError where the line is gone."""
        ...

    def receive(self, timeout_s: float) -> bytes:
        """Return what has come, waiting at most ``timeout_s`` for the first byte; empty if none.

        Raises DeviceLinkError where the line is gone.
        """
        ...

    def close(self) -> None:
        """Close the stream; idempotent, never raises."""
        ...


class TcpStream:
    """A TCP connection with Nagle's algorithm off."""

    def __init__(self, host: str, port: int) -> None:
        """Connect; raises DeviceLinkError."""
        self.name = f"tcp://{host}:{port}"
        try:
            self._socket = socket.create_connection((host, port), timeout=_CONNECT_TIMEOUT_S)
        except OSError as error:
            raise DeviceLinkError(
                f"device link {self.name}: cannot be reached ({error}); check that the device is "
                "powered and the address in the station file"
            ) from error
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, data: bytes) -> None:
        """Send all of ``data``."""
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise DeviceLinkError(f"device link {self.name}: the line is gone ({error})") from error

    def receive(self, timeout_s: float) -> bytes:
        """Return what has come within ``timeout_s``."""
        try:
            if not select.select([self._socket], [], [], max(0.0, timeout_s))[0]:
                return b""
            data = self._socket.recv(_CHUNK_BYTES)
        except (OSError, ValueError) as error:
            raise DeviceLinkError(f"device link {self.name}: the line is gone ({error})") from error
        if not data:
            raise DeviceLinkError(f"device link {self.name}: the device closed the line")
        return data

    def close(self) -> None:
        """Close the connection."""
        with contextlib.suppress(OSError):
            self._socket.close()


class SerialStream:
    """A serial port, 8N1."""

    def __init__(self, port: str, *, baud: int = _DEFAULT_BAUD) -> None:
        """Open the port; raises DeviceLinkError."""
        import serial

        self.name = f"serial://{port}?baud={baud}"
        self._error: type[Exception] = serial.SerialException
        try:
            self._port: serial.Serial = serial.Serial(port, baud, timeout=0)
        except serial.SerialException as error:
            raise DeviceLinkError(
                f"device link {self.name}: cannot be opened ({error}); check the cable, the port's "
                "name and your right to use it"
            ) from error

    def send(self, data: bytes) -> None:
        """Send all of ``data``."""
        try:
            self._port.write(data)
            self._port.flush()
        except (self._error, OSError) as error:
            raise DeviceLinkError(f"device link {self.name}: the line is gone ({error})") from error

    def receive(self, timeout_s: float) -> bytes:
        """Return what has come within ``timeout_s``."""
        try:
            self._port.timeout = max(0.0, timeout_s)
            first = self._port.read(1)
            return first + self._port.read(self._port.in_waiting) if first else b""
        except (self._error, OSError) as error:
            raise DeviceLinkError(f"device link {self.name}: the line is gone ({error})") from error

    def close(self) -> None:
        """Close the port."""
        with contextlib.suppress(self._error, OSError):
            self._port.close()


class LineReader:
    """Cuts a stream into lines; a line without end is cut where it is too long to be one."""

    def __init__(self, stream: ByteStream) -> None:
        """Read from ``stream``, which the reader does not close."""
        self._stream = stream
        self._buffer = b""

    def lines(self, timeout_s: float) -> Iterator[bytes]:
        """Yield lines, line feed included, as they come during ``timeout_s`` of wall time.

        The time ends the iteration also where the device never stops talking.
        """
        deadline_s = time.monotonic() + timeout_s
        while True:
            yield from self._complete_lines()
            remaining_s = deadline_s - time.monotonic()
            if remaining_s <= 0:
                return
            self._buffer += self._stream.receive(remaining_s)

    def pending_lines(self) -> tuple[bytes, ...]:
        """Return what has come already, an unfinished line included."""
        for _ in range(_MOST_PENDING_CHUNKS):
            data = self._stream.receive(0.0)
            if not data:
                break
            self._buffer += data
        lines = tuple(self._complete_lines())
        rest, self._buffer = self._buffer, b""
        return (*lines, rest) if rest else lines

    def _complete_lines(self) -> Iterator[bytes]:
        while b"\n" in self._buffer or len(self._buffer) > _LONGEST_LINE_BYTES:
            line, feed, self._buffer = self._buffer.partition(b"\n")
            yield line + feed


def open_stream(url: str) -> ByteStream:
    """Open ``tcp://host:port``, ``serial:///dev/ttyUSB0?baud=115200`` or a bare port name.

    Raises ConfigurationError for anything else and DeviceLinkError where it cannot be opened.
    """
    parts = urlsplit(url)
    try:
        if parts.scheme == "tcp" and parts.hostname and parts.port:
            return TcpStream(parts.hostname, parts.port)
        if parts.scheme == "serial":
            baud = int(parse_qs(parts.query).get("baud", [str(_DEFAULT_BAUD)])[0])
            return SerialStream(parts.netloc + parts.path, baud=baud)
    except ValueError as error:
        raise ConfigurationError(f"device link {url}: {error}") from error
    if url.startswith("/dev/") or url.upper().startswith("COM"):
        return SerialStream(url)
    raise ConfigurationError(
        f"device link {url}: expected tcp://HOST:PORT or serial:///dev/ttyUSB0?baud=115200; "
        "correct the station file"
    )
