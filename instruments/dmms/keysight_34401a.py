"""HP, Agilent and Keysight 34401A.

Manual: *Agilent 34401A 6 ½ Digit Multimeter User's Guide*, 34401-90004 (number recalled). Verified
in public drivers: ``SYST:REM`` first on RS-232 (and only there), ``READ?``, ``SYST:ERR?``, at most
512 readings in its memory (``READ?`` does not use it). Recalled: the steps of NPLC; that the line
frequency cannot be asked; ``[SENSe:]ZERO:AUTO`` and ``INPut:IMPedance:AUTO`` without a function.

| purpose         | command                                                                    |
|-----------------|----------------------------------------------------------------------------|
| remote          | ``SYST:REM`` on a serial line, before anything else                        |
| function        | ``:FUNC "VOLT:DC"``, ``"VOLT:AC"``, ``"RES"``, ``"FRES"``                  |
| range           | ``:VOLT:DC:RANG  :VOLT:AC:RANG  :RES:RANG  :FRES:RANG`` and their queries  |
| integration     | ``:VOLT:DC:NPLC``: 0.02, 0.2, 1, 10, 100                                   |
| input           | ``:INP:IMP:AUTO ON`` (> 10 GΩ to 10 V), ``:ZERO:AUTO ON``                  |
| trigger         | ``:TRIG:SOUR IMM  :TRIG:COUN 1  :SAMP:COUN``                               |
| reading         | ``:READ?``                                                                 |
| errors          | ``:SYST:ERR?``                                                             |
"""

from __future__ import annotations

from typing import ClassVar

from instruments.dmms.integration import LineCycleSteps
from instruments.dmms.multimeter import MeterFamily, ScpiMultimeter

__all__ = ["Keysight34401A"]

_FAMILY = MeterFamily(
    ranges_v=(0.1, 1.0, 10.0, 100.0, 1000.0),
    ranges_ac_v=(0.1, 1.0, 10.0, 100.0, 750.0),
    ranges_ohm=(100.0, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8),
    apertures=LineCycleSteps(steps=(0.02, 0.2, 1.0, 10.0, 100.0)),
    extras={"VOLT:DC": (":ZERO:AUTO ON", ":INP:IMP:AUTO ON"), "RES": (":ZERO:AUTO ON",)},
    line_frequency_query="",
)


class Keysight34401A(ScpiMultimeter):
    """A 34401A; on RS-232 it obeys nothing before ``SYST:REM``."""

    MODELS: ClassVar[tuple[str, ...]] = (
        r"(HEWLETT-PACKARD|AGILENT TECHNOLOGIES|KEYSIGHT TECHNOLOGIES|AGILENT),34401A",
    )
    MANUAL: ClassVar[str] = "Agilent 34401A 6 ½ Digit Multimeter User's Guide, 34401-90004"
    FAMILIES = (("", _FAMILY),)

    def _prepare(self) -> None:
        if self.resource_name.upper().startswith("ASRL"):
            self._session.write("SYST:REM")
