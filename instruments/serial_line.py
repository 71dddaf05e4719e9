"""How a serial line is set: what stands behind ``?`` in the resource name of a serial instrument.

``ASRL/dev/ttyUSB0::INSTR?baud=19200&parity=even&bits=7&stop=2&handshake=dtr&terminator=crlf``; what
is left out is 9600 baud, no parity, eight bits, one stop bit, no handshake, line feed.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["SerialLine", "split_resource"]

TERMINATORS: Final[Mapping[str, bytes]] = {"lf": b"\n", "crlf": b"\r\n", "cr": b"\r"}
_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "baud": (),
    "parity": ("none", "even", "odd"),
    "bits": ("7", "8"),
    "stop": ("1", "2"),
    "handshake": ("none", "dtr", "rts", "xon"),
    "terminator": tuple(TERMINATORS),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SerialLine:
    """Speed, framing, handshake and terminator of a serial line."""

    baud: str = "9600"
    parity: str = "none"
    bits: str = "8"
    stop: str = "1"
    handshake: str = "none"
    terminator: str = "lf"

    @property
    def end(self) -> bytes:
        """What ends a message, in both directions."""
        return TERMINATORS[self.terminator]

    def apply(self, port: Any) -> None:
        """Set a pyserial port; raises ValueError or OSError where it cannot be so."""
        port.baudrate = int(self.baud)
        port.parity = self.parity[0].upper()
        port.bytesize, port.stopbits = int(self.bits), int(self.stop)
        port.dsrdtr = self.handshake == "dtr"
        port.rtscts = self.handshake == "rts"
        port.xonxoff = self.handshake == "xon"


def split_resource(text: str) -> tuple[str, SerialLine]:
    """Return the VISA resource name and the line that is asked for behind it.

    Raises ValueError for an option that is unknown or has no such value, and for one that stands
    behind the name of something else than a serial line.
    """
    name, asks, query = text.strip().partition("?")
    if not asks:
        return name, SerialLine()
    if not name.upper().startswith("ASRL"):
        raise ValueError(f"expected nothing behind {name}, found ?{query}: it is no serial line")
    return name, SerialLine(**dict(_option(part) for part in query.split("&")))


def _option(part: str) -> tuple[str, str]:
    key, _, value = (word.strip().lower() for word in part.partition("="))
    if key not in _CHOICES:
        near = difflib.get_close_matches(key, _CHOICES, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"expected one of {', '.join(_CHOICES)}, found {key!r}{hint}")
    known = _CHOICES[key]
    if value not in known if known else not (value.isdecimal() and int(value) > 0):
        raise ValueError(f"{key}: expected {' or '.join(known) or 'a number'}, found {value!r}")
    return key, value
