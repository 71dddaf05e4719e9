"""What happens to a reply between an instrument and its client, where something goes wrong there.

Each misbehaviour strikes the reply that is the hundredth or later and is of its kind, then another
every three hundred. How a reply is late or its end missing is for each server to say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

__all__ = ["TELNET_BANNER", "WIRE_FAULTS", "Fate", "Reply", "Wire"]

Fate = Literal["whole", "late", "cut", "unended"]
"""``late``: sent once its client has given it up; ``cut``: half of it, then the connection ends;
``unended``: without terminator or END."""

WIRE_FAULTS: Mapping[str, str] = {
    "late-reply": "a reply comes when its client has given up, in front of the next one",
    "dropped-link": "the connection ends in the middle of a reply",
    "unended-reply": "a reply comes without its end",
    "silent": "nothing is answered any more",
    "short-block": "a block is half as long as its header says",
    "long-block": "a block is ten bytes longer than its header says",
    "indefinite-block": "a block comes as #0, without its length",
    "wrong-count": "a text comes with one field more",
    "not-ascii": "a text has bytes above 127",
}
TELNET_BANNER = "telnet-banner"
"""The socket greets whoever connects and prompts behind every message, as port 5024 of Keysight and
Siglent instruments does; from the first byte on."""
_FATES: Mapping[str, Fate] = {
    "late-reply": "late",
    "dropped-link": "cut",
    "unended-reply": "unended",
}
_FIRST, _EVERY = 100, 300
_EXTRA_BYTES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A response message without its terminator, and what becomes of it."""

    data: bytes
    fate: Fate = "whole"


class Wire:
    """The way of an instrument's replies; healthy until a misbehaviour is switched on."""

    def __init__(self) -> None:
        self.fault = ""
        self.is_telnet = False
        self.next_strike = _FIRST
        self._replies = 0

    def carry(self, data: bytes) -> Reply | None:
        """Return what arrives of a response message; None where nothing does."""
        self._replies += 1
        if not self.fault or self._replies < self.next_strike or not self._concerns(data):
            return Reply(data=data)
        if self.fault == "silent":
            return None
        self.next_strike = self._replies + _EVERY
        if self.fault in _FATES:
            return Reply(data=data, fate=_FATES[self.fault])
        return Reply(data=_SPOILT[self.fault](data))

    def _concerns(self, data: bytes) -> bool:
        if self.fault.endswith("-block"):
            return _block_start(data) > 0
        return self.fault not in _SPOILT or not _block_start(data)


def _block_start(data: bytes) -> int:
    """Return where the data of a definite block begin; 0 where the reply is none."""
    hash_at = data.find(b"#")
    digits = data[hash_at + 1 : hash_at + 2]
    return hash_at + 2 + int(digits) if hash_at >= 0 and digits.isdigit() else 0


def _halved(data: bytes) -> bytes:
    start = _block_start(data)
    return data[: start + (len(data) - start) // 2]


def _indefinite(data: bytes) -> bytes:
    return data[: data.find(b"#")] + b"#0" + data[_block_start(data) :]


_SPOILT: Mapping[str, Callable[[bytes], bytes]] = {
    "short-block": _halved,
    "long-block": lambda data: data + bytes(_EXTRA_BYTES),
    "indefinite-block": _indefinite,
    "wrong-count": lambda data: data + b"," + data,
    "not-ascii": lambda data: data[:1] + b"\xb5\xff" + data[2:],
}
