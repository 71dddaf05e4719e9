"""Keithley 2700, 2701, 2750 and DAQ6510 with switching cards, used as relay units.

Manuals: *Model 2700 Multimeter/Switch System User's Manual*, 2700-900-01, and *DAQ6510 Reference
Manual*, DAQ6510-901-01 (revisions not checked). Manual: the former for what both share. Verified in
public drivers: ``ROUT:MULT:CLOS``, ``ROUT:MULT:OPEN``, ``ROUT:OPEN:ALL``, ``*OPT?`` naming the cards
of a 2700. Recalled: that the same headers hold on a DAQ6510 (where ``ROUT:CLOS`` alone would open
other channels), the answer of ``ROUT:MULT:CLOS?``, ``SYST:CARD1:IDN?``, channels of a card.

| purpose         | command                                                                    |
|-----------------|----------------------------------------------------------------------------|
| close, open     | ``:ROUT:MULT:CLOS (@101,102)``  ``:ROUT:MULT:OPEN (@101:120)``             |
| operated        | ``*OPC?`` answers when the relays have operated                            |
| state           | ``:ROUT:MULT:CLOS?`` answers the closed channels, ``(@101,105)``           |
| cards           | ``*OPT?`` (2700), ``:SYST:CARD1:IDN?`` (DAQ6510)                           |
| errors          | ``:SYST:ERR?``                                                             |

A 2700 must be in its SCPI command set, a DAQ6510 too (``*LANG SCPI``).
"""

from __future__ import annotations

import re
from typing import ClassVar

from bench.errors import InstrumentError
from instruments.switches.scpi_switch import ScpiSwitch, fitted

__all__ = ["Keithley2700"]

_SLOTS = (100, 200)
_CARD_CHANNELS: dict[str, int] = {
    "7700": 20, "7701": 32, "7702": 40, "7703": 32, "7705": 40, "7706": 20, "7708": 40,
    "7710": 20,
}  # fmt: skip
"""Switched channels of each card, numbered from slot + 1."""
_NO_CARD = ("NONE", "EMPTY SLOT", "")
_LIST = re.compile(r"\(@((?:\d+(?::\d+)?(?:,\d+(?::\d+)?)*)?)\)")


class Keithley2700(ScpiSwitch):
    """A 2700 or DAQ6510 as a relay unit; it measures nothing here."""

    MODELS: ClassVar[tuple[str, ...]] = (
        r"KEITHLEY INSTRUMENTS( INC\.?)?,(MODEL )?27(00|01|50)",
        r"KEITHLEY INSTRUMENTS,(MODEL )?DAQ6510",
    )
    MANUAL: ClassVar[str] = "Model 2700 Multimeter/Switch System User's Manual, 2700-900-01"
    STATE_QUERY: ClassVar[str] = ":ROUT:MULT:CLOS?"

    def _command(self, *, closed: bool) -> str:
        return ":ROUT:MULT:CLOS" if closed else ":ROUT:MULT:OPEN"

    def _closed(self, asked: tuple[int, ...], reply: str) -> frozenset[int]:
        match = _LIST.fullmatch(reply.strip())
        if match is None:
            raise InstrumentError(
                self._session.describe(
                    f"the relay states cannot be read: expected (@101,105), found {reply[:60]!r}"
                )
            )
        return frozenset(asked) & frozenset(_expanded(match[1]))

    def _fitted_channels(self) -> tuple[int, ...]:
        found: list[int] = []
        for slot, card in zip(_SLOTS, self._cards(), strict=False):
            if card.upper() in _NO_CARD:
                continue
            if card not in _CARD_CHANNELS:
                raise self._unknown_card(slot, card, _CARD_CHANNELS)
            found.extend(fitted(slot, _CARD_CHANNELS[card]))
        if not found:
            raise self._no_card()
        return tuple(found)

    def _cards(self) -> list[str]:
        """Return the card of each slot."""
        if "DAQ6510" not in self._identity.model:
            (reply,) = self._run("*OPT?", answers=1)
            return [field.strip() for field in reply.split(",")]
        replies = self._run(":SYST:CARD1:IDN?", ":SYST:CARD2:IDN?", answers=2)
        return [reply.split(",", 1)[0].strip().strip('"') for reply in replies]


def _expanded(text: str) -> list[int]:
    found: list[int] = []
    for part in filter(None, text.split(",")):
        first, _, last = part.partition(":")
        found.extend(range(int(first), int(last or first) + 1))
    return found
