"""What a manufacturer declares, and what follows from it at every level and load."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bench.profile.parts import Level, Output, Protection, Sheet, Timers, Tolerances, Waveform
from bench.quantity import Tolerance

__all__ = ["Declaration"]

MILLIAMPERE_SCALE: Final = 100.0
"""A stimulator of tens of milliamperes against a microcurrent device of hundreds of microamperes."""
OFF_A: Final = 10e-6
_UC_PER_UA_S: Final = 1.0
"""One microampere for one second is one microcoulomb."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """The declared figures. Currents are plateau values at the envelope's crest."""

    id: str
    waveform: Waveform
    output: Output
    sheet: Sheet
    timers: Timers
    protection: Protection
    tolerance: Tolerances

    @property
    def levels(self) -> tuple[Level, ...]:
        """The driven levels, from 1 upwards."""
        return self.output.levels

    @property
    def loads_ohm(self) -> tuple[float, ...]:
        """The loads of the declared table, ascending."""
        return self.output.loads_ohm

    @property
    def scale(self) -> float:
        """How many times a microcurrent device's its currents are: thresholds grow with them."""
        return MILLIAMPERE_SCALE if self.output.current_class == "milliampere" else 1.0

    @property
    def off_a(self) -> float:
        """What counts as off. Source: docs/laboratory.md, "Times"."""
        return OFF_A * self.scale

    @property
    def contact_off_limit_ohm(self) -> float:
        """Resistance above which no unit may still see contact: declared, with its tolerance."""
        declared_ohm = self.protection.contact_off_ohm
        return declared_ohm + self.tolerance.contact.half_width(declared_ohm)

    @property
    def highest_level(self) -> int:
        """Number of the highest level."""
        return self.output.levels[-1].number

    def level(self, number: int) -> Level:
        """Return a level by its number; raises LookupError where the profile has none such."""
        if not 1 <= number <= len(self.output.levels):
            raise LookupError(
                f"profile {self.id}: no level {number}; it declares 1 to {len(self.output.levels)}"
            )
        return self.output.levels[number - 1]

    def current_ua(self, level: int, load_ohm: float) -> float:
        """Return the declared plateau current of a level into a load."""
        wanted = self.level(level)
        if wanted.voltage_v is None:
            return wanted.current_ua
        return 1e6 * wanted.voltage_v / (load_ohm + (self.output.source_ohm or 0.0))

    def phase_charge_uc(self, level: int, load_ohm: float) -> float:
        """Return the declared charge of one phase."""
        return self.current_ua(level, load_ohm) * self.waveform.pulse_duration_s * _UC_PER_UA_S

    def summed_phase_charge_uc(self, level: int, load_ohm: float) -> float:
        """Return the sum of |charge| over all phases of one polarity cycle."""
        phases = self.waveform.phases_per_pulse * self.waveform.pulses_per_polarity_cycle
        return phases * self.phase_charge_uc(level, load_ohm)

    def net_charge_per_pulse_uc(self, level: int, load_ohm: float) -> float:
        """Return the declared |net charge| of one pulse: zero for symmetric biphasic pulses."""
        if self.waveform.kind == "biphasic" and self.waveform.symmetric:
            return 0.0
        return self.phase_charge_uc(level, load_ohm)

    def dc_ua(self, level: int, load_ohm: float) -> float:
        """Return the declared mean current over whole repetitions."""
        if self.waveform.kind != "monophasic":
            return 0.0
        envelope = self.waveform.envelope
        factor = 1.0 if envelope is None else envelope.mean_factor
        return self.current_ua(level, load_ohm) * self.waveform.duty * factor

    def average_current_ua(self, level: int, load_ohm: float) -> float:
        """Return the declared mean of |current| at the envelope's crest."""
        return self.current_ua(level, load_ohm) * self.waveform.duty

    def rms_current_ua(self, level: int, load_ohm: float) -> float:
        """Return the declared r.m.s. current at the envelope's crest."""
        return self.current_ua(level, load_ohm) * self.waveform.duty**0.5

    def tolerance_named(self, name: str) -> Tolerance:
        """Return a declared tolerance by its key; raises LookupError for an unknown one."""
        known = self.tolerance.by_name
        if name not in known:
            raise LookupError(f"profile {self.id}: no tolerance {name!r}")
        return known[name]
