"""Numato relay boards (USB, serial port; Ethernet through a raw socket).

Manual: *Numato 16/32 Channel USB Relay Module User Guide* (title recalled, no number). Verified in
public drivers and the maker's examples: ``relay on 0``, ``relay off 0``, ``relay readall``,
``relay writeall``, ``ver``, ``id get``, every command echoed, a prompt ``>``, indices above 9 as
letters in upper case. Recalled: that letters go on from A to V on 32 channels.

| purpose         | command                                                                    |
|-----------------|----------------------------------------------------------------------------|
| close, open     | ``relay on 0``  ``relay off A``, ended by a carriage return                |
| state           | ``relay readall`` answers a hexadecimal number, one bit a relay            |
| identity        | ``ver``  ``id get``; no ``*IDN?``: the station file names the model        |
| errors          | none: the state is read back after every command                           |

Channels are numbered from 1: channel 1 is the board's relay 0. A board keeps its relays as they are
when the computer dies: only the guardian opens them then.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import ClassVar

from bench.errors import InstrumentError
from instruments.roles import Identity
from instruments.session import Session
from instruments.switches.board import RelayBoard

__all__ = ["Numato"]

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUV"
_PROMPT = re.compile(r"^[\s>]*")


class Numato(RelayBoard):
    """A Numato board; its relays are read back, which is still no proof of a contact."""

    MODELS: ClassVar[tuple[str, ...]] = (r"NUMATO,NUMATO-(2|4|8|16|32)",)
    MANUAL: ClassVar[str] = "Numato 16/32 Channel USB Relay Module User Guide"
    reads_back = True

    @classmethod
    def identify(cls, session: Session, model: str) -> Identity:
        """Return the identity: the model that the station file names, the board's own number."""
        firmware = _answer(session, "ver")
        return Identity(
            manufacturer="Numato", model=model, serial=_answer(session, "id get"), firmware=firmware
        )

    def closed_channels(self, channels: Iterable[int]) -> frozenset[int]:
        """Return which of ``channels`` the board believes closed (not proof of a contact)."""
        asked = self._require_channels(channels)
        reply = _answer(self._session, "relay readall")
        digits = max(1, self._count // 4)
        if not re.fullmatch(rf"[0-9A-Fa-f]{{{digits}}}", reply):
            raise InstrumentError(
                self._session.describe(
                    f"the relay states cannot be read: expected {digits} hexadecimal digits, found "
                    f"{reply[:40]!r}"
                )
            )
        states = int(reply, 16)
        return frozenset(channel for channel in asked if states >> (channel - 1) & 1)

    def _drive(self, channels: tuple[int, ...], *, closed: bool) -> None:
        word = "on" if closed else "off"
        for channel in channels:
            _send(self._session, f"relay {word} {_DIGITS[channel - 1]}")


def _send(session: Session, command: str) -> None:
    """Send a command and take its echo; raises InstrumentError where another echo comes."""
    (echo,) = session.exchange_lines(f"{command}\r".encode("ascii"), lines=1)
    found = _PROMPT.sub("", echo).strip()
    if found != command:
        session.clear()
        raise InstrumentError(
            session.describe(f"expected the echo of {command!r}, found {echo.strip()[:60]!r}")
        )


def _answer(session: Session, command: str) -> str:
    """Send a command and return its answer, the line after its echo."""
    echo, answer = session.exchange_lines(f"{command}\r".encode("ascii"), lines=2)
    if _PROMPT.sub("", echo).strip() != command:
        session.clear()
        raise InstrumentError(
            session.describe(f"expected the echo of {command!r}, found {echo.strip()[:60]!r}")
        )
    return answer.strip()
