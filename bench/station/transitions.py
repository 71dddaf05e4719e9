"""Changes of the output that are meant: power-up, start, pause, levels up and down while running."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from bench.clock import Clock
from bench.device.link import DeviceState
from bench.measure import PulseTable, Ramp, ramp
from bench.station.acquisition import Capture
from bench.station.course import declared_modulation
from bench.station.event_records import (
    EventRecords,
    largest_a,
    phases_in,
    points_for,
    sync_edge,
    sync_edges,
)
from bench.station.fixture import Fixture
from bench.station.scales import Label
from bench.station.treatment import Treatment

__all__ = ["LevelSteps", "PowerUp", "RampRecord", "Start", "Transitions"]

Start = Literal["start", "resume", "power-up"]
"""``power-up``: the first session after it."""

PEAK_AVERAGING_S: Final = 10e-6
"""Single samples are the converter's noise. Source: docs/laboratory.md, the current ceiling."""
POWER_UP_RECORD_S: Final = 1.6
POWER_UP_POINTS: Final = 1_000_000
WITHOUT_POWER_S: Final = 1.0
DWELL_S: Final = 0.25
DWELL_PULSES: Final = 6.0
SAMPLES_PER_PULSE: Final = 40
STEP_INTERVAL_S: Final = 2.5e-6
"""Four samples in the ten microseconds over which a surge is averaged."""
STEP_POINTS: Final = 500_000
WIDEST_RATIO: Final = 3.0
"""Of the levels in one record: a range that holds the highest must still resolve the lowest."""
RANGE_MARGIN: Final = 1.6
AFTER_RAMP: Final = 1.0
"""Behind the ramp, over its declared duration: what is left shows the final amplitude."""
ENVELOPES: Final = 1.5
"""Whole turns of an envelope that are watched there at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerUp:
    """The first seconds of a device that was given its supply."""

    capture: Capture
    largest_a: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelSteps:
    """The step that came nearest to its bound, of all steps of one direction."""

    capture: Capture
    higher_level: int
    largest_a: float
    share: float
    """Of the declared current of the higher level."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RampRecord:
    """A rise to the highest level."""

    capture: Capture
    ramp: Ramp | None
    edge_s: float


