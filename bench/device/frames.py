"""The lines of MDL/1: requests as they are sent, replies and events as they are read.

Grammar and meaning: ``docs/device-link.md``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = [
    "LONGEST_REPLY_BYTES",
    "LONGEST_REQUEST_BYTES",
    "Event",
    "FrameError",
    "Reply",
    "crc8",
    "encode_request",
    "parse_line",
]

LONGEST_REQUEST_BYTES = 128
LONGEST_REPLY_BYTES = 512
_CRC = re.compile(r"\*([0-9A-Fa-f]{2})\Z")
_REPLY = re.compile(r"(?:#(\d{1,9}) )?(OK|ERR)(?: (.*))?\Z")
_EVENT = re.compile(r"EVT (\d+) (\S+)(?: (.*))?\Z")
_ERROR = re.compile(r"(\d+) (\w+)(?: .*)?\Z")
_CRC_POLYNOMIAL = 0x07


class FrameError(ValueError):
    """A line is not one of MDL/1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One reply. ``values`` of an ERR are empty, its ``code`` is not zero."""

    sequence: int | None
    values: Mapping[str, str]
    code: int = 0
    word: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that the device says unasked. ``device_time_ms`` counts from its start."""

    device_time_ms: int
    name: str
    values: Mapping[str, str]


def _remainder(byte: int) -> int:
    for _ in range(8):
        byte = (byte << 1 ^ _CRC_POLYNOMIAL if byte & 0x80 else byte << 1) & 0xFF
    return byte


_REMAINDERS = bytes(_remainder(byte) for byte in range(256))


def crc8(data: bytes) -> int:
    """Return CRC-8/SMBUS of ``data`` (polynomial 0x07, start 0, not reflected)."""
    crc = 0
    for byte in data:
        crc = _REMAINDERS[crc ^ byte]
    return crc


def encode_request(verb: str, *arguments: str, sequence: int, with_crc: bool = True) -> bytes:
    """Return one request line; raises FrameError where it would not be one."""
    text = f"#{sequence} {verb}" + (f" {','.join(arguments)}" if arguments else "")
    if not text.isascii() or not text.isprintable() or "*" in text:
        raise FrameError(f"not a request: {text!r}")
    body = text.encode("ascii")
    line = body + (f"*{crc8(body):02X}".encode() if with_crc else b"") + b"\n"
    if len(line) > LONGEST_REQUEST_BYTES:
        raise FrameError(f"{len(line)} bytes, a request has at most {LONGEST_REQUEST_BYTES}")
    return line


def parse_line(line: bytes, *, crc_required: bool = False) -> Reply | Event:
    """Return what a line says; raises FrameError.

    A checksum is checked where there is one; ``crc_required`` refuses an OK without (a device that
    could not read the request cannot know that it had one).
    """
    if len(line) > LONGEST_REPLY_BYTES:
        raise FrameError(f"{len(line)} bytes, a reply has at most {LONGEST_REPLY_BYTES}")
    try:
        text = line.decode("ascii").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise FrameError(f"not ASCII: {line!r}") from error
    text, checked = _without_crc(text)
    event = _EVENT.match(text)
    if event is not None:
        return Event(
            device_time_ms=int(event[1]), name=event[2], values=_parse_values(event[3] or "")
        )
    reply = _parse_reply(text)
    if crc_required and not checked and not reply.code:
        raise FrameError(f"no checksum, though the request had one: {line!r}")
    return reply


def _parse_reply(text: str) -> Reply:
    reply = _REPLY.match(text)
    if reply is None:
        raise FrameError(f"neither OK, ERR nor EVT: {text!r}")
    sequence = None if reply[1] is None else int(reply[1])
    if reply[2] == "OK":
        return Reply(sequence=sequence, values=_parse_values(reply[3] or ""))
    error = _ERROR.match(reply[3] or "")
    if error is None or int(error[1]) == 0:
        raise FrameError(f"an error without code and word: {text!r}")
    return Reply(sequence=sequence, values={}, code=int(error[1]), word=error[2])


def _without_crc(text: str) -> tuple[str, bool]:
    """Return the text before the checksum and whether there was one; raises FrameError if wrong."""
    match = _CRC.search(text)
    if match is None:
        return text, False
    body = text[: match.start()]
    expected = crc8(body.encode("ascii"))
    if int(match[1], 16) != expected:
        raise FrameError(f"checksum {match[1]}, expected {expected:02X}: {text!r}")
    return body, True


def _parse_values(text: str) -> dict[str, str]:
    values: dict[str, str] = {}
    for field in text.split():
        key, equals, value = field.partition("=")
        if not equals or not key:
            raise FrameError(f"expected key=value, found {field!r}")
        values[key] = value
    return values
