"""The device's own readings beside the bench's: current, battery, and how fresh they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from bench.clock import Clock
from bench.device.link import DeviceStatus, Telemetry
from bench.errors import NotOffered
from bench.judge import clock_interval_budget, evaluate, normal, rectangular
from bench.station.acquisition import Capture
from bench.station.event_records import EventRecords, phases_in, points_for
from bench.station.fault_measurands import about_zero_budget
from bench.station.fixture import BATTERY_V, Fixture
from bench.station.measured import Measured
from bench.station.scales import Label
from bench.station.steady_output import SteadyOutput
from bench.station.supply_events import BatteryReading, SupplyEvents
from bench.station.treatment import Treatment

__all__ = [
    "Deviation", "Readings", "battery_reading", "bench_current_ua", "current_reading",
    "current_reading_off_level", "freshness",
]  # fmt: skip

STIMULUS: Final = 1.2
"""Injected amplitude over the highest level: below the threshold of 1.5, far from the set value."""
FULL_V: Final = 4.1
"""A charged cell."""
ABOVE_CUT_OFF_V: Final = 0.1
SETTLE_S: Final = 0.3
POLL_S: Final = 0.05
PATIENCE_S: Final = 8.0
SAMPLES_PER_PULSE: Final = 100
CLOCK_PPM: Final = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """A device that was made to deliver another current than it had been set to."""

    telemetry: Telemetry
    capture: Capture
    current_a: float
    """What the bench saw."""


class Readings:
    """Asks the device and the instruments about the same thing."""

    def __init__(
        self,
        *,
        treatment: Treatment,
        fixture: Fixture,
        records: EventRecords,
        supply_events: SupplyEvents,
        clock: Clock,
    ) -> None:
        self._treatment = treatment
        self._fixture = fixture
        self._records = records
        self._supply = supply_events
        self._clock = clock
        self._ranges = records.ranges
        self._profile = records.ranges.profile
        self._level = self._profile.highest_level

    def now(self) -> tuple[Telemetry | None, DeviceStatus]:
        """Return the device's readings and status as they are now."""
        try:
            telemetry = self._treatment.link.telemetry()
        except NotOffered:
            telemetry = None
        return telemetry, self._treatment.link.status()

    def off_level(self, *, load_ohm: float) -> Deviation:
        """Make the device deliver more than it was set to, and ask what it measures."""
        link, profile = self._treatment.link, self._profile
        self._treatment.run(level=self._level, load_ohm=load_ohm)
        self._treatment.unlock()
        if "dc" in profile.protection.layers:
            link.enable_protection("dc", enabled=False)
        link.inject("overcurrent_ua", STIMULUS * profile.levels[-1].current_ua)
        self._clock.sleep(SETTLE_S)
        duration_s = 2.2 * profile.waveform.polarity_cycle_s
        capture = self._records.look(
            "current off its level",
            {Label.CURRENT: self._ranges.wide_a()},
            duration_s=duration_s,
            conditions={"load_ohm": load_ohm},
            points=points_for(
                duration_s, interval_s=profile.waveform.pulse_duration_s / SAMPLES_PER_PULSE
            ),
            single_fault=True,
        )
        telemetry = link.telemetry()
        self._treatment.restart()
        tops = phases_in(capture.waveforms[Label.CURRENT], profile).whole().top
        current_a = float(np.median(np.abs(tops))) if tops.size else 0.0
        return Deviation(telemetry=telemetry, capture=capture, current_a=current_a)

    def batteries(self) -> tuple[tuple[BatteryReading, float], ...]:
        """Return battery voltages by meter and by the device, nominal, full and nearly empty."""
        found: list[tuple[BatteryReading, float]] = []
        self._treatment.make_idle()
        low_v = self._profile.protection.battery_cutoff_v + ABOVE_CUT_OFF_V
        for volts in (BATTERY_V, FULL_V, low_v):
            self._fixture.set_battery(volts)
            self._clock.sleep(SETTLE_S)
            found.append((self._supply.battery(), self._treatment.link.status().battery_v))
        self._fixture.set_battery(BATTERY_V)
        self._clock.sleep(SETTLE_S)
        return tuple(found)

    def time_to_notice(self, *, load_ohm: float) -> tuple[float | None, float]:
        """Change the level, or stop where there is one alone, and wait until the readings follow.

        Returns the time, None where they did not within the patience, and the readings' own age.
        """
        link = self._treatment.link
        self._treatment.run(level=self._level, load_ohm=load_ohm)
        before, counter = link.telemetry(), link.status().counter
        if len(self._profile.levels) > 1:
            link.set_level(self._profile.levels[0].number)
        else:
            link.stop()
        begun_ns = self._clock.now_ns()
        while (elapsed_s := (self._clock.now_ns() - begun_ns) / 1e9) < PATIENCE_S:
            after, status = link.telemetry(), link.status()
            moved = (after.set_current_ua, after.current_ua) != (
                before.set_current_ua, before.current_ua,
            )  # fmt: skip
            if moved and status.counter != counter:
                return elapsed_s, max(before.age_s, after.age_s)
            self._clock.sleep(POLL_S)
        return None, before.age_s


