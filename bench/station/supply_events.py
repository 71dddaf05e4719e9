"""What the device does about its supply: interruptions, dips, an emptying battery."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from bench.clock import Clock
from bench.device.link import DeviceState
from bench.errors import DeviceMisbehaved, DeviceRefused, LinkTimeout, NotOffered
from bench.judge import Budget, MultimeterAccuracy, voltage_budget
from bench.measure import PulseTable
from bench.profile import Profile
from bench.station.acquisition import Capture
from bench.station.course import at_crest
from bench.station.event_records import (
    POINTS,
    EventRecords,
    by_itself,
    flowing_a,
    largest_a,
    off_averaging_s,
    phases_in,
    points_for,
    sync_edges,
)
from bench.station.fixture import BATTERY_V, Fixture
from bench.station.scales import Label
from bench.station.transitions import PEAK_AVERAGING_S
from bench.station.treatment import Treatment
from instruments.roles import Multimeter

__all__ = ["BatteryReading", "Dip", "Interruption", "RunDown", "SupplyEvents", "crest_a"]

AFTER_RETURN_S: Final = 3.0
"""How long a device is watched behind the return of its supply: it boots, and may go on."""
SETTLE_S: Final = 0.1
"""The supply moves within 50 ms. Source: E36312A data sheet."""
TAIL_S: Final = 1.0
TAIL_CYCLES: Final = 1.2
CERTAINLY_ON: Final = 3.0
"""Of what counts as off: less, or what the range shows by itself, is judged on a finer range."""
REST_S: Final = 0.6
WHOLE_SHARE: Final = 0.8
GOLDEN: Final = 0.618
"""Share of a polarity cycle between two tries: they spread evenly, however many."""
DIP_TRIES: Final = 6
"""Instants at which a dip is tried on a device that falls silent with its output off."""

BELOW_CUT_OFF_V: Final = 0.12
"""Beyond the tolerance of 3 % about the declared cut-off. Source: FLT-011."""
STEP_V: Final = 0.02
LOWEST_V: Final = 2.7
"""A cell below this is deeply discharged. Source: engineering default of this bench."""
STEP_WAIT_S: Final = 0.15
BATTERY_RANGE_V: Final = 10.0
BATTERY_APERTURE_S: Final = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Interruption:
    """The supply went away and came back."""

    capture: Capture
    width_s: float
    going_a: float
    """Largest current from the loss on, over ten microseconds."""
    after: Capture
    """The record that shows it: this one, or a finer one taken afterwards."""
    after_a: float
    """Largest current once the supply was back."""
    state: DeviceState


@dataclass(frozen=True, slots=True, kw_only=True)
class Dip:
    """The supply fell to a voltage for a while."""

    capture: Capture
    depth_v: float
    width_s: float
    tail: Capture
    """The record that shows ``tail_a``: this one, or a finer one taken afterwards."""
    tail_a: float
    """Largest current in the last part of the record."""
    largest_a: float
    """Largest current anywhere in the record, over ten microseconds."""
    pulses: PulseTable
    """Whole phases in the last part."""
    delivering: bool
    """Whether those are the pulses of a session, as many as declared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatteryReading:
    """Volts at the device's battery terminals, with their budget."""

    volts: float
    budget: Budget


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDown:
    """A battery that was emptied under a running device."""

    warning: BatteryReading | None
    """Where the device first warned; None where it never did."""
    cut_off: BatteryReading | None
    """The last voltage at which the output still ran; None where it never ended."""
    lowest_v: float
    last: Capture
    """The output at the last voltage before the cut-off."""
    before: tuple[PulseTable, ...]
    """Whole phases at each voltage from the warning on, the device still running."""
    after: Capture
    after_a: float
    """Largest current behind the cut-off."""
    step_v: float = STEP_V


