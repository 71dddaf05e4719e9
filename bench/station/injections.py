"""What the device does about a fault that its test mode injects, one protection at a time.

An injection that the link does not offer is NotOffered: NOT TESTED, with the reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from bench.clock import Clock
from bench.device.link import DELIVERING, DeviceState
from bench.errors import LinkTimeout
from bench.station.acquisition import Capture
from bench.station.event_records import (
    POINTS,
    EventRecords,
    flowing_a,
    hold_off_s,
    off_interval_s,
    phases_in,
    points_for,
)
from bench.station.fixture import Fixture
from bench.station.reactions import Reaction, Reactions
from bench.station.scales import Label
from bench.station.treatment import Treatment

__all__ = ["FrozenTimer", "Hang", "Injections", "Layer", "TemperatureRise", "ThresholdRise"]

Layer = Literal["oc_hw", "oc_fw"]
Hang = Literal["hang_main", "hang_all"]
"""``hang_main``: the main loop stops and the pulses go on; ``hang_all``: everything stands still."""

AFTER_RESET_S: Final = 2.5
"""How long a device is watched behind its watchdog: it boots, and may try to go on."""

RISE_FROM: Final = 0.80
RISE_TO: Final = 1.25
RISE_STEP: Final = 0.01
"""Of the declared overcurrent threshold: the tolerance is ±15 %, a step a fifteenth of it."""
PULSES_PER_STEP: Final = 3.0
SHORTEST_STEP_S: Final = 0.02
SAMPLES_PER_PULSE: Final = 40
WHOLE_PULSE: Final = 0.8
"""A pulse shorter than this share of its declared duration was cut off by the trip."""

WARM_BELOW_K: Final = 4.0
"""How far below the declared cut-off the substituted temperature begins."""
WARM_ABOVE_K: Final = 8.0
FINE_STEP_K: Final = 0.1
COARSE_STEP_K: Final = 1.0
TEMPERATURE_SETTLE_S: Final = 0.5

FROZEN_SESSION_S: Final = 60.0
FROZEN_LOOK: Final = 1.05
"""Of the session: an output here shows that the timer did stand still."""
FROZEN_WATCH: Final = 1.7
FROZEN_POLL_S: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdRise:
    """A current that was raised in steps until the device tripped."""

    capture: Capture
    last_a: float | None
    """Amplitude of the last whole pulse before the trip; None where none was seen."""
    step_relative: float
    tripped: bool
    reached_ua: float
    """Injected current at the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemperatureRise:
    """A substituted temperature that was raised until the output ended."""

    tolerated_c: float
    """Highest substituted temperature at which the output still flowed."""
    step_k: float
    tripped: bool
    faults: frozenset[str]
    after: Capture
    after_a: float
    """Largest current at the substituted temperature at which the device said it had stopped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenTimer:
    """A session whose timer stood still."""

    session_s: float
    provoked: bool
    """Whether the output outlasted the session: else the timer was never frozen."""
    length_s: float | None
    """When the device ended it; None where it did not."""
    poll_s: float
    watched_s: float
    after: Capture
    after_a: float
    """Largest current at the end; above the off threshold there was no end."""


class Injections:
    """Injects one fault at a time into a running device."""

    def __init__(
        self,
        *,
        treatment: Treatment,
        fixture: Fixture,
        records: EventRecords,
        reactions: Reactions,
        clock: Clock,
    ) -> None:
        self._treatment = treatment
        self._fixture = fixture
        self._records = records
        self._reactions = reactions
        self._clock = clock
        self._ranges = records.ranges
        self._profile = records.ranges.profile
        self._level = self._profile.highest_level

    @property
    def polarities(self) -> tuple[int, ...]:
        """The polarities at which the bridge can stick: a monophasic device has one leg."""
        return (1,) if self._profile.waveform.kind == "monophasic" else (1, -1)

    def dc_fault(
        self, *, polarity: int, load_ohm: float, phase_s: float, first_off: bool = False
    ) -> Reaction | None:
        """Let the bridge stick at one polarity; None where no direct current came of it.

        ``first_off``: with the first protection switched off the second limiter alone is left.
        """
        profile = self._profile
        self._run_unlocked(load_ohm)
        if first_off:
            self._treatment.link.enable_protection("dc", enabled=False)
        self._fixture.close("sync_link")
        self._clock.sleep(phase_s)
        limit_s, _ = profile.nominal("dc trip", level=self._level, load_ohm=load_ohm)
        observe_s = 2.0 * limit_s + hold_off_s(profile) + profile.waveform.polarity_cycle_s
        range_a = self._ranges.wide_a()
        interval_s = off_interval_s(profile, range_a)
        capture = self._records.take(
            "bridge stuck at one polarity",
            {Label.CURRENT: range_a},
            observe_s=observe_s,
            cause=lambda: self._treatment.link.inject("stuck_polarity", polarity),
            conditions={"load_ohm": load_ohm, "polarity": polarity},
            points=max(POINTS, points_for(observe_s, interval_s=interval_s)),
            single_fault=True,
        )
        self._fixture.open("sync_link")
        reaction = self._reactions.after_sync(capture)
        if reaction.result.still_on and not self._direct(capture):
            return None
        return reaction

    def hang(
        self, what: Hang, *, load_ohm: float, phase_s: float, after_s: float = AFTER_RESET_S
    ) -> Reaction:
        """Hang the firmware and watch until ``after_s`` behind the reset that must follow.

        A device that nothing has stopped has lost its power when this returns.
        """
        profile = self._profile
        self._run_unlocked(load_ohm)
        self._fixture.close("sync_link")
        self._clock.sleep(phase_s)
        observe_s = 2 * profile.timers.watchdog_s + after_s
        range_a = self._ranges.level_a(self._level)
        capture = self._records.take(
            "firmware hung",
            {Label.CURRENT: range_a},
            observe_s=observe_s,
            cause=lambda: self._treatment.link.inject(what, 1),
            conditions={"load_ohm": load_ohm, "hung": what},
            points=points_for(observe_s, interval_s=off_interval_s(profile, range_a)),
            single_fault=True,
        )
        self._fixture.open("sync_link")
        reaction = self._reactions.after_sync(capture)
        if reaction.result.still_on or not self._answers():
            self._treatment.power_cycle()
        return reaction

    def overcurrent_rise(self, *, layer: Layer, load_ohm: float) -> ThresholdRise:
        """Raise the injected current slowly with one overcurrent layer alive."""
        profile, link = self._profile, self._treatment.link
        threshold_ua = profile.protection.overcurrent_ua
        self._run_unlocked(load_ohm)
        for name in ("oc_hw", "oc_fw", "dc"):  # the d.c. layer would see one-sided pulses first
            if name in profile.protection.layers:
                link.enable_protection(name, enabled=name == layer)
        step_s = max(PULSES_PER_STEP / profile.waveform.repetition_rate_hz, SHORTEST_STEP_S)
        steps = round((RISE_TO - RISE_FROM) / RISE_STEP) + 1
        values_ua = [threshold_ua * (RISE_FROM + RISE_STEP * k) for k in range(steps)]
        reached: list[float] = []

        def raise_slowly() -> None:
            for value_ua in values_ua:
                link.inject("overcurrent_ua", value_ua)
                reached.append(value_ua)
                self._clock.sleep(step_s)
                if link.status().state is DeviceState.FAULT:
                    return

        duration_s = steps * (step_s + SHORTEST_STEP_S)
        capture = self._records.look(
            f"injected current raised slowly, {layer} alone",
            {Label.CURRENT: self._ranges.wide_a()},
            duration_s=duration_s,
            conditions={"layer": layer, "load_ohm": load_ohm},
            points=points_for(
                duration_s, interval_s=profile.waveform.pulse_duration_s / SAMPLES_PER_PULSE
            ),
            meanwhile=raise_slowly,
            single_fault=True,
        )
        tripped = link.status().state is DeviceState.FAULT
        self._treatment.restart()
        return ThresholdRise(
            capture=capture,
            last_a=self._last_whole_pulse_a(capture),
            step_relative=RISE_STEP / RISE_FROM,
            tripped=tripped,
            reached_ua=reached[-1],
        )

    def temperature_rise(self, *, load_ohm: float) -> TemperatureRise:
        """Raise the substituted temperature until the output ends."""
        declared_c = self._profile.protection.over_temperature_c
        self._run_unlocked(load_ohm)
        tolerated_c, step_k, tripped = declared_c - WARM_BELOW_K, FINE_STEP_K, False
        while tolerated_c < declared_c + WARM_ABOVE_K:
            step_k = FINE_STEP_K if tolerated_c < declared_c + 1.0 else COARSE_STEP_K
            tried_c = round(tolerated_c + step_k, 1)
            self._treatment.link.inject("thermistor_c10", 10 * tried_c)
            self._clock.sleep(TEMPERATURE_SETTLE_S)
            if self._treatment.link.status().state is not DeviceState.RUN:
                tripped = True
                break
            tolerated_c = tried_c
        after = self.steady_look("output at the substituted temperature", load_ohm=load_ohm)
        faults = self._treatment.link.faults()
        self._treatment.restart()
        return TemperatureRise(
            tolerated_c=tolerated_c,
            step_k=step_k,
            tripped=tripped and flowing_a(after, self._profile) <= self._profile.off_a,
            faults=faults,
            after=after,
            after_a=flowing_a(after, self._profile),
        )

    def frozen_timer(self, *, load_ohm: float) -> FrozenTimer:
        """Let the session's timer stand still and see what else ends the session."""
        link, session_s = self._treatment.link, FROZEN_SESSION_S
        self._treatment.run(level=self._level, load_ohm=load_ohm, session_s=session_s)
        started_ns = self._clock.now_ns()
        self._treatment.unlock()
        link.inject("timer_frozen", 1)
        self._clock.sleep(FROZEN_LOOK * session_s)
        provoked = link.status().state in DELIVERING
        length_s: float | None = None
        while (elapsed_s := (self._clock.now_ns() - started_ns) / 1e9) < FROZEN_WATCH * session_s:
            if link.status().state not in DELIVERING:
                length_s = elapsed_s
                break
            self._clock.sleep(FROZEN_POLL_S)
        after = self.steady_look("output behind a session with a frozen timer", load_ohm=load_ohm)
        if flowing_a(after, self._profile) > self._profile.off_a:
            length_s = None
        watched_s = (self._clock.now_ns() - started_ns) / 1e9
        self._treatment.restart()
        return FrozenTimer(
            session_s=session_s,
            provoked=provoked,
            length_s=length_s,
            poll_s=FROZEN_POLL_S,
            watched_s=watched_s,
            after=after,
            after_a=flowing_a(after, self._profile),
        )

    def steady_look(self, title: str, *, load_ohm: float) -> Capture:
        """Take one polarity cycle and a bit at the highest level's range."""
        return self._records.look(
            title,
            {Label.CURRENT: self._ranges.level_a(self._level)},
            duration_s=1.2 * self._profile.waveform.repeat_s,
            conditions={"load_ohm": load_ohm},
        )

    def _run_unlocked(self, load_ohm: float) -> None:
        self._treatment.run(level=self._level, load_ohm=load_ohm)
        self._treatment.unlock()

    def _answers(self) -> bool:
        """Return whether the device answers; a hung one whose output is off may stay silent."""
        try:
            self._treatment.link.status()
        except LinkTimeout:
            return False
        return True

    def _direct(self, capture: Capture) -> bool:
        """Return whether the end of the record shows direct current, or pulses of one sign alone.

        Behind a blocking capacitor no direct current flows, however long the bridge sticks.
        """
        waveform = capture.waveforms[Label.CURRENT]
        end_s = waveform.t0_s + waveform.duration_s
        wave = self._profile.waveform
        cycle_s = wave.polarity_cycle_s if wave.envelope is None else 1.0 / wave.envelope.rate_hz
        tail = waveform.between(end_s - cycle_s, end_s)
        if abs(float(tail.values().mean())) > self._profile.protection.dc_threshold_ua * 1e-6:
            return True
        signs = phases_in(tail, self._profile).polarity
        return wave.kind != "monophasic" and signs.size > 0 and abs(int(signs.sum())) == signs.size

    def _last_whole_pulse_a(self, capture: Capture) -> float | None:
        declared_s = self._profile.waveform.pulse_duration_s
        pulses = phases_in(capture.waveforms[Label.CURRENT], self._profile).whole()
        whole = pulses.select(pulses.duration_s > WHOLE_PULSE * declared_s)
        return float(np.abs(whole.top[-1])) if len(whole) else None