def bench_current_ua(output: SteadyOutput) -> float:
    """Return what the bench saw of a steady output, in µA, to compare a reading with.

    Of an enveloped output the plateau nearest to the reading: the device reports its last one.
    """
    tops = np.abs(output.pulses.top)
    reading = output.telemetry
    if output.profile.waveform.envelope is None or reading is None:
        return float(np.median(tops)) * 1e6
    return float(tops[np.argmin(np.abs(tops - reading.current_ua * 1e-6))]) * 1e6


def current_reading(output: SteadyOutput) -> Measured:
    """Return the device's current reading beside a steady record, in A."""
    if output.telemetry is None or np.isnan(output.telemetry.current_ua):
        raise NotOffered("the device reports no current")
    return _current(output.telemetry, output.capture, bench_current_ua(output) * 1e-6)


def current_reading_off_level(found: Deviation) -> Measured:
    """Return the device's reading of a current that is not the set one, in A."""
    return _current(found.telemetry, found.capture, found.current_a)


def battery_reading(reference: BatteryReading, reported_v: float) -> Measured:
    """Return the device's battery reading, in V, as uncertain as the meter beside it."""
    if np.isnan(reported_v):
        raise NotOffered("the device reports no battery voltage")
    budget = evaluate(
        "battery reading",
        "V",
        [
            normal(
                "reference", reference.budget.standard_uncertainty, value=reported_v,
                source="multimeter at the battery terminals",
            ),
            rectangular("resolution", 0.5e-3, source="the link reports millivolts"),
        ],
        lambda reading, resolution: reading + resolution,
    )  # fmt: skip
    return Measured(value=reported_v, unit="V", budget=budget)


def freshness(noticed_s: float | None, age_s: float) -> Measured:
    """Return the age of the device's readings, in s: as they say, and as a change shows."""
    if noticed_s is None:
        return Measured(
            value=None, unit="s",
            reason=f"readings or update counter did not follow a change within {PATIENCE_S:g} s",
        )  # fmt: skip
    value = max(noticed_s, age_s)
    budget = clock_interval_budget(value, poll_interval_s=POLL_S, clock_ppm=CLOCK_PPM)
    return Measured(value=value, unit="s", budget=budget)


def _current(telemetry: Telemetry, capture: Capture, seen_a: float) -> Measured:
    level = about_zero_budget(seen_a, capture)
    value_a = telemetry.current_ua * 1e-6
    budget = evaluate(
        "current reading",
        "A",
        [
            normal(
                "reference", level.standard_uncertainty, value=value_a,
                source="amplitude in the record beside it",
            ),
            rectangular("resolution", 0.5e-6, source="the link reports microamperes"),
        ],
        lambda reading, resolution: reading + resolution,
    )  # fmt: skip
    return Measured(
        value=value_a, unit="A", budget=budget, waveforms=capture.sha256(*capture.waveforms)
    )
