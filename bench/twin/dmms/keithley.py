"""Simulated Keithley 2000 and DMM6500.

Both answer the last reading of several to ``READ?``. A 2000 prints what its format elements say,
unit, time and number behind each reading where they are left on, and answers blocks of indefinite
length (``#0``) in its binary formats. A DMM6500 obeys only in its SCPI command set.
"""

from __future__ import annotations

import struct

from bench.twin.dmm import Multimeter
from bench.twin.dmm_ranges import MeterModel, functions_with
from bench.twin.laboratory_time import LaboratoryTime
from bench.twin.scpi_parameters import ScpiError, matches_mnemonic
from bench.twin.scpi_tree import Call

__all__ = ["KEITHLEY_2000", "KEITHLEY_DMM6500", "Keithley2000", "KeithleyDmm6500"]

_JITTER_S = 2e-3
KEITHLEY_2000 = MeterModel(
    functions=functions_with(ohms=(1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8), volts_ppm=(30.0, 33.0)),
    nplc_limits=(0.01, 10.0),
    default_nplc=1.0,
    largest_count=1024,
    start_jitter_s=_JITTER_S,
)
KEITHLEY_DMM6500 = MeterModel(
    functions=functions_with(ohms=(1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8), volts_ppm=(25.0, 30.0)),
    nplc_limits=(0.0005, 12.0),
    aperture_limits_s=(10e-6, 0.24),
    default_nplc=1.0,
    start_jitter_s=_JITTER_S,
)
_UNITS = {"VOLT": "VDC", "VOLT:AC": "VAC", "RES": "OHM", "FRES": "OHM4W"}
_ELEMENTS = ("READing", "UNITs", "CHANnel")
_FORMATS = ("ASCii", "SREal", "DREal")


class Keithley2000(Multimeter):
    """A Keithley 2000."""

    error_format = '{code:d},"{text}"'

    def __init__(
        self, *, timeline: LaboratoryTime, seed: int, identity: str, model: MeterModel
    ) -> None:
        self.elements: tuple[str, ...] = ("READ",)
        self.number_format = "ASC"
        """As left by whoever used it last: neither is touched by ``*RST``."""
        super().__init__(timeline=timeline, seed=seed, identity=identity, model=model)

    def add_own_commands(self) -> None:
        """Declare auto-zero for all functions, the trigger model and the formats."""
        self.add_answer("SYSTem:LFRequency", lambda: "50")
        self.add_zero_at("SYSTem:AZERo:STATe", "VOLT", "RES")
        self.tree.add(
            "INITiate:CONTinuous", command=lambda call: _ignored(call.arguments.boolean())
        )
        self.add_choice("FORMat[:DATA]", "number_format", _FORMATS, at=lambda _: self)
        self.tree.add("FORMat:ELEMents", command=self._set_elements)

    def add_zero(self, name: str, root: str) -> None:
        """Declare nothing: auto-zero has no function here."""

    def print_reading(self, value: float) -> str:
        """Return a reading with the elements that are on."""
        text = f"{value:+.8E}"
        if "UNIT" in self.elements:
            text += _UNITS.get(self.function, "")
        return f"{text},00" if "CHAN" in self.elements else text

    def _read(self) -> str | bytes:
        super()._read()
        last = self._readings[-1]
        if self.number_format == "ASC":
            return self.print_reading(last)
        return b"#0" + struct.pack(">f" if self.number_format == "SRE" else ">d", last)

    def _set_elements(self, call: Call) -> None:
        wanted: list[str] = []
        while call.arguments.remaining:
            wanted.append(call.arguments.choice(_ELEMENTS))
        self.elements = tuple(wanted)


class KeithleyDmm6500(Multimeter):
    """A DMM6500 or DMM7510."""

    error_format = '{code:d},"{text};1;2026/11/28 12:00:00.000"'

    def __init__(
        self, *, timeline: LaboratoryTime, seed: int, identity: str, model: MeterModel
    ) -> None:
        self.language = "SCPI"
        super().__init__(timeline=timeline, seed=seed, identity=identity, model=model)

    def add_own_commands(self) -> None:
        """Declare the command set, the input and the count of readings."""
        self.add_answer("SYSTem:LFRequency", lambda: "50")
        self.add_answer("*LANG", lambda: self.language)
        self.tree.add("[SENSe]:VOLTage[:DC]:INPutimpedance", command=self._set_input)
        self.add_number(
            "[SENSe]:COUNt", "samples", at=lambda _: self._triggering, default=1,
            limits=lambda _: (1, 1_000_000),
        )  # fmt: skip

    def add_zero(self, name: str, root: str) -> None:
        """Declare auto-zero of a function."""
        self.add_zero_at(f"{root}AZERo[:STATe]", name)

    def require_obeyed(self, header: str) -> None:
        """Refuse SCPI in the other command set."""
        if self.language != "SCPI" and not header.startswith("*"):
            raise ScpiError(-285)

    def print_reading(self, value: float) -> str:
        """Return a reading without a plus sign."""
        return f"{value:.9E}"

    def _read(self) -> str:
        super()._read()
        return self.print_reading(self._readings[-1])

    def _set_input(self, call: Call) -> None:
        token = call.arguments.word()
        if not any(matches_mnemonic(token, choice) for choice in ("AUTO", "MOHM10")):
            raise ScpiError(-224, token)
        self._settings["VOLT"].high_impedance = token.upper() == "AUTO"


def _ignored(_value: object) -> None:
    """Take a parameter that changes nothing here."""
