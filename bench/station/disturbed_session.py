"""A whole session in which levels are changed, the session is paused and contact is lost and comes back.

The timer is there to bound what reaches the skin: whatever is done meanwhile, output does not last
longer than the session that was started.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bench.clock import Clock
from bench.device.link import DELIVERING, DeviceState
from bench.errors import NotOffered
from bench.station.acquisition import Capture
from bench.station.event_records import EventRecords, flowing_a
from bench.station.fixture import Fixture
from bench.station.scales import Label
from bench.station.session import LOAD_OHM, OVERTIME, POLL_S
from bench.station.treatment import Treatment

__all__ = ["Disturbed", "DisturbedSession"]

DISTURBANCES: Final = ("level", "pause", "level", "contact", "level", "pause", "level", "contact")
"""Spread evenly over the session."""
PAUSE_SHARE: Final = 0.003
"""Of the declared session: a device whose timer runs on in a pause ends this much earlier."""
LIFTED_S: Final = 0.3
"""Beyond the declared time to off: the loss was noticed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disturbed:
    """What a disturbed session came to."""

    length_s: float | None
    """Time in which output was due, pauses left out; None where there was no end."""
    watched_s: float
    disturbances: int
    after: Capture
    after_a: float
    """Largest current once the device said that it was over."""
    still_on: bool
    """Whether that is more than counts as off."""
    poll_s: float


class DisturbedSession:
    """Runs one session and disturbs it."""

    def __init__(
        self, *, treatment: Treatment, fixture: Fixture, records: EventRecords, clock: Clock
    ) -> None:
        self._treatment = treatment
        self._fixture = fixture
        self._records = records
        self._clock = clock
        self._profile = records.ranges.profile
        self._paused_s = 0.0

    def run(self) -> Disturbed:
        """Start at the highest level, disturb, watch to the end."""
        profile, session_s = self._profile, self._profile.timers.session_s
        self._paused_s = 0.0
        self._treatment.run(level=profile.highest_level, load_ohm=LOAD_OHM)
        started_s = self._now_s() - profile.timers.ramp_s
        done = 0
        for number, kind in enumerate(DISTURBANCES, start=1):
            due_s = started_s + number * session_s / (len(DISTURBANCES) + 1)
            self._clock.sleep(max(0.0, due_s - self._now_s()))
            done += self._disturb(kind, number)
        length_s = self._end(started_s, (1.0 + OVERTIME) * session_s)
        after = self._records.look(
            "output behind a disturbed session",
            {Label.CURRENT: self._records.ranges.level_a(profile.highest_level)},
            duration_s=1.2 * profile.waveform.repeat_s,
            conditions={"load_ohm": LOAD_OHM},
        )
        watched_s = self._now_s() - started_s - self._paused_s
        self._treatment.stop()
        flowing = flowing_a(after, profile)
        return Disturbed(
            length_s=length_s,
            watched_s=watched_s,
            disturbances=done,
            after=after,
            after_a=flowing,
            still_on=flowing > profile.off_a,
            poll_s=POLL_S,
        )

    def _disturb(self, kind: str, number: int) -> bool:
        """Do one thing to the session; return False where the device's link does not offer it."""
        if kind == "level":
            levels = self._profile.levels
            self._treatment.link.set_level(levels[number % len(levels)].number)
            return True
        begun_s = self._now_s()
        try:
            if kind == "pause":
                self._pause()
            else:
                self._lift()
        except NotOffered:
            return False
        self._paused_s += self._now_s() - begun_s
        timers = self._profile.timers
        self._treatment.wait_for(
            DeviceState.RUN, within_s=timers.start_delay_s + 2 * timers.ramp_s, after=kind
        )
        return True

    def _pause(self) -> None:
        self._treatment.link.pause()
        self._clock.sleep(PAUSE_SHARE * self._profile.timers.session_s)
        self._treatment.link.resume()

    def _lift(self) -> None:
        lost = self._fixture.lost_contact_load(self._profile.contact_off_limit_ohm)
        self._fixture.close(lost)
        self._fixture.open("contact")
        self._clock.sleep(self._profile.timers.contact_loss_s + LIFTED_S)
        self._fixture.close("contact")
        self._fixture.open(lost)

    def _end(self, started_s: float, limit_s: float) -> float | None:
        """Wait until the device says that the session is over; return the time with output due."""
        while (elapsed_s := self._now_s() - started_s - self._paused_s) < limit_s:
            if self._treatment.link.status().state not in DELIVERING:
                return elapsed_s
            near = elapsed_s > limit_s * (1.0 - 2.0 * OVERTIME)
            self._clock.sleep(POLL_S if near else 10.0 * POLL_S)
        return None

    def _now_s(self) -> float:
        return self._clock.now_ns() / 1e9
