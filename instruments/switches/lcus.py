"""LCUS-style relay boards: a CH340 serial port at 9600 baud that takes frames of four bytes.

Manual: none; the frames are those of public drivers. Verified in several of them: ``A0``, relay from
1, 1 or 0, and the sum of the three bytes; nothing is answered. Recalled: that boards of 16 relays
take the same frames.

| purpose         | command                                                                    |
|-----------------|----------------------------------------------------------------------------|
| close relay 1   | ``A0 01 01 A2``                                                            |
| open relay 1    | ``A0 01 00 A1``                                                            |
| state           | none: what was commanded is all that is known                              |
| identity        | none: the station file names the model                                     |
| errors          | none                                                                       |

So ``reads_back`` is False: that a load is open is proved by the meter alone, and the safe state says
so. A board keeps its relays as they are when the computer dies.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from instruments.roles import Identity
from instruments.session import Session
from instruments.switches.board import RelayBoard

__all__ = ["Lcus", "frame"]

_START = 0xA0


class Lcus(RelayBoard):
    """A board that never answers."""

    MODELS: ClassVar[tuple[str, ...]] = (r"LCUS,LCUS-(1|2|4|8|16)",)
    MANUAL: ClassVar[str] = "none: frames of four bytes as in public drivers"
    reads_back = False

    def __init__(self, session: Session, identity: Identity) -> None:
        """Drive the board; every relay counts as closed until it was commanded open."""
        super().__init__(session, identity)
        self._closed = set(self.channels)

    @classmethod
    def identify(cls, session: Session, model: str) -> Identity:
        """Return the identity that the station file claims: the board answers nothing."""
        del session
        return Identity(manufacturer="LCUS", model=model, serial="", firmware="")

    def closed_channels(self, channels: Iterable[int]) -> frozenset[int]:
        """Return which of ``channels`` were not commanded open; the board cannot be asked."""
        return frozenset(self._require_channels(channels)) & self._closed

    def _drive(self, channels: tuple[int, ...], *, closed: bool) -> None:
        for channel in channels:
            self._session.exchange_lines(frame(channel, closed=closed), lines=0)
            (self._closed.add if closed else self._closed.discard)(channel)


def frame(channel: int, *, closed: bool) -> bytes:
    """Return the four bytes that drive one relay."""
    body = (_START, channel, int(closed))
    return bytes((*body, sum(body) & 0xFF))
