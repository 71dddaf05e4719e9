"""Fluke 8845A and 8846A (and Tektronix DMM4040, DMM4050, which are the same meters).

Manual: *Fluke 8845A/8846A Digital Multimeter Programmers Manual* (title recalled, number and
revision not checked). Verified in public drivers: ``SYST:REM`` before anything else, port 3490, a
slow answer after ``*RST``, answers that end in either of two terminators. Recalled: the steps of NPLC, the
commands of auto-zero and input impedance as on the 34401A; that the line frequency cannot be asked.

| purpose         | command                                                                    |
|-----------------|----------------------------------------------------------------------------|
| remote          | ``SYST:REM`` before anything else, on every line                           |
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

__all__ = ["Fluke884xA"]

_FAMILY = MeterFamily(
    ranges_v=(0.1, 1.0, 10.0, 100.0, 1000.0),
    ranges_ac_v=(0.1, 1.0, 10.0, 100.0, 750.0),
    ranges_ohm=(100.0, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8),
    apertures=LineCycleSteps(steps=(0.02, 0.2, 1.0, 10.0, 100.0)),
    extras={"VOLT:DC": (":ZERO:AUTO ON", ":INP:IMP:AUTO ON"), "RES": (":ZERO:AUTO ON",)},
    line_frequency_query="",
)


class Fluke884xA(ScpiMultimeter):
    """An 8845A or 8846A; it obeys nothing before ``SYST:REM``."""

    MODELS: ClassVar[tuple[str, ...]] = (r"FLUKE,884[56]A", r"TEKTRONIX,DMM40[45]0")
    MANUAL: ClassVar[str] = "Fluke 8845A/8846A Digital Multimeter Programmers Manual"
    FAMILIES = (("", _FAMILY),)

    def _prepare(self) -> None:
        self._session.write("SYST:REM")
