"""A unit: its parts put together. This is the surface that faults are fitted to (docs/twin.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bench.twin.analogue import Analogue, Drive
from bench.twin.contact import ContactDetector
from bench.twin.description import UnitDescription
from bench.twin.device_port import DevicePort
from bench.twin.firmware import Firmware, State
from bench.twin.machine import Machine
from bench.twin.network import GROUND, ToneSource, Wiring
from bench.twin.part import Part, late, put_in_place
from bench.twin.parts import (
    Battery,
    Boost,
    Bridge,
    BrownOutDetector,
    Charger,
    Identity,
    Injection,
    Lead,
    Link,
    Memory,
    Oscillator,
    OutputNetwork,
    Rail,
    Source,
    Thermistor,
)
from bench.twin.protection import (
    DirectCurrent,
    FirmwareOvercurrent,
    HardwareOvercurrent,
    Latch,
    Watchdog,
)
from bench.twin.spreads import HealthyDraw, draw_unit
from bench.twin.stage import OutputStage, off_drive
from bench.twin.telemetry import Telemetry
from bench.twin.virtual_time import NS_PER_S, FaultTimeline, Timeline

__all__ = ["Unit"]

_LOGIC_DEAD_V = 1.0
"""Below this supply nothing in the device can hold a state."""
_CHARGER_SUPPLY_V = 4.0
"""What the charger input alone puts on the device's supply."""
_WATCHDOG_SHARE = 0.8
"""A healthy watchdog's time-out over the declared longest time to off."""
_WARM_K, _WARM_TAU_S = 6.0, 300.0
_WARM_TICK_S = 10.0
_WARM_STEP_PPM, _WARM_STEP_MAX_K = 50.0, 1.0
"""The source's temperature moves in steps, so that pulses between two steps are alike."""


