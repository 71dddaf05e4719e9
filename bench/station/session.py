"""One session to the end of its timer, and what the scope saw of its pulses meanwhile.

The session's length is longer than any scope record: it is taken from the clock by polling, with
the poll interval in its uncertainty. What the device says is not believed alone: short records
show that the output still ran shortly before, and is off once the device says so.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from bench.clock import Clock
from bench.device.link import DELIVERING, DeviceState
from bench.measure import PulseTable
from bench.profile import Profile
from bench.station.acquisition import Acquirer, Capture, Shot
from bench.station.event_records import MOST_POINTS, flowing_a, points_for
from bench.station.ranges import RangeChoice
from bench.station.scales import Label
from bench.station.steady_output import SteadyOutput
from bench.station.treatment import Treatment

__all__ = ["FullSession", "Look", "PulseCount", "SessionWatch", "pulses_to_observe"]

LOAD_OHM: Final = 2000.0
POLL_S: Final = 2.0
"""A tolerance of 5 % of twenty minutes is 60 s: the poll is a thirtieth of it."""
OVERTIME: Final = 0.1
"""How much longer than declared the session is watched, over its declared length."""
BEFORE_END: Final = 0.06
"""How long before the declared end the output is looked at, over the declared length; just
outside the ±5 % that the end may take."""
MINIMUM_PULSES: Final = 30_000
"""Or as many as one session has: a slow device gives fewer in its declared session."""
OBSERVED_SHARE: Final = 0.85
"""Of the declared session: what may be spent on counting pulses."""
RECORD_PULSES: Final = 8_000
CUT_AT_ENDS: Final = 1.01
"""Pulses that the ends of the records cut are not counted."""
LONGEST_S: Final = 400.0
"""Longest record: 40 s a division is within every scope's range."""
SAMPLES_PER_PULSE: Final = 60
LEAST_SAMPLES: Final = 8
"""... and of the shortest pulse in the longest record: with fewer a whole pulse can look cut."""
LAST_LOOKS_S: Final = 8.0
"""How often the output is looked at while the end is waited for."""
LOOK_CYCLES: Final = 1.2
DRIFT_SHARES: Final = (0.0, 0.25, 0.5)
"""Of the declared length, when the amplitude is looked at; and once more before the end.
Source: OUT-027, at 0, 5, 10 and 20 min."""


def pulses_to_observe(profile: Profile) -> int:
    """Return how many pulses are counted: fewer where a session does not hold so many."""
    in_session = OBSERVED_SHARE * profile.timers.session_s * profile.waveform.repetition_rate_hz
    return min(MINIMUM_PULSES, math.floor(in_session))


