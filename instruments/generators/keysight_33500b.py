"""Keysight (Agilent) 33500A, 33500B and 33600A waveform generators, output 1.

Manual: *Keysight Trueform Series Operating and Service Guide*, 33500-90901 (number recalled). Verified
in public drivers: ``SOUR1:FREQ``, ``SOUR1:VOLT``, ``OUTP1``, ``OUTP1:LOAD INF``, ``SYST:ERR?``, a
``*IDN?`` of ``Keysight Technologies,33522B,…``. Recalled: ``APPLy`` switches the output on, which is why
it is not used; an amplitude means the one without a load once the load is ``INF``.

| purpose         | command                                                                    |
|-----------------|----------------------------------------------------------------------------|
| load            | ``:OUTP1:LOAD INF``                                                        |
| sinusoid        | ``:SOUR1:FUNC SIN``  ``:SOUR1:VOLT:UNIT VPP``  ``:SOUR1:VOLT:OFFS 0``      |
| frequency, size | ``:SOUR1:FREQ 1000``  ``:SOUR1:VOLT 20`` and their queries                 |
| output          | ``:OUTP1 ON``  ``:OUTP1?``                                                 |
| errors          | ``:SYST:ERR?``                                                             |
"""

from __future__ import annotations

from typing import ClassVar, Final

from bench.errors import InstrumentError
from instruments.generators.readings import number, require_near, require_switched
from instruments.roles import GeneratorCapabilities
from instruments.scpi import ScpiInstrument, Setting

__all__ = ["Keysight33500B"]

_CAPABILITIES: Final = GeneratorCapabilities(highest_hz=20e6, highest_peak_v=10.0, output_ohm=50.0)
"""Of the smallest of the families. Source: 33500B data sheet, recalled."""
_FREQUENCY: Final = Setting(
    command=":SOUR1:FREQ {value}", query=":SOUR1:FREQ?", unit="Hz", low=1e-6, high=20e6,
    doc="frequency",
)  # fmt: skip
_PEAK_TO_PEAK: Final = Setting(
    command=":SOUR1:VOLT {value}", query=":SOUR1:VOLT?", unit="V", low=2e-3, high=20.0,
    doc="amplitude, peak to peak without a load",
)  # fmt: skip
_SHAPE: Final = (
    ":OUTP1:LOAD INF", ":SOUR1:FUNC SIN", ":SOUR1:VOLT:UNIT VPP", ":SOUR1:VOLT:OFFS 0"
)  # fmt: skip


class Keysight33500B(ScpiInstrument):
    """A 33500 or 33600. Nothing about the output is remembered: every command is sent."""

    MODELS: ClassVar[tuple[str, ...]] = (
        r"(AGILENT|KEYSIGHT) TECHNOLOGIES,335(09|1[0129]|2[0-2])[AB]",
        r"(AGILENT|KEYSIGHT) TECHNOLOGIES,336[12][12]A",
    )
    MANUAL: ClassVar[str] = "Trueform Series Operating and Service Guide, 33500-90901"

    @property
    def capabilities(self) -> GeneratorCapabilities:
        """What the family can give."""
        return _CAPABILITIES

    def configure_sine(self, *, frequency_hz: float, peak_v: float) -> None:
        """Set a sinusoid without offset, zero to peak without a load; both are read back."""
        frequency, size = _FREQUENCY.to(frequency_hz), _PEAK_TO_PEAK.to(2.0 * peak_v)
        _, hertz, volts = self._run(
            *_SHAPE, frequency.text, size.text, "*OPC?", _FREQUENCY.ask(), _PEAK_TO_PEAK.ask(),
            answers=3,
        )  # fmt: skip
        require_near(self._session, "frequency", number(self._session, hertz), frequency_hz)
        require_near(self._session, "amplitude", number(self._session, volts), 2.0 * peak_v)

    def switch_output(self, *, on: bool) -> None:
        """Switch the output; returns when the generator says that it is so."""
        _, reply = self._run(f":OUTP1 {'ON' if on else 'OFF'}", "*OPC?", ":OUTP1?", answers=2)
        require_switched(self._session, on=on, found=self._is_on(reply))

    def output_is_on(self) -> bool:
        """Return whether the output is switched on."""
        (reply,) = self._run(":OUTP1?", answers=1)
        return self._is_on(reply)

    def _is_on(self, reply: str) -> bool:
        if reply.strip() not in ("0", "1"):
            raise InstrumentError(
                self._session.describe(
                    f"its output's state cannot be read: expected 0 or 1, found {reply!r}"
                )
            )
        return reply.strip() == "1"
