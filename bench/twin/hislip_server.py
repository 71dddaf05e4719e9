"""A HiSLIP server in synchronized mode, in front of one simulated instrument.

Works with pyvisa-py as ``TCPIP::127.0.0.1::hislip0,PORT::INSTR``; several clients at once, each
with its own output queue, all with one error queue and one status.
Source: IVI-6.1 revision 1.1, chapters 3 to 6.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque

from bench.twin.hislip import HEADER_SIZE, Header, Locks, MessageType, frame, frames_of_response
from bench.twin.scpi import ScpiInstrument
from bench.twin.scpi_parameters import ScpiError
from bench.twin.servers import FlowControlled
from bench.twin.wire import Reply

__all__ = ["HislipServer"]

_log = logging.getLogger(__name__)

_PROTOCOL_VERSION = 0x0100
_VENDOR = int.from_bytes(b"SI", "big")
_LARGEST_MESSAGE = 1 << 20
_FIRST_MESSAGE_ID = 0xFFFF_FF00
_RMT_DELIVERED = 0x01

_FATAL_BAD_HEADER, _FATAL_NO_CHANNELS, _FATAL_BAD_INITIALIZE = 1, 2, 3
_ERROR_UNKNOWN_TYPE, _ERROR_TOO_LARGE = 1, 4


class _Session:
    """One client: two connections, its input buffer and its output queue."""

    def __init__(self, number: int, synchronous: _Connection) -> None:
        self.number = number
        self.synchronous = synchronous
        self.asynchronous: _Connection | None = None
        self.largest_message = _LARGEST_MESSAGE
        self.program = bytearray()
        self.backlog: deque[tuple[Header, bytes]] = deque()
        self.response_unread = False
        self.clearing = False
        self.message_id = _FIRST_MESSAGE_ID
        self.late: list[bytes | memoryview] = []
        """A response that is sent when its client has given it up."""

    def forget_messages(self) -> None:
        """Empty input buffer and output queue."""
        self.program.clear()
        self.backlog.clear()
        self.late.clear()
        self.response_unread = False


class HislipServer:
    """The sessions of one instrument."""

    def __init__(self, instrument: ScpiInstrument, *, sub_address: str = "hislip0") -> None:
        self._instrument = instrument
        self._sub_address = sub_address
        self._sessions: dict[int, _Session] = {}
        self._next_number = 1
        self.locks = Locks(changed=self._resume_waiting)
        self._waiting_for_lock: list[tuple[_Session, str]] = []

    def connect(self) -> _Connection:
        """Return the protocol of one more connection."""
        return _Connection(self)

    # -- connection set-up

    def initialize(self, connection: _Connection, payload: bytes) -> None:
        """Open a session on its synchronous channel."""
        if payload.decode("latin-1").lower() not in (self._sub_address, ""):
            connection.fatal(_FATAL_BAD_INITIALIZE, "unknown sub-address")
            return
        session = _Session(self._next_number, connection)
        self._next_number = self._next_number % 0xFFFF + 1
        self._sessions[session.number] = session
        connection.session = session
        parameter = _PROTOCOL_VERSION << 16 | session.number
        connection.send(MessageType.INITIALIZE_RESPONSE, parameter=parameter)

    def initialize_async(self, connection: _Connection, number: int) -> None:
        """Join the asynchronous channel to its session."""
        session = self._sessions.get(number)
        if session is None or session.asynchronous is not None:
            connection.fatal(_FATAL_BAD_INITIALIZE, "no such session")
            return
        session.asynchronous = connection
        connection.session = session
        connection.send(MessageType.ASYNC_INITIALIZE_RESPONSE, parameter=_VENDOR)

    def lost(self, session: _Session) -> None:
        """Close what is left of a session whose client has gone."""
        if self._sessions.pop(session.number, None) is None:
            return
        self._waiting_for_lock = [entry for entry in self._waiting_for_lock if entry[0] != session]
        for connection in (session.synchronous, session.asynchronous):
            if connection is not None:
                connection.transport.close()
        self.locks.drop(session.number)

    # -- synchronous channel

    def synchronous(self, session: _Session, header: Header, payload: bytes) -> None:
        """Serve one message of the synchronous channel."""
        if header.kind == MessageType.DEVICE_CLEAR_COMPLETE:
            session.forget_messages()
            session.clearing = False
            session.message_id = _FIRST_MESSAGE_ID
            session.synchronous.send(MessageType.DEVICE_CLEAR_ACKNOWLEDGE)
        elif session.asynchronous is None:
            session.synchronous.fatal(_FATAL_NO_CHANNELS, "no asynchronous channel")
        elif session.clearing:
            return
        elif self.locks.may_execute(session.number):
            self._run(session, header, payload)
        else:
            session.backlog.append((header, payload))

    def _run(self, session: _Session, header: Header, payload: bytes) -> None:
        session.synchronous.write(session.late)
        session.late = []
        self._check_interrupted(session, header)
        session.message_id = header.parameter
        if header.kind == MessageType.TRIGGER:
            self._instrument.execute_trigger()
            return
        session.program += payload
        if header.kind == MessageType.DATA_END:
            message = bytes(session.program)
            session.program.clear()
            self._respond(session, self._instrument.answer(message))

    def _check_interrupted(self, session: _Session, header: Header) -> None:
        """A new message while a response is unread is query INTERRUPTED (IVI-6.1 chapter 3.1)."""
        if session.response_unread and not header.control & _RMT_DELIVERED:
            self._instrument.push_error(ScpiError(-410))
            session.synchronous.send(MessageType.INTERRUPTED, parameter=header.parameter)
            if session.asynchronous is not None:
                session.asynchronous.send(MessageType.ASYNC_INTERRUPTED, parameter=header.parameter)
        session.response_unread = False

    def _respond(self, session: _Session, reply: Reply | None) -> None:
        if reply is None:
            return
        parts = frames_of_response(
            reply.data + b"\n",
            message_id=session.message_id,
            largest_message=session.largest_message,
            ended=reply.fate != "unended",
        )
        if reply.fate == "late":
            session.late = parts
        elif reply.fate == "cut":
            session.synchronous.break_off(b"".join(parts))
        else:
            session.response_unread = True
            session.synchronous.write(parts)

    # -- asynchronous channel

    def asynchronous(self, session: _Session, header: Header, payload: bytes) -> None:
        """Serve one message of the asynchronous channel."""
        connection = session.asynchronous
        if connection is None:
            return
        match header.kind:
            case MessageType.ASYNC_MAXIMUM_MESSAGE_SIZE:
                self._agree_size(session, connection, payload)
            case MessageType.ASYNC_STATUS_QUERY:
                self._status(session, connection, header)
            case MessageType.ASYNC_DEVICE_CLEAR:
                session.clearing = True
                session.forget_messages()
                self._instrument.clear_device()
                connection.send(MessageType.ASYNC_DEVICE_CLEAR_ACKNOWLEDGE)
            case MessageType.ASYNC_LOCK:
                self._lock(session, connection, header, payload)
            case MessageType.ASYNC_LOCK_INFO:
                held = int(self.locks.exclusive is not None)
                connection.send(
                    MessageType.ASYNC_LOCK_INFO_RESPONSE, control=held, parameter=self.locks.holders
                )
            case _:
                connection.send(MessageType.ASYNC_REMOTE_LOCAL_RESPONSE)

    def _agree_size(self, session: _Session, connection: _Connection, payload: bytes) -> None:
        session.largest_message = max(2 * HEADER_SIZE, int.from_bytes(payload[:8], "big"))
        connection.send(
            MessageType.ASYNC_MAXIMUM_MESSAGE_SIZE_RESPONSE,
            payload=_LARGEST_MESSAGE.to_bytes(8, "big"),
        )

    def _status(self, session: _Session, connection: _Connection, header: Header) -> None:
        if header.control & _RMT_DELIVERED:
            session.response_unread = False
        byte = self._instrument.status_byte(message_available=session.response_unread)
        connection.send(MessageType.ASYNC_STATUS_RESPONSE, control=byte)

    def _lock(
        self, session: _Session, connection: _Connection, header: Header, payload: bytes
    ) -> None:
        if not header.control:
            code = self.locks.release(session.number)
            connection.send(MessageType.ASYNC_LOCK_RESPONSE, control=code)
            return
        name = payload.decode("latin-1")
        if self.locks.request(session.number, name):
            connection.send(MessageType.ASYNC_LOCK_RESPONSE, control=1)
            return
        entry = (session, name)
        self._waiting_for_lock.append(entry)
        loop = asyncio.get_running_loop()
        loop.call_later(header.parameter / 1000, self._give_up_lock, entry)

    def _give_up_lock(self, entry: tuple[_Session, str]) -> None:
        if entry in self._waiting_for_lock:
            self._waiting_for_lock.remove(entry)
            if (connection := entry[0].asynchronous) is not None:
                connection.send(MessageType.ASYNC_LOCK_RESPONSE, control=0)

    def _resume_waiting(self) -> None:
        for entry in list(self._waiting_for_lock):
            session, name = entry
            if self.locks.request(session.number, name) and session.asynchronous is not None:
                self._waiting_for_lock.remove(entry)
                session.asynchronous.send(MessageType.ASYNC_LOCK_RESPONSE, control=1)
        for session in list(self._sessions.values()):
            while session.backlog and self.locks.may_execute(session.number):
                self._run(session, *session.backlog.popleft())


_SYNCHRONOUS = {
    MessageType.DATA,
    MessageType.DATA_END,
    MessageType.TRIGGER,
    MessageType.DEVICE_CLEAR_COMPLETE,
}
_ASYNCHRONOUS = {
    MessageType.ASYNC_LOCK,
    MessageType.ASYNC_REMOTE_LOCAL_CONTROL,
    MessageType.ASYNC_MAXIMUM_MESSAGE_SIZE,
    MessageType.ASYNC_DEVICE_CLEAR,
    MessageType.ASYNC_STATUS_QUERY,
    MessageType.ASYNC_LOCK_INFO,
}


class _Connection(FlowControlled):
    """One TCP connection: cuts the stream into messages."""

    def __init__(self, server: HislipServer) -> None:
        self._server = server
        self._received = bytearray()
        self._discard = 0
        self.session: _Session | None = None

    def data_received(self, data: bytes) -> None:
        """Serve every message that is complete."""
        self._received += data
        while not self.transport.is_closing() and self._serve_one():
            pass

    def connection_lost(self, exc: Exception | None) -> None:
        """End the session with either of its connections."""
        _log.debug("a HiSLIP connection ended: %s", exc)
        if self.session is not None:
            self._server.lost(self.session)

    def send(
        self, kind: MessageType, *, control: int = 0, parameter: int = 0, payload: bytes = b""
    ) -> None:
        """Send one message."""
        self.write([frame(kind, control=control, parameter=parameter, payload=payload)])

    def write(self, parts: list[bytes | memoryview]) -> None:
        """Send unless the client has gone."""
        if not self.transport.is_closing():
            for part in parts:
                self.transport.write(part)

    def fatal(self, code: int, text: str) -> None:
        """Tell the client that the connection cannot go on, and end it."""
        _log.info("HiSLIP connection ended: %s", text)
        self.send(MessageType.FATAL_ERROR, control=code, payload=text.encode("ascii"))
        self.transport.close()

    def _serve_one(self) -> bool:
        if self._discard:
            dropped = min(self._discard, len(self._received))
            del self._received[:dropped]
            self._discard -= dropped
        if self._discard or len(self._received) < HEADER_SIZE:
            return False
        header = Header.parse(self._received)
        if header is None:
            self.fatal(_FATAL_BAD_HEADER, "not a HiSLIP header")
            return False
        if header.payload_length > _LARGEST_MESSAGE:
            self._reject(header, _ERROR_TOO_LARGE, "message too large")
            return True
        end = HEADER_SIZE + header.payload_length
        if len(self._received) < end:
            return False
        payload = bytes(self._received[HEADER_SIZE:end])
        del self._received[:end]
        self._dispatch(header, payload)
        return True

    def _reject(self, header: Header, code: int, text: str) -> None:
        del self._received[:HEADER_SIZE]
        self._discard = header.payload_length
        self.send(MessageType.ERROR, control=code, payload=text.encode("ascii"))

    def _dispatch(self, header: Header, payload: bytes) -> None:
        session = self.session
        if header.kind == MessageType.INITIALIZE and session is None:
            self._server.initialize(self, payload)
        elif header.kind == MessageType.ASYNC_INITIALIZE and session is None:
            self._server.initialize_async(self, header.parameter & 0xFFFF)
        elif session is None:
            self.fatal(_FATAL_BAD_INITIALIZE, "the first message must be an Initialize")
        elif header.kind in _SYNCHRONOUS and self is session.synchronous:
            self._server.synchronous(session, header, payload)
        elif header.kind in _ASYNCHRONOUS and self is session.asynchronous:
            self._server.asynchronous(session, header, payload)
        else:
            text = b"unrecognized message type"
            self.send(MessageType.ERROR, control=_ERROR_UNKNOWN_TYPE, payload=text)
