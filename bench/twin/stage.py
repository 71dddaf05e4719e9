"""The output stage: what the bridge, source and rail make of a commanded current."""

from __future__ import annotations

from math import ceil, cos, exp, log, pi, sin, sqrt

from bench.twin.analogue import Drive
from bench.twin.machine import Machine
from bench.twin.network import ToneSource
from bench.twin.part import Part
from bench.twin.parts import Battery, Bridge, Injection, OutputNetwork, Rail, Source
from bench.twin.pulses import Step
from bench.twin.virtual_time import NS_PER_S, Timeline

__all__ = ["OutputStage", "off_drive"]

_NOMINAL_BATTERY_V = 3.7
_LOW_LOAD_OHM = 1_000.0
_CONVERTER_FULL_SCALE_UA = 640.0
_STEPS_A_PERIOD = 12
"""Into how many steps a ringing source's response is taken apart; the source's own lag smooths them."""
_RUNG_OUT = 0.01
_THROUGH_LAG_S = 10e-9
_THROUGH_OVERDRIVE = 4.0
"""Of what the rail can drive: the source's own current plays no part while a leg conducts through."""


def off_drive(source: Source, bridge: Bridge, rail: Rail, output: OutputNetwork) -> Drive:
    """Return the stage with an open bridge: a bleed and the leakage remain."""
    return Drive(
        on=False,
        target_a=0.0,
        output_s=1.0 / source.output_resistance_ohm,
        rail_v=rail.compliance_v,
        on_ohm=bridge.on_resistance_ohm,
        bleed_s=1.0 / output.bleed_ohm,
        leak_a=source.leakage_ua * 1e-6,
        noise_a=0.0,
        lag_s=source.rise_time_constant_us * 1e-6,
        capacitance_f=output.capacitance_nf * 1e-9,
    )


