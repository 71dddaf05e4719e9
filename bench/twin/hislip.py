"""HiSLIP messages and the exclusive and shared locks of a HiSLIP server.

Source: IVI-6.1 High-Speed LAN Instrument Protocol, revision 1.1.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum

__all__ = ["HEADER_SIZE", "Header", "Locks", "MessageType", "frame", "frames_of_response"]

_HEADER = struct.Struct("!2sBBIQ")
HEADER_SIZE = _HEADER.size
_PROLOGUE = b"HS"
_SHORT_RESPONSE = 65_536


class MessageType(IntEnum):
    """IVI-6.1 table 4."""

    INITIALIZE = 0
    INITIALIZE_RESPONSE = 1
    FATAL_ERROR = 2
    ERROR = 3
    ASYNC_LOCK = 4
    ASYNC_LOCK_RESPONSE = 5
    DATA = 6
    DATA_END = 7
    DEVICE_CLEAR_COMPLETE = 8
    DEVICE_CLEAR_ACKNOWLEDGE = 9
    ASYNC_REMOTE_LOCAL_CONTROL = 10
    ASYNC_REMOTE_LOCAL_RESPONSE = 11
    TRIGGER = 12
    INTERRUPTED = 13
    ASYNC_INTERRUPTED = 14
    ASYNC_MAXIMUM_MESSAGE_SIZE = 15
    ASYNC_MAXIMUM_MESSAGE_SIZE_RESPONSE = 16
    ASYNC_INITIALIZE = 17
    ASYNC_INITIALIZE_RESPONSE = 18
    ASYNC_DEVICE_CLEAR = 19
    ASYNC_SERVICE_REQUEST = 20
    ASYNC_STATUS_QUERY = 21
    ASYNC_STATUS_RESPONSE = 22
    ASYNC_DEVICE_CLEAR_ACKNOWLEDGE = 23
    ASYNC_LOCK_INFO = 24
    ASYNC_LOCK_INFO_RESPONSE = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The sixteen bytes in front of every message."""

    kind: int
    control: int
    parameter: int
    payload_length: int

    @classmethod
    def parse(cls, data: bytes | bytearray) -> Header | None:
        """Return the header, None where the prologue is not HiSLIP's."""
        prologue, kind, control, parameter, length = _HEADER.unpack_from(data)
        if prologue != _PROLOGUE:
            return None
        return cls(kind=kind, control=control, parameter=parameter, payload_length=length)


def frame(
    kind: MessageType, *, control: int = 0, parameter: int = 0, payload: bytes = b""
) -> bytes:
    """Return one message."""
    return _HEADER.pack(_PROLOGUE, kind, control, parameter, len(payload)) + payload


def frames_of_response(
    response: bytes, *, message_id: int, largest_message: int, ended: bool = True
) -> list[bytes | memoryview]:
    """Return what to send for a response: Data messages and, if it is ``ended``, a closing DataEND.

    A long one is not copied; a short one goes in one piece.
    """
    closing = MessageType.DATA_END if ended else MessageType.DATA
    size = max(1, largest_message - HEADER_SIZE)
    if len(response) <= min(size, _SHORT_RESPONSE):
        return [frame(closing, parameter=message_id, payload=response)]
    view = memoryview(response)
    parts: list[bytes | memoryview] = []
    for start in range(0, len(response), size):
        chunk = view[start : start + size]
        last = start + size >= len(response)
        kind = closing if last else MessageType.DATA
        parts.append(_HEADER.pack(_PROLOGUE, kind, 0, message_id, len(chunk)))
        parts.append(chunk)
    return parts


@dataclass(slots=True)
class Locks:
    """Who holds the instrument. Sessions are known by their numbers.

    ``changed`` is called whenever a lock was given back.
    """

    changed: Callable[[], None] = lambda: None
    exclusive: int | None = None
    shared: dict[int, str] = field(default_factory=dict[int, str])

    @property
    def holders(self) -> int:
        """How many sessions hold a lock."""
        return len({*self.shared, *([] if self.exclusive is None else [self.exclusive])})

    def may_execute(self, session: int) -> bool:
        """Return whether a message of this session may run now."""
        if self.exclusive is not None:
            return self.exclusive == session
        return not self.shared or session in self.shared

    def request(self, session: int, name: str) -> bool:
        """Take an exclusive lock (empty ``name``) or a share of the lock ``name``."""
        if self.exclusive not in (None, session):
            return False
        others = {key: value for key, value in self.shared.items() if key != session}
        if name:
            if any(value != name for value in others.values()):
                return False
            self.shared[session] = name
            return True
        if others and session not in self.shared:
            return False
        self.exclusive = session
        return True

    def release(self, session: int) -> int:
        """Give back what the session holds; return the control code: 1, 2 (shared) or 3 (none)."""
        if self.exclusive == session:
            self.exclusive = None
            self.changed()
            return 1
        if self.shared.pop(session, None) is not None:
            self.changed()
            return 2
        return 3

    def drop(self, session: int) -> None:
        """Forget a session whose connection ended."""
        self.shared.pop(session, None)
        if self.exclusive == session:
            self.exclusive = None
        self.changed()
