"""The simulated switch unit: Keysight DAQ970A, 20-channel actuators DAQM903A in slots 1 and 2.

Dialect: DAQ970A Programming Guide. A command returns when every contact it moved has settled.
What ``ROUTe:CLOSe?`` answers is what was commanded; it is no proof of a contact.
"""

from __future__ import annotations

from collections import Counter

from bench.twin.laboratory_time import LaboratoryTime
from bench.twin.scpi import ScpiInstrument
from bench.twin.scpi_parameters import ScpiError
from bench.twin.scpi_tree import Call

__all__ = ["SwitchUnit"]

CHANNELS = (*range(101, 121), *range(201, 221))
"""Relays of the two cards; docs/laboratory.md says what is wired."""
_SLOTS = (100, 200, 300)
_CARDS = {100: "A", 200: "B"}


class SwitchUnit(ScpiInstrument):
    """The switch unit of the laboratory."""

    def __init__(self, *, timeline: LaboratoryTime, identity: str, serial: str) -> None:
        super().__init__(identity, timeline)
        self._serial = serial
        self._cycles: Counter[int] = Counter()
        self.add_own_commands()

    def add_own_commands(self) -> None:
        """Declare the commands of this family."""
        add = self.tree.add
        add("ROUTe:CLOSe", command=self._close, query=lambda call: self._state(call, closed=True))
        add("ROUTe:CLOSe:EXCLusive", command=self._close_only)
        add("ROUTe:OPEN", command=self._open, query=lambda call: self._state(call, closed=False))
        self.add_action("ROUTe:OPEN:ALL", self.reset)
        self.add_answer("ROUTe:DONE", lambda: "1")
        add("SYSTem:CTYPe", query=self._card)
        add("SYSTem:CPON", command=self._card_reset)
        add("DIAGnostic:RELay:CYCLes", query=self._cycle_counts)

    def reset(self) -> None:
        """Open every relay."""
        self.drive(CHANNELS, closed=False)

    def drive(self, channels: tuple[int, ...], *, closed: bool) -> None:
        """Move what is not there yet and wait for the slowest contact."""
        world = self.timeline.world
        settled_ns = self.timeline.now_ns
        for channel in channels:
            if world.relay_commanded(channel) != closed:
                self._cycles[channel] += closed
                settled_ns = max(settled_ns, world.command_relay(channel, closed=closed))
        self.timeline.advance_to(settled_ns)

    def _close(self, call: Call) -> None:
        self.drive(call.arguments.channel_list(CHANNELS), closed=True)

    def _close_only(self, call: Call) -> None:
        channels = call.arguments.channel_list(CHANNELS)
        self.drive(tuple(set(CHANNELS) - set(channels)), closed=False)
        self.drive(channels, closed=True)

    def _open(self, call: Call) -> None:
        self.drive(call.arguments.channel_list(CHANNELS), closed=False)

    def _state(self, call: Call, *, closed: bool) -> str:
        channels = call.arguments.channel_list(CHANNELS)
        return ",".join(
            str(int(self.timeline.world.relay_commanded(channel) == closed)) for channel in channels
        )

    def _slot(self, call: Call) -> int:
        slot = call.arguments.integer(low=_SLOTS[0], high=_SLOTS[-1])
        if slot not in _SLOTS:
            raise ScpiError(-222, f"slot {slot}")
        return slot

    def _card(self, call: Call) -> str:
        card = _CARDS.get(self._slot(call))
        if card is None:
            return "Keysight Technologies,0,0,0"
        return f"Keysight Technologies,DAQM903A,{self._serial}-{card},1.00-SIMULATED"

    def _card_reset(self, call: Call) -> None:
        if call.arguments.peek().upper() == "ALL":
            call.arguments.word()
            self.reset()
            return
        slot = self._slot(call)
        self.drive(tuple(c for c in CHANNELS if slot < c < slot + 100), closed=False)

    def _cycle_counts(self, call: Call) -> str:
        channels = call.arguments.channel_list(CHANNELS)
        return ",".join(f"+{self._cycles[channel]}" for channel in channels)
