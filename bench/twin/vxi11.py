"""The core channel of VXI-11 in front of one simulated instrument, without a portmapper.

Works with pyvisa-py as ``TCPIP::127.0.0.1,PORT::inst0::INSTR``. Every link has its own output
queue; a lock belongs to a link. The abort program is served on the same port. There are no
interrupts (service requests). Sources: VXI-11 revision 1.0, chapters B.4 to B.6; RFC 5531 (RPC) and
RFC 4506 (XDR).
"""

from __future__ import annotations

import asyncio
import logging
import struct
from collections.abc import Callable
from dataclasses import dataclass, field

from bench.twin.rpc import Call, RpcConnection, pack_opaque
from bench.twin.scpi import ScpiInstrument
from bench.twin.scpi_parameters import ScpiError
from bench.twin.wire import Fate, Reply

__all__ = ["Vxi11Server"]

_log = logging.getLogger(__name__)

_CORE, _ABORT, _VERSION = 0x0607AF, 0x0607B0, 1
_LARGEST_WRITE = 1 << 20
_NO_ERROR, _BAD_LINK, _NOT_SUPPORTED, _NOT_ACCESSIBLE = 0, 4, 8, 3
_LOCKED_BY_ANOTHER, _NO_LOCK, _TIMED_OUT = 11, 12, 15
_FLAG_END, _FLAG_TERM_CHAR = 0x08, 0x80
_REASON_COUNT, _REASON_CHARACTER, _REASON_END = 0x01, 0x02, 0x04
_WORD = struct.Struct("!I")


@dataclass(slots=True)
class _Link:
    """One link: its half message and the rest of its response."""

    connection: RpcConnection
    program: bytearray = field(default_factory=bytearray)
    response: memoryview = field(default_factory=lambda: memoryview(b""))
    late: memoryview = field(default_factory=lambda: memoryview(b""))
    """A response that is there once a read has timed out."""
    fate: Fate = "whole"

    def take(self, count: int, character: int | None) -> tuple[int, memoryview]:
        """Return the reason why the piece ends, and the piece."""
        piece, reason = self.response[:count], 0
        if character is not None:
            position = bytes(piece).find(character)
            if position >= 0:
                piece, reason = piece[: position + 1], _REASON_CHARACTER
        self.response = self.response[len(piece) :]
        reason |= _REASON_COUNT if len(piece) == count else 0
        ended = not self.response and self.fate != "unended"
        return reason | (_REASON_END if ended else 0), piece


