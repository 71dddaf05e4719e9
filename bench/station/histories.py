"""What a session may have been through before something happens to it.

A reaction that works on a session just started need not work on one that was paused, lost its contact
or has run for minutes. Within ``with histories.done(name):`` every session that is started goes through
that history before it is handed on.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from enum import StrEnum
from typing import Final

from bench.clock import Clock
from bench.device.link import DeviceState
from bench.station.fixture import Fixture
from bench.station.treatment import Treatment

__all__ = ["Histories", "History"]

LATE_SHARE: Final = 0.5
"""Of the declared session."""
PAUSED_S: Final = 1.0
LIFTED_S: Final = 0.3
"""Beyond the declared time to off: the loss was noticed."""
CHATTERS: Final = 10
CHATTER_SHARE: Final = 0.6
"""Of the declared debounce: each gap is too short to count."""
CHATTER_CLOSED_S: Final = 40e-3
LEVEL_S: Final = 0.5
"""At least; a monitor of direct current allows for what changed within its window."""


class History(StrEnum):
    """Names of histories, as the report prints them."""

    LATE = "half of the session"
    RESUMED = "pause and resume"
    RETURNED = "contact lost and back"
    CHATTERED = "chattering contact"
    LEVELS = "levels down and up"


class Histories:
    """Puts a running device through a history."""

    def __init__(self, *, treatment: Treatment, fixture: Fixture, clock: Clock) -> None:
        self._treatment = treatment
        self._fixture = fixture
        self._clock = clock
        self._profile = treatment.profile

    @contextmanager
    def done(self, history: History) -> Generator[None]:
        """Let every session that is started meanwhile go through ``history`` first."""
        deeds: dict[History, Callable[[], None]] = {
            History.LATE: lambda: self._clock.sleep(LATE_SHARE * self._profile.timers.session_s),
            History.RESUMED: self._pause_and_resume,
            History.RETURNED: self._lift_and_touch,
            History.CHATTERED: self._chatter,
            History.LEVELS: self._levels,
        }
        self._treatment.after_start = deeds[history]
        try:
            yield
        finally:
            self._treatment.after_start = None

    def _pause_and_resume(self) -> None:
        """Raises NotOffered where the link has no pause."""
        link, timers = self._treatment.link, self._profile.timers
        link.pause()
        self._treatment.wait_for(DeviceState.PAUSE, within_s=timers.stop_s, after="PAUSE")
        self._clock.sleep(PAUSED_S)
        link.resume()
        self._runs("RESUME")

    def _lift_and_touch(self) -> None:
        lost = self._fixture.lost_contact_load(self._profile.contact_off_limit_ohm)
        closed_before = self._fixture.closed(lost)
        self._fixture.close(lost)
        self._fixture.open("contact")
        self._clock.sleep(self._profile.timers.contact_loss_s + LIFTED_S)
        self._fixture.close("contact")
        self._runs("contact")
        if not closed_before:
            self._fixture.open(lost)

    def _chatter(self) -> None:
        for _ in range(CHATTERS):
            self._fixture.open("contact")
            self._clock.sleep(CHATTER_SHARE * self._profile.timers.contact_debounce_s)
            self._fixture.close("contact")
            self._clock.sleep(CHATTER_CLOSED_S)
        self._runs("a chattering contact")

    def _levels(self) -> None:
        link = self._treatment.link
        level = link.status().level
        for number in (self._profile.levels[0].number, self._profile.highest_level, level):
            link.set_level(number)
            self._clock.sleep(max(LEVEL_S, 2.0 * self._profile.protection.dc_window_s))

    def _runs(self, after: str) -> None:
        timers = self._profile.timers
        self._treatment.wait_for(
            DeviceState.RUN, within_s=timers.start_delay_s + 2 * timers.ramp_s, after=after
        )
        self._clock.sleep(LEVEL_S)
