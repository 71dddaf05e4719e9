"""Which instruments the simulated laboratory has: one family for each role, chosen by name.

The simulated side keeps the same names in ``bench/twin/dialects.py``, with the class that speaks
each dialect; a test holds the two lists together.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final

from bench.errors import UsageError

__all__ = ["SIMULATED_MODELS", "SimulatedInstruments"]

SIMULATED_MODELS: Final[Mapping[str, Mapping[str, str]]] = {
    "scope": {
        "keysight-3000x": "DSO-X 3024A",
        "rigol-ds1000z": "DS1104Z",
        "rigol-dho800": "DHO804",
        "rigol-mso5000": "MSO5104",
        "rohde-schwarz-rtb2000": "RTB2004",
        "siglent-sds1000xe": "SDS1104X-E",
        "siglent-sds800xhd": "SDS824X HD",
        "tektronix-mso4": "MSO44",
        "tektronix-tbs1000": "TBS 1104",
    },
    "dmm": {
        "keysight-34465a": "34465A",
        "keysight-34461a": "34461A",
        "keysight-34401a": "34401A",
        "fluke-8846a": "8846A",
        "keithley-2000": "MODEL 2000",
        "keithley-dmm6500": "MODEL DMM6500",
        "rigol-dm3068": "DM3068",
        "rigol-dm858": "DM858",
        "siglent-sdm3045x": "SDM3045X",
        "siglent-sdm3055": "SDM3055",
        "siglent-sdm3065x": "SDM3065X",
    },
    "switch": {
        "keysight-daq970a": "DAQ970A",
        "keithley-2700": "MODEL 2700",
        "numato-32": "NUMATO-32",
    },
    "supply": {
        "keysight-e36312a": "E36312A",
        "rigol-dp832a": "DP832A",
        "siglent-spd3303x": "SPD3303X",
    },
    "generator": {
        "keysight-33511b": "33511B",
        "siglent-sdg1032x": "SDG1032X",
    },
}
"""Role, name of the family, and the model that it answers to ``*IDN?``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedInstruments:
    """The families of one simulated laboratory; raises UsageError for a name that is none."""

    scope: str = "keysight-3000x"
    dmm: str = "keysight-34465a"
    switch: str = "keysight-daq970a"
    supply: str = "keysight-e36312a"
    generator: str = "keysight-33511b"

    def __post_init__(self) -> None:
        for role, name in self.names().items():
            if name not in SIMULATED_MODELS[role]:
                raise UsageError(f"--{role} {name}: {_known(role, name)}")

    def names(self) -> dict[str, str]:
        """Return role and family, as the unit description carries them."""
        return asdict(self)

    def model(self, role: str) -> str:
        """Return the model that answers in a role."""
        return SIMULATED_MODELS[role][self.names()[role]]


def _known(role: str, name: str) -> str:
    known = sorted(SIMULATED_MODELS[role])
    near = difflib.get_close_matches(name, known, n=1)
    text = f"the simulated laboratory has {', '.join(known)}"
    return f"{text}; did you mean {near[0]}?" if near else text
