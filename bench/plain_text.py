"""Text of others on a terminal: what a device or an operator says must not steer it."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["plain"]

_STEERING: Final = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
"""Control characters but tab and newline, and those that turn the direction of writing."""


def plain(text: str) -> str:
    r"""Return ``text`` with each steering character as an escape, such as ``\x1b``."""
    return _STEERING.sub(lambda found: f"\\x{ord(found[0]):02x}", text)