class Vxi11Server:
    """The links of one instrument."""

    def __init__(self, instrument: ScpiInstrument, *, device: str = "inst0") -> None:
        self._instrument = instrument
        self._device = device
        self._links: dict[int, _Link] = {}
        self._next_link = 1
        self._holder: int | None = None
        self.port = 0
        self._procedures: dict[int, Callable[[Call], None]] = {
            10: self._create_link,
            11: self._write,
            12: self._read,
            13: self._read_status,
            14: self._trigger,
            15: self._clear,
            16: self._nothing,  # remote
            17: self._nothing,  # local
            18: self._lock,
            19: self._unlock,
            20: self._refuse,  # enable_srq
            22: self._refuse,  # docmd
            23: self._destroy_link,
            25: self._refuse,  # create_intr_chan
            26: self._refuse,  # destroy_intr_chan
        }

    def connect(self) -> RpcConnection:
        """Return the protocol of one more connection."""
        return RpcConnection(self._serve, self._lost)

    def _serve(self, call: Call) -> None:
        if (call.program, call.version, call.procedure) == (_ABORT, _VERSION, 1):
            call.reply(_WORD.pack(_NO_ERROR))
        elif call.program != _CORE:
            call.reject_program()
        elif call.version != _VERSION:
            call.reject_version(_VERSION)
        elif call.procedure == 0:
            call.reply(b"")
        elif (procedure := self._procedures.get(call.procedure)) is None:
            call.reject_procedure()
        else:
            procedure(call)

    def _lost(self, connection: RpcConnection) -> None:
        for number in [n for n, link in self._links.items() if link.connection is connection]:
            self._forget(number)

    def _forget(self, number: int) -> None:
        del self._links[number]
        if self._holder == number:
            self._holder = None

    # -- links and locks

    def _create_link(self, call: Call) -> None:
        call.integer()  # client's own number
        wants_lock, _timeout = call.integer(), call.integer()
        if call.opaque().decode("latin-1").lower() not in {self._device, ""}:
            call.reply(struct.pack("!IIII", _NOT_ACCESSIBLE, 0, 0, 0))
            return
        if wants_lock and self._holder is not None:
            call.reply(struct.pack("!IIII", _LOCKED_BY_ANOTHER, 0, 0, 0))
            return
        number, self._next_link = self._next_link, self._next_link + 1
        self._links[number] = _Link(call.connection)
        if wants_lock:
            self._holder = number
        call.reply(struct.pack("!IIII", _NO_ERROR, number, self.port, _LARGEST_WRITE))

    def _destroy_link(self, call: Call) -> None:
        number = call.integer()
        known = number in self._links
        if known:
            self._forget(number)
        call.reply(_WORD.pack(_NO_ERROR if known else _BAD_LINK))

    def _lock(self, call: Call) -> None:
        number = call.integer()
        if number not in self._links:
            call.reply(_WORD.pack(_BAD_LINK))
        elif self._holder not in {None, number}:
            call.reply(_WORD.pack(_LOCKED_BY_ANOTHER))
        else:
            self._holder = number
            call.reply(_WORD.pack(_NO_ERROR))

    def _unlock(self, call: Call) -> None:
        if self._holder != call.integer():
            call.reply(_WORD.pack(_NO_LOCK))
            return
        self._holder = None
        call.reply(_WORD.pack(_NO_ERROR))

    def _usable(self, number: int) -> _Link | int:
        """Return the link, or the error code where it is unknown or locked out."""
        link = self._links.get(number)
        if link is None:
            return _BAD_LINK
        return link if self._holder in {None, number} else _LOCKED_BY_ANOTHER

    # -- messages

    def _write(self, call: Call) -> None:
        link = self._usable(call.integer())
        call.integer()  # io_timeout
        call.integer()  # lock_timeout
        flags, data = call.integer(), call.opaque()
        if isinstance(link, int):
            call.reply(struct.pack("!II", link, 0))
            return
        if link.response:
            self._instrument.push_error(ScpiError(-410))
            link.response = memoryview(b"")
        link.program += data
        if flags & _FLAG_END:
            message = bytes(link.program)
            link.program.clear()
            self._respond(link, self._instrument.answer(message))
        call.reply(struct.pack("!II", _NO_ERROR, len(data)))

    @staticmethod
    def _respond(link: _Link, reply: Reply | None) -> None:
        if reply is None:
            return
        response = memoryview(reply.data + b"\n")
        if reply.fate == "late":
            link.late = response
        else:
            link.response, link.fate = response, reply.fate

    def _read(self, call: Call) -> None:
        link = self._usable(call.integer())
        count, timeout_ms = call.integer(), call.integer()
        call.integer()  # lock_timeout
        flags, character = call.integer(), call.integer()
        if isinstance(link, int):
            call.reply(struct.pack("!II", link, 0) + pack_opaque(b""))
        elif not link.response:
            self._instrument.push_error(ScpiError(-420))
            asyncio.get_running_loop().call_later(timeout_ms / 1000, self._time_out, call, link)
        else:
            reason, piece = link.take(count, character if flags & _FLAG_TERM_CHAR else None)
            results = struct.pack("!II", _NO_ERROR, reason) + pack_opaque(piece)
            if link.fate == "cut":
                call.break_off(results)
            else:
                call.reply(results)

    @staticmethod
    def _time_out(call: Call, link: _Link) -> None:
        call.reply(struct.pack("!II", _TIMED_OUT, 0) + pack_opaque(b""))
        link.response, link.late = link.late, memoryview(b"")

    def _read_status(self, call: Call) -> None:
        link = self._usable(call.integer())
        if isinstance(link, int):
            call.reply(struct.pack("!II", link, 0))
            return
        byte = self._instrument.status_byte(message_available=bool(link.response))
        call.reply(struct.pack("!II", _NO_ERROR, byte))

    def _trigger(self, call: Call) -> None:
        link = self._generic(call)
        if link is not None:
            self._instrument.execute_trigger()
            call.reply(_WORD.pack(_NO_ERROR))

    def _clear(self, call: Call) -> None:
        link = self._generic(call)
        if link is not None:
            link.program.clear()
            link.response = link.late = memoryview(b"")
            self._instrument.clear_device()
            call.reply(_WORD.pack(_NO_ERROR))

    def _nothing(self, call: Call) -> None:
        if self._generic(call) is not None:
            call.reply(_WORD.pack(_NO_ERROR))

    def _refuse(self, call: Call) -> None:
        call.reply(_WORD.pack(_NOT_SUPPORTED))

    def _generic(self, call: Call) -> _Link | None:
        """Return the usable link of a call with generic parameters; answer it otherwise."""
        link = self._usable(call.integer())
        if isinstance(link, int):
            call.reply(_WORD.pack(link))
            return None
        return link
