"""A device that only has buttons and lights: an operator presses and answers on the terminal.

Everything is asked by number or by a short word; an empty answer repeats the question, ``?`` says what is
wanted, an end of input is a device that does not answer. Nothing is timed by it.
"""

from __future__ import annotations

import select
import sys
from typing import Final, TextIO

from bench.clock import Clock
from bench.device.link import (
    DELIVERING,
    DeviceIdentity,
    DeviceLimits,
    DeviceState,
    DeviceStatus,
    Telemetry,
)
from bench.errors import DeviceLinkError, DeviceRefused, LinkTimeout, NotOffered

__all__ = ["ManualDevice"]

ANSWER_S: Final = 300.0
"""An operator who says nothing for five minutes has gone."""
_REFUSED: Final = "refused"
_STATES: Final = {state.value.lower(): state for state in DeviceState}


class ManualDevice:
    """The device's control interface through the hands and eyes of an operator."""

    capabilities: frozenset[str] = frozenset({"manual"})

    def __init__(
        self,
        url: str,
        *,
        clock: Clock,
        unlock_key: str,
        source: TextIO | None = None,
        sink: TextIO | None = None,
        answer_s: float = ANSWER_S,
    ) -> None:
        """``url`` is not used; ``source`` and ``sink`` are the terminal's where nothing is given."""
        del url, unlock_key
        self._clock = clock
        self._source = sys.stdin if source is None else source
        self._sink = sys.stderr if sink is None else sink
        self._answer_s = answer_s
        self._identity: DeviceIdentity | None = None
        self._level = 1
        self._counter = 0
        self._closed = False

    def identify(self) -> DeviceIdentity:
        """Ask for the name plate, once."""
        if self._identity is None:
            fields = [self._ask(f"Read from the device: {name}") for name in _NAME_PLATE]
            model, serial, hardware, firmware = fields
            self._identity = DeviceIdentity(
                model=model, serial=serial, hardware=hardware, firmware=firmware,
                capabilities=self.capabilities,
            )  # fmt: skip
        return self._identity

    def status(self) -> DeviceStatus:
        """Ask what the device shows."""
        state = self._choose("What does the device show", tuple(_STATES))
        self._counter += 1
        return DeviceStatus(
            state=_STATES[state],
            level=self._level,
            mode="",
            remaining_s=0.0,
            contact=_STATES[state] in DELIVERING,
            charging=_STATES[state] is DeviceState.CHARGE,
            battery_v=0.0,
            faults=frozenset({"SHOWN"}) if state == "fault" else frozenset(),
            uptime_s=self._clock.now_ns() / 1e9,
            counter=self._counter,
        )

    def limits(self) -> DeviceLimits:
        """Ask how many levels there are."""
        levels = self._choose("How many levels has the device", tuple(str(n) for n in range(1, 21)))
        return DeviceLimits(levels=int(levels), modes=(), session_max_s=0.0)

    def set_level(self, level: int) -> None:
        """Have the level selected."""
        self._do(f"Select level {level}")
        self._level = level

    def start(self, session_s: float) -> None:
        """Have a session started."""
        self._do(f"Start a session ({session_s:g} s, or the device's own length)")

    def stop(self) -> None:
        """Have the output stopped."""
        self._do("Stop the output (nothing to do where it is off)")

    def pause(self) -> None:
        """Have the session paused."""
        self._do("Pause the session")

    def resume(self) -> None:
        """Have the session resumed."""
        self._do("Resume the session")

    def faults(self) -> frozenset[str]:
        """Ask whether a fault is shown."""
        shown = self._choose("Does the device show a fault", ("no", "yes"))
        return frozenset({"SHOWN"}) if shown == "yes" else frozenset()

    def clear_faults(self) -> None:
        """Have the fault cleared as the manual says."""
        self._do("Clear the fault as the device's manual says")

    def power_on(self) -> None:
        """Have it switched on."""
        self._do("Switch the device on")

    def power_off(self) -> None:
        """Have it switched off."""
        self._do("Switch the device off")

    def reset(self) -> None:
        """Have it switched off and on."""
        self._do("Switch the device off and on")

    def telemetry(self) -> Telemetry:
        """A device without a link reports no readings."""
        raise self._missing("readings of its own")

    def set_mode(self, mode: str) -> None:
        """Have a mode selected."""
        self._do(f"Select mode {mode}")

    def heartbeat(self, timeout_s: float) -> None:
        """There is no link that could be lost."""
        raise self._missing(f"a link watchdog ({timeout_s:g} s)")

    def unlock_tests(self) -> None:
        """There is no test mode without a link."""
        raise self._missing("a test mode")

    def inject(self, name: str, value: float) -> None:
        """Nothing can be injected by hand."""
        raise self._missing(f"injection of {name} ({value:g})")

    def enable_protection(self, name: str, *, enabled: bool) -> None:
        """No protection can be switched by hand."""
        raise self._missing(f"switching {name} {'on' if enabled else 'off'}")

    def raw(self, request: bytes) -> bytes:
        """There is no line to send bytes over."""
        raise self._missing(f"a line for {len(request)} bytes")

    def close(self) -> None:
        """Nothing is held open."""
        self._closed = True

    # -- the terminal

    def _do(self, what: str) -> None:
        if self._choose(what, ("done", _REFUSED)) == _REFUSED:
            raise DeviceRefused(
                f"device by hand: the operator says that it refused: {what}", code=0, word="REFUSED"
            )

    def _choose(self, question: str, answers: tuple[str, ...]) -> str:
        while True:
            given = self._ask(f"{question} [{' / '.join(answers)}]").lower()
            fitting = [answer for answer in answers if answer == given] or [
                answer for answer in answers if given and answer.startswith(given)
            ]
            if len(fitting) == 1:
                return fitting[0]
            self._say(f"  expected one of {', '.join(answers)}, found {given!r}\n")

    def _ask(self, question: str) -> str:
        if self._closed:
            raise DeviceLinkError("device by hand: it was closed; open it again")
        while True:
            self._say(f"OPERATOR: {question}: ")
            if not select.select([self._source], [], [], self._answer_s)[0]:
                raise LinkTimeout(
                    f"device by hand: no answer within {self._answer_s:g} s to: {question}"
                )
            line = self._source.readline()
            if not line:
                raise LinkTimeout(
                    "device by hand: the terminal has ended; run it where an operator can answer"
                )
            if line.strip():
                return line.strip()

    def _say(self, text: str) -> None:
        self._sink.write(text)
        self._sink.flush()

    @staticmethod
    def _missing(what: str) -> NotOffered:
        return NotOffered(f"device by hand: it has no {what}")


_NAME_PLATE: Final = ("model", "serial number", "hardware version", "firmware version")
