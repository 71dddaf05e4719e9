"""Siglent SDG1000X and SDG2000X waveform generators, output 1.

Manual: *SDG Series Programming Guide*, PG02-E05 (number recalled). Verified in public drivers and in
a recorded session of an SDG2042X: ``C1:BSWV WVTP,SINE,FRQ,…``, the reply
``C1:BSWV WVTP,SINE,FRQ,1000HZ,PERI,0.001S,AMP,4V,AMPVRMS,1.414Vrms,OFST,0V,…``, ``C1:OUTP?``
answering ``C1:OUTP OFF,LOAD,HZ,PLRT,NOR``; a value out of range is clamped and nothing reports it,
which is why settings are read back and no error queue is asked for.

| purpose         | command                                                                    |
|-----------------|----------------------------------------------------------------------------|
| load            | ``C1:OUTP LOAD,HZ``                                                        |
| sinusoid        | ``C1:BSWV WVTP,SINE,FRQ,1000,AMP,20,OFST,0``  ``C1:BSWV?``                 |
| output          | ``C1:OUTP ON``  ``C1:OUTP?``                                               |
| errors          | none: what it reports of a refused value is undocumented                   |
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar, Final

from bench.errors import InstrumentError
from instruments.generators.readings import require_near, require_switched
from instruments.roles import GeneratorCapabilities
from instruments.scpi import ScpiInstrument, Setting

__all__ = ["SiglentSdg"]

_CAPABILITIES: Final = GeneratorCapabilities(highest_hz=10e6, highest_peak_v=10.0, output_ohm=50.0)
"""Of the smaller of the families. Source: SDG1000X data sheet, recalled."""
_FREQUENCY: Final = Setting(command="{value}", unit="Hz", low=1e-6, high=10e6, doc="frequency")
_PEAK_TO_PEAK: Final = Setting(
    command="{value}", unit="V", low=4e-3, high=20.0, doc="amplitude, peak to peak without a load"
)
_SETTLING_S: Final = 0.3
"""Its output relay takes up to 0.26 s, as recorded."""
_VALUE: Final = re.compile(r"([+-]?\d+\.?\d*(?:[eE][+-]?\d+)?)[A-Za-z]*\Z")
_STATE: Final = re.compile(r"(?:C1:OUTP\s+)?(ON|OFF)\b")


class SiglentSdg(ScpiInstrument):
    """An SDG1000X or SDG2000X. Nothing about the output is remembered."""

    MODELS: ClassVar[tuple[str, ...]] = (r"SIGLENT TECHNOLOGIES,SDG(10[36]2X|2(04|08|12)2X)",)
    MANUAL: ClassVar[str] = "SDG Series Programming Guide, PG02-E05"

    @property
    def capabilities(self) -> GeneratorCapabilities:
        """What the family can give."""
        return _CAPABILITIES

    def drain_errors(self) -> tuple[tuple[int, str], ...]:
        """Return nothing: the family documents no error queue."""
        return ()

    def configure_sine(self, *, frequency_hz: float, peak_v: float) -> None:
        """Set a sinusoid without offset, zero to peak without a load; both are read back."""
        hertz, volts = _FREQUENCY.to(frequency_hz).text, _PEAK_TO_PEAK.to(2.0 * peak_v).text
        self._session.write("C1:OUTP LOAD,HZ")
        self._session.write(f"C1:BSWV WVTP,SINE,FRQ,{hertz},AMP,{volts},OFST,0")
        found = self._fields(self._session.query("C1:BSWV?"))
        for name, key, expected in (
            ("frequency", "FRQ", frequency_hz),
            ("amplitude", "AMP", 2.0 * peak_v),
            ("offset", "OFST", 0.0),
        ):
            require_near(self._session, name, self._value(found, key), expected)

    def switch_output(self, *, on: bool) -> None:
        """Switch the output; returns when the generator says that it is so."""
        self._session.write(f"C1:OUTP {'ON' if on else 'OFF'}")
        require_switched(self._session, on=on, found=self.output_is_on())
        if on:
            self._session.clock.sleep(_SETTLING_S)

    def output_is_on(self) -> bool:
        """Return whether the output is switched on."""
        reply = self._session.query("C1:OUTP?")
        match = _STATE.match(reply.strip())
        if match is None:
            raise InstrumentError(
                self._session.describe(
                    f"its output's state cannot be read: expected C1:OUTP ON or OFF, found {reply!r}"
                )
            )
        return match[1] == "ON"

    def _send_reset(self) -> None:
        self._session.write("*RST")
        self._session.query("*OPC?")

    def _fields(self, reply: str) -> Mapping[str, str]:
        words = reply.strip().partition(" ")[2].split(",")
        return dict(zip(words[::2], words[1::2], strict=False))

    def _value(self, fields: Mapping[str, str], key: str) -> float:
        match = _VALUE.match(fields.get(key, ""))
        if match is None:
            raise InstrumentError(
                self._session.describe(
                    f"its settings cannot be read: expected a number for {key}, found "
                    f"{fields.get(key)!r}"
                )
            )
        return float(match[1])
