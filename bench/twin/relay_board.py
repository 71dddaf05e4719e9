"""The simulated relay board: a Numato of 32 relays on a serial port or, as Ethernet board, a socket.

Dialect: the maker's examples and public drivers. No SCPI: a command ends in a carriage return, is
echoed, and is followed by its answer and a prompt. Relay 0 is the first of the fixture, and so on in
the order of :data:`bench.twin.fixture.RELAYS`. A command returns at once, contacts move later; the
relays stay as they are whatever becomes of the client.
"""

from __future__ import annotations

from bench.twin.laboratory_time import LaboratoryTime
from bench.twin.switch import CHANNELS, SwitchUnit
from bench.twin.wire import Reply

__all__ = ["NumatoBoard"]

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUV"
_RELAYS = CHANNELS[: len(_DIGITS)]


class NumatoBoard(SwitchUnit):
    """A Numato board of 32 relays."""

    message_end = b"\r"

    def __init__(self, *, timeline: LaboratoryTime, identity: str, serial: str) -> None:
        super().__init__(timeline=timeline, identity=identity, serial=serial)
        self._number = serial

    def answer(self, message: bytes) -> Reply | None:
        """Return the echo, the answer where there is one, and the prompt."""
        response = self.execute(message)
        carried = None if response is None else self.wire.carry(response)
        if carried is None or carried.fate != "whole":
            return carried
        return Reply(data=carried.data, fate="unended")  # the prompt is its end

    def execute(self, message: bytes) -> bytes | None:
        """Execute one command; what is no command is echoed and does nothing."""
        self.timeline.advance_by(self.message_time_ns())
        text = message.strip().decode("latin-1")
        found = self._answered(text.split())
        answered = "" if found is None else f"{found}\n\r"
        return f"{text}\n\r{answered}>".encode("latin-1")

    def _answered(self, words: list[str]) -> str | None:
        world = self.timeline.world
        match words:
            case ["ver"]:
                return "0000000A"
            case ["id", "get"]:
                return self._number
            case ["relay", "readall"]:
                states = sum(world.relay_commanded(n) << k for k, n in enumerate(_RELAYS))
                return f"{states:0{len(_DIGITS) // 4}x}"
            case ["relay", "read", digit] if digit in _DIGITS:
                return "on" if world.relay_commanded(_RELAYS[_DIGITS.index(digit)]) else "off"
            case ["relay", ("on" | "off") as word, digit] if digit in _DIGITS:
                channel, closed = _RELAYS[_DIGITS.index(digit)], word == "on"
                if world.relay_commanded(channel) != closed:
                    world.command_relay(channel, closed=closed)
            case _:
                pass
        return None
