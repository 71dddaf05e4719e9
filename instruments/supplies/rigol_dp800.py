"""Rigol DP831, DP832 and their A versions, three outputs.

Manual: *RIGOL DP800 Series Programming Guide*, December 2015 (number not checked). Verified in
public drivers: ``:OUTP CH1,ON``, ``:OUTP? CH1`` answering ON or OFF, ``:MEAS:VOLT? CH1``,
``:SOUR1:VOLT``. Recalled: settings up to 5 % above the rating, steps of 10 mV and 1 mA without the
A. Nobody says that it takes several commands in one message: each goes alone.

| purpose         | command                                                                    |
|-----------------|----------------------------------------------------------------------------|
| voltage, limit  | ``:SOUR1:VOLT 3.7``  ``:SOUR1:CURR 0.1`` and their queries                 |
| output          | ``:OUTP CH1,ON``  ``:OUTP? CH1``                                           |
| reading         | ``:MEAS:VOLT? CH1``  ``:MEAS:CURR? CH1``                                   |
| errors          | ``:SYST:ERR?``                                                             |
"""

from __future__ import annotations

from typing import ClassVar

from instruments.roles import Identity
from instruments.scpi import OneCommandAMessage
from instruments.session import Session
from instruments.supplies.supply import ScpiSupply

__all__ = ["RigolDp800"]

_RATINGS: dict[str, tuple[tuple[float, float], ...]] = {
    "DP831": ((8.0, 5.0), (30.0, 2.0), (30.0, 2.0)),
    "DP832": ((30.0, 3.0), (30.0, 3.0), (5.0, 3.0)),
}
"""Output 3 of the DP831 is negative."""


class RigolDp800(OneCommandAMessage, ScpiSupply):
    """A DP831 or DP832."""

    MODELS: ClassVar[tuple[str, ...]] = (r"RIGOL TECHNOLOGIES,DP83[12]A?",)
    MANUAL: ClassVar[str] = "RIGOL DP800 Series Programming Guide, December 2015"

    def __init__(self, session: Session, identity: Identity) -> None:
        """Drive the supply behind an open session."""
        super().__init__(session, identity)
        self._ratings = _RATINGS[identity.model.removesuffix("A")]
        self._setting_margin = 1.05
        self._resolution = 2e-3 if identity.model.endswith("A") else 6e-3

    def configure_output(self, output: int, *, voltage_v: float, current_limit_a: float) -> None:
        """Set an output's voltage and current limit without switching it; both are read back."""
        self._require_output(output)
        volts, amperes = self._levels(output, f":SOUR{output}:VOLT", f":SOUR{output}:CURR")
        answers = self._run(
            volts.to(voltage_v).text,
            amperes.to(current_limit_a).text,
            volts.ask(),
            amperes.ask(),
            answers=2,
        )
        for reply, expected in zip(answers, (voltage_v, current_limit_a), strict=True):
            self._require_near(output, self._number(reply), expected)

    def switch_output(self, output: int, *, on: bool) -> None:
        """Switch one output; returns when the supply says that it is done and reads so."""
        self._require_output(output)
        state = "ON" if on else "OFF"
        _, reply = self._run(f":OUTP CH{output},{state}", "*OPC?", f":OUTP? CH{output}", answers=2)
        self._require_state(output, found=_is_on(reply), wanted=on)

    def all_off(self) -> None:
        """Switch every output off."""
        for output in self.readable_outputs:
            self.switch_output(output, on=False)

    def output_is_on(self, output: int) -> bool:
        """Return whether the output is switched on."""
        self._require_output(output)
        (reply,) = self._run(f":OUTP? CH{output}", answers=1)
        return _is_on(reply)

    def measure_voltage(self, output: int) -> float:
        """Read back the output's voltage in volts."""
        return self._measure("VOLT", output)

    def measure_current(self, output: int) -> float:
        """Read back the output's current in amperes."""
        return self._measure("CURR", output)

    def _measure(self, quantity: str, output: int) -> float:
        self._require_output(output)
        (reply,) = self._run(f":MEAS:{quantity}? CH{output}", answers=1)
        return self._number(reply)


def _is_on(reply: str) -> bool:
    return reply.strip().upper() in ("ON", "1")
