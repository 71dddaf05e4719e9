"""Long looks at a device that was brought to rest: nothing may start again by itself.

What comes back after seconds or minutes is not in the record of the event that ended the output.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from bench.clock import Clock
from bench.device.link import DeviceState
from bench.errors import NotOffered
from bench.station.acquisition import Capture
from bench.station.event_records import EventRecords, flowing_a, points_for
from bench.station.fixture import Fixture
from bench.station.scales import Label
from bench.station.treatment import Treatment

__all__ = ["LONGEST_WATCH_S", "Quiet", "Rest"]

WATCH_S: Final = 90.0
"""Half more than the longest automatic restart that is plausible: a minute."""
LONGEST_WATCH_S: Final = 300.0
SAMPLES_PER_PULSE: Final = 2.0
SHORT_SESSION_S: Final = 3.0
WITHOUT_POWER_S: Final = 1.0
LOAD_OHM: Final = 500.0
"""The smallest: into others a source of regulated voltage reaches no overcurrent."""
FAULT_UA_FACTOR: Final = 2.0
AFTER_FAULT_S: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """A device after one end of its output, watched."""

    requirement: str
    cause: str
    capture: Capture
    flowing_a: float
    """Largest current in the whole record."""
    state: DeviceState
    expected: DeviceState
    watched_s: float


class Rest:
    """Ends the output of one device in every way, and watches."""

    def __init__(
        self, *, treatment: Treatment, fixture: Fixture, records: EventRecords, clock: Clock
    ) -> None:
        self._treatment = treatment
        self._fixture = fixture
        self._records = records
        self._clock = clock
        self._profile = records.ranges.profile

    def ends(self) -> Iterator[Quiet]:
        """Yield what was seen after each way in which an output ends."""
        link, profile = self._treatment.link, self._profile
        ends: list[tuple[str, str, Callable[[], None]]] = [
            ("FLT-017", "STOP", link.stop),
            ("FLT-008", "end of the session", self._short_session),
            ("FLT-010", "loss of power", self._lose_power),
            ("FLT-010", "reset", link.reset),
            ("FLT-003", "contact behind the resume window", self._lift_for_long),
            ("FLT-016", "a trip that was cleared", self._trip_and_clear),
        ]
        if profile.protection.charge_inhibit:
            ends.append(("FLT-009", "removal of the charger", self._charge))
        if "wdt" in profile.protection.layers:
            ends.append(("FLT-012", "a reset by the watchdog", self._hang))
        for requirement, cause, end in ends:
            self._treatment.run(level=profile.highest_level, load_ohm=LOAD_OHM)
            try:
                end()
            except NotOffered:
                continue
            self._clock.sleep(profile.timers.stop_s)
            yield self._watched(requirement, cause, WATCH_S)

    def idle(self) -> Quiet:
        """Watch an idle device on a load for minutes."""
        self._treatment.make_idle()
        self._treatment.connect(LOAD_OHM)
        self._clock.sleep(1.0)
        return self._watched("FLT-031", "nothing", LONGEST_WATCH_S)

    def _watched(self, requirement: str, cause: str, watch_s: float) -> Quiet:
        capture = self._records.look(
            f"device at rest after {cause}",
            {Label.CURRENT: self._records.ranges.off_a()},
            duration_s=watch_s,
            conditions={"after": cause, "load_ohm": LOAD_OHM},
            points=points_for(
                watch_s, interval_s=self._profile.waveform.pulse_duration_s / SAMPLES_PER_PULSE
            ),
        )
        state = self._treatment.link.status().state
        faulty = state is DeviceState.FAULT and cause == "a reset by the watchdog"
        return Quiet(
            requirement=requirement,
            cause=cause,
            capture=capture,
            flowing_a=flowing_a(capture, self._profile),
            state=state,
            expected=DeviceState.FAULT if faulty else DeviceState.IDLE,
            watched_s=watch_s,
        )

    def _short_session(self) -> None:
        timers = self._profile.timers
        self._treatment.run(
            level=self._profile.highest_level, load_ohm=LOAD_OHM,
            session_s=SHORT_SESSION_S + timers.ramp_s,
        )  # fmt: skip
        self._clock.sleep(SHORT_SESSION_S)

    def _lose_power(self) -> None:
        self._fixture.open("battery")
        self._clock.sleep(WITHOUT_POWER_S)
        self._fixture.close("battery")
        self._clock.sleep(WITHOUT_POWER_S)

    def _lift_for_long(self) -> None:
        lost = self._fixture.lost_contact_load(self._profile.contact_off_limit_ohm)
        self._fixture.close(lost)
        self._fixture.open("contact")
        self._clock.sleep(1.2 * self._profile.timers.resume_window_s)
        self._fixture.close("contact")
        self._fixture.open(lost)
        self._clock.sleep(AFTER_FAULT_S)

    def _trip_and_clear(self) -> None:
        link = self._treatment.link
        self._treatment.unlock()
        link.inject("overcurrent_ua", FAULT_UA_FACTOR * self._profile.levels[-1].current_ua)
        self._clock.sleep(AFTER_FAULT_S)
        if link.status().state is not DeviceState.FAULT:
            raise NotOffered("the injected current trips nothing: FLT-004 says why")
        link.inject("overcurrent_ua", 0.0)
        link.clear_faults()

    def _charge(self) -> None:
        self._fixture.prepare_charger()
        self._fixture.plug_charger()
        self._clock.sleep(2 * self._profile.timers.charge_s)
        self._fixture.unplug_charger()
        self._clock.sleep(AFTER_FAULT_S)

    def _hang(self) -> None:
        self._treatment.unlock()
        self._treatment.link.inject("hang_main", 1)
        self._clock.sleep(2 * self._profile.timers.watchdog_s + AFTER_FAULT_S)
