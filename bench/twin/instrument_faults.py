"""Bench faults inside the instruments: ``fit(laboratory)`` alters one, the rest stay healthy.

Faults of the fixture itself (relays, shunt, leads) are the world's. Numbers: the fault table of
the field, X01 to X28.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from bench.twin.dmm import Multimeter
from bench.twin.laboratory_time import LaboratoryTime
from bench.twin.scope import Oscilloscope
from bench.twin.scpi import ScpiInstrument

__all__ = ["INSTRUMENT_FAULTS", "ROLES", "Instruments", "is_of_an_instrument"]

ROLES = ("scope", "dmm", "switch", "supply", "generator")


class Instruments(Protocol):
    """What a fault of an instrument may reach."""

    scope: Oscilloscope
    dmm: Multimeter
    time: LaboratoryTime

    @property
    def switch(self) -> ScpiInstrument:
        """The relay unit."""
        ...

    @property
    def supply(self) -> ScpiInstrument:
        """The supply."""
        ...

    @property
    def generator(self) -> ScpiInstrument:
        """The check source."""
        ...


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


class MeterFuse:
    """X03: the fuse in the meter's measuring lead is blown."""

    def fit(self, instruments: Instruments) -> None:
        """Blow it."""
        instruments.dmm.meter.lead_open = True


class WrongLineFrequency:
    """X05: the meter takes the mains for 60 Hz: apertures are 50/60 of what is set."""

    def fit(self, instruments: Instruments) -> None:
        """Shorten them."""
        instruments.dmm.meter.aperture_factor = 50 / 60


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


class RangeTooLarge:
    """X11: channel 1 stays on a range sixteen times too wide: an LSB is sixteen codes."""

    codes = 16

    def fit(self, instruments: Instruments) -> None:
        """Coarsen it."""
        instruments.scope.inputs[1].coarse_codes = self.codes


class SlowSampling:
    """X12: the scope's memory holds 500 points, the sample rate is as low as that makes it."""

    points = 500

    def fit(self, instruments: Instruments) -> None:
        """Shrink the memory."""
        instruments.scope.acquisition.memory_points = self.points


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


class SignMisread:
    """X17: the scope sends signed codes although its preamble says unsigned, or the reverse."""

    def fit(self, instruments: Instruments) -> None:
        """Turn the sign bit over."""
        instruments.scope.signed_by_mistake = True


class MainsPickup:
    """X19: 50 Hz on every channel, 5 mV peak: 5 µA on channel 1."""

    peak_v = 5e-3

    def fit(self, instruments: Instruments) -> None:
        """Add it."""
        for channel in instruments.scope.inputs.values():
            channel.pickup_v = self.peak_v


class MeterOutOfCalibration:
    """X20: the meter reads 1 % high on every function."""

    factor = 1.01

    def fit(self, instruments: Instruments) -> None:
        """Change its gain."""
        instruments.dmm.meter.gain_factor = self.factor


class WarmUp:
    """X21: channel 1's gain rises by 2 % in the first ten minutes."""

    share, minutes = 0.02, 10.0

    def fit(self, instruments: Instruments) -> None:
        """Let it drift with virtual time."""
        time = instruments.time

        def gain() -> float:
            return 1 + self.share * min(1.0, time.now_ns / (self.minutes * 60e9))

        instruments.scope.inputs[1].gain_drift = gain


class ShortBlock:
    """X22: waveform blocks end 32 bytes before the length that their header gives."""

    missing_bytes = 32

    def fit(self, instruments: Instruments) -> None:
        """Cut the blocks."""
        instruments.scope.missing_bytes = self.missing_bytes


class CommandRejected:
    """X23: the scope does not accept its vertical scale; only its error queue says so."""

    def fit(self, instruments: Instruments) -> None:
        """Refuse the command."""
        instruments.scope.rejects = ("SCAL", "VDIV")


class WrongInstrument:
    """X24: another scope answers at the scope's address."""

    def fit(self, instruments: Instruments) -> None:
        """Give it another serial number."""
        maker, model, serial, firmware = instruments.scope.identity.split(",")
        instruments.scope.identity = f"{maker},{model},{serial}-OTHER,{firmware}"


class SlowHost:
    """X25: every message takes 2 to 40 ms on its way, never the same."""

    shortest_ns, longest_ns = 2_000_000, 40_000_000

    def fit(self, instruments: Instruments) -> None:
        """Delay them."""
        draws = np.random.default_rng(0x25)

        def message_time_ns() -> int:
            return int(draws.integers(self.shortest_ns, self.longest_ns))

        for instrument in (
            instruments.scope,
            instruments.dmm,
            instruments.switch,
            instruments.supply,
            instruments.generator,
        ):
            instrument.message_time_ns = message_time_ns


class SupplyLimiting:
    """X26: the battery emulator limits at 16 mA whatever limit is set: it sags under a session."""

    limit_a = 0.016

    def fit(self, instruments: Instruments) -> None:
        """Lower the limit behind the supply's back."""
        world = instruments.time.world
        set_supply = world.set_supply

        def limited(output: int, *, voltage_v: float, current_limit_a: float, on: bool) -> None:
            limit_a = min(current_limit_a, self.limit_a) if output == 1 else current_limit_a
            set_supply(output, voltage_v=voltage_v, current_limit_a=limit_a, on=on)

        world.set_supply = limited


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
    "X03": MeterFuse,
    "X04": MeterOnWrongFunction,
    "X05": WrongLineFrequency,
    "X10": RangeRelayStuck,
    "X11": RangeTooLarge,
    "X12": SlowSampling,
    "X13": CouplingStuck,
    "X14": ProbeCompensation,
    "X15": TriggerDead,
    "X16": StaleRecord,
    "X17": SignMisread,
    "X19": MainsPickup,
    "X20": MeterOutOfCalibration,
    "X21": WarmUp,
    "X22": ShortBlock,
    "X23": CommandRejected,
    "X24": WrongInstrument,
    "X25": SlowHost,
    "X26": SupplyLimiting,
    "X28": ZeroDrift,
}
"""Every bench fault that lies in an instrument."""


def is_of_an_instrument(fault: str) -> bool:
    """Return whether a bench fault is an instrument's: X22, or ``ROLE:MISBEHAVIOUR``."""
    return fault in INSTRUMENT_FAULTS or fault.partition(":")[0] in ROLES
