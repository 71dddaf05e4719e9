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

from typing import ClassVar

from bench.errors import InstrumentError
from instruments.session import parse_numbers
from instruments.switches.scpi_switch import ScpiSwitch, fitted

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


class KeysightDaq970(ScpiSwitch):
    """A relay unit. Nothing about relays is remembered here: every command is sent."""

    MODELS: ClassVar[tuple[str, ...]] = (
        r"(KEYSIGHT|AGILENT) TECHNOLOGIES,DAQ97[03]A",
        r"(KEYSIGHT TECHNOLOGIES|AGILENT TECHNOLOGIES|HEWLETT-PACKARD|AGILENT),3497[02]A",
    )
    MANUAL: ClassVar[str] = "DAQ970A/DAQ973A Data Acquisition System Programming Guide"
    STATE_QUERY: ClassVar[str] = ":ROUT:CLOS? {channels}"

    def _command(self, *, closed: bool) -> str:
        return ":ROUT:CLOS" if closed else ":ROUT:OPEN"

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

    def _fitted_channels(self) -> tuple[int, ...]:
        found: list[int] = []
        for slot in _SLOTS:
            (reply,) = self._run(f":SYST:CTYP? {slot}", answers=1)
            fields = [field.strip().strip('"') for field in reply.split(",")]
            card = fields[1] if len(fields) > 1 else ""
            if card not in _CARD_CHANNELS and card != _NO_CARD:
                raise self._unknown_card(slot, card or reply, _CARD_CHANNELS)
            found.extend(fitted(slot, _CARD_CHANNELS.get(card, 0)))
        if not found:
            raise self._no_card()
        return tuple(found)
