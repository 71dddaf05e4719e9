"""Bench faults inside the instruments: ``fit(laboratory)`` alters one, the rest stay healthy.

Faults of the fixture itself (relays, shunt, leads) are the world's. Numbers: the fault table of
the field, X01 to X28.
"""

from __future__ import annotations

from typing import Protocol

from bench.twin.dmm import Multimeter
from bench.twin.scope import Oscilloscope

__all__ = ["INSTRUMENT_FAULTS", "Instruments"]


class Instruments(Protocol):
    """What a fault of an instrument may reach."""

    scope: Oscilloscope
    dmm: Multimeter


class WrongProbeFactor:
    """X01: channel 1 has a probe that divides by ten although the scope is set to one."""

    attenuation = 10.0

    def fit(self, instruments: Instruments) -> None:
        """Put the probe on."""
        instruments.scope.inputs[1].attenuation = self.attenuation


class ChannelsSwapped:
    """X02: the cables of channels 1 (current) and 3 (electrode voltage) are exchanged."""

    def fit(self, instruments: Instruments) -> None:
        """Exchange them."""
        inputs = instruments.scope.inputs
        inputs[1].wiring, inputs[3].wiring = inputs[3].wiring, inputs[1].wiring


class MeterOnWrongFunction:
    """X04: the meter measures a.c. volts whatever it is told."""

    def fit(self, instruments: Instruments) -> None:
        """Fix the function."""
        instruments.dmm.stuck_function = "VOLT:AC"


class RangeRelayStuck:
    """X10: channel 1's input clips at 0.1 V full scale whatever range is set."""

    range_v = 0.1

    def fit(self, instruments: Instruments) -> None:
        """Fix the range."""
        instruments.scope.inputs[1].stuck_range_v = self.range_v


class CouplingStuck:
    """X13: channels 1 and 2 are a.c. coupled although they answer DC."""

    def fit(self, instruments: Instruments) -> None:
        """Leave the capacitors in."""
        for number in (1, 2):
            instruments.scope.inputs[number].forced_coupling = "AC"


class ProbeCompensation:
    """X14: channel 1's probe is badly compensated: a pole at 2 kHz."""

    pole_hz = 2e3

    def fit(self, instruments: Instruments) -> None:
        """Add the pole."""
        instruments.scope.inputs[1].slow_pole_hz = self.pole_hz


class TriggerDead:
    """X15: the scope's trigger circuit sees nothing."""

    def fit(self, instruments: Instruments) -> None:
        """Make it deaf."""
        instruments.scope.acquisition.deaf = True


class StaleRecord:
    """X16: the scope sends its first record for ever."""

    def fit(self, instruments: Instruments) -> None:
        """Keep the record."""
        instruments.scope.acquisition.frozen = True


class MeterOutOfCalibration:
    """X20: the meter reads 1 % high on every function."""

    factor = 1.01

    def fit(self, instruments: Instruments) -> None:
        """Change its gain."""
        instruments.dmm.meter.gain_factor = self.factor


class ShortBlock:
    """X22: waveform blocks end 32 bytes before the length that their header gives."""

    missing_bytes = 32

    def fit(self, instruments: Instruments) -> None:
        """Cut the blocks."""
        instruments.scope.missing_bytes = self.missing_bytes


class WrongInstrument:
    """X24: another scope answers at the scope's address."""

    def fit(self, instruments: Instruments) -> None:
        """Give it another serial number."""
        maker, model, serial, firmware = instruments.scope.identity.split(",")
        instruments.scope.identity = f"{maker},{model},{serial}-OTHER,{firmware}"


class ZeroDrift:
    """X28: channel 1's zero lies 40 mV off, beyond the data sheet on small ranges."""

    drift_v = 0.04

    def fit(self, instruments: Instruments) -> None:
        """Shift the zero."""
        instruments.scope.inputs[1].drift_v = self.drift_v


class _Fault(Protocol):
    def fit(self, instruments: Instruments) -> None: ...


INSTRUMENT_FAULTS: dict[str, type[_Fault]] = {
    "X01": WrongProbeFactor,
    "X02": ChannelsSwapped,
    "X04": MeterOnWrongFunction,
    "X10": RangeRelayStuck,
    "X13": CouplingStuck,
    "X14": ProbeCompensation,
    "X15": TriggerDead,
    "X16": StaleRecord,
    "X20": MeterOutOfCalibration,
    "X22": ShortBlock,
    "X24": WrongInstrument,
    "X28": ZeroDrift,
}
"""Every bench fault that lies in an instrument."""