@dataclass(frozen=True, slots=True, kw_only=True)
class PulseCount:
    """One long record of the session, counted against the regular grid that it should be."""

    capture: Capture
    phases: PulseTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A short record of the session, and when it was taken."""

    elapsed_s: float
    output: SteadyOutput


@dataclass(frozen=True, slots=True, kw_only=True)
class FullSession:
    """What one whole session showed."""

    length_s: float | None
    """From the reply to START to the poll that found the end; None where there was no end."""
    poll_s: float
    end_state: DeviceState
    end_faults: frozenset[str]
    """What the device says once it is over: a session that a protection ends is no session."""
    observed: tuple[PulseCount, ...]
    looks: tuple[Look, ...]
    before_end: Capture
    delivering_before_end: bool
    after_end: Capture
    delivering_after_end: bool
    watched_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _End:
    """How a session was seen to end."""

    length_s: float | None
    poll_s: float
    """Between the last sign that it ran and the first that it did not."""
    looks: tuple[Look, ...]


class SessionWatch:
    """Runs a session to its end."""

    def __init__(
        self, *, treatment: Treatment, acquirer: Acquirer, clock: Clock, ranges: RangeChoice
    ) -> None:
        self._treatment = treatment
        self._acquirer = acquirer
        self._clock = clock
        self._ranges = ranges
        self._profile: Profile = ranges.profile
        self._level = ranges.profile.levels[-1].number

    def run(self, *, observe_pulses: bool) -> FullSession:
        """Start at the highest level into 2 kΩ, watch to the end, return what was seen.

        The device is powered up first: what goes wrong after some time or number of pulses since
        then falls into the session that is watched, and not between two tests.
        """
        declared_s = self._profile.timers.session_s
        self._treatment.power_cycle()
        self._treatment.connect(LOAD_OHM)
        self._treatment.begin(level=self._level)
        started_ns = self._clock.now_ns()
        settle_s = self._profile.timers.start_delay_s + 2 * self._profile.timers.ramp_s
        self._treatment.wait_for(DeviceState.RUN, within_s=settle_s, after="START")
        looks = [self._look_at(started_ns, DRIFT_SHARES[0] * declared_s)]
        observed = tuple(self._observe()) if observe_pulses else ()
        looks.extend(self._look_at(started_ns, share * declared_s) for share in DRIFT_SHARES[1:])
        looks.append(self._look_at(started_ns, declared_s * (1 - BEFORE_END)))
        before_end = looks[-1].output.capture
        end = self._wait_for_end(started_ns, declared_s * (1 + OVERTIME))
        looks.extend(end.looks)
        status = self._treatment.link.status()
        after_end = self._look("output after the end of the session")
        watched_s = (self._clock.now_ns() - started_ns) / 1e9
        self._treatment.stop()
        return FullSession(
            length_s=end.length_s,
            poll_s=end.poll_s,
            end_state=status.state,
            end_faults=status.faults,
            observed=observed,
            looks=tuple(looks),
            before_end=before_end,
            delivering_before_end=_delivers(before_end, self._profile),
            after_end=after_end,
            delivering_after_end=_delivers(after_end, self._profile),
            watched_s=watched_s,
        )

    def _wait_for_end(self, started_ns: int, limit_s: float) -> _End:
        """Poll until the device says that it is over, and look at the output every few seconds.

        A look during which the session ended is not the session's.
        """
        looks: list[Look] = []
        ran_s = looked_s = self._since_s(started_ns)
        look: Look | None = None
        while (elapsed_s := self._since_s(started_ns)) < limit_s:
            if self._treatment.link.status().state not in DELIVERING:
                poll_s = max(POLL_S, elapsed_s - ran_s)
                return _End(length_s=elapsed_s, poll_s=poll_s, looks=tuple(looks))
            ran_s = elapsed_s
            if look is not None:
                looks.append(look)
            self._clock.sleep(POLL_S)
            look = None
            if self._since_s(started_ns) - looked_s >= LAST_LOOKS_S:
                look = self._look_at(started_ns, 0.0)
                looked_s = look.elapsed_s
        return _End(length_s=None, poll_s=POLL_S, looks=tuple(looks))

    def _since_s(self, started_ns: int) -> float:
        return (self._clock.now_ns() - started_ns) / 1e9

    def _observe(self) -> Iterator[PulseCount]:
        """Record pulses one after the other: enough of them, or as many as one session has."""
        wave = self._profile.waveform
        total_s = pulses_to_observe(self._profile) / wave.repetition_rate_hz * CUT_AT_ENDS
        longest_s = min(
            RECORD_PULSES / wave.repetition_rate_hz,
            LONGEST_S,
            MOST_POINTS / LEAST_SAMPLES * wave.pulse_duration_s,
        )
        records = math.ceil(total_s / longest_s)
        duration_s = total_s / records
        points = points_for(duration_s, interval_s=wave.pulse_duration_s / SAMPLES_PER_PULSE)
        for number in range(records):
            shot = Shot(
                title=f"pulse count, record {number + 1}",
                full_scale={Label.CURRENT: self._ranges.level_a(self._level)},
                duration_s=duration_s,
                points=points,
            )
            capture = self._acquirer.take(
                shot, conditions={"level": self._level, "load_ohm": LOAD_OHM, "record": number + 1}
            )
            output = self._output(capture)
            yield PulseCount(capture=capture, phases=output.analysis.pulses)

    def _look_at(self, started_ns: int, elapsed_s: float) -> Look:
        """Look once the session has lasted ``elapsed_s``, or at once where it already has."""
        self._sleep_until(started_ns, elapsed_s)
        at_s = (self._clock.now_ns() - started_ns) / 1e9
        capture = self._look(f"output {at_s / 60:.3g} min into the session")
        return Look(elapsed_s=at_s, output=self._output(capture))

    def _output(self, capture: Capture) -> SteadyOutput:
        return SteadyOutput(
            capture=capture, profile=self._profile, level=self._level, load_ohm=LOAD_OHM
        )

    def _look(self, title: str) -> Capture:
        shot = Shot(
            title=title,
            full_scale={Label.CURRENT: self._ranges.level_a(self._level)},
            duration_s=self._look_s(),
            points=20_000,
        )
        return self._acquirer.take(shot, conditions={"level": self._level, "load_ohm": LOAD_OHM})

    def _look_s(self) -> float:
        """Return a duration that holds whole pulses and a whole turn of any envelope."""
        wave = self._profile.waveform
        return LOOK_CYCLES * max(wave.rhythm_s, 3 * wave.pulse_period_s)

    def _sleep_until(self, started_ns: int, elapsed_s: float) -> None:
        left_s = elapsed_s - (self._clock.now_ns() - started_ns) / 1e9
        if left_s > 0:
            self._clock.sleep(left_s)


def _delivers(capture: Capture, profile: Profile) -> bool:
    """Whether current flows anywhere in the record: noise of many codes may look like pulses."""
    return flowing_a(capture, profile) > profile.off_a