class OutputStage(Part):
    """Turns phases into drives and applies them."""

    def __init__(
        self,
        timeline: Timeline,
        *,
        source: Source,
        bridge: Bridge,
        rail: Rail,
        output: OutputNetwork,
        battery: Battery,
        injection: Injection,
    ) -> None:
        self._timeline = timeline
        self.source = source
        self.bridge = bridge
        self.rail = rail
        self.output = output
        self.battery = battery
        self.injection = injection
        self.machine: Machine | None = None
        self.load_ohm = float("inf")
        """What the terminals see, direct current."""
        self.load_nf = 0.0
        """The capacitance that the terminals see."""
        self.warming_k = 0.0
        """Self-heating of the source."""
        self.blocked = False
        """The hardware has opened the bridge and holds it open."""
        self._through = False
        self.enabled_ns: int | None = None
        """Since when the firmware enables output."""

    def open_bridge(self, *, at_once: bool = False) -> None:
        """Stop driving; ``at_once`` cuts the current instead of letting the source end it."""
        self._apply(self._off(), at_once=at_once)

    def drive_phase(self, set_ua: float, polarity: int, level: int, pulse: int) -> None:
        """Drive a phase of a therapy pulse; polarity 0 is the pause."""
        stuck = self._stuck_polarity()
        if stuck and set_ua:
            self._drive(set_ua * self.bridge.stuck_factor, stuck, level)
        elif polarity == 0 or set_ua == 0.0 or self._leg_open(polarity, pulse):
            self.open_bridge()
        else:
            self._drive(set_ua, polarity, level)

    def steps(self, before: int, polarity: int) -> tuple[Step, ...]:
        """Return how the current comes up behind an edge; healthy: at once, but for the lag."""
        if polarity == 0:
            return ()
        through_ns = round(self.bridge.shoot_through_us * 1000.0)
        rising = _ringing(self.source.damping, self.source.natural_hz, from_part=before * polarity)
        if not through_ns:
            return rising
        own = rising or (Step(0, 1.0),)
        behind = (Step(step.delay_ns + through_ns, step.factor) for step in own)
        return (Step(0, 1.0, through=True), *behind)

    def drive_through(self, polarity: int) -> None:
        """Let both switches of a leg conduct: half the rail behind half a switch drives the load."""
        if self.blocked:
            self.open_bridge()
            return
        off = self._off()
        rail_v, on_ohm = off.rail_v / 2.0, off.on_ohm / 2.0
        drive = off._replace(
            on=True,
            target_a=polarity * _THROUGH_OVERDRIVE * rail_v / on_ohm,
            rail_v=rail_v,
            on_ohm=on_ohm,
            lag_s=_THROUGH_LAG_S,
        )
        self._through = True
        self._apply(drive, at_once=True)

    def drive_sense(self, probe_ua: float, *, on: bool) -> None:
        """Drive or end a contact-sensing pulse."""
        if not on or self.blocked:
            self.open_bridge()
            return
        siemens = 1.0 / self.source.sense_resistance_ohm
        self._apply(self._off()._replace(on=True, target_a=probe_ua * 1e-6, output_s=siemens))

    def current_ua(self, set_ua: float, polarity: int, level: int) -> float:
        """Return the current that the source aims at, µA with sign."""
        source = self.source
        if self.injection.overcurrent_ua:
            return polarity * self.injection.overcurrent_ua
        size = _quantised(set_ua, source.bits) * source.gain * (1.0 + self._drift())
        if 0 < level <= len(source.level_errors):
            size *= 1.0 + source.level_errors[level - 1]
        if polarity < 0:
            size *= source.gain_negative
        if self.load_ohm < _LOW_LOAD_OHM:
            size *= source.gain_below_1k_ohm
        offset_ua = source.dc_ua + source.tempco_offset_na_per_k * 1e-3 * self.warming_k
        return polarity * size + offset_ua

    def rail_v(self) -> float:
        """Return the rail at the battery's present voltage."""
        missing_v = max(0.0, _NOMINAL_BATTERY_V - self.battery.terminal_v)
        return max(0.5, self.rail.compliance_v - self.rail.droop_v_per_v * missing_v)

    def _drift(self) -> float:
        source = self.source
        battery_v = self.battery.terminal_v - _NOMINAL_BATTERY_V
        return (
            source.tempco_ppm_per_k * 1e-6 * self.warming_k + source.gain_per_battery_v * battery_v
        )

    def _off(self) -> Drive:
        drive = off_drive(self.source, self.bridge, self.rail, self.output)
        return drive._replace(rail_v=self.rail_v())

    def _drive(self, set_ua: float, polarity: int, level: int) -> None:
        if self.blocked:
            self.open_bridge()
            return
        target_ua = self.current_ua(set_ua, polarity, level)
        noise_a = self.source.noise_ua * 1e-6
        drive = self._off()._replace(
            on=True, target_a=target_ua * 1e-6, noise_a=noise_a, tone=self._oscillation()
        )
        after_through, self._through = self._through, False
        self._apply(drive, at_once=after_through)

    def _oscillation(self) -> ToneSource | None:
        source = self.source
        if not source.oscillation_ua or self.load_nf <= source.stable_nf:
            return None
        return ToneSource(source.oscillation_hz, source.oscillation_ua * 1e-6, "P", "N")

    def _apply(self, drive: Drive, *, at_once: bool = False) -> None:
        assert self.machine is not None
        self.machine.drive(drive, at_once=at_once)

    def _stuck_polarity(self) -> int:
        if self.injection.stuck_polarity:
            return self.injection.stuck_polarity
        if not self.bridge.stuck or self.enabled_ns is None:
            return 0
        enabled_s = (self._timeline.now_ns - self.enabled_ns) / NS_PER_S
        return self.bridge.stuck if enabled_s < self.bridge.stuck_for_s else 0

    def _leg_open(self, polarity: int, pulse: int) -> bool:
        return polarity == self.bridge.open_leg and pulse % self.bridge.open_one_in == 0


def _ringing(damping: float | None, natural_hz: float, *, from_part: int) -> tuple[Step, ...]:
    """Return the response of an underdamped current loop as steps, from -1, 0 or +1 to +1.

    y(t) = 1 - exp(-ζωt) (cos ω_d t + ζω/ω_d sin ω_d t), each step at the middle of its time.
    """
    if damping is None or damping >= 1.0:
        return ()
    omega = 2.0 * pi * natural_hz
    omega_d = omega * sqrt(1.0 - damping**2)
    step_s = 2.0 * pi / omega_d / _STEPS_A_PERIOD
    count = ceil(log(1.0 / _RUNG_OUT) / (damping * omega) / step_s)
    found: list[Step] = []
    for k in range(count):
        t_s = (k + 0.5) * step_s
        left = exp(-damping * omega * t_s) * (
            cos(omega_d * t_s) + damping * omega / omega_d * sin(omega_d * t_s)
        )
        found.append(Step(round(k * step_s * NS_PER_S), 1.0 - (1 - from_part) * left))
    return (*found, Step(round(count * step_s * NS_PER_S), 1.0))


def _quantised(set_ua: float, bits: int | None) -> float:
    if bits is None:
        return set_ua
    step_ua = _CONVERTER_FULL_SCALE_UA / 2**bits
    return round(set_ua / step_ua) * step_ua
