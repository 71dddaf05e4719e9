"""Bytes to and from an instrument: what a session needs, and how pyvisa-py provides it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from instruments.blocks import read_header
from instruments.hislip_reading import can_receive_into, receive_into
from instruments.punctual import make_punctual
from instruments.serial_line import split_resource
from instruments.stream import LONGEST_TEXT_BYTES, SLOWEST_BYTES_PER_S, StreamTransport
from instruments.usbtmc import clear as clear_usbtmc
from instruments.usbtmc import is_usbtmc, make_exact
from instruments.visa import builtin_errors, ignored_errors, interface_of, open_resource

__all__ = ["MessageTransport", "Transport", "open_transport"]

_MOST_TERMINATORS = 2
"""Line feeds behind a block: Siglent scopes send two."""
_CHUNK_BYTES = (1 << 20) - 1
"""Bytes asked of pyvisa-py at a time; not a power of two, which replies like to be a multiple of."""

_FIRST_BYTES = 4096
"""Of a HiSLIP response: enough for a block's header, little to copy."""


class Transport(Protocol):
    """A line to one instrument. Raises TimeoutError, ConnectionError and ValueError only."""

    def write(self, message: bytes, *, timeout_s: float) -> None:
        """Send one program message, its terminator included."""
        ...

    def read_text(self, *, timeout_s: float) -> bytes:
        """Return one response message that holds no binary data, its terminator included."""
        ...

    def read_block(self, *, timeout_s: float, count: int | None = None) -> bytes | bytearray:
        """Return one response message that is a block, its header included.

        ``count`` is how many bytes it has, where the caller knows.
        """
        ...

    def clear(self, *, limit_s: float) -> bool:
        """Throw away what is under way on the line; return whether the line is clean again."""
        ...

    def close(self) -> None:
        """Close the line; idempotent, never raises."""
        ...


def open_transport(resource_name: str, *, open_timeout_s: float) -> Transport:
    """Open a VISA resource; raises TimeoutError, ConnectionError or ValueError (bad name)."""
    name, line = split_resource(resource_name)
    if name.upper().endswith("::SOCKET") or name.upper().startswith("ASRL"):
        return StreamTransport(name, line, open_timeout_s=open_timeout_s)
    return MessageTransport(name, open_timeout_s=open_timeout_s)


