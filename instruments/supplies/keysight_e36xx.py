"""Keysight E36311A, E36312A and E36313A triple-output supplies.

Manual: *E36300 Series Programmable DC Power Supplies Programming Guide*, E36311-90008 (title,
number and the channel-list syntax verified; the ratings below recalled from the data sheet).

| purpose         | command                                                                    |
|-----------------|----------------------------------------------------------------------------|
| voltage, limit  | ``:VOLT 3.7,(@1)``  ``:CURR 0.1,(@1)`` and ``:VOLT? (@1)``  ``:CURR? (@1)``|
| output          | ``:OUTP ON,(@1)``  ``:OUTP? (@1:3)``                                       |
| reading         | ``:MEAS:VOLT? (@1)``  ``:MEAS:CURR? (@1)``                                 |
| errors          | ``:SYST:ERR?``                                                             |
"""

from __future__ import annotations

from typing import ClassVar

from bench.errors import InstrumentError
from instruments.roles import Identity
from instruments.session import Session
from instruments.supplies.supply import ScpiSupply

__all__ = ["KeysightE36xx"]

_ALL_OUTPUTS = "(@1:3)"
_RATINGS: dict[str, tuple[tuple[float, float], ...]] = {
    "E36311A": ((6.0, 5.0), (25.0, 1.0), (25.0, 1.0)),
    "E36312A": ((6.0, 5.0), (25.0, 1.0), (25.0, 1.0)),
    "E36313A": ((6.0, 10.0), (25.0, 2.0), (25.0, 2.0)),
}
"""Volts and amperes of each output, by model; output 3 of the E36311A is negative."""


class KeysightE36xx(ScpiSupply):
    """A supply with three outputs. Nothing about outputs is remembered: every command is sent."""

    MODELS: ClassVar[tuple[str, ...]] = (r"KEYSIGHT TECHNOLOGIES,E3631[123]A",)
    MANUAL: ClassVar[str] = "E36300 Series Programming Guide, E36311-90008"

    def __init__(self, session: Session, identity: Identity) -> None:
        """Drive the supply behind an open session."""
        super().__init__(session, identity)
        self._ratings = _RATINGS[identity.model]
        self._setting_margin = 1.03  # 6.18 V on an output of 6 V

    def configure_output(self, output: int, *, voltage_v: float, current_limit_a: float) -> None:
        """Set an output's voltage and current limit without switching it; both are read back."""
        self._require_output(output)
        volts, amperes = self._levels(output, ":VOLT", ":CURR")
        at = f"(@{output})"
        answers = self._run(
            f"{volts.to(voltage_v).text},{at}",
            f"{amperes.to(current_limit_a).text},{at}",
            f"{volts.ask()} {at}",
            f"{amperes.ask()} {at}",
            answers=2,
        )
        for reply, expected in zip(answers, (voltage_v, current_limit_a), strict=True):
            self._require_near(output, self._number(reply), expected)

    def switch_output(self, output: int, *, on: bool) -> None:
        """Switch one output; returns when the supply says that it is done and reads so."""
        self._require_output(output)
        self._switch(f"(@{output})", on=on, count=1)

    def all_off(self) -> None:
        """Switch every output off."""
        self._switch(_ALL_OUTPUTS, on=False, count=len(self._ratings))

    def output_is_on(self, output: int) -> bool:
        """Return whether the output is switched on."""
        self._require_output(output)
        (reply,) = self._run(f":OUTP? (@{output})", answers=1)
        return self._number(reply) != 0

    def measure_voltage(self, output: int) -> float:
        """Read back the output's voltage in volts."""
        return self._measure("VOLT", output)

    def measure_current(self, output: int) -> float:
        """Read back the output's current in amperes."""
        return self._measure("CURR", output)

    def _measure(self, quantity: str, output: int) -> float:
        self._require_output(output)
        (reply,) = self._run(f":MEAS:{quantity}? (@{output})", answers=1)
        return self._number(reply)

    def _switch(self, outputs: str, *, on: bool, count: int) -> None:
        state = "ON" if on else "OFF"
        _, reply = self._run(f":OUTP {state},{outputs}", "*OPC?", f":OUTP? {outputs}", answers=2)
        found = self._numbers(reply, count)
        if any((value != 0) != on for value in found):
            raise InstrumentError(
                self._session.describe(
                    f"outputs {outputs} were switched {state.lower()}, it reports {reply}; check "
                    "its protection and its inhibit input"
                )
            )
