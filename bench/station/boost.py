"""A temporary boost: one record from before it until it is over, and a finer one behind it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from bench.clock import Clock
from bench.device.link import BoostingLink
from bench.errors import DeviceMisbehaved, NotOffered
from bench.judge import interval_budget
from bench.station.event_records import EventRecords, points_for
from bench.station.measurands import amplitude, leading_phases, transitions
from bench.station.measured import Measured
from bench.station.ranges import FILL
from bench.station.scales import Label
from bench.station.steady_output import SteadyOutput
from bench.station.treatment import Treatment

__all__ = ["Boosted", "Boosts", "boost_amplitude", "boost_duration"]

BEFORE_S: Final = 1.0
AFTER_S: Final = 2.0
SAMPLES_PER_PULSE: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Boosted:
    """The record around a boost, the boost within it, and a finer record behind it."""

    whole: SteadyOutput
    boosted: SteadyOutput
    after: SteadyOutput
    begins_s: float
    ends_s: float
    """Leading edges of the first boosted pulse and of the first behind the boost."""


class Boosts:
    """Boosts a running device."""

    def __init__(self, *, treatment: Treatment, records: EventRecords, clock: Clock) -> None:
        self._treatment = treatment
        self._records = records
        self._clock = clock
        self._profile = records.ranges.profile

    def of(self, *, level: int, load_ohm: float) -> Boosted:
        """Run at a level, boost, and wait until it is over; raises NotOffered, DeviceMisbehaved."""
        profile, link, boost = self._profile, self._treatment.link, self._profile.output.boost
        if boost is None or not isinstance(link, BoostingLink):
            raise NotOffered("the device's link has no command for the boost")
        self._treatment.run(level=level, load_ohm=load_ohm)

        def ask() -> None:
            self._clock.sleep(BEFORE_S)
            link.boost()

        duration_s = BEFORE_S + boost.duration_s + AFTER_S
        full_scale_a = self._records.ranges.at_least_a(2 * boost.current_ua * 1e-6 / FILL)
        interval_s = profile.waveform.pulse_duration_s / SAMPLES_PER_PULSE
        capture = self._records.look(
            "boost",
            {Label.CURRENT: full_scale_a},
            duration_s=duration_s,
            conditions={"level": level, "load_ohm": load_ohm},
            points=points_for(duration_s, interval_s=interval_s),
            meanwhile=ask,
        )
        after = self._records.look(
            "behind the boost",
            {Label.CURRENT: self._records.ranges.level_a(level)},
            duration_s=AFTER_S,
            conditions={"level": level, "load_ohm": load_ohm},
            points=points_for(AFTER_S, interval_s=interval_s),
        )
        self._treatment.must_run()
        self._treatment.stop()
        whole, behind = (
            SteadyOutput(capture=one, profile=profile, level=level, load_ohm=load_ohm)
            for one in (capture, after)
        )
        middle_a = (profile.current_ua(level, load_ohm) + boost.current_ua) / 2e6
        return self._parts(whole, behind, middle_a)

    def _parts(self, whole: SteadyOutput, after: SteadyOutput, middle_a: float) -> Boosted:
        leading = leading_phases(whole)
        high = np.flatnonzero(np.abs(leading.top) > middle_a)
        if high.size < 2 or high[-1] + 1 >= len(leading):
            raise DeviceMisbehaved(
                f"{high.size} of {len(leading)} pulses lie above {middle_a * 1e6:.0f} µA around a "
                "boost, expected some, and some below behind them"
            )
        begins_s = float(leading.start_s[high[0]])
        ends_s = float(leading.start_s[high[-1] + 1])
        guard_s = whole.profile.waveform.pulse_period_s / 4
        return Boosted(
            whole=whole,
            boosted=_between(whole, begins_s - guard_s, ends_s - guard_s),
            after=after,
            begins_s=begins_s,
            ends_s=ends_s,
        )


def boost_amplitude(found: Boosted, polarity: int) -> Measured:
    """Return the amplitude while the boost lasts, in A."""
    return amplitude(found.boosted, polarity)


def boost_duration(found: Boosted, *, timebase_ppm: float) -> Measured:
    """Return from the first boosted pulse to the first behind them, in s."""
    value = found.ends_s - found.begins_s
    edges = replace(transitions(found.whole, found.whole.pulses), repetitions=1)
    return Measured(
        value=value,
        unit="s",
        budget=interval_budget(value, edges, timebase_ppm=timebase_ppm),
        waveforms=found.whole.evidence,
    )


def _between(output: SteadyOutput, start_s: float, stop_s: float) -> SteadyOutput:
    capture = output.capture
    cut = capture.waveforms[output.label].between(start_s, stop_s)
    return replace(
        output, capture=replace(capture, waveforms={**capture.waveforms, output.label: cut})
    )
