"""The simulated check source: Keysight 33511B and Siglent SDG1032X, one output, sinusoids.

Dialects: Trueform Series Operating and Service Guide; SDG Series Programming Guide and a recorded session
of an SDG2042X (values out of range are clamped, nothing reports it; numbers of six digits, frequencies
of ten). Model, where it is ours: offsets and loads other than high impedance are refused or ignored, since
nothing here would give them; amplitudes are 0.6 of the data sheet's 1 % off at most, frequencies 1 ppm.
"""

from __future__ import annotations

import numpy as np

from bench.twin.laboratory_time import LaboratoryTime
from bench.twin.scpi import ScpiInstrument
from bench.twin.scpi_parameters import Arguments, parse_number
from bench.twin.scpi_tree import Call

__all__ = ["FunctionGenerator", "Keysight33511B", "SiglentSdg1032X"]

_OUTPUT_OHM = 50.0
_HIGHEST_VPP, _LOWEST_VPP = 20.0, 2e-3
_HIGHEST_HZ, _LOWEST_HZ = 20e6, 1e-6
_AMPLITUDE_SHARE, _FREQUENCY_SHARE = 6e-3, 1e-6
_RELAY_NS = 150_000_000
"""From the command to a settled output. Source: a recorded session, 80 to 260 ms."""


class FunctionGenerator(ScpiInstrument):
    """A generator without commands; the families add theirs."""

    highest_hz = _HIGHEST_HZ

    def __init__(self, *, timeline: LaboratoryTime, seed: int, identity: str) -> None:
        super().__init__(identity, timeline)
        amplitude, frequency = np.random.default_rng([seed, 0x61]).uniform(-1.0, 1.0, 2)
        self._amplitude_factor = 1.0 + _AMPLITUDE_SHARE * float(amplitude)
        self._frequency_factor = 1.0 + _FREQUENCY_SHARE * float(frequency)
        self.on = False
        self._set_defaults()
        self.add_own_commands()

    def reset(self) -> None:
        """Switch the output off and set the sinusoid of the power-on state."""
        self._set_defaults()
        self.switch(on=False)

    def add_own_commands(self) -> None:
        """Declare the commands of the family."""

    def apply(self) -> None:
        """Give the fixture what is set, where the output is on."""
        self.timeline.world.set_generator(
            hz=self.hz * self._frequency_factor,
            peak_v=0.5 * self.vpp * self._amplitude_factor if self.on else 0.0,
            output_ohm=_OUTPUT_OHM,
        )

    def switch(self, *, on: bool) -> None:
        """Operate the output relay."""
        if on != self.on:
            self.on = on
            self.apply()
            self.timeline.advance_by(_RELAY_NS)

    def _set_defaults(self) -> None:
        self.hz, self.vpp, self.offset_v = 1e3, 0.2, 0.0


class Keysight33511B(FunctionGenerator):
    """A 33511B. Amplitudes are those without a load, whatever the load is set to be."""

    def add_own_commands(self) -> None:
        """Declare source 1 and output 1."""
        source = "SOURce<1:1>:"
        self.add_number(
            f"{source}FREQuency[:CW]", "hz", at=self._me, unit="HZ", default=1e3,
            limits=lambda _: (_LOWEST_HZ, self.highest_hz), changed=self.apply,
        )  # fmt: skip
        self.add_number(
            f"{source}VOLTage[:LEVel][:IMMediate][:AMPLitude]", "vpp", at=self._me, unit="V",
            default=0.1, limits=lambda _: (_LOWEST_VPP, _HIGHEST_VPP), changed=self.apply,
        )  # fmt: skip
        self.add_number(
            f"{source}VOLTage[:LEVel][:IMMediate]:OFFSet", "offset_v", at=self._me, unit="V",
            default=0.0, limits=lambda _: (0.0, 0.0),
        )  # fmt: skip
        self.tree.add(f"{source}VOLTage:UNIT", command=lambda call: _one_of(call, "VPP"))
        self.tree.add(f"{source}FUNCtion", command=lambda call: _one_of(call, "SINusoid"))
        self.tree.add("OUTPut<1:1>:LOAD", command=lambda call: _one_of(call, "INFinity"))
        self.tree.add(
            "OUTPut<1:1>[:STATe]", command=self._switch, query=lambda _: str(int(self.on))
        )

    def _me(self, _suffixes: tuple[int, ...]) -> object:
        return self

    def _switch(self, call: Call) -> None:
        self.switch(on=call.arguments.boolean())


class SiglentSdg1032X(FunctionGenerator):
    """An SDG1032X, output 1."""

    highest_hz = 30e6

    def add_own_commands(self) -> None:
        """Declare ``C1:BSWV`` and ``C1:OUTP``."""
        self.tree.add("C<1:1>:BSWV", command=self._basic_wave, query=lambda _: self._wave_text())
        self.tree.add("C<1:1>:OUTPut", command=self._output, query=lambda _: self._output_text())

    def _set_defaults(self) -> None:
        self.hz, self.vpp, self.offset_v = 1e3, 4.0, 0.0

    def _basic_wave(self, call: Call) -> None:
        """Take pairs of key and value, from left to right; what is out of range is clamped."""
        arguments = call.arguments
        while arguments.remaining:
            key, value = arguments.word().upper(), arguments.word()
            if key == "FRQ":
                self.hz = _clamped(value, "HZ", _LOWEST_HZ, self.highest_hz)
            elif key == "AMP":
                self.vpp = _clamped(value, "V", _LOWEST_VPP, _HIGHEST_VPP)
        if self.on:
            self.apply()

    def _wave_text(self) -> str:
        half = self.vpp / 2
        return (
            f"C1:BSWV WVTP,SINE,FRQ,{self.hz:.10g}HZ,PERI,{1 / self.hz:g}S,AMP,{self.vpp:g}V,"
            f"AMPVRMS,{0.3535 * self.vpp:g}Vrms,OFST,0V,HLEV,{half:g}V,LLEV,{-half:g}V,PHSE,0"
        )

    def _output(self, call: Call) -> None:
        arguments: Arguments = call.arguments
        while arguments.remaining:
            word = arguments.word().upper()
            if word in ("ON", "OFF"):
                self.switch(on=word == "ON")
            else:
                arguments.word()

    def _output_text(self) -> str:
        return f"C1:OUTP {'ON' if self.on else 'OFF'},LOAD,HZ,PLRT,NOR"


def _one_of(call: Call, option: str) -> None:
    call.arguments.choice((option,))


def _clamped(text: str, unit: str, low: float, high: float) -> float:
    return min(max(parse_number(text, unit), low), high)
