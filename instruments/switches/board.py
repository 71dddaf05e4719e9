"""What relay boards without SCPI share: channels from 1, no error queue, a time to operate."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from typing import ClassVar

from bench.errors import InstrumentError, SettingOutOfRange
from instruments.roles import Identity
from instruments.session import Session

__all__ = ["RelayBoard"]

OPERATE_S = 0.02
"""Operate and bounce of a small power relay, with a margin. Proposed."""


class RelayBoard:
    """A board of relays that answers no ``*IDN?``; nothing is remembered, every command is sent."""

    MODELS: ClassVar[tuple[str, ...]] = ()
    MANUAL: ClassVar[str] = ""
    reads_back: bool = False

    def __init__(self, session: Session, identity: Identity) -> None:
        """Drive the board behind an open session."""
        self.role = session.role
        self.resource_name = session.resource_name
        self._session = session
        self._identity = identity
        self._count = int(identity.model.rpartition("-")[2])

    @classmethod
    @abstractmethod
    def identify(cls, session: Session, model: str) -> Identity:
        """Return who is there, as far as the board can say."""

    @property
    def identity(self) -> Identity:
        """Identity as found when the session was opened."""
        return self._identity

    @property
    def channels(self) -> tuple[int, ...]:
        """Every relay of the board, from 1."""
        return tuple(range(1, self._count + 1))

    def reset(self) -> None:
        """Open every relay: the state after power-on."""
        self.open_all()

    def drain_errors(self) -> tuple[tuple[int, str], ...]:
        """Return nothing: such a board has no error queue."""
        return ()

    def close(self) -> None:
        """Close the session; idempotent, never raises."""
        self._session.close()

    def close_channels(self, channels: Iterable[int]) -> None:
        """Close relays; returns after the time that relays take."""
        self._operate(channels, closed=True)

    def open_channels(self, channels: Iterable[int]) -> None:
        """Open relays; returns after the time that relays take."""
        self._operate(channels, closed=False)

    def open_all(self) -> None:
        """Open every relay of the board."""
        self.open_channels(self.channels)

    @abstractmethod
    def closed_channels(self, channels: Iterable[int]) -> frozenset[int]:
        """Return which of ``channels`` the board believes closed (not proof of a contact)."""

    @abstractmethod
    def _drive(self, channels: tuple[int, ...], *, closed: bool) -> None:
        """Send what closes or opens relays."""

    def _operate(self, channels: Iterable[int], *, closed: bool) -> None:
        asked = self._require_channels(channels)
        if not asked:
            return
        self._drive(asked, closed=closed)
        self._session.clock.sleep(OPERATE_S)
        found = self.closed_channels(asked)
        wrong = sorted(set(asked) - found if closed else found)
        if wrong:
            raise InstrumentError(
                self._session.describe(
                    f"channels {wrong} did not {'close' if closed else 'open'}, it reports the "
                    "opposite; check the board and its supply"
                )
            )

    def _require_channels(self, channels: Iterable[int]) -> tuple[int, ...]:
        asked = tuple(sorted(set(channels)))
        missing = [channel for channel in asked if channel not in self.channels]
        if missing:
            raise SettingOutOfRange(
                self._session.describe(
                    f"channels {missing} do not exist, the board has 1 to {self._count}; nothing "
                    "was sent"
                )
            )
        return asked
