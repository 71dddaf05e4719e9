"""Keithley DMM6500 and DMM7510, in their SCPI command set.

Manual: *Model DMM6500 6½-Digit Multimeter Reference Manual*, DMM6500-901-01 (revision not checked).
Verified in public drivers: ``*LANG`` chooses the command set, the headers of function, range, NPLC
and auto-zero, ``READ?`` answering the last reading only, ``SYST:ERR?``. Recalled: ``:APER`` in
seconds from 8.3 µs to 0.24 s on 50 Hz and 0.25 s on 60 Hz (0.24 s is used); ``:INP AUTO``.

| purpose         | command                                                                    |
|-----------------|----------------------------------------------------------------------------|
| command set     | ``*LANG?`` must answer ``SCPI``                                            |
| function        | ``:SENS:FUNC "VOLT:DC"``, ``"VOLT:AC"``, ``"RES"``, ``"FRES"``             |
| range           | ``:SENS:VOLT:DC:RANG`` and so on, and their queries                        |
| integration     | ``:SENS:VOLT:DC:APER`` in seconds                                          |
| input           | ``:SENS:VOLT:DC:INP AUTO`` (> 10 GΩ to 10 V), ``:SENS:VOLT:DC:AZER ON``    |
| reading         | ``:SENS:COUN 1`` and ``:READ?``, a message for each                        |
| errors          | ``:SYST:ERR?`` (code, then text with severity and time)                    |
"""

from __future__ import annotations

from typing import ClassVar

from bench.errors import InstrumentError
from instruments.dmms.integration import Seconds
from instruments.dmms.multimeter import MeterFamily, ScpiMultimeter

__all__ = ["KeithleyDmm6500"]

_FAMILY = MeterFamily(
    ranges_v=(0.1, 1.0, 10.0, 100.0, 1000.0),
    ranges_ac_v=(0.1, 1.0, 10.0, 100.0, 750.0),
    ranges_ohm=(10.0, 100.0, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8),
    apertures=Seconds(shortest_s=10e-6, longest_s=0.24),
    sense=":SENS:",
    extras={
        "VOLT:DC": (":SENS:VOLT:DC:INP AUTO", ":SENS:VOLT:DC:AZER ON"),
        "RES": (":SENS:RES:AZER ON",),
        "FRES": (":SENS:FRES:AZER ON",),
    },
    trigger=(":SENS:COUN 1",),
    most_samples=1,
)


class KeithleyDmm6500(ScpiMultimeter):
    """A DMM6500 or DMM7510: one reading a message, apertures up to 0.24 s."""

    MODELS: ClassVar[tuple[str, ...]] = (r"KEITHLEY INSTRUMENTS,(MODEL )?DMM(6500|7510)",)
    MANUAL: ClassVar[str] = "Model DMM6500 6½-Digit Multimeter Reference Manual, DMM6500-901-01"
    FAMILIES = (("", _FAMILY),)

    def _prepare(self) -> None:
        language = self._session.query("*LANG?").strip()
        if language != "SCPI":
            raise InstrumentError(
                self._session.describe(
                    f"it speaks the command set {language!r}, expected SCPI; send *LANG SCPI and "
                    "switch it off and on"
                )
            )
