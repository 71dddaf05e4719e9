"""What a telnet port says unasked, so that nothing of it is taken for an answer.

Keysight and Siglent instruments serve SCPI for people on port 5024: a greeting, a prompt behind every
message, on some an echo. Sources: sessions shown by users of a Siglent SDS5104X and an Agilent 33500
(``Welcome to the SCPI instrument 'Siglent SDS5104X'``, ``>>``; ``Welcome to Agilent's 33500-Series
Waveform Generator``, ``33500>``), a public driver of a Keysight EDUX1052A (telnet options first).
"""

from __future__ import annotations

from instruments.blocks import shortened

__all__ = ["TelnetPort", "require_no_greeting"]

_GREETING = b"Welcome to "
_TELNET_OPTION = b"\xff"
"""IAC, which begins each option that a telnet server offers (RFC 854)."""


class TelnetPort(ValueError):
    """What answers is a telnet port, where a raw socket was expected."""


def require_no_greeting(received: bytes) -> None:
    """Raise TelnetPort where what a socket sent begins like the greeting of a telnet port."""
    text = received.lstrip(b"\r\n")
    if text.startswith((_TELNET_OPTION, _GREETING)):
        raise TelnetPort(
            f"expected a raw socket, which says nothing unasked, found the greeting of a telnet port "
            f"({shortened(text)}); write the port of the raw socket into the station file (5025, not "
            "5024)"
        )