class Transitions:
    """Records what happens at each change."""

    def __init__(
        self, *, treatment: Treatment, fixture: Fixture, records: EventRecords, clock: Clock
    ) -> None:
        self._treatment = treatment
        self._fixture = fixture
        self._records = records
        self._clock = clock
        self._ranges = records.ranges
        self._profile = records.ranges.profile
        self._level = self._profile.highest_level

    def power_up(self, *, load_ohm: float) -> PowerUp:
        """Give a device on a load its supply, with the scope armed before."""
        capture = self._power_up(self._ranges.off_a(), load_ohm)
        if capture.clipped(Label.CURRENT):
            capture = self._power_up(self._ranges.wide_a(), load_ohm)
        return PowerUp(
            capture=capture,
            largest_a=largest_a(capture, averaging_s=PEAK_AVERAGING_S),
        )

    def level_steps(self, *, load_ohm: float) -> Sequence[LevelSteps]:
        """Step a running device through all its levels, up and down; the worst of each direction."""
        groups = self._groups(load_ohm)
        up = [self._steps(group, load_ohm) for group in groups]
        down = [self._steps(group[::-1], load_ohm) for group in reversed(groups)]
        return [max(found, key=lambda steps: steps.share) for found in (up, down) if found]

    def ramp(self, how: Start, *, load_ohm: float, level: int | None = None) -> RampRecord:
        """Record the rise to a level after START, or after RESUME of a paused session.

        ``level`` is by default the highest.
        """
        link = self._treatment.link
        level = self._level if level is None else level
        if how != "resume":
            if how == "power-up":
                self._treatment.power_cycle()
            self._treatment.make_idle()
            self._treatment.connect(load_ohm)
            link.set_level(level)
            cause: Callable[[], None] = self._start
        else:
            self._treatment.run(level=level, load_ohm=load_ohm)
            link.pause()
            self._treatment.wait_for(
                DeviceState.PAUSE, within_s=self._profile.timers.stop_s, after="PAUSE"
            )
            self._clock.sleep(WITHOUT_POWER_S)
            cause = link.resume
        self._fixture.close("sync_link")
        timers = self._profile.timers
        observe_s = timers.start_delay_s + timers.ramp_s + self._behind_ramp_s
        capture = self._records.take(
            f"rise after {how.upper()}",
            {Label.CURRENT: self._ranges.level_a(level)},
            observe_s=observe_s,
            cause=cause,
            conditions={"level": level, "load_ohm": load_ohm, "after": how},
            points=self._points(observe_s),
        )
        self._fixture.open("sync_link")
        self._treatment.must_run()
        return RampRecord(capture=capture, ramp=self.ramp_of(capture), edge_s=sync_edge(capture))

    def ramp_of(self, capture: Capture, *, after_s: float | None = None) -> Ramp | None:
        """Return the rise in a record, of the pulses after an instant."""
        pulses = phases_in(capture.waveforms[Label.CURRENT], self._profile)
        if after_s is not None:
            pulses = pulses.select(pulses.start_s > after_s)
        return self.rise(pulses, capture)

    def rise(self, pulses: PulseTable, capture: Capture) -> Ramp | None:
        """Return the rise of a record's pulses to their final amplitude, under any declared envelope."""
        return ramp(
            pulses,
            modulation=declared_modulation(self._profile),
            code=abs(capture.waveforms[Label.CURRENT].gain),
        )

    @property
    def _behind_ramp_s(self) -> float:
        """How long the end of a ramp is watched: it shows the final amplitude and any envelope."""
        wave = self._profile.waveform
        return max(AFTER_RAMP * self._profile.timers.ramp_s, ENVELOPES * wave.rhythm_s)

    def _start(self) -> None:
        self._treatment.link.start(self._profile.timers.session_s)

    def _power_up(self, full_scale_a: float, load_ohm: float) -> Capture:
        self._treatment.make_idle()
        self._treatment.connect(load_ohm)
        self._fixture.open("battery")
        self._clock.sleep(WITHOUT_POWER_S)
        capture = self._records.take(
            "power-up",
            {Label.CURRENT: full_scale_a},
            observe_s=POWER_UP_RECORD_S,
            cause=lambda: self._fixture.close("battery"),
            conditions={"load_ohm": load_ohm},
            points=POWER_UP_POINTS,
        )
        self._treatment.settle()
        return capture

    def _steps(self, numbers: Sequence[int], load_ohm: float) -> LevelSteps:
        """Step through ``numbers`` in one record; the link's edges tell the steps apart."""
        wave = self._profile.waveform
        dwell_s = max(DWELL_S, DWELL_PULSES / wave.repetition_rate_hz)
        self._treatment.run(level=numbers[0], load_ohm=load_ohm)
        self._fixture.close("sync_link")

        def step() -> None:
            for number in numbers[1:]:
                self._treatment.link.set_level(number)
                self._clock.sleep(dwell_s)

        observe_s = (len(numbers) - 1) * (dwell_s + 0.01) + dwell_s / 2
        highest_a = self._profile.current_ua(max(numbers), load_ohm) * 1e-6
        capture = self._records.take(
            f"levels {numbers[0]} to {numbers[-1]} while running",
            {Label.CURRENT: self._ranges.at_least_a(2 * RANGE_MARGIN * highest_a)},
            observe_s=observe_s,
            cause=step,
            conditions={"load_ohm": load_ohm, "from": numbers[0], "to": numbers[-1]},
            points=min(points_for(observe_s, interval_s=STEP_INTERVAL_S), STEP_POINTS),
        )
        self._fixture.open("sync_link")
        self._treatment.must_run()
        return self._worst_step(capture, numbers, load_ohm)

    def _worst_step(self, capture: Capture, numbers: Sequence[int], load_ohm: float) -> LevelSteps:
        waveform = capture.waveforms[Label.CURRENT]
        edges = sync_edges(capture)
        ends = (*edges[1:], waveform.t0_s + waveform.duration_s)
        found: list[tuple[float, int, float]] = []
        for before, after, start_s, end_s in zip(numbers, numbers[1:], edges, ends, strict=False):
            higher = max(before, after)
            seen_a = largest_a(
                capture, waveform.between(start_s, end_s), averaging_s=PEAK_AVERAGING_S
            )
            declared_a = self._profile.current_ua(higher, load_ohm) * 1e-6
            found.append((seen_a / declared_a, higher, seen_a))
        share, higher, seen_a = max(found)
        return LevelSteps(capture=capture, higher_level=higher, largest_a=seen_a, share=share)

    def _groups(self, load_ohm: float) -> list[list[int]]:
        """Return levels that one range can hold; neighbouring groups share a level."""
        groups: list[list[int]] = []
        group = [self._profile.levels[0].number]
        for row in self._profile.levels[1:]:
            lowest_ua = self._profile.current_ua(group[0], load_ohm)
            if self._profile.current_ua(row.number, load_ohm) > WIDEST_RATIO * lowest_ua and (
                len(group) > 1
            ):
                groups.append(group)
                group = [group[-1]]
            group.append(row.number)
        return [*groups, group] if len(group) > 1 else groups

    def _points(self, duration_s: float) -> int:
        interval_s = self._profile.waveform.pulse_duration_s / SAMPLES_PER_PULSE
        return points_for(duration_s, interval_s=interval_s)
