"""Remote procedure calls over TCP, the server's side: record marking, call and reply messages.

Sources: RFC 5531 (ONC RPC version 2), chapters 9 and 11; RFC 4506 (XDR).
"""

from __future__ import annotations

import logging
import struct
from collections.abc import Callable

from bench.twin.servers import FlowControlled

__all__ = ["Call", "RpcConnection", "pack_opaque"]

_log = logging.getLogger(__name__)

_WORD = struct.Struct("!I")
_LAST_FRAGMENT = 0x8000_0000
_LARGEST_RECORD = 1 << 22
_CALL, _REPLY, _RPC_VERSION = 0, 1, 2
_ACCEPTED, _DENIED, _NO_AUTHENTICATION = 0, 1, 0
_SUCCESS, _PROGRAM_UNAVAILABLE, _PROGRAM_MISMATCH = 0, 1, 2
_PROCEDURE_UNAVAILABLE, _GARBAGE_ARGUMENTS = 3, 4


class GarbledCall(Exception):
    """A call's arguments end before they should."""


class Call:
    """One call: whom it is for, and its arguments as a cursor."""

    def __init__(self, connection: RpcConnection, record: bytes) -> None:
        self.connection = connection
        self._record = record
        self._at = 0
        self.xid = self.integer()
        self.kind, self.rpc_version = self.integer(), self.integer()
        self.program, self.version, self.procedure = (self.integer() for _ in range(3))
        for _ in ("credentials", "verifier"):
            self.integer()
            self.opaque()

    def integer(self) -> int:
        """Return the next unsigned integer (a boolean and a character are integers too)."""
        if self._at + _WORD.size > len(self._record):
            raise GarbledCall
        (value,) = _WORD.unpack_from(self._record, self._at)
        self._at += _WORD.size
        return value

    def opaque(self) -> bytes:
        """Return the next bytes of variable length."""
        count = self.integer()
        start, self._at = self._at, self._at + count + -count % 4
        if self._at > len(self._record):
            raise GarbledCall
        return self._record[start : start + count]

    def reply(self, results: bytes) -> None:
        """Send the results."""
        self._accept(_SUCCESS, results)

    def break_off(self, results: bytes) -> None:
        """Send half of the results and close the connection."""
        self.connection.break_off(_marked(self._accepted(_SUCCESS) + results))

    def reject_program(self) -> None:
        """There is no such program here."""
        self._accept(_PROGRAM_UNAVAILABLE)

    def reject_version(self, only: int) -> None:
        """The program has one other version."""
        self._accept(_PROGRAM_MISMATCH, struct.pack("!II", only, only))

    def reject_procedure(self) -> None:
        """The program has no such procedure."""
        self._accept(_PROCEDURE_UNAVAILABLE)

    def reject_arguments(self) -> None:
        """The arguments make no sense."""
        self._accept(_GARBAGE_ARGUMENTS)

    def reject_rpc_version(self) -> None:
        """The protocol's version is not the one there is."""
        self.connection.send(
            struct.pack("!IIIIII", self.xid, _REPLY, _DENIED, 0, _RPC_VERSION, _RPC_VERSION)
        )

    def _accept(self, status: int, results: bytes = b"") -> None:
        self.connection.send(self._accepted(status) + results)

    def _accepted(self, status: int) -> bytes:
        return struct.pack("!IIIIII", self.xid, _REPLY, _ACCEPTED, _NO_AUTHENTICATION, 0, status)


class RpcConnection(FlowControlled):
    """One TCP connection: joins fragments to records, hands each call on."""

    def __init__(
        self, serve: Callable[[Call], None], lost: Callable[[RpcConnection], None]
    ) -> None:
        self._serve = serve
        self._lost = lost
        self._received = bytearray()
        self._record = bytearray()

    def data_received(self, data: bytes) -> None:
        """Serve every record that is complete."""
        self._received += data
        while not self.transport.is_closing() and self._take_fragment():
            pass

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the server."""
        _log.debug("an RPC connection ended: %s", exc)
        self._lost(self)

    def send(self, record: bytes) -> None:
        """Send one record unless the client has gone."""
        if not self.transport.is_closing():
            self.transport.write(_marked(record))

    def _take_fragment(self) -> bool:
        if len(self._received) < _WORD.size:
            return False
        (mark,) = _WORD.unpack_from(self._received)
        end = _WORD.size + (mark & ~_LAST_FRAGMENT)
        if end + len(self._record) > _LARGEST_RECORD:
            self.transport.close()
            return False
        if len(self._received) < end:
            return False
        self._record += self._received[_WORD.size : end]
        del self._received[:end]
        if mark & _LAST_FRAGMENT:
            record = bytes(self._record)
            self._record.clear()
            self._dispatch(record)
        return True

    def _dispatch(self, record: bytes) -> None:
        try:
            call = Call(self, record)
        except GarbledCall:
            self.transport.close()
            return
        if call.kind != _CALL:
            self.transport.close()
        elif call.rpc_version != _RPC_VERSION:
            call.reject_rpc_version()
        else:
            try:
                self._serve(call)
            except GarbledCall:
                call.reject_arguments()


def _marked(record: bytes) -> bytes:
    """Return a record as the one fragment that it is sent in."""
    return _WORD.pack(_LAST_FRAGMENT | len(record)) + record


def pack_opaque(data: bytes | memoryview) -> bytes:
    """Return bytes of variable length as XDR: count, bytes, zeros up to a multiple of four."""
    return b"".join((_WORD.pack(len(data)), data, bytes(-len(data) % 4)))
