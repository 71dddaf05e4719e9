"""Rigol DM858 and DM858E.

Manual: *RIGOL DM858 Series Digital Multimeter Programming Guide* (number and revision not checked).
Verified in a transcription of it: ranges, NPLC of 0.4, 5 and 20, ``SAMP:COUN``, ``READ?``, ``SYST:ERR?``,
``FUNC "VOLT:DC"``. Recalled: ``VOLT:DC:IMP:AUTO``; that auto-zero is always on and the line
frequency cannot be asked. Nobody says that it takes several commands in one message: each goes
alone.

| purpose         | command                                                                    |
|-----------------|----------------------------------------------------------------------------|
| function        | ``:FUNC "VOLT:DC"``, ``"VOLT:AC"``, ``"RES"``, ``"FRES"``                  |
| range           | ``:VOLT:DC:RANG  :VOLT:AC:RANG  :RES:RANG  :FRES:RANG`` and their queries  |
| integration     | ``:VOLT:DC:NPLC``: 0.4, 5, 20                                              |
| input           | ``:VOLT:DC:IMP:AUTO ON`` (> 10 GΩ to 10 V)                                 |
| trigger         | ``:TRIG:SOUR IMM  :TRIG:COUN 1  :SAMP:COUN``                               |
| reading         | ``:READ?``                                                                 |
| errors          | ``:SYST:ERR?``                                                             |
"""

from __future__ import annotations

from typing import ClassVar

from instruments.dmms.integration import LineCycleSteps
from instruments.dmms.multimeter import MeterFamily, ScpiMultimeter
from instruments.scpi import OneCommandAMessage

__all__ = ["RigolDm858"]

_FAMILY = MeterFamily(
    ranges_v=(0.1, 1.0, 10.0, 100.0, 1000.0),
    ranges_ac_v=(0.1, 1.0, 10.0, 100.0, 750.0),
    ranges_ohm=(100.0, 1e3, 1e4, 1e5, 1e6, 1e7, 5e7),
    apertures=LineCycleSteps(steps=(0.4, 5.0, 20.0)),
    extras={"VOLT:DC": (":VOLT:DC:IMP:AUTO ON",)},
    most_samples=20_000,
    line_frequency_query="",
)


class RigolDm858(OneCommandAMessage, ScpiMultimeter):
    """A DM858 or DM858E."""

    MODELS: ClassVar[tuple[str, ...]] = (r"RIGOL TECHNOLOGIES,DM858E?",)
    MANUAL: ClassVar[str] = "RIGOL DM858 Series Digital Multimeter Programming Guide"
    FAMILIES = (("", _FAMILY),)
