"""Bytes to and from an instrument: what a session needs, and how pyvisa-py provides it."""

from __future__ import annotations

import logging
import os
import select
import socket
import threading
import traceback
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    import pyvisa
    from pyvisa.resources import MessageBasedResource

__all__ = ["Transport", "VisaTransport"]

_CHUNK_BYTES = 1 << 20
"""Bytes asked of pyvisa at a time for a block; smaller costs calls, larger saves nothing."""
_TEXT_CHUNK_BYTES = 4096
_BLOCK_MARK = b"#"


class Transport(Protocol):
    """A line to one instrument. Raises TimeoutError, ConnectionError and ValueError only."""

    def write(self, message: bytes, *, timeout_s: float) -> None:
        """Send one program message, its terminator included."""
        ...

    def read_text(self, *, timeout_s: float) -> bytes:
        """Return one response message that holds no binary data, its terminator included."""
        ...

    def read_block(self, *, timeout_s: float) -> bytes:
        """Return one response message that is a definite-length block, its header included."""
        ...

    def clear(self, *, limit_s: float) -> bool:
        """Throw away what is under way on the line; return whether the line is clean again."""
        ...

    def close(self) -> None:
        """Close the line; idempotent, never raises."""
        ...


class VisaTransport:
    """One VISA resource of pyvisa-py.

    HiSLIP, VXI-11, USB and GPIB mark the end of a response; on a raw socket and on a serial line
    the line feed does, which a binary block may contain: there a block is read by its own length.
    """

    def __init__(self, resource_name: str, *, open_timeout_s: float) -> None:
        """Open the resource; raises TimeoutError, ConnectionError or ValueError (bad name)."""
        self.resource_name = resource_name
        self._open_timeout_s = open_timeout_s
        self._resource = _open(resource_name, open_timeout_s)
        name = resource_name.upper()
        self._is_stream = name.endswith("::SOCKET") or name.startswith("ASRL")
        self._timeout_ms = -1
        self._terminated = False
        self._prepare_socket()

    def write(self, message: bytes, *, timeout_s: float) -> None:
        """Send ``message`` as it is."""
        with _builtin_errors():
            self._set_timeout(timeout_s)
            self._resource.write_raw(message)

    def read_text(self, *, timeout_s: float) -> bytes:
        """Return the response up to its terminator."""
        with self._drop_noticed():
            self._set_timeout(timeout_s)
            self._terminate_at_line_feed(terminated=True)
            self._await_stream(timeout_s)
            return self._resource.read_raw(_TEXT_CHUNK_BYTES)

    def read_block(self, *, timeout_s: float) -> bytes:
        """Return the response, ``#`` first; on a stream, exactly the block and its line feed."""
        with self._drop_noticed():
            self._set_timeout(timeout_s)
            if not self._is_stream:
                return self._resource.read_raw(_CHUNK_BYTES)
            self._terminate_at_line_feed(terminated=False)
            self._await_stream(timeout_s)
            return self._read_stream_block()

    def clear(self, *, limit_s: float) -> bool:
        """Clear the device, or open the line anew; False where the line is lost.

        A stream has no clear, what was asked may still be answered: it is always opened anew.
        pyvisa-py's clear may hang, hence it runs in a thread that is left behind, its line closed.
        """
        if not self._is_stream and self._device_clear(limit_s):
            return True
        return self._reopen()

    def close(self) -> None:
        """Close the resource."""
        with _ignored_errors():
            self._resource.close()

    def _device_clear(self, limit_s: float) -> bool:
        outcome: list[bool] = []
        worker = threading.Thread(target=self._clear_into, args=(outcome, limit_s), daemon=True)
        worker.start()
        worker.join(limit_s)
        return outcome == [True]

    def _clear_into(self, outcome: list[bool], limit_s: float) -> None:
        try:
            with _builtin_errors():
                self._set_timeout(limit_s)
                self._resource.clear()
        except (OSError, ValueError, AttributeError):  # the line may be closed while this hangs
            outcome.append(False)
        else:
            outcome.append(True)

    def _read_stream_block(self) -> bytes:
        head = self._resource.read_bytes(2)
        if head[:1] != _BLOCK_MARK or not head[1:].isdigit() or head[1:] == b"0":
            raise ValueError(f"expected a definite-length block, found {head!r}")
        digits = self._resource.read_bytes(int(head[1:]))
        if not digits.isdigit():
            raise ValueError(f"expected the block's length, found {digits!r}")
        return head + digits + self._resource.read_bytes(int(digits) + 1, chunk_size=_CHUNK_BYTES)

    def _set_timeout(self, timeout_s: float) -> None:
        timeout_ms = max(1, round(timeout_s * 1000))
        if timeout_ms != self._timeout_ms:
            self._resource.timeout = timeout_ms
            self._timeout_ms = timeout_ms

    def _terminate_at_line_feed(self, *, terminated: bool) -> None:
        if self._is_stream and terminated != self._terminated:
            self._resource.read_termination = "\n" if terminated else None
            self._terminated = terminated

    def _socket(self) -> socket.socket | None:
        """Return the socket under a raw-socket resource, where pyvisa-py lets it be seen."""
        sessions = cast("dict[object, object]", getattr(self._resource.visalib, "sessions", {}))
        interface = getattr(sessions.get(self._resource.session), "interface", None)
        return interface if isinstance(interface, socket.socket) else None

    def _prepare_socket(self) -> None:
        """Refuse a socket that never connected (pyvisa-py does not) and switch Nagle off."""
        line = self._socket()
        if line is None:
            return
        error = line.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            self.close()
            raise ConnectionError(os.strerror(error))
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _await_stream(self, timeout_s: float) -> None:
        """Wait for the first byte here: pyvisa-py spins until the time-out on a closed socket."""
        line = self._socket()
        if line is None or self._has_pending_bytes():
            return
        readable, _, _ = select.select([line], [], [], timeout_s)
        if not readable:
            raise TimeoutError("no answer")
        if line.recv(1, socket.MSG_PEEK) == b"":
            raise ConnectionResetError("the instrument closed the connection")

    @contextmanager
    def _drop_noticed(self) -> Generator[None]:
        """Tell a socket that the peer has closed from one that is silent (pyvisa-py does not)."""
        try:
            with _builtin_errors():
                yield
        except TimeoutError:
            if self._is_closed_by_peer():
                raise ConnectionResetError("the instrument closed the connection") from None
            raise

    def _is_closed_by_peer(self) -> bool:
        line = self._socket()
        if line is None or not select.select([line], [], [], 0)[0]:
            return False
        return line.recv(1, socket.MSG_PEEK) == b""

    def _has_pending_bytes(self) -> bool:
        sessions = cast("dict[object, object]", getattr(self._resource.visalib, "sessions", {}))
        return bool(getattr(sessions.get(self._resource.session), "_pending_buffer", b""))

    def _reopen(self) -> bool:
        """Leave a late reply on the old connection; only a network line forgets it so."""
        self.close()
        if not self.resource_name.upper().startswith("TCPIP"):
            return False
        try:
            self._resource = _open(self.resource_name, self._open_timeout_s)
            self._timeout_ms, self._terminated = -1, False
            self._prepare_socket()
        except (OSError, ValueError):
            return False
        return True


