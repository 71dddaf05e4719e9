"""What the device says about itself: status and its own readings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.twin.firmware import State
from bench.twin.part import Part
from bench.twin.spreads import HealthyDraw
from bench.twin.virtual_time import NS_PER_S, Timeline

if TYPE_CHECKING:
    from bench.twin.unit import Unit

__all__ = ["FAULT_BITS", "Telemetry"]

FAULT_BITS = (
    "OC_HW", "OC_FW", "OPEN", "COMPL", "DC", "WDT", "BAT", "TEMP", "COMM", "SELF", "NVM", "BOD",
)  # fmt: skip
_UPDATE_S = 0.1
"""The status is put together ten times a second."""
_OPEN_OHM = 9_999_999
"""Largest contact resistance that is reported."""


class Telemetry(Part):
    """Status and readings as key-value texts."""

    def __init__(self, timeline: Timeline, unit: Unit, draw: HealthyDraw) -> None:
        self._timeline = timeline
        self._unit = unit
        self.reading_gain = draw.reading_gain
        """Gain error of the sense converter."""
        self.battery_factor = draw.battery_reading
        self.stale_s = 0.0
        """Faulty: how long a report is given out before a new one is made."""
        self.lies_battery = False
        self.lies_level = False
        self.lies_current = False
        self.lies_faults = False
        self._kept: tuple[int, str, str] | None = None

    def status(self) -> str:
        """Return the status report."""
        return self._kept_or_new()[1]

    def readings(self) -> str:
        """Return the readings report."""
        return self._kept_or_new()[2]

    def fault_names(self) -> list[str]:
        """Return the latched faults that are reported, by bit."""
        firmware = self._unit.firmware
        if self.lies_faults:
            return []
        return [n for n in FAULT_BITS if n in firmware.faults and firmware.reports_faults(n)]

    def fault_word(self) -> str:
        """Return the latched faults as three hexadecimal digits."""
        names = self.fault_names()
        return f"{sum(1 << k for k, name in enumerate(FAULT_BITS) if name in names):03X}"

    def _kept_or_new(self) -> tuple[int, str, str]:
        now_ns = self._timeline.now_ns
        kept = self._kept
        if kept is None or now_ns - kept[0] >= self.stale_s * NS_PER_S:
            kept = self._kept = (now_ns, self._status(), self._readings())
        return kept

    def _status(self) -> str:
        unit, firmware = self._unit, self._unit.firmware
        state = self._state()
        up_ms = (self._timeline.now_ns - firmware.booted_ns) // 1_000_000
        text = (
            f"state={state} level={self._level(state)} mode={self._mode()}"
            f" left_s={round(firmware.timer.left_s)} contact={int(unit.contact.present)}"
            f" bat_mv={self._battery_mv()} low={int(self._warns())} chg={int(firmware.charging)}"
            f" faults={self.fault_word()} up_ms={up_ms} n={int(up_ms / 1000 / _UPDATE_S)}"
            f" reset={firmware.reset_cause}"
        )
        return text + (" test=1" if firmware.test_mode else "")

    def _state(self) -> str:
        firmware = self._unit.firmware
        if firmware.state is State.FAULT and firmware.hides_fault_state:
            return State.RUN
        return firmware.state

    def _level(self, state: str) -> int:
        if state == State.FAULT:
            return 0
        return 1 if self.lies_level else self._unit.firmware.level

    def _mode(self) -> str:
        modes = self._unit.firmware.settings.modes
        return modes[self._unit.memory.mode] if modes else "standard"

    def _warns(self) -> bool:
        """Return whether the battery warning is shown."""
        return self._unit.battery.reading_v < self._unit.firmware.settings.battery_low_v

    def _battery_mv(self) -> int:
        if self.lies_battery:
            return 3900
        return round(self._unit.battery.reading_v * 1000 * self.battery_factor)

    def _readings(self) -> str:
        set_ua, i_ua, volts, age_ms = self._plateau()
        ohm = min(float(_OPEN_OHM), self._unit.contact.last_ohm)
        return (
            f"set_ua={round(set_ua)} i_ua={round(i_ua)} v_mv={round(volts * 1000)}"
            f" r_ohm={round(ohm)} vc_mv={round(self._unit.stage.rail_v() * 1000)}"
            f" t_c10={round(self._unit.firmware.temperature_c * 10)} age_ms={age_ms}"
        )

    def _plateau(self) -> tuple[float, float, float, int]:
        """Return set current, current, volts and their age; zero while nothing is delivered."""
        unit = self._unit
        last = unit.firmware.delivery.last
        if not unit.firmware.delivering or last is None:
            return 0.0, 0.0, 0.0, 0
        period_ns = round(NS_PER_S / unit.description.waveform.repetition_rate_hz)
        age_ms = (self._timeline.now_ns - last.time_ns) % period_ns // 1_000_000
        measured_ua = abs(last.amperes) * 1e6 * self.reading_gain
        if self.lies_current:
            measured_ua = last.set_ua
        return last.set_ua, measured_ua, abs(last.volts), age_ms