class MessageTransport:
    """HiSLIP, VXI-11, USB and GPIB: these mark the end of a response."""

    def __init__(self, resource_name: str, *, open_timeout_s: float) -> None:
        """Open the resource; raises TimeoutError, ConnectionError or ValueError (bad name)."""
        self.resource_name = resource_name
        self._open_timeout_s = open_timeout_s
        self._open()

    def write(self, message: bytes, *, timeout_s: float) -> None:
        """Send ``message`` as it is."""
        with builtin_errors():
            self._set_timeout(timeout_s)
            self._resource.write_raw(message)

    def read_text(self, *, timeout_s: float) -> bytes:
        """Return the response."""
        return self._read(timeout_s, time.monotonic() + timeout_s)

    def read_block(self, *, timeout_s: float, count: int | None = None) -> bytes | bytearray:
        """Return the response; it may take the time-out, and the time of its bytes beyond."""
        del count  # the response's end is marked
        first = self._read_piece(
            timeout_s, _FIRST_BYTES if can_receive_into(self._client) else _CHUNK_BYTES
        )
        header = read_header(first.data)
        length = None if header is None else header.length
        size = LONGEST_TEXT_BYTES if header is None or length is None else header.start + length
        reply = first.data
        if not first.ended:
            limit_s = timeout_s + size / SLOWEST_BYTES_PER_S
            deadline_s = time.monotonic() + limit_s
            if length is not None and can_receive_into(self._client):
                reply = self._read_in_place(first.data, size + _MOST_TERMINATORS)
            else:
                wanted = 0 if length is None else size
                reply = self._read(timeout_s, deadline_s, wanted, [first.data])
        indefinite = header is not None and length is None
        return reply[:-1] if indefinite and reply.endswith(b"\n") else reply

    def clear(self, *, limit_s: float) -> bool:
        """Clear the device, or open the line anew; False where the line is lost.

        pyvisa-py's clear may hang, hence it runs in a thread that is left behind, its line closed.
        """
        return self._device_clear(limit_s) or self._reopen()

    def close(self) -> None:
        """Close the resource, not waiting for one that does not answer any more."""
        _finished(self._close, 1.0)

    def _open(self) -> None:
        self._resource = open_resource(self.resource_name, open_timeout_s=self._open_timeout_s)
        self._timeout_ms = -1
        self._client = interface_of(self._resource)
        make_punctual(self._client)
        make_exact(self._client)

    def _close(self) -> None:
        with ignored_errors():
            self._resource.close()

    def _read(
        self, timeout_s: float, deadline_s: float, size: int = 0, pieces: list[bytes] | None = None
    ) -> bytes:
        """Return the response from its next piece on, behind ``pieces``; ``size`` where it is known."""
        pieces = [] if pieces is None else pieces
        found = sum(len(piece) for piece in pieces)
        while True:
            piece = self._read_piece(timeout_s, max(_CHUNK_BYTES, size + 1 - found))
            pieces.append(piece.data)
            found += len(piece.data)
            if piece.ended:
                return pieces[0] if len(pieces) == 1 else b"".join(pieces)
            if found > max(size, LONGEST_TEXT_BYTES) + _CHUNK_BYTES:
                raise ValueError(f"expected a response with an end, found {found} bytes")
            if time.monotonic() > deadline_s:
                raise TimeoutError("the response does not end")

    def _read_in_place(self, first: bytes, size: int) -> bytearray:
        """Return the rest of a HiSLIP response of known size behind its first piece."""
        reply = bytearray(size)
        have = min(len(first), size)
        reply[:have] = first[:have]
        with builtin_errors():
            count, ended = receive_into(self._client, memoryview(reply)[have:])
        if not ended or len(first) > size:
            raise ValueError(f"expected a response of {size} bytes, found more")
        del reply[have + count :]
        return reply

    def _read_piece(self, timeout_s: float, count: int = _CHUNK_BYTES) -> _Piece:
        from pyvisa.constants import StatusCode

        more = StatusCode.success_max_count_read
        with builtin_errors(), self._resource.ignore_warning(more):
            self._set_timeout(timeout_s)
            data, status = self._resource.visalib.read(self._resource.session, count)
        ended = getattr(self._client, "response_ended", status != more)  # VXI-11, USBTMC: as marked
        return _Piece(data, ended=bool(ended))

    def _set_timeout(self, timeout_s: float) -> None:
        timeout_ms = max(1, round(timeout_s * 1000))
        if timeout_ms != self._timeout_ms:
            self._resource.timeout = timeout_ms
            self._timeout_ms = timeout_ms

    def _device_clear(self, limit_s: float) -> bool:
        done: list[bool] = []

        def clear() -> None:
            try:
                with builtin_errors():
                    self._set_timeout(limit_s)
                    done.append(self._clear_on_the_line(limit_s))
            except (OSError, ValueError, AttributeError, TypeError):  # closed while it hangs
                return

        _finished(clear, limit_s)
        return any(done)

    def _clear_on_the_line(self, limit_s: float) -> bool:
        if is_usbtmc(self._client):
            return clear_usbtmc(self._client, limit_s=limit_s)
        self._resource.clear()
        return True

    def _reopen(self) -> bool:
        """Leave a late reply on the old connection; only a network line forgets it so."""
        self.close()
        if not self.resource_name.upper().startswith("TCPIP"):
            return False
        try:
            self._open()
        except (OSError, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class _Piece:
    data: bytes
    ended: bool


def _finished(function: Callable[[], None], limit_s: float) -> None:
    """Call ``function`` and wait for it so long at most; it is left behind where it hangs."""
    worker = threading.Thread(target=function, daemon=True)
    worker.start()
    worker.join(limit_s)
