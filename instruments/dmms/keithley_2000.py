"""Keithley 2000 (and 2015, the same meter with an audio part).

Manual: *Model 2000 Multimeter User's Manual*, 2000-900-01 (revision recalled: J). Verified in
public drivers: the headers of function, range and NPLC (0.01 to 10), functions in single quotes,
``FORM:ELEM READ``, binary blocks of indefinite length (hence never asked for), ``SYST:ERR?``.
Recalled: ``SYST:LFR?``; ``SYST:AZER:STAT``. Every reading is asked for by a ``READ?`` of its own,
because manuals of the series disagree on what it answers with a sample count above one.

| purpose         | command                                                                    |
|-----------------|----------------------------------------------------------------------------|
| function        | ``:SENS:FUNC 'VOLT:DC'``, ``'VOLT:AC'``, ``'RES'``, ``'FRES'``             |
| range           | ``:SENS:VOLT:DC:RANG`` and so on, and their queries                        |
| integration     | ``:SENS:VOLT:DC:NPLC``: 0.01 to 10                                         |
| auto-zero       | ``:SYST:AZER:STAT ON``                                                     |
| trigger         | ``:INIT:CONT OFF  :TRIG:SOUR IMM  :TRIG:COUN 1  :SAMP:COUN 1``             |
| format          | ``:FORM:DATA ASC  :FORM:ELEM READ``                                        |
| reading         | ``:READ?``                                                                 |
| errors          | ``:SYST:ERR?``                                                             |
"""

from __future__ import annotations

from typing import ClassVar

from instruments.dmms.integration import LineCycleRange
from instruments.dmms.multimeter import MeterFamily, ScpiMultimeter

__all__ = ["Keithley2000"]

_FAMILY = MeterFamily(
    ranges_v=(0.1, 1.0, 10.0, 100.0, 1000.0),
    ranges_ac_v=(0.1, 1.0, 10.0, 100.0, 750.0),
    ranges_ohm=(100.0, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8),
    apertures=LineCycleRange(fewest=0.01, most=10.0),
    sense=":SENS:",
    quote="'",
    extras={"VOLT:DC": (":SYST:AZER:STAT ON",), "RES": (":SYST:AZER:STAT ON",)},
    trigger=(
        ":INIT:CONT OFF", ":TRIG:SOUR IMM", ":TRIG:COUN 1", ":SAMP:COUN 1",
        ":FORM:DATA ASC", ":FORM:ELEM READ",
    ),
    most_samples=1,
    units={
        "VOLT:DC": ("VDC",), "VOLT:AC": ("VAC",), "RES": ("OHM",), "FRES": ("OHM4W",),
    },
)  # fmt: skip


class Keithley2000(ScpiMultimeter):
    """A Keithley 2000: one reading a message, at most 10 line cycles each."""

    MODELS: ClassVar[tuple[str, ...]] = (r"KEITHLEY INSTRUMENTS( INC\.?)?,(MODEL )?20(00|15)",)
    MANUAL: ClassVar[str] = "Model 2000 Multimeter User's Manual, 2000-900-01"
    FAMILIES = (("", _FAMILY),)
