"""Keysight DAQ970A and 34970A/34972A with actuator or multiplexer cards, used as relay units.

Manual: *DAQ970A/DAQ973A Data Acquisition System Programming Guide* (title recalled, number
unverified). ``ROUT:CLOS``, ``ROUT:OPEN`` and ``*RST`` opening every relay are verified on public
drivers and on the pages of the compatible Rigol M300; ``SYST:CTYP?`` is recalled.

| purpose         | command                                                                    |
|-----------------|----------------------------------------------------------------------------|
| close, open     | ``:ROUT:CLOS (@101,102)``  ``:ROUT:OPEN (@101:120)``                       |
| operated        | ``*OPC?`` answers when the relays have operated                            |
| state           | ``:ROUT:CLOS? (@101,102)`` is what the unit believes, not a contact        |
| cards           | ``:SYST:CTYP? 100`` answers maker, card, serial number, firmware           |
| errors          | ``:SYST:ERR?``                                                             |

Several channels of one command operate in no promised order: where the order matters, use two.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from bench.errors import InstrumentError, SettingOutOfRange
from instruments.roles import Identity
from instruments.scpi import ScpiInstrument
from instruments.session import Session, parse_numbers

__all__ = ["KeysightDaq970"]

_SLOTS = (100, 200, 300)
_CARD_CHANNELS: dict[str, int] = {
    "34901A": 20,
    "34902A": 16,
    "34903A": 20,
    "34908A": 40,
    "DAQM900A": 16,
    "DAQM901A": 20,
    "DAQM902A": 16,
    "DAQM903A": 20,
    "DAQM908A": 40,
}
"""Switched channels of each card, numbered from slot + 1."""
_NO_CARD = "0"
_OPERATE_TIMEOUT_S = 10.0


class KeysightDaq970(ScpiInstrument):
    """A relay unit. Nothing about relays is remembered here: every command is sent."""

    MODELS: ClassVar[tuple[str, ...]] = (
        r"(KEYSIGHT|AGILENT) TECHNOLOGIES,DAQ97[03]A",
        r"(KEYSIGHT TECHNOLOGIES|AGILENT TECHNOLOGIES|HEWLETT-PACKARD|AGILENT),3497[02]A",
    )
    MANUAL: ClassVar[str] = "DAQ970A/DAQ973A Data Acquisition System Programming Guide"

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
        self._operate(":ROUT:CLOS", channels, closed=True)

    def open_channels(self, channels: Iterable[int]) -> None:
        """Open relays; returns when the unit says that they have operated."""
        self._operate(":ROUT:OPEN", channels, closed=False)

    def open_all(self) -> None:
        """Open every relay of the unit."""
        self.open_channels(self.channels)

    def closed_channels(self, channels: Iterable[int]) -> frozenset[int]:
        """Return which of ``channels`` the unit believes closed (not proof of a contact)."""
        asked = self._require_channels(channels)
        if not asked:
            return frozenset()
        (reply,) = self._run(f":ROUT:CLOS? {_channel_list(asked)}", answers=1)
        return self._closed(asked, reply)

    def _operate(self, command: str, channels: Iterable[int], *, closed: bool) -> None:
        """Operate, wait, read back and check in one exchange."""
        asked = self._require_channels(channels)
        if not asked:
            return
        listed = _channel_list(asked)
        _, reply = self._run(
            f"{command} {listed}",
            "*OPC?",
            f":ROUT:CLOS? {listed}",
            answers=2,
            timeout_s=_OPERATE_TIMEOUT_S,
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

    def _closed(self, asked: tuple[int, ...], reply: str) -> frozenset[int]:
        try:
            states = parse_numbers(reply, count=len(asked))
        except ValueError as error:
            raise InstrumentError(
                self._session.describe(f"the relay states cannot be read: {error}")
            ) from error
        return frozenset(
            channel for channel, state in zip(asked, states, strict=True) if state != 0
        )

    def _require_channels(self, channels: Iterable[int]) -> tuple[int, ...]:
        asked = tuple(sorted(set(channels)))
        missing = [channel for channel in asked if channel not in self.channels]
        if missing:
            raise SettingOutOfRange(
                self._session.describe(
                    f"channels {missing} do not exist, the cards have {_ranges(self.channels)}; "
                    "nothing was sent"
                )
            )
        return asked

    def _fitted_channels(self) -> tuple[int, ...]:
        found: list[int] = []
        for slot in _SLOTS:
            (reply,) = self._run(f":SYST:CTYP? {slot}", answers=1)
            fields = [field.strip().strip('"') for field in reply.split(",")]
            card = fields[1] if len(fields) > 1 else ""
            if card not in _CARD_CHANNELS and card != _NO_CARD:
                raise InstrumentError(
                    self._session.describe(
                        f"slot {slot} holds {card or reply!r}, known are "
                        f"{', '.join(_CARD_CHANNELS)}"
                    )
                )
            found.extend(slot + number + 1 for number in range(_CARD_CHANNELS.get(card, 0)))
        if not found:
            raise InstrumentError(
                self._session.describe("no slot holds a relay card; fit one and switch it on again")
            )
        return tuple(found)


def _channel_list(channels: Iterable[int]) -> str:
    """Return a SCPI channel list, runs written as ranges."""
    return f"(@{_ranges(channels)})"


def _ranges(channels: Iterable[int]) -> str:
    runs: list[tuple[int, int]] = []
    for channel in sorted(channels):
        if runs and channel == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], channel)
        else:
            runs.append((channel, channel))
    return ",".join(str(low) if low == high else f"{low}:{high}" for low, high in runs)