class Unit(Part):
    """One device. Every part may be changed or replaced until the first power-up, and after."""

    def __init__(self, timeline: Timeline, description: UnitDescription, wiring: Wiring) -> None:
        self._timeline = timeline
        self.description = description
        draw = draw_unit(description)
        settings = description.firmware_settings
        self.random = np.random.default_rng([description.seed, 2])
        """For faults that strike by chance."""
        self._make_output(draw)
        self._make_supplies(draw)
        self.memory = Memory(level_table_ua=list(description.output.table_ua()))
        self.identity = _identity(description)
        boost = description.output.boost
        self.boost = (
            Boost()
            if boost is None
            else Boost(current_ua=boost.current_ua, duration_s=boost.duration_s)
        )
        self.link = Link()
        self.lead = Lead()
        self.injection = Injection()
        self.contact = ContactDetector(
            on_ohm=settings.contact_on_ohm,
            off_ohm=settings.contact_off_ohm,
            debounce_s=settings.contact_debounce_s,
        )
        self.machine = Machine(timeline, Analogue(timeline, wiring, self._off()))
        self.timeline = FaultTimeline(timeline, late(self.machine, "disturb"))
        """For faults that strike later."""
        self.stage = OutputStage(
            timeline, source=self.source, bridge=self.bridge, rail=self.rail,
            output=self.output, battery=self.battery, injection=self.injection,
        )  # fmt: skip
        self.stage.machine = self.machine
        self._make_protections(draw)
        self.firmware = Firmware(timeline, self)
        self.telemetry = Telemetry(timeline, self, draw)
        self.port = DevicePort(timeline, self)
        self._warm_k = 0.0

    if not TYPE_CHECKING:

        def __setattr__(self, name: str, value: object) -> None:
            before = self.__dict__.get(name)
            super().__setattr__(name, value)
            if isinstance(before, Part):
                put_in_place(self, before, value)

    def ready(self) -> None:
        """Take over what was changed by fitting faults."""
        self.machine.disturb()
        self.stage.open_bridge()
        self._timeline.after(_WARM_TICK_S, self._warm)

    @property
    def draw_a(self) -> float:
        """Current that the device takes from its supply."""
        if not self.firmware.powered:
            return 0.0
        if self.firmware.state is State.OFF:
            return self.battery.sleep_a
        return self.battery.run_a if self.firmware.delivering else self.battery.idle_a

    def supply(self, *, battery_v: float, charger: bool) -> None:
        """The battery terminals or the charger input changed."""
        self.battery.terminal_v = battery_v
        if charger != self.firmware.charging:
            self.firmware.charger_changed(present=charger)
        self.machine.disturb()
        if self._supply_v() >= self.brown_out.threshold_v:
            if not self.firmware.powered:
                self.firmware.power_on()
            else:
                self.firmware.battery_changed()
        elif self.firmware.powered:
            self._timeline.after(self.brown_out.hold_up_s, self._browned_out)

    def tones(self) -> tuple[ToneSource, ...]:
        """Return what a plugged charger brings with it from the mains."""
        charger = self.charger
        if not self.firmware.charging:
            return ()
        hz, peak_a = charger.mains_hz, 2**0.5 * 1e-6
        return (
            ToneSource(hz, charger.mains_ua * peak_a, "P", "N"),
            ToneSource(hz, charger.common_mode_ua * peak_a, "N", GROUND),
        )

    def lead_contact(self, *, closed: bool) -> None:
        """Open or close the output lead."""
        if self.lead.open == closed:
            self.lead.open = not closed
            self.lead.changed(not closed)

    def _supply_v(self) -> float:
        charged_v = _CHARGER_SUPPLY_V if self.firmware.charging else 0.0
        return max(self.battery.terminal_v, charged_v)

    def _browned_out(self) -> None:
        supply_v = self._supply_v()
        if supply_v >= self.brown_out.threshold_v or not self.firmware.powered:
            return
        if supply_v > max(self.brown_out.dead_above_v, _LOGIC_DEAD_V):
            self.watchdog.dead = True
            self.firmware.hang("all")
        else:
            self.firmware.power_lost()

    def _warm(self) -> None:
        """The source's temperature follows what it does."""
        aim_k = _WARM_K if self.firmware.delivering else 0.0
        self._warm_k += (aim_k - self._warm_k) * (1.0 - np.exp(-_WARM_TICK_S / _WARM_TAU_S))
        finest_k = _WARM_STEP_PPM / max(1.0, abs(self.source.tempco_ppm_per_k))
        pace_k = min(_WARM_STEP_MAX_K, finest_k)
        step_k = round(self._warm_k / pace_k) * pace_k
        if step_k != self.stage.warming_k:
            self.machine.disturb()
            self.stage.warming_k = step_k
            self.firmware.temperature_changed()
        self._timeline.after(_WARM_TICK_S, self._warm)

    def _make_output(self, draw: HealthyDraw) -> None:
        self.source = Source(
            gain=draw.gain,
            gain_negative=draw.gain_negative,
            level_errors=list(draw.level_errors),
            dc_ua=draw.dc_ua,
            output_resistance_ohm=draw.output_resistance_ohm,
            sense_resistance_ohm=draw.sense_resistance_ohm,
            rise_time_constant_us=draw.rise_time_constant_us,
            noise_ua=draw.noise_ua,
            leakage_ua=draw.leakage_ua,
            tempco_ppm_per_k=draw.tempco_ppm_per_k,
        )
        self.bridge = Bridge()
        nominal_v = self.description.output.compliance_v
        self.rail = Rail(compliance_v=draw.compliance_v, droop_v_per_v=nominal_v / 12.0)
        self.output = OutputNetwork(
            capacitance_nf=draw.capacitance_nf,
            blocking_uf=self.description.output.blocking_uf,
        )

    def _make_supplies(self, draw: HealthyDraw) -> None:
        self.oscillator = Oscillator(ppm=draw.crystal_ppm)
        self.backstop_oscillator = Oscillator(ppm=draw.backstop_ppm)
        self.battery = Battery()
        self.brown_out = BrownOutDetector()
        self.charger = Charger(mains_ua=draw.mains_ua, common_mode_ua=draw.common_mode_ua)
        self.thermistor = Thermistor(guard_k=draw.cut_off_below_k)

    def _make_protections(self, draw: HealthyDraw) -> None:
        settings = self.description.firmware_settings
        self.hardware_overcurrent = HardwareOvercurrent(
            self._timeline,
            threshold_ua=settings.overcurrent_ua * draw.hardware_threshold,
            trip=self._hardware_tripped,
        )
        self.machine.monitors.append(self.hardware_overcurrent)
        self.firmware_overcurrent = FirmwareOvercurrent(
            threshold_ua=settings.overcurrent_ua / draw.reading_gain
        )
        self.direct_current = DirectCurrent(
            threshold_ua=settings.dc_threshold_ua, window_s=settings.dc_window_s
        )
        limit_ua = self.description.output.second_dc_ua
        self.charge_limiter = DirectCurrent(
            threshold_ua=float("inf") if limit_ua is None else limit_ua,
            window_s=settings.dc_window_s,
        )
        self.watchdog = Watchdog(timeout_s=_WATCHDOG_SHARE * settings.watchdog_s)
        self.latch = Latch()

    def _hardware_tripped(self) -> None:
        self.firmware.hardware_tripped()

    def _off(self) -> Drive:
        return off_drive(self.source, self.bridge, self.rail, self.output)

    @property
    def elapsed_s(self) -> float:
        """Virtual seconds since the world began."""
        return self._timeline.now_ns / NS_PER_S


def _identity(description: UnitDescription) -> Identity:
    return Identity(
        model=description.model,
        serial=description.serial,
        hardware=description.hardware,
        firmware=description.firmware,
        build=description.build,
        udi=description.udi,
    )
