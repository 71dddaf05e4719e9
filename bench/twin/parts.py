"""The parts of a unit: the values a fault may change. Behaviour lives in the modules they name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from bench.twin.part import Part

__all__ = [
    "Battery",
    "Boost",
    "Bridge",
    "BrownOutDetector",
    "Charger",
    "Identity",
    "Injection",
    "Lead",
    "Link",
    "Memory",
    "Oscillator",
    "OutputNetwork",
    "Rail",
    "Source",
    "Thermistor",
]


@dataclass(slots=True, kw_only=True)
class Source(Part):
    """The current source. Healthy values: :mod:`bench.twin.spreads`."""

    gain: float = 1.0
    gain_negative: float = 1.0
    """Negative against positive phases."""
    level_errors: list[float] = field(default_factory=list[float])
    """Relative error of each level (integral non-linearity)."""
    dc_ua: float = 0.0
    """Offset, on driven phases only."""
    output_resistance_ohm: float = 22.5e6
    sense_resistance_ohm: float = 22.5e6
    """Output resistance of the contact-sensing source."""
    rise_time_constant_us: float = 8.0
    damping: float | None = None
    """Of the current loop; below 1 it rings at every edge. None: the loop is the lag alone."""
    natural_hz: float = 5_000.0
    """Of the loop, where it has a damping."""
    oscillation_ua: float = 0.0
    """Peak of what the source oscillates with on plateaus, into a capacitive load."""
    oscillation_hz: float = 200e3
    stable_nf: float = 10.0
    """The largest load capacitance with which an oscillating source is still quiet."""
    noise_ua: float = 0.1
    """White, r.m.s., on driven phases."""
    leakage_ua: float = 0.03
    """Flows while the bridge is open, powered or not."""
    tempco_ppm_per_k: float = 50.0
    tempco_offset_na_per_k: float = 20.0
    gain_below_1k_ohm: float = 1.0
    """Further gain when the load is below 1 kΩ."""
    gain_per_battery_v: float = 0.0
    """Relative change per volt of the battery from 3.7 V."""
    bits: int | None = None
    """Resolution of the level converter, full scale 640 µA; None: as fine as the level table."""


@dataclass(slots=True, kw_only=True)
class Bridge(Part):
    """The H-bridge."""

    on_resistance_ohm: float = 200.0
    open_leg: int = 0
    """Polarity (+1, -1) that does not conduct; 0 is healthy."""
    open_one_in: int = 1
    """Only every n-th pulse of that polarity suffers."""
    stuck: int = 0
    """Polarity that conducts whenever output is enabled, whatever the firmware wants."""
    stuck_for_s: float = float("inf")
    """How long after enabling the leg stays stuck."""
    stuck_factor: float = 1.0
    """Current against the level while stuck."""
    shoot_through_us: float = 0.0
    """How long both switches of a leg conduct at the start of every phase."""


@dataclass(slots=True, kw_only=True)
class Rail(Part):
    """The boosted rail behind the source."""

    compliance_v: float
    droop_v_per_v: float = 1.0
    """Volts of rail lost per volt of battery below 3.7 V."""


@dataclass(slots=True, kw_only=True)
class OutputNetwork(Part):
    """What lies between the bridge and the terminals."""

    capacitance_nf: float = 1.0
    bleed_ohm: float = 1.0e6
    blocking_uf: float | None = None
    """A capacitor in series with the terminal that blocks direct current; None: there is none."""


@dataclass(slots=True, kw_only=True)
class Oscillator(Part):
    """The clock of the firmware and of its timers."""

    ppm: float = 0.0
    """Positive is fast."""

    @property
    def device_s(self) -> float:
        """True seconds in one second of the device."""
        return 1.0 / (1.0 + self.ppm * 1e-6)


@dataclass(slots=True, kw_only=True)
class Battery(Part):
    """The battery terminals; the unit comes without a cell and is fed by the emulator."""

    resistance_ohm: float = 0.25
    terminal_v: float = 0.0
    injected_mv: float | None = None
    cutoff_dead: bool = False
    cutoff_late_v: float = 0.0
    sleep_a: float = 5e-6
    idle_a: float = 4e-3
    run_a: float = 18e-3

    @property
    def reading_v(self) -> float:
        """What the firmware's converter sees."""
        return self.terminal_v if self.injected_mv is None else self.injected_mv / 1000.0


@dataclass(slots=True, kw_only=True)
class BrownOutDetector(Part):
    """Resets the processor when its supply is too low."""

    threshold_v: float = 2.5
    hold_up_s: float = 200e-6
    """How long the local capacitor bridges a gap."""
    dead_above_v: float = float("inf")
    """Above this supply it does not work: the processor runs wild instead."""


@dataclass(slots=True, kw_only=True)
class Charger(Part):
    """The charger input and its interlock."""

    latency_s: float = 0.05
    dead_running: bool = False
    dead: bool = False
    charge_a: float = 0.2
    mains_hz: float = 50.0
    mains_ua: float = 0.05
    """R.m.s. at mains frequency that a plugged charger drives through the load."""
    common_mode_ua: float = 1.0
    """R.m.s. at mains frequency that a plugged charger drives through the device to earth."""


@dataclass(slots=True, kw_only=True)
class Thermistor(Part):
    """The temperature sensor."""

    ambient_c: float = 25.0
    error_k: float = 0.0
    guard_k: float = 1.0
    """How far below the declared temperature the firmware cuts off: what it allows its sensor."""
    injected_c10: float | None = None
    open: bool = False


@dataclass(slots=True, kw_only=True)
class Memory(Part):
    """Settings memory: survives reset and power cycles."""

    level_table_ua: list[float]
    level: int = 1
    mode: int = 0


@dataclass(slots=True, kw_only=True)
class Boost(Part):
    """A temporary higher output."""

    current_ua: float = 0.0
    """Zero where the device has none."""
    duration_s: float = 0.0


@dataclass(slots=True, kw_only=True)
class Identity(Part):
    """What the device says it is."""

    model: str
    serial: str
    hardware: str
    firmware: str
    build: str
    udi: str


@dataclass(slots=True, kw_only=True)
class Lead(Part):
    """The output lead; :meth:`bench.twin.unit.Unit.lead_contact` opens and closes it."""

    open: bool = False
    changed: Callable[[bool], None] = field(default=lambda _open: None)
    """Told when the lead opens or closes; the fixture listens."""


@dataclass(slots=True, kw_only=True)
class Link(Part):
    """The serial link."""

    reply_latency_s: float = 0.002
    byte_s: float = 10.0 / 115200.0
    handling_limit_s: float = 0.001
    """The last byte is taken in no later than this after the first."""
    rewrite: Callable[[str, str], str] | None = None
    """Changes a reply before it is sent: (request, reply) -> reply."""


@dataclass(slots=True, kw_only=True)
class Injection(Part):
    """What test mode forces."""

    overcurrent_ua: float = 0.0
    stuck_polarity: int = 0
    timer_frozen: bool = False
