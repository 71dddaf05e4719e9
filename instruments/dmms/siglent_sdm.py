"""Siglent SDM3045X, SDM3055 and SDM3065X.

Manual: *SDM Series Digital Multimeter Remote Manual*, RC06035-E01A (number from a public driver,
revision A). Verified in a transcription of it: ranges of each model, steps of NPLC, ``SAMP:COUN``, ``READ?``,
``SYST:ERR?``, ``FUNC "VOLT:DC"``. From its users: a manual range is overridden where the signal is
too large, so that the range is read back after every set of readings as well; port 5025 and not
5024, which prints a banner. Recalled: ``VOLT:DC:IMP:AUTO`` and ``VOLT:DC:AZ:STAT`` (SDM3065X); that
the line frequency cannot be asked. Nobody says that it takes several commands in one message: each
goes alone.

| purpose         | command                                                                    |
|-----------------|----------------------------------------------------------------------------|
| function        | ``:FUNC "VOLT:DC"``, ``"VOLT:AC"``, ``"RES"``, ``"FRES"``                  |
| range           | ``:VOLT:DC:RANG  :VOLT:AC:RANG  :RES:RANG  :FRES:RANG`` and their queries  |
| integration     | ``:VOLT:DC:NPLC``: 0.3, 1, 10; SDM3065X 0.005, 0.05, 0.5, 1, 10, 100       |
| input           | ``:VOLT:DC:IMP:AUTO ON`` (> 10 GΩ to 2 V), ``:VOLT:DC:AZ:STAT ON``         |
| trigger         | ``:TRIG:SOUR IMM  :TRIG:COUN 1  :SAMP:COUN``                               |
| reading         | ``:READ?``                                                                 |
| errors          | ``:SYST:ERR?``                                                             |
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from bench.errors import ReadingOverload
from instruments.dmms.integration import LineCycleSteps
from instruments.dmms.multimeter import MeterFamily, ScpiMultimeter
from instruments.scpi import OneCommandAMessage
from instruments.session import parse_numbers

__all__ = ["SiglentSdm"]

_SDM3055 = MeterFamily(
    ranges_v=(0.2, 2.0, 20.0, 200.0, 1000.0),
    ranges_ac_v=(0.2, 2.0, 20.0, 200.0, 750.0),
    ranges_ohm=(200.0, 2e3, 2e4, 2e5, 2e6, 1e7, 1e8),
    apertures=LineCycleSteps(steps=(0.3, 1.0, 10.0)),
    extras={"VOLT:DC": (":VOLT:DC:IMP:AUTO ON",)},
    most_samples=1000,
    line_frequency_query="",
)
_SDM3045 = replace(
    _SDM3055,
    ranges_v=(0.6, 6.0, 60.0, 600.0, 1000.0),
    ranges_ac_v=(0.6, 6.0, 60.0, 600.0, 750.0),
    ranges_ohm=(600.0, 6e3, 6e4, 6e5, 6e6, 6e7, 1e8),
)
_SDM3065 = replace(
    _SDM3055,
    apertures=LineCycleSteps(steps=(0.005, 0.05, 0.5, 1.0, 10.0, 100.0)),
    extras={
        "VOLT:DC": (":VOLT:DC:AZ:STAT ON", ":VOLT:DC:IMP:AUTO ON"),
        "RES": (":RES:AZ:STAT ON",),
    },
    ranges_ohm=(200.0, 2e3, 2e4, 2e5, 1e6, 1e7, 1e8),
    most_samples=10_000,
)


class SiglentSdm(OneCommandAMessage, ScpiMultimeter):
    """An SDM; its range is watched, because it leaves a manual range by itself."""

    MODELS: ClassVar[tuple[str, ...]] = (r"SIGLENT TECHNOLOGIES,SDM30(45X|55|55-SC|65X|65X-SC)",)
    MANUAL: ClassVar[str] = "SDM Series Digital Multimeter Remote Manual, RC06035-E01A"
    FAMILIES = (("SDM3045", _SDM3045), ("SDM3065", _SDM3065), ("", _SDM3055))

    def _take(self, count: int) -> NDArray[np.float64]:
        readings = super()._take(count)
        function = self._function
        if function is None:
            return readings
        range_setting = self._range_setting(function)
        (reply,) = self._run(range_setting.ask(), answers=1)
        found = float(parse_numbers(reply, count=1)[0])
        if not self._is_written(range_setting.to(found)):
            self._written.clear()
            self._function = None
            raise ReadingOverload(
                self._session.describe(
                    f"it left its range of {function} for {found:g} while it was reading; "
                    "choose a higher range or check the wiring"
                )
            )
        return readings
