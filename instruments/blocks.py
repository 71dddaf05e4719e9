"""Arbitrary blocks of IEEE 488.2: where the bytes begin, how many they are, what may follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["LARGEST_BLOCK_BYTES", "BlockHeader", "parse_block", "read_header", "shortened"]

LARGEST_BLOCK_BYTES = 1 << 30
"""Longer than any record of the instruments known here: 500 million points of two bytes."""
_LONGEST_PREFIX = 64
_MOST_LONG_DIGITS = 12
_LOGGED_CHARACTERS = 120
_ENDS = b"\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockHeader:
    """What stands before the bytes of a block: ``prefix``, then ``#`` and the length."""

    prefix: bytes
    start: int
    """Where the bytes begin."""
    length: int | None
    """How many they are; None for ``#0``, which ends with the response."""


def read_header(reply: bytes | bytearray | memoryview) -> BlockHeader | None:
    """Return the header at the beginning of a reply, None while it is not complete.

    ``#<d><d digits>`` has a length, ``#(<digits>)`` too (blocks from 1 GB), ``#0`` has none.
    Raises ValueError for anything else. Source: IEEE 488.2-1992, 8.7.9 and 8.7.10.
    """
    head = bytes(reply[: _LONGEST_PREFIX + _MOST_LONG_DIGITS + 3])
    mark = head.find(b"#")
    if mark < 0 or mark > _LONGEST_PREFIX or b"\n" in head[:mark]:
        if mark < 0 and len(head) <= _LONGEST_PREFIX and b"\n" not in head:
            return None
        raise ValueError(f"expected a definite-length block, found {shortened(head)}")
    prefix, rest = head[:mark], head[mark + 1 :]
    if not rest:
        return None
    kind = rest[:1]
    if kind == b"0":
        return BlockHeader(prefix=prefix, start=mark + 2, length=None)
    if kind == b"(":
        return _long_header(prefix, rest)
    if not kind.isdigit():
        raise ValueError(f"expected a definite-length block, found {shortened(head)}")
    digits = rest[1 : 1 + int(kind)]
    if digits and not digits.isdigit():
        raise ValueError(f"expected the block's length, found {shortened(head)}")
    if len(digits) < int(kind):
        return None
    return _checked(prefix, mark + 2 + len(digits), int(digits))


def _long_header(prefix: bytes, rest: bytes) -> BlockHeader | None:
    digits, closed, _ = rest[1:].partition(b")")
    if digits and (not digits.isdigit() or len(digits) > _MOST_LONG_DIGITS):
        raise ValueError(f"expected the block's length, found {shortened(rest)}")
    if not closed:
        return None
    if not digits:
        raise ValueError(f"expected the block's length, found {shortened(rest)}")
    return _checked(prefix, len(prefix) + 3 + len(digits), int(digits))


def _checked(prefix: bytes, start: int, length: int) -> BlockHeader:
    if length > LARGEST_BLOCK_BYTES:
        raise ValueError(
            f"a block of {length} bytes is announced, more than the {LARGEST_BLOCK_BYTES} of any "
            "record"
        )
    return BlockHeader(prefix=prefix, start=start, length=length)


def parse_block(
    reply: bytes | bytearray, *, count: int | None = None, prefixes: Sequence[str] = ()
) -> NDArray[np.uint8]:
    """Return the payload of a block as a read-only view of the reply; raises ValueError.

    After the bytes at most terminators may follow. An indefinite block is all that follows: its
    terminator has been taken off by who saw it. ``prefixes`` are texts that the family may send
    in front.
    """
    header = read_header(reply)
    if header is None:
        raise ValueError(f"expected a block's length, found {shortened(reply)}")
    if header.prefix and header.prefix.decode("latin-1") not in prefixes:
        raise ValueError(f"expected a definite-length block, found {shortened(reply)}")
    found = len(reply) - header.start
    length = header.length
    if length is None:
        length = found
    if found < length or reply[header.start + length :].strip(_ENDS):
        raise ValueError(f"expected a block of {length} bytes, found {found}")
    if count is not None and length != count:
        raise ValueError(f"expected {count} bytes, the block has {length}")
    payload = np.frombuffer(reply, dtype=np.uint8, count=length, offset=header.start)
    payload.flags.writeable = False
    return payload


def shortened(payload: object) -> str:
    """Return a payload for a log line or a message, cut where it is long."""
    if isinstance(payload, bytes | bytearray):
        text, size = repr(bytes(payload[:_LOGGED_CHARACTERS])), len(payload)
    else:
        text, size = str(payload)[:_LOGGED_CHARACTERS], len(str(payload))
    return text if size <= _LOGGED_CHARACTERS else f"{text}… ({size} in all)"
