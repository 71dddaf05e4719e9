"""What the drivers of SCPI relay units share: fitted channels, operating, reading back."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from typing import ClassVar

from bench.errors import InstrumentError, SettingOutOfRange
from instruments.roles import Identity
from instruments.scpi import ScpiInstrument
from instruments.session import Session

__all__ = ["ScpiSwitch", "channel_list", "fitted", "ranges"]

OPERATE_TIMEOUT_S = 10.0


class ScpiSwitch(ScpiInstrument):
    """A relay unit. Nothing about relays is remembered here: every command is sent."""

    reads_back = True
    STATE_QUERY: ClassVar[str]
    """Asks which of ``{channels}`` are closed, or of all."""

    def __init__(self, session: Session, identity: Identity) -> None:
        """Drive the unit behind an open session; the cards are asked for when first needed."""
        super().__init__(session, identity)
        self._channels: tuple[int, ...] = ()

    @property
    def channels(self) -> tuple[int, ...]:
        """Every relay that the fitted cards have."""
        if not self._channels:
            self._channels = self._fitted_channels()
        return self._channels

    def close_channels(self, channels: Iterable[int]) -> None:
        """Close relays; returns when the unit says that they have operated."""
        self._operate(channels, closed=True)

    def open_channels(self, channels: Iterable[int]) -> None:
        """Open relays; returns when the unit says that they have operated."""
        self._operate(channels, closed=False)

    def open_all(self) -> None:
        """Open every relay of the unit."""
        self.open_channels(self.channels)

    def closed_channels(self, channels: Iterable[int]) -> frozenset[int]:
        """Return which of ``channels`` the unit believes closed (not proof of a contact)."""
        asked = self._require_channels(channels)
        if not asked:
            return frozenset()
        (reply,) = self._run(self._state_query(asked), answers=1)
        return self._closed(asked, reply)

    # -- what a family says

    @abstractmethod
    def _fitted_channels(self) -> tuple[int, ...]:
        """Ask which cards are fitted and return their channels."""

    @abstractmethod
    def _command(self, *, closed: bool) -> str:
        """Return the header that closes or opens a list of channels and leaves the others."""

    @abstractmethod
    def _closed(self, asked: tuple[int, ...], reply: str) -> frozenset[int]:
        """Return which of ``asked`` are closed by the answer to that query."""

    def _state_query(self, asked: tuple[int, ...]) -> str:
        return self.STATE_QUERY.format(channels=channel_list(asked))

    # -- operating

    def _operate(self, channels: Iterable[int], *, closed: bool) -> None:
        """Operate, wait, read back and check in one exchange."""
        asked = self._require_channels(channels)
        if not asked:
            return
        _, reply = self._run(
            f"{self._command(closed=closed)} {channel_list(asked)}",
            "*OPC?",
            self._state_query(asked),
            answers=2,
            timeout_s=OPERATE_TIMEOUT_S,
        )
        found = self._closed(asked, reply)
        wrong = sorted(set(asked) - found if closed else found)
        if wrong:
            raise InstrumentError(
                self._session.describe(
                    f"channels {wrong} did not {'close' if closed else 'open'}, it reports the "
                    "opposite; check the card and its interlock"
                )
            )

    def _require_channels(self, channels: Iterable[int]) -> tuple[int, ...]:
        asked = tuple(sorted(set(channels)))
        missing = [channel for channel in asked if channel not in self.channels]
        if missing:
            raise SettingOutOfRange(
                self._session.describe(
                    f"channels {missing} do not exist, the cards have {ranges(self.channels)}; "
                    "nothing was sent"
                )
            )
        return asked

    def _no_card(self) -> InstrumentError:
        return InstrumentError(
            self._session.describe("no slot holds a relay card; fit one and switch it on again")
        )

    def _unknown_card(self, slot: int, card: str, known: Iterable[str]) -> InstrumentError:
        return InstrumentError(
            self._session.describe(f"slot {slot} holds {card!r}, known are {', '.join(known)}")
        )


def fitted(slot: int, count: int) -> tuple[int, ...]:
    """Return the channels of a card, numbered from slot + 1."""
    return tuple(slot + number + 1 for number in range(count))


def channel_list(channels: Iterable[int]) -> str:
    """Return a SCPI channel list, runs written as ranges."""
    return f"(@{ranges(channels)})"


def ranges(channels: Iterable[int]) -> str:
    """Return channels with runs written as ``first:last``."""
    runs: list[tuple[int, int]] = []
    for channel in sorted(channels):
        if runs and channel == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], channel)
        else:
            runs.append((channel, channel))
    return ",".join(str(low) if low == high else f"{low}:{high}" for low, high in runs)