class SupplyEvents:
    """Plays the battery emulator against a running device."""

    def __init__(
        self,
        *,
        treatment: Treatment,
        fixture: Fixture,
        records: EventRecords,
        dmm: Multimeter,
        accuracy: MultimeterAccuracy,
        clock: Clock,
    ) -> None:
        self._treatment = treatment
        self._fixture = fixture
        self._records = records
        self._dmm = dmm
        self._accuracy = accuracy
        self._clock = clock
        self._ranges = records.ranges
        self._profile = records.ranges.profile
        self._level = self._profile.highest_level

    def interruption(self, *, width_s: float, load_ohm: float) -> Interruption:
        """Take the supply from a running device for a while and give it back."""
        self._treatment.run(level=self._level, load_ohm=load_ohm)
        observe_s = width_s + AFTER_RETURN_S

        def interrupt() -> None:
            self._fixture.open("battery")
            self._clock.sleep(width_s)
            self._fixture.close("battery")

        capture = self._records.take(
            f"supply interrupted for {width_s:g} s",
            {Label.CURRENT: self._ranges.level_a(self._level)},
            observe_s=observe_s,
            cause=interrupt,
            conditions={"level": self._level, "load_ohm": load_ohm, "width_s": width_s},
            points=max(
                POINTS, points_for(observe_s, interval_s=off_averaging_s(self._profile) / 4)
            ),
        )
        state = self._treatment.link.status().state
        waveform = capture.waveforms[Label.CURRENT]
        edges = sync_edges(capture)
        end_s = waveform.t0_s + waveform.duration_s
        seen_a = flowing_a(capture, self._profile, waveform.between(edges[-1], end_s))
        after, after_a = self._resting(seen_a, capture, load_ohm)
        return Interruption(
            capture=capture,
            width_s=width_s,
            going_a=largest_a(
                capture, waveform.between(edges[0], end_s), averaging_s=PEAK_AVERAGING_S
            ),
            after=after,
            after_a=after_a,
            state=state,
        )

    def dip(self, *, depth_v: float, width_s: float, load_ohm: float) -> Dip:
        """Let the supply of a running device fall to ``depth_v`` for ``width_s``.

        A device that stays silent with its output off is tried again at other instants, and is
        LinkTimeout only where it always does.
        """
        cycle_s = self._profile.waveform.polarity_cycle_s
        for attempt in range(DIP_TRIES):
            phase_s = attempt * GOLDEN % 1.0 * cycle_s
            found = self._dip(depth_v=depth_v, width_s=width_s, load_ohm=load_ohm, phase_s=phase_s)
            if self._answers():
                return found
            self._treatment.power_cycle()
            if found.tail_a > self._profile.off_a:
                return found
        raise LinkTimeout(
            f"the device did not answer after its supply fell to {depth_v:g} V for {width_s:g} s, "
            f"{DIP_TRIES} times; its output was off each time"
        )

    def start_when_empty(self, *, load_ohm: float) -> tuple[str, tuple[float, Capture]]:
        """Try to start on a battery below its cut-off; return the answer, and what flows."""
        self._treatment.make_idle()
        self._treatment.connect(load_ohm)
        self._fixture.set_battery(self._profile.protection.battery_cutoff_v - BELOW_CUT_OFF_V)
        self._clock.sleep(REST_S)
        try:
            self._treatment.link.start(self._profile.timers.session_s)
        except DeviceRefused as refusal:
            answer = f"refused: {refusal.word}"
        else:
            answer = "accepted"
        self._clock.sleep(self._profile.timers.start_delay_s + self._profile.timers.ramp_s)
        seen = self._look("output on an empty battery", load_ohm)
        capture, flowing = self._resting(flowing_a(seen, self._profile), seen, load_ohm)
        self._fixture.set_battery(BATTERY_V)
        self._clock.sleep(SETTLE_S)
        return answer, (flowing, capture)

    def run_down(self, *, load_ohm: float) -> RunDown:
        """Empty the battery in steps until the output ends; the nominal voltage comes back."""
        self._treatment.run(level=self._level, load_ohm=load_ohm)
        if self._treatment.link.status().battery_low is None:
            raise NotOffered("the link's status has no battery warning")
        try:
            return self._run_down(load_ohm)
        finally:
            self._fixture.set_battery(BATTERY_V)
            self._clock.sleep(SETTLE_S)

    def battery(self) -> BatteryReading:
        """Read the voltage at the device's battery terminals."""
        self._fixture.close("dmm_battery")
        self._dmm.configure_dc_voltage(range_v=BATTERY_RANGE_V, aperture_s=BATTERY_APERTURE_S)
        readings = self._dmm.read(2)
        self._fixture.open("dmm_battery")
        budget = voltage_budget(
            [float(volts) for volts in readings], accuracy=self._accuracy, range_v=BATTERY_RANGE_V
        )
        return BatteryReading(volts=float(readings.mean()), budget=budget)

    def _run_down(self, load_ohm: float) -> RunDown:
        warning: BatteryReading | None = None
        cut_off: BatteryReading | None = None
        before: list[PulseTable] = []
        set_v, last_v = BATTERY_V, BATTERY_V
        last = self._look("output at the nominal battery voltage", load_ohm)
        while set_v - STEP_V >= LOWEST_V:
            last_v, set_v = set_v, set_v - STEP_V
            self._fixture.set_battery(set_v)
            self._clock.sleep(STEP_WAIT_S)
            status = self._treatment.link.status()
            if status.state is not DeviceState.RUN:
                break
            if status.battery_low and warning is None:
                warning = self.battery()
            if warning is not None:
                last = self._look(f"output at a battery of {set_v:.2f} V", load_ohm)
                before.append(phases_in(last.waveforms[Label.CURRENT], self._profile).whole())
        else:
            return RunDown(
                warning=warning, cut_off=None, lowest_v=set_v, last=last,
                before=tuple(before), after=last, after_a=flowing_a(last, self._profile),
            )  # fmt: skip
        seen = self._look("output behind the battery's cut-off", load_ohm)
        after, after_a = self._resting(flowing_a(seen, self._profile), seen, load_ohm)
        self._fixture.set_battery(last_v)
        self._clock.sleep(SETTLE_S)
        cut_off = self.battery()
        return RunDown(
            warning=warning, cut_off=cut_off, lowest_v=set_v, last=last, before=tuple(before),
            after=after, after_a=after_a,
        )  # fmt: skip

    def _dip(self, *, depth_v: float, width_s: float, load_ohm: float, phase_s: float) -> Dip:
        profile = self._profile
        self._treatment.run(level=self._level, load_ohm=load_ohm)
        self._clock.sleep(phase_s)
        duration_s = width_s + 2 * SETTLE_S + AFTER_RETURN_S

        def fall_and_return() -> None:
            self._fixture.set_battery(depth_v)
            self._clock.sleep(width_s)
            self._fixture.set_battery(BATTERY_V)

        capture = self._records.look(
            f"supply dip to {depth_v:g} V for {width_s:g} s",
            {Label.CURRENT: self._ranges.wide_a()},
            duration_s=duration_s,
            conditions={"depth_v": depth_v, "width_s": width_s, "load_ohm": load_ohm},
            points=max(
                POINTS, points_for(duration_s, interval_s=profile.waveform.pulse_duration_s / 20)
            ),
            meanwhile=fall_and_return,
        )
        waveform = capture.waveforms[Label.CURRENT]
        end_s = waveform.t0_s + waveform.duration_s
        wave = profile.waveform
        tail_s = max(TAIL_S, 2 * wave.polarity_cycle_s, TAIL_CYCLES * wave.rhythm_s)
        tail = waveform.between(end_s - tail_s, end_s)
        phases = phases_in(tail, profile).whole()
        declared = (
            tail.duration_s
            * profile.waveform.phases_per_pulse
            * profile.waveform.pulses_per_train
            / profile.waveform.train_s
        )
        seen_a = flowing_a(capture, profile, tail)
        resting, resting_a = self._resting(seen_a, capture, load_ohm)
        return Dip(
            capture=capture,
            depth_v=depth_v,
            width_s=width_s,
            tail=resting,
            tail_a=resting_a,
            largest_a=largest_a(capture, averaging_s=PEAK_AVERAGING_S),
            pulses=phases,
            delivering=len(phases) >= WHOLE_SHARE * (declared - 2),
        )

    def _resting(self, seen_a: float, seen: Capture, load_ohm: float) -> tuple[Capture, float]:
        """Return a finer record of a device that seems off, with the largest current in it."""
        shown_a = by_itself(seen, Label.CURRENT, averaging_s=off_averaging_s(self._profile))
        if seen_a > max(CERTAINLY_ON * self._profile.off_a, shown_a):
            return seen, seen_a
        capture = self._records.look(
            "device at rest",
            {Label.CURRENT: self._ranges.off_a()},
            duration_s=REST_S,
            conditions={"load_ohm": load_ohm},
        )
        return capture, flowing_a(capture, self._profile)

    def _look(self, title: str, load_ohm: float) -> Capture:
        wave = self._profile.waveform
        duration_s = TAIL_CYCLES * max(wave.rhythm_s, 4 * wave.pulse_period_s)
        return self._records.look(
            title,
            {Label.CURRENT: self._ranges.level_a(self._level)},
            duration_s=duration_s,
            conditions={"level": self._level, "load_ohm": load_ohm},
        )

    def _answers(self) -> bool:
        try:
            self._treatment.link.status()
        except LinkTimeout:
            return False
        return True


def crest_a(pulses: PulseTable, polarity: int, profile: Profile) -> float:
    """Return the median amplitude of one polarity's phases, at the crest of any envelope."""
    crest = at_crest(pulses, profile)
    tops = np.abs(crest.top[crest.polarity == polarity])
    if not tops.size:
        raise DeviceMisbehaved(f"no phases of polarity {polarity:+d}")
    return float(np.median(tops))
