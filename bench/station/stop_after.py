"""STOP sent right behind another command: what was asked last counts, whatever is under way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from bench.clock import Clock
from bench.device.link import DeviceState
from bench.station.acquisition import Capture
from bench.station.event_records import EventRecords, flowing_a, hold_off_s
from bench.station.scales import Label
from bench.station.treatment import Treatment

__all__ = ["COMMANDS", "Command", "StopAfter", "Stopped"]

Command = Literal["start", "level up", "level down", "pause", "resume"]
COMMANDS: Final[tuple[Command, ...]] = ("start", "level up", "level down", "pause", "resume")
LOOK_S: Final = 0.5
REACTION_SHARE: Final = 1.5
"""Of the declared time to off: what the device is given before it is looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """What was there after a STOP."""

    capture: Capture
    flowing_a: float
    state: DeviceState


class StopAfter:
    """Sends a command and STOP behind it, as fast as the link takes them."""

    def __init__(self, *, treatment: Treatment, records: EventRecords, clock: Clock) -> None:
        self._treatment = treatment
        self._records = records
        self._clock = clock
        self._profile = records.ranges.profile

    def run(self, command: Command, *, load_ohm: float) -> Stopped:
        """Bring the device to where the command is legal, send it and STOP, and look."""
        profile, link = self._profile, self._treatment.link
        top = profile.highest_level
        level = profile.levels[0].number if command == "level up" else top
        if command == "start":
            self._treatment.make_idle()
            self._treatment.connect(load_ohm)
            self._treatment.begin(level=level)
        else:
            self._treatment.run(level=level, load_ohm=load_ohm)
        if command == "resume":
            link.pause()
            self._clock.sleep(profile.timers.stop_s)
        commands: Mapping[Command, Callable[[], None]] = {
            "start": lambda: None,
            "level up": lambda: link.set_level(top),
            "level down": lambda: link.set_level(profile.levels[0].number),
            "pause": link.pause,
            "resume": link.resume,
        }
        commands[command]()
        link.stop()
        ended_s = profile.timers.stop_s + profile.timers.stop_ramp_s
        self._clock.sleep(REACTION_SHARE * ended_s + hold_off_s(profile))
        state = link.status().state
        capture = self._records.look(
            f"after {command} and STOP",
            {Label.CURRENT: self._records.ranges.level_a(level)},
            duration_s=max(LOOK_S, 2.0 * hold_off_s(profile)),
            conditions={"level": level, "load_ohm": load_ohm, "after": command},
        )
        self._treatment.make_idle()
        return Stopped(capture=capture, flowing_a=flowing_a(capture, profile), state=state)
