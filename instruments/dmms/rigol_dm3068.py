"""Rigol DM3068 (and DM3058), in their Agilent command set.

Manual: *RIGOL DM3058/DM3058E/DM3068 Programming Guide*, PGD02103-1110 (number recalled). Verified
in public drivers: ``CMDSET AGILENT`` makes it speak as a 34401A, ``VOLT:DC:NPLC``, ``READ?``.
Recalled: its steps of NPLC; that ``*RST`` may bring another command set back (it is chosen again
after every reset); that the line frequency cannot be asked. Nobody says that it takes several
commands in one message: each goes alone.

| purpose         | command                                                                    |
|-----------------|----------------------------------------------------------------------------|
| command set     | ``CMDSET AGILENT``, before anything else                                   |
| function        | ``:FUNC "VOLT:DC"``, ``"VOLT:AC"``, ``"RES"``, ``"FRES"``                  |
| range           | ``:VOLT:DC:RANG  :VOLT:AC:RANG  :RES:RANG  :FRES:RANG`` and their queries  |
| integration     | ``:VOLT:DC:NPLC``: 0.02, 0.2, 1, 10, 100                                   |
| input           | ``:INP:IMP:AUTO ON`` (> 10 GΩ to 2 V), ``:ZERO:AUTO ON``                   |
| trigger         | ``:TRIG:SOUR IMM  :TRIG:COUN 1  :SAMP:COUN``                               |
| reading         | ``:READ?``                                                                 |
| errors          | ``:SYST:ERR?``                                                             |
"""

from __future__ import annotations

from typing import ClassVar

from instruments.dmms.integration import LineCycleSteps
from instruments.dmms.multimeter import MeterFamily, ScpiMultimeter
from instruments.scpi import OneCommandAMessage

__all__ = ["RigolDm3068"]

_FAMILY = MeterFamily(
    ranges_v=(0.2, 2.0, 20.0, 200.0, 1000.0),
    ranges_ac_v=(0.2, 2.0, 20.0, 200.0, 750.0),
    ranges_ohm=(200.0, 2e3, 2e4, 2e5, 1e6, 1e7, 1e8),
    apertures=LineCycleSteps(steps=(0.02, 0.2, 1.0, 10.0, 100.0)),
    extras={"VOLT:DC": (":ZERO:AUTO ON", ":INP:IMP:AUTO ON"), "RES": (":ZERO:AUTO ON",)},
    most_samples=500,
    line_frequency_query="",
)


class RigolDm3068(OneCommandAMessage, ScpiMultimeter):
    """A DM3068 or DM3058 in its Agilent command set."""

    MODELS: ClassVar[tuple[str, ...]] = (r"RIGOL TECHNOLOGIES,DM30[56]8E?",)
    MANUAL: ClassVar[str] = "RIGOL DM3058/DM3058E/DM3068 Programming Guide, PGD02103-1110"
    FAMILIES = (("", _FAMILY),)

    def _prepare(self) -> None:
        self._session.write("CMDSET AGILENT")
