"""Siglent SPD3303X and SPD3303X-E: two programmable outputs, a third of fixed voltage.

Manual: *SPD3303X/SPD3303X-E Quick Start*, QS0503X-E01B (number from a public driver, revision B).
Verified in public drivers: ``CH1:VOLT``, ``OUTP CH1,ON``, ``MEAS:VOLT? CH1``, ``SYST:STAT?``
answering bits in hexadecimal (bit 4: output 1 on, bit 5: output 2 on), no ``*RST`` and no ``*OPC?``.
Recalled: ``SYST:ERR?`` answering ``0  No Error``; that it needs a pause between commands.

| purpose         | command                                                                    |
|-----------------|----------------------------------------------------------------------------|
| voltage, limit  | ``CH1:VOLT 3.7``  ``CH1:CURR 0.1`` and their queries                       |
| output          | ``OUTP CH1,ON``; state in ``SYST:STAT?``                                   |
| reading         | ``MEAS:VOLT? CH1``  ``MEAS:CURR? CH1``                                     |
| errors          | ``SYST:ERR?``                                                              |

Output 3 gives 2.5 V, 3.3 V or 5 V, as a switch on its front says, and reports nothing: it can be
switched and no more (``readable_outputs``).
"""

from __future__ import annotations

import re
from typing import ClassVar

from bench.errors import InstrumentError, SettingOutOfRange
from instruments.roles import Identity
from instruments.scpi import OneCommandAMessage
from instruments.session import Session
from instruments.supplies.supply import ScpiSupply

__all__ = ["SiglentSpd"]

_FIXED_OUTPUT = 3
_FIXED_V = (2.5, 3.3, 5.0)
_RATING = (32.0, 3.2)
_ON_BITS = {1: 0x10, 2: 0x20}
_PAUSE_S = 0.02
_SETTLING_S = 0.1
"""An output follows within this time, and there is no ``*OPC?`` that would tell. Recalled."""
_ERROR = re.compile(r"\s*([+-]?\d+)[\s,]+\"?(.*?)\"?\s*\Z", re.DOTALL)
_STATUS = re.compile(r"0x([0-9A-Fa-f]+)\Z")


class SiglentSpd(OneCommandAMessage, ScpiSupply):
    """An SPD3303X or SPD3303X-E."""

    MODELS: ClassVar[tuple[str, ...]] = (r"SIGLENT TECHNOLOGIES,SPD3303X(-E)?",)
    MANUAL: ClassVar[str] = "SPD3303X/SPD3303X-E Quick Start, QS0503X-E01B"
    ERROR_QUERY: ClassVar[str] = "SYST:ERR?"

    def __init__(self, session: Session, identity: Identity) -> None:
        """Drive the supply behind an open session."""
        super().__init__(session, identity)
        self._ratings = (_RATING, _RATING)
        self._resolution = 6e-3 if identity.model.endswith("-E") else 2e-3

    def configure_output(self, output: int, *, voltage_v: float, current_limit_a: float) -> None:
        """Set an output's voltage and current limit without switching it; both are read back.

        The fixed output takes what its switch may be set to, and cannot be asked whether it is.
        """
        if output == _FIXED_OUTPUT:
            if voltage_v not in _FIXED_V:
                raise SettingOutOfRange(
                    self._session.describe(
                        f"output 3 gives 2.5, 3.3 or 5 V by its switch, not {voltage_v:g} V"
                    )
                )
            return
        self._require_output(output)
        volts, amperes = self._levels(output, f"CH{output}:VOLT", f"CH{output}:CURR")
        self._paced(volts.to(voltage_v).text)
        self._paced(amperes.to(current_limit_a).text)
        answers = self._run(volts.ask(), amperes.ask(), answers=2)
        for reply, expected in zip(answers, (voltage_v, current_limit_a), strict=True):
            self._require_near(output, self._number(reply), expected)
        self._session.clock.sleep(_SETTLING_S)

    def switch_output(self, output: int, *, on: bool) -> None:
        """Switch one output; returns when it reads so and has settled, the fixed one when it was told."""
        if output != _FIXED_OUTPUT:
            self._require_output(output)
        self._paced(f"OUTP CH{output},{'ON' if on else 'OFF'}")
        if output != _FIXED_OUTPUT:
            self._require_state(output, found=self.output_is_on(output), wanted=on)
        if on:
            self._session.clock.sleep(_SETTLING_S)

    def all_off(self) -> None:
        """Switch every output off."""
        for output in (*self.readable_outputs, _FIXED_OUTPUT):
            self.switch_output(output, on=False)

    def output_is_on(self, output: int) -> bool:
        """Return whether the output is switched on."""
        self._require_output(output)
        (reply,) = self._run("SYST:STAT?", answers=1)
        match = _STATUS.match(reply.strip())
        if match is None:
            raise InstrumentError(
                self._session.describe(f"its status cannot be read: expected 0x…, found {reply!r}")
            )
        return bool(int(match[1], 16) & _ON_BITS[output])

    def measure_voltage(self, output: int) -> float:
        """Read back the output's voltage in volts."""
        return self._measure("VOLT", output)

    def measure_current(self, output: int) -> float:
        """Read back the output's current in amperes."""
        return self._measure("CURR", output)

    def _measure(self, quantity: str, output: int) -> float:
        self._require_output(output)
        (reply,) = self._run(f"MEAS:{quantity}? CH{output}", answers=1)
        return self._number(reply)

    def _paced(self, command: str) -> None:
        self._run(command, answers=0)
        self._session.clock.sleep(_PAUSE_S)

    def _send_reset(self) -> None:
        """Switch everything off: the family has no ``*RST``."""
        self.all_off()

    def _parse_error(self, reply: str) -> tuple[int, str]:
        match = _ERROR.match(reply)
        if match is None:
            self._reject(self.ERROR_QUERY, f"expected code and text, found {reply!r}")
        return int(match[1]), match[2]
