"""Simulated Rigol DM858 and Siglent SDM3045X, SDM3055, SDM3065X.

A Siglent that meets a signal too large for its range changes the range by itself, although it was
set by hand.
"""

from __future__ import annotations

from bench.twin.dmm import Multimeter
from bench.twin.dmm_meter import OVERLOAD
from bench.twin.dmm_ranges import MeterModel, functions_with

__all__ = ["RIGOL_DM858", "SIGLENT_SDM3045X", "SIGLENT_SDM3055", "SIGLENT_SDM3065X", "RigolDm858",
           "SiglentSdm"]  # fmt: skip

_JITTER_S = 2e-3
_TENS = (0.2, 2.0, 20.0, 200.0, 1000.0)
RIGOL_DM858 = MeterModel(
    functions=functions_with(
        ohms=(1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 5e7), volts_ppm=(600.0, 60.0), ohms_ppm=(800.0, 60.0),
        ac_ppm=(2000.0, 1000.0),
    ),
    nplc_steps=(0.4, 5.0, 20.0),
    default_nplc=5.0,
    largest_count=500_000,
    noise_of_range=2e-6,
    start_jitter_s=_JITTER_S,
)  # fmt: skip
SIGLENT_SDM3055 = MeterModel(
    functions=functions_with(
        volts=_TENS, ohms=(2e2, 2e3, 2e4, 2e5, 2e6, 1e7, 1e8), volts_ppm=(150.0, 30.0),
        ohms_ppm=(200.0, 30.0), ac_ppm=(2000.0, 500.0),
    ),
    nplc_steps=(0.3, 1.0, 10.0),
    largest_count=1000,
    noise_of_range=2e-6,
    start_jitter_s=_JITTER_S,
)  # fmt: skip
SIGLENT_SDM3045X = MeterModel(
    functions=functions_with(
        volts=(0.6, 6.0, 60.0, 600.0, 1000.0), ohms=(6e2, 6e3, 6e4, 6e5, 6e6, 6e7, 1e8),
        volts_ppm=(250.0, 70.0), ohms_ppm=(500.0, 70.0), ac_ppm=(10_000.0, 1000.0),
    ),
    nplc_steps=(0.3, 1.0, 10.0),
    largest_count=1000,
    noise_of_range=2e-6,
    start_jitter_s=_JITTER_S,
)  # fmt: skip
SIGLENT_SDM3065X = MeterModel(
    functions=functions_with(
        volts=_TENS, ohms=(2e2, 2e3, 2e4, 2e5, 1e6, 1e7, 1e8), volts_ppm=(35.0, 7.0),
        ohms_ppm=(100.0, 10.0), ac_ppm=(2000.0, 500.0),
    ),
    nplc_steps=(0.005, 0.05, 0.5, 1.0, 10.0, 100.0),
    largest_count=10_000,
    start_jitter_s=_JITTER_S,
)  # fmt: skip


class RigolDm858(Multimeter):
    """A DM858 or DM858E: auto-zero is always on."""

    error_format = '{code:d},"{text}"'

    def add_own_commands(self) -> None:
        """Declare the input impedance."""
        self.add_impedance("[SENSe]:VOLTage[:DC]:IMPedance:AUTO")

    def add_zero(self, name: str, root: str) -> None:
        """Declare nothing."""


class SiglentSdm(Multimeter):
    """An SDM."""

    error_format = '{code:d},"{text}"'

    def add_own_commands(self) -> None:
        """Declare the input impedance."""
        self.add_impedance("[SENSe]:VOLTage[:DC]:IMPedance:AUTO")

    def add_zero(self, name: str, root: str) -> None:
        """Declare auto-zero of a function, which the SDM3065X alone has."""
        if self.model is SIGLENT_SDM3065X:
            self.add_zero_at(f"{root}AZ[:STATe]", name)

    def _take(self, *, triggers: int) -> None:
        """Take readings; one above the range changes the range and is taken again."""
        super()._take(triggers=triggers)
        settings = self._settings[self.function]
        highest = len(self._functions[self.function].ranges) - 1
        over = any(abs(value) >= OVERLOAD for value in self._readings)
        if over and not settings.automatic and settings.range_index < highest:
            self.meter.find_range(self.function, settings)
            self._readings.clear()
            super()._take(triggers=triggers)
