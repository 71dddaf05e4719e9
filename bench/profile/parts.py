"""The parts of a profile: waveform, output, timers, protections, tolerances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from fractions import Fraction
from typing import Literal

from bench.profile.skin import SkinNetwork
from bench.quantity import Tolerance

__all__ = [
    "Boost",
    "CurrentClass",
    "Envelope",
    "EnvelopeShape",
    "Kind",
    "Level",
    "ModeStep",
    "Output",
    "Protection",
    "Regulation",
    "Sheet",
    "TableRow",
    "Timers",
    "Tolerances",
    "Waveform",
]

Kind = Literal["alternating", "biphasic", "monophasic"]
"""``alternating``: trains of single-phase pulses that change polarity from train to train;
``biphasic``: two phases of opposite polarity in each pulse; ``monophasic``: one polarity only."""

Regulation = Literal["current", "voltage"]
EnvelopeShape = Literal["square", "sine"]
CurrentClass = Literal["microampere", "milliampere"]
"""Of what order the output currents are: what the bench and its fixture are scaled by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Slow modulation of the pulses' amplitude; ``depth`` 1 takes it down to zero."""

    rate_hz: float
    depth: float
    shape: EnvelopeShape

    @property
    def mean_factor(self) -> float:
        """Mean of the envelope over one period; 1 is the crest. Equal for both shapes."""
        return 1.0 - self.depth / 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Waveform:
    """The pulses as declared; ``pulse_duration_s`` is one phase."""

    kind: Kind
    pulse_duration_s: float
    repetition_rate_hz: float
    inter_phase_gap_s: float
    pulses_per_train: int
    train_gap_s: float
    symmetric: bool
    envelope: Envelope | None

    @property
    def phases_per_pulse(self) -> int:
        """Two for biphasic pulses, else one."""
        return 2 if self.kind == "biphasic" else 1

    @property
    def pulse_period_s(self) -> float:
        """From pulse to pulse within a train."""
        return 1.0 / self.repetition_rate_hz

    @property
    def on_time_per_pulse_s(self) -> float:
        """Time per pulse in which current is driven."""
        return self.phases_per_pulse * self.pulse_duration_s

    @property
    def pulse_extent_s(self) -> float:
        """From the start of a pulse's first phase to the end of its last."""
        return self.on_time_per_pulse_s + (self.phases_per_pulse - 1) * self.inter_phase_gap_s

    @property
    def duty(self) -> float:
        """Share of the time in which current is driven, train gaps included, 0 to 1."""
        return self.on_time_per_pulse_s * self.pulses_per_train / self.train_s

    @property
    def train_s(self) -> float:
        """From the start of a train to the start of the next."""
        return self.pulses_per_train * self.pulse_period_s + self.train_gap_s

    @property
    def pulses_per_polarity_cycle(self) -> int:
        """Pulses until the pattern of polarities repeats."""
        return 2 * self.pulses_per_train if self.kind == "alternating" else 1

    @property
    def polarity_cycle_s(self) -> float:
        """Time until the pattern of polarities repeats; one pulse period where each does."""
        return 2.0 * self.train_s if self.kind == "alternating" else self.pulse_period_s

    @property
    def half_cycle_s(self) -> float:
        """Longest time of one polarity: a train, or a pulse period where each pulse repeats."""
        return self.train_s if self.kind == "alternating" else self.pulse_period_s

    @property
    def rhythm_s(self) -> float:
        """The slower of its two rhythms: polarities and envelope."""
        envelope_s = 0.0 if self.envelope is None else 1.0 / self.envelope.rate_hz
        return max(self.polarity_cycle_s, envelope_s)

    @property
    def repeat_s(self) -> float:
        """Time until everything repeats, trains and envelope included."""
        single = self.kind != "alternating" and self.train_gap_s > 0
        cycle_s = self.train_s if single else self.polarity_cycle_s
        if self.envelope is None:
            return cycle_s
        cycle = Fraction(cycle_s).limit_denominator(1_000_000)
        period = 1 / Fraction(self.envelope.rate_hz).limit_denominator(1_000)
        share = Fraction(cycle / period)
        return float(cycle * share.denominator)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeStep:
    """One step of a mode: a repetition rate and how long it lasts (None: as long as the session)."""

    rate_hz: float
    duration_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Boost:
    """A temporary higher output that the user may ask for while the device runs."""

    current_ua: float
    duration_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One driven output level, numbered from 1. An off position is not a level.

    ``current_ua`` is the declared plateau current into the smallest declared load;
    ``voltage_v`` the open-circuit voltage of a voltage-regulated level.
    """

    number: int
    current_ua: float
    voltage_v: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRow:
    """One row of the declared output table, at the highest level."""

    load_ohm: float
    current_ua: float
    voltage_mv: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """Declared figures that follow from the others, at the highest level into the smallest load.

    Of the declared sheet of a powered stimulator (FDA-PMS-1999, Att. II s.3); None where the
    manufacturer gives none. The lint compares each with what it follows from.
    """

    phase_charge_uc: float | None = None
    net_charge_per_pulse_uc: float | None = None
    net_charge_per_cycle_uc: float | None = None
    rms_current_ua: float | None = None
    average_current_ua: float | None = None
    duty: float | None = None
    rms_current_density_ma_per_cm2: float | None = None
    power_density_w_per_cm2: float | None = None
    pulse_energy_uj: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """Levels, loads and the bounds that hold whatever the level."""

    regulation: Regulation
    current_class: CurrentClass
    levels: tuple[Level, ...]
    indicator: bool
    """The device shows whether it gives output; that it does must be inspected."""
    off_level: bool
    """The device also has a position that is off; it is never a tested level."""
    loads_ohm: tuple[float, ...]
    table: tuple[TableRow, ...]
    source_ohm: float | None
    compliance_v: float
    electrode_area_cm2: float
    ceiling_ua: float
    excursion_charge_nc: float
    excursion_duration_s: float
    excursion_sum_uc: float
    off_state_ua: float
    contact_sense_ua: float
    contact_sense_uc_per_s: float
    skin: SkinNetwork
    """What stands for skin where the output is tested into it."""
    blocking_uf: float | None
    """A capacitor in series with the output: the second limiter of direct current."""
    boost: Boost | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Timers:
    """Declared times: nominal for session, ramp and resume window, else the longest allowed."""

    session_s: float
    ramp_s: float
    start_delay_s: float
    stop_s: float
    stop_ramp_s: float
    contact_loss_s: float
    contact_debounce_s: float
    charge_s: float
    resume_window_s: float
    watchdog_s: float
    link_timeout_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """Thresholds and reaction times of the protections, and what the test mode offers."""

    overcurrent_ua: float
    overcurrent_s: float
    overcurrent_hardware_s: float
    overcurrent_firmware_s: float
    fault_current_ua: float
    fault_charge_uc: float
    contact_on_ohm: float
    contact_off_ohm: float
    dc_threshold_ua: float
    dc_window_s: float
    dc_limit_ua: float | None
    """Threshold of a second limiter of direct current, independent of the first."""
    over_temperature_c: float
    battery_nominal_v: float
    battery_low_v: float
    battery_cutoff_v: float
    charge_inhibit: bool
    layers: tuple[str, ...]
    injections: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerances:
    """Declared tolerances; the floor is what makes a limit decidable at the lowest level.

    Floors are in µA for amplitude, load_regulation, symmetry and dc; in µs for pulse_duration; the
    net charges' floor is a current in µA that is multiplied by the time in which it is driven.
    """

    amplitude: Tolerance
    pulse_duration: Tolerance
    repetition_rate: Tolerance
    load_regulation: Tolerance
    symmetry: Tolerance
    dc: Tolerance
    phase_charge: Tolerance
    net_charge_per_pulse: Tolerance
    net_charge_per_cycle: Tolerance
    overcurrent: Tolerance
    session: Tolerance
    ramp: Tolerance
    compliance: Tolerance
    contact: Tolerance

    @property
    def by_name(self) -> Mapping[str, Tolerance]:
        """All tolerances by their keys."""
        return {item.name: getattr(self, item.name) for item in fields(self)}