def _open(resource_name: str, open_timeout_s: float) -> MessageBasedResource:
    import pyvisa
    from pyvisa.resources import MessageBasedResource

    with _builtin_errors(), _quiet_pyvisa(), _leaked_sockets_closed():
        resource = _resource_manager().open_resource(
            resource_name, open_timeout=round(open_timeout_s * 1000)
        )
    if not isinstance(resource, MessageBasedResource):
        resource.close()
        raise ValueError(f"{resource_name} is not message-based")  # noqa: TRY004 - the caller passed a wrong name, which open_session reports as such
    if isinstance(resource, pyvisa.resources.SerialInstrument):
        resource.write_termination = ""
    return resource


def _resource_manager() -> pyvisa.ResourceManager:
    """Return the process's one resource manager (pyvisa keeps one a library)."""
    import pyvisa

    return pyvisa.ResourceManager("@py")


@contextmanager
def _quiet_pyvisa() -> Generator[None]:
    """Keep pyvisa-py from logging a traceback for an error that is raised and reported anyway."""
    logger = logging.getLogger("pyvisa")
    was_disabled, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = was_disabled


@contextmanager
def _leaked_sockets_closed() -> Generator[None]:
    """Close the sockets that pyvisa-py's HiSLIP leaves open when an instrument refuses it.

    They are reachable only through the frames of the error that is being raised.
    """
    try:
        yield
    except Exception as error:
        cause: BaseException | None = error
        while cause is not None:
            for frame, _ in traceback.walk_tb(cause.__traceback__):
                owner = frame.f_locals.get("self")
                for name in ("_sync", "_async"):
                    line = getattr(owner, name, None)
                    if isinstance(line, socket.socket):
                        line.close()
            cause = cause.__cause__ or cause.__context__
        raise


@contextmanager
def _builtin_errors() -> Generator[None]:
    """Turn what pyvisa and pyvisa-py raise into builtin errors.

    pyvisa-py's HiSLIP reports a dropped peer and a malformed header as RuntimeError or as a failed
    assertion, a refused connection as VisaIOError, and leaves socket errors as they are.
    """
    import pyvisa
    from pyvisa.constants import StatusCode

    try:
        yield
    except pyvisa.errors.VisaIOError as error:
        if error.error_code == StatusCode.error_timeout:
            raise TimeoutError("no answer in time") from error
        raise ConnectionError(error.description or str(error)) from error
    except (pyvisa.errors.InvalidSession, RuntimeError, AssertionError) as error:
        raise ConnectionError(str(error) or "the connection's framing was lost") from error


@contextmanager
def _ignored_errors() -> Generator[None]:
    """For closing and draining: the line is given up whatever it says."""
    try:
        with _builtin_errors():
            yield
    except (OSError, ValueError, AttributeError) as error:
        logging.getLogger(__name__).debug("ignored while closing: %s", error)
