"""Keysight Truevolt multimeters 34460A, 34461A, 34465A and 34470A.

Manual: *Keysight Truevolt Series Digital Multimeters Operating and Service Guide*, 34460-90901
(revision not noted). Verified on its pages: NPLC steps a model, aperture of resistance (34465A and
34470A only, 200 µs to 1 s without the DIG option, resolution 2 µs, overrides NPLC). From public
drivers: ``CONF`` resets range and NPLC, hence it is not used; ±9.9E37 is overload. Recalled: the
other ranges.

| purpose         | command                                                                    |
|-----------------|----------------------------------------------------------------------------|
| function        | ``:FUNC "VOLT:DC"``, ``"VOLT:AC"``, ``"RES"``, ``"FRES"``                  |
| range           | ``:VOLT:DC:RANG  :VOLT:AC:RANG  :RES:RANG  :FRES:RANG`` and their queries  |
| integration     | ``:VOLT:DC:APER`` in seconds (34465A, 34470A), ``:VOLT:DC:NPLC`` (others)  |
| input           | ``:VOLT:DC:IMP:AUTO ON`` (> 10 GΩ to 10 V), ``:VOLT:DC:ZERO:AUTO ON``      |
| trigger         | ``:TRIG:SOUR IMM  :TRIG:COUN 1  :SAMP:COUN``                               |
| reading         | ``:READ?``                                                                 |
| errors          | ``:SYST:ERR?``                                                             |
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from instruments.dmms.integration import LineCycleSteps, Seconds
from instruments.dmms.multimeter import MeterFamily, ScpiMultimeter

__all__ = ["Keysight344xx"]

_IN_SECONDS = MeterFamily(
    ranges_v=(0.1, 1.0, 10.0, 100.0, 1000.0),
    ranges_ohm=(100.0, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8),
    apertures=Seconds(shortest_s=200e-6, longest_s=1.0, combine=False),
    extras={
        "VOLT:DC": (":VOLT:DC:ZERO:AUTO ON", ":VOLT:DC:IMP:AUTO ON"),
        "RES": (":RES:ZERO:AUTO ON",),
    },
)
_IN_STEPS = replace(_IN_SECONDS, apertures=LineCycleSteps(steps=(0.02, 0.2, 1.0, 10.0, 100.0)))


class Keysight344xx(ScpiMultimeter):
    """A Truevolt multimeter; the 34460A and 34461A have no aperture in seconds."""

    MODELS: ClassVar[tuple[str, ...]] = (r"(KEYSIGHT|AGILENT) TECHNOLOGIES,344(60|61|65|70)A",)
    MANUAL: ClassVar[str] = (
        "Keysight Truevolt Series Digital Multimeters Operating and Service Guide, 34460-90901"
    )
    FAMILIES = (("34460A", _IN_STEPS), ("34461A", _IN_STEPS), ("", _IN_SECONDS))
