"""The firmware: a state machine between the link, the output and the protections."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Literal

from bench.twin.countdown import Countdown
from bench.twin.delivery import Delivery
from bench.twin.part import Part, late
from bench.twin.sensing import Sensing
from bench.twin.virtual_time import Appointment, Timeline

if TYPE_CHECKING:
    from bench.twin.unit import Unit

__all__ = ["PROTECTIONS", "Firmware", "Refusal", "State"]

PROTECTIONS: Final = {
    "oc_hw": "hardware_overcurrent",
    "oc_fw": "firmware_overcurrent",
    "dc": "direct_current",
    "wdt": "watchdog",
    "contact": "contact",
}
"""What the test mode can switch off, and the part of the unit that it is."""

_BOOT_S = 0.5
_BATTERY_FILTER_S = 0.02
_TEMPERATURE_POLL_S = 0.1
_SENSE_AFTER_START_S = 0.001
_SENSE_AFTER_OUTPUT_S = 0.05
_RESET_DELAY_S = 0.02
_BACKSTOP = 1.25
"""The independent timer ends a session at this multiple of its length."""


class State(StrEnum):
    """States as reported."""

    OFF = "OFF"
    BOOT = "BOOT"
    IDLE = "IDLE"
    ARMED = "ARMED"
    RAMP = "RAMP"
    RUN = "RUN"
    PAUSE = "PAUSE"
    FAULT = "FAULT"
    CHARGE = "CHARGE"


class Refusal(Exception):
    """A command is refused with a protocol error."""

    def __init__(self, code: int, word: str) -> None:
        super().__init__(f"{code} {word}")
        self.code = code
        self.word = word


class Firmware(Part):
    """States and their transitions. Times are device seconds unless said otherwise."""

    def __init__(self, timeline: Timeline, unit: Unit) -> None:
        settings = unit.description.firmware_settings
        self._timeline = timeline
        self._unit = unit
        self._appointments: dict[str, Appointment] = {}
        self._user_paused = False
        self._last_level = 1
        self.settings = settings
        self.state = State.OFF
        self.powered = False
        self.level = 1
        self.faults: set[str] = set()
        self.hung: Literal["main", "all"] | None = None
        self.test_mode = False
        self.charging = False
        self.reset_cause = "POWER"
        self.booted_ns = 0
        self.heartbeat_s: float | None = None
        self.session_max_s = settings.session_s
        self.mode_offset = 0
        """Faulty: the mode that is played lies so many behind the one that was selected."""
        self.level_latency_s = 0.0
        self.link_timeout_factor = 1.0
        self.reports_faults: Callable[[str], bool] = _always
        self.hides_fault_state = False
        self.stop_ramp_s = settings.stop_ramp_s
        self.level_current: Callable[[int], float] = self._table_current
        """Level number -> commanded µA; a fault may replace it."""
        self.rollover_s: float | None = None
        """Faulty: after this uptime the output sticks as it is."""
        self.boot_glitch: tuple[float, int] | None = None
        """Faulty: seconds and level of a pulse while the device starts."""
        self.output_at_boot = False
        """Faulty: a session runs after the device has started."""
        self.on_event: Callable[[str, str], None] = _no_event
        self.on_output: Callable[[bool], None] = _no_output
        self.timer = Countdown(timeline, unit.oscillator, late(self, "session_over"))
        self.backstop = Countdown(timeline, unit.backstop_oscillator, late(self, "backstop_over"))
        self.delivery = Delivery(
            timeline,
            unit.machine,
            unit.stage,
            waveform=unit.description.waveform,
            oscillator=unit.oscillator,
            bridge=unit.bridge,
            detector=unit.contact,
            overcurrent=unit.firmware_overcurrent,
            direct_current=unit.direct_current,
            charge_limiter=unit.charge_limiter,
            events=self,
        )
        self.delivery.ramp_s = settings.ramp_s
        self.sensing = Sensing(
            timeline, unit.machine, unit.stage, unit.contact, unit.oscillator,
            found=late(self, "contact_judged"),
        )  # fmt: skip

    @property
    def delivering(self) -> bool:
        """Whether output is enabled."""
        return self._unit.stage.enabled_ns is not None

    @property
    def temperature_c(self) -> float:
        """What the firmware takes the temperature for."""
        part = self._unit.thermistor
        if part.open:
            return -40.0
        true_c = part.ambient_c + self._unit.stage.warming_k
        injected = part.injected_c10
        return (true_c if injected is None else injected / 10.0) - part.error_k

    def power_on(self) -> None:
        """Supply comes up."""
        self.powered = True
        self.faults.clear()
        self._unit.stage.blocked = False
        self.boot("POWER")

    def power_lost(self) -> None:
        """Supply is gone: everything volatile goes with it."""
        self._halt_output(at_once=True)
        self.powered = False
        self.hung = None
        self._forget_all()
        self.timer.load(0.0)
        self.backstop.load(0.0)
        self.state = State.OFF

    def boot(self, cause: str) -> None:
        """Restart; nothing that ran before comes back."""
        self._halt_output(at_once=True)
        self._forget_all()
        self.timer.load(0.0)
        self.backstop.load(0.0)
        self.hung = None
        self.reset_cause = cause
        self.heartbeat_s = None
        self.level = 1
        self.test_mode = False
        self._drop_injections()
        self.booted_ns = self._timeline.now_ns
        self._enter(State.BOOT)
        self._later("boot", _BOOT_S, self._booted)
        if self.rollover_s is not None:
            self._later("rollover", self.rollover_s, self._unit.machine.stop_playing)
        if self.boot_glitch is not None:
            self._glitch(*self.boot_glitch)

    def _glitch(self, duration_s: float, level: int) -> None:
        """The bridge conducts while its driver pins float."""
        unit, level = self._unit, min(level, self.level_count)
        unit.stage.drive_phase(self._table_current(level), 1, level, 0)
        self._later("glitch", duration_s, unit.stage.open_bridge)

    def press_power(self) -> None:
        """The power button, or its equivalent over the link."""
        if self.state is State.OFF:
            self.boot("KEY")

    def power_off(self) -> None:
        """Switch off by command; the supply stays."""
        self._halt_output(at_once=True)
        self._forget_all()
        self._unit.machine.stop_playing()
        self._enter(State.OFF)

    def reset_soon(self) -> None:
        """Restart after the reply has gone out."""
        self._later("reset", _RESET_DELAY_S, lambda: self.boot("CMD"))

    def power_off_soon(self) -> None:
        """Switch off after the reply has gone out."""
        self._later("off", _RESET_DELAY_S, self.power_off)

    def start(self, session_s: float) -> None:
        """Arm a session; raises Refusal."""
        if self.state is State.FAULT:
            raise Refusal(50, "FAULT")
        if self.state is State.CHARGE:
            raise Refusal(71, "CHARGING")
        if self.state not in (State.IDLE, State.ARMED):
            raise Refusal(30, "STATE")
        if self._battery_flat():
            raise Refusal(70, "BATTERY")
        self.timer.load(session_s)
        self.backstop.load(session_s * _BACKSTOP)
        self._enter(State.ARMED)
        self.sensing.reset()
        self._unit.machine.disturb()
        self._unit.stage.open_bridge()
        self.sensing.begin(_SENSE_AFTER_START_S)

    def stop(self) -> None:
        """End output and session; legal in every state."""
        if self.delivering:
            if self.stop_ramp_s > 0.0:
                self.delivery.stop_ramp_s = self.stop_ramp_s
                self.delivery.ramp_down()
                return
            self._end_output(State.IDLE)
        elif self.state in (State.ARMED, State.PAUSE):
            self._enter(State.IDLE)

    def pause(self) -> None:
        """Hold the session without output."""
        if self.state not in (State.RAMP, State.RUN):
            raise Refusal(30, "STATE")
        self._user_paused = True
        self._end_output(State.PAUSE)

    def resume(self) -> None:
        """Go on with a paused session; raises Refusal."""
        if self.state is not State.PAUSE:
            raise Refusal(30, "STATE")
        if not self._unit.contact.present:
            raise Refusal(72, "NOCONTACT")
        self._deliver()

    def set_level(self, level: int) -> None:
        """Select a level; raises Refusal."""
        if self.state is State.FAULT:
            raise Refusal(50, "FAULT")
        if self.state in (State.OFF, State.BOOT, State.CHARGE):
            raise Refusal(30, "STATE")
        self.level = level
        if self.delivering and self.level_latency_s < float("inf"):
            self._later("level", self.level_latency_s, self._apply_level)

    def boost(self) -> None:
        """Raise the output for a while; raises Refusal."""
        boost = self._unit.boost
        if not boost.current_ua:
            raise Refusal(10, "VERB")
        if self.state is not State.RUN:
            raise Refusal(30, "STATE")
        self.delivery.boost(boost.current_ua)
        self._later("boost", boost.duration_s * self._unit.oscillator.device_s, self._boost_over)

    def _boost_over(self) -> None:
        self.delivery.boost(0.0)

    def clear_faults(self) -> None:
        """Clear what is latched; raises Refusal while a cause persists."""
        if self._persisting() & self.faults:
            raise Refusal(32, "ACTIVE")
        self.faults.clear()
        self._unit.stage.blocked = False
        if self.state is State.FAULT:
            self._rest()

    def request_seen(self) -> None:
        """A valid request arrived: the link lives."""
        limit_s = self.heartbeat_s or self.settings.link_timeout_s
        if limit_s and self.link_timeout_factor < float("inf"):
            self._later("link", limit_s * self.link_timeout_factor, self._link_lost)
        else:
            self._forget("link")

    def hang(self, what: Literal["main", "all"]) -> None:
        """The main loop hangs; with ``all`` the pulse timer and the bridge freeze as they are."""
        self.hung = what
        if what == "all":
            self._unit.machine.stop_playing()
        dog = self._unit.watchdog
        if not dog.dead and dog.enabled:
            self._later("watchdog", dog.timeout_s * dog.factor, self._bite)

    def trip(self, name: str) -> None:
        """A protection wants the output off and latched."""
        if self.state in (State.OFF, State.BOOT):
            return
        self.faults.add(name)
        self._end_output(State.FAULT, at_once=True)
        self._unit.machine.stop_playing()
        self.on_event("FAULT", f"name={name}")
        restart_s = self._unit.latch.auto_restart_s
        if restart_s is not None:
            self._later("restart", restart_s, self._restart)

    def hardware_tripped(self) -> None:
        """The comparator has opened the bridge by itself."""
        self._unit.machine.disturb()
        self._unit.stage.blocked = True
        self._unit.stage.open_bridge(at_once=True)
        if self.hung is None:
            self.trip("OC_HW")

    def charger_changed(self, *, present: bool) -> None:
        """The charger was plugged or unplugged."""
        self.charging = present
        if self.powered and self.state is not State.OFF:
            self._later("charger", self._unit.charger.latency_s, self._react_to_charger)

    def battery_changed(self) -> None:
        """The battery's voltage changed."""
        if self.powered and self.state is not State.OFF:
            self._later("battery", _BATTERY_FILTER_S, self._check_battery)

    def temperature_changed(self) -> None:
        """The thermistor's reading changed."""
        if self.powered and self.state is not State.OFF:
            self._later("temperature", _TEMPERATURE_POLL_S, self._check_temperature)

    def _booted(self) -> None:
        self._rest()
        self._check_battery()
        level = self._unit.watchdog.resumes_output if self.reset_cause == "WDT" else None
        if level is None and not self.output_at_boot:
            return
        self.faults.clear()
        levels = {"lowest": 1, "old": self._last_level, "highest": self.level_count}
        self.level = levels[level or "lowest"]
        self.timer.load(self.session_max_s)
        self.backstop.load(self.session_max_s * _BACKSTOP)
        self._deliver()

    def _rest(self) -> None:
        """Go to where the device stands when nothing is asked of it."""
        if self.faults:
            self._enter(State.FAULT)
        elif self.charging and self.settings.charge_inhibit and not self._unit.charger.dead:
            self._enter(State.CHARGE)
        else:
            self._enter(State.IDLE)
            self.sensing.reset()
            self.sensing.begin(_SENSE_AFTER_OUTPUT_S)

    def contact_judged(self) -> None:
        """Sensing has a finding; contact starts what waits for it."""
        waiting = self.state is State.ARMED or (self.state is State.PAUSE and not self._user_paused)
        if self._unit.contact.present and waiting and self.hung is None:
            self._deliver()

    def _deliver(self) -> None:
        self._forget("window")
        self._unit.machine.disturb()
        self._unit.stage.open_bridge()
        self._user_paused = False
        self._enter(State.RAMP)
        self._last_level = self.level
        self.delivery.boost_ua = 0.0
        self.delivery.mode = self._unit.memory.mode + self.mode_offset
        self.delivery.begin(self.level_current(self.level), self.level)
        self.timer.run()
        self.backstop.run()
        self.on_output(True)

    def full_level(self) -> None:
        """The ramp is over."""
        if self.state is State.RAMP:
            self._enter(State.RUN)

    def ramped_down(self) -> None:
        """The stop ramp is over."""
        self._end_output(State.IDLE)

    def contact_lost(self) -> None:
        """The contact counts as lost."""
        if self.hung is not None:
            return
        if self.delivery.ramping_down:  # the session is over: nothing is to come back
            self._end_output(State.IDLE)
        else:
            self._end_output(State.PAUSE)
            window_s = self.settings.resume_window_s * self._unit.oscillator.device_s
            self._later("window", window_s, self._window_over)

    def _window_over(self) -> None:
        if self.state is State.PAUSE and not self._user_paused:
            self._enter(State.IDLE)

    def session_over(self) -> None:
        """The session's time has been counted down."""
        if self.hung is None:
            self.on_event("SESSION", "over=1")
            self.stop()

    def backstop_over(self) -> None:
        """The independent timer has run out."""
        self.trip("SELF")

    def _apply_level(self) -> None:
        self.delivery.change_level(self.level_current(self.level), self.level)
        self._last_level = self.level

    def _link_lost(self) -> None:
        live = self.delivering or self.state in (State.ARMED, State.PAUSE)
        if self.hung is None and live:
            self.trip("COMM")

    def _bite(self) -> None:
        self.faults.add("WDT")
        self.boot("WDT")

    def _restart(self) -> None:
        self.faults.clear()
        self._unit.stage.blocked = False
        self._deliver()

    def _react_to_charger(self) -> None:
        charger = self._unit.charger
        if not self.charging and self.state is State.CHARGE:
            self._rest()
        if not self.charging or not self.settings.charge_inhibit or charger.dead:
            return
        if self.delivering and charger.dead_running:
            return
        if self.state not in (State.FAULT, State.BOOT) and self.hung is None:
            self._end_output(State.CHARGE)
            self._unit.machine.stop_playing()

    def _battery_flat(self) -> bool:
        battery = self._unit.battery
        limit_v = self.settings.battery_cutoff_v - battery.cutoff_late_v
        return battery.reading_v < limit_v and not battery.cutoff_dead

    def _check_battery(self) -> None:
        if self.hung is None and self._battery_flat() and self.state is not State.FAULT:
            self.trip("BAT")

    def _check_temperature(self) -> None:
        if self.hung is None and self._too_hot():
            self.trip("TEMP")

    def _too_hot(self) -> bool:
        cut_off_c = self.settings.over_temperature_c - self._unit.thermistor.guard_k
        return self.temperature_c >= cut_off_c

    def _persisting(self) -> set[str]:
        flat, hot = self._battery_flat(), self._too_hot()
        return ({"BAT"} if flat else set()) | ({"TEMP"} if hot else set())

    @property
    def level_count(self) -> int:
        """Number of levels."""
        return len(self._unit.memory.level_table_ua)

    def _table_current(self, level: int) -> float:
        return self._unit.memory.level_table_ua[level - 1]

    def _end_output(self, state: State, *, at_once: bool = False) -> None:
        """Stop delivering, hold the session's timers and go on in another state."""
        self._halt_output(at_once=at_once)
        self._enter(state)
        if state in (State.IDLE, State.PAUSE):
            self.sensing.reset()
            self.sensing.begin(_SENSE_AFTER_OUTPUT_S)

    def _halt_output(self, *, at_once: bool) -> None:
        was_on = self.delivering
        self._unit.machine.stop_playing()
        self._unit.stage.enabled_ns = None
        self._unit.stage.open_bridge(at_once=at_once)
        self.timer.hold()
        self.backstop.hold()
        self._forget("level")
        self._forget("boost")
        if was_on:
            self.on_output(False)

    def _drop_injections(self) -> None:
        """Forget what was injected, and every protection that was switched off for a test."""
        unit, injection = self._unit, self._unit.injection
        for name in PROTECTIONS.values():
            getattr(unit, name).enabled = True
        injection.overcurrent_ua, injection.stuck_polarity = 0.0, 0
        self.timer.freeze(frozen=False)
        unit.thermistor.injected_c10 = None
        unit.battery.injected_mv = None

    def _enter(self, state: State) -> None:
        if state is not self.state:
            self.state = state
            self.on_event("STATE", f"state={state}")

    def _later(self, name: str, delay_s: float, action: Callable[[], None]) -> None:
        self._forget(name)
        self._appointments[name] = self._timeline.after(delay_s, action)

    def _forget(self, name: str) -> None:
        appointment = self._appointments.pop(name, None)
        if appointment is not None:
            appointment.cancel()

    def _forget_all(self) -> None:
        for name in list(self._appointments):
            self._forget(name)


def _always(_name: str) -> bool:
    return True


def _no_event(_name: str, _text: str) -> None:
    """Nobody listens."""


def _no_output(_on: bool) -> None:
    """Nobody listens."""
