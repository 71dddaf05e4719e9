"""Modes that differ from the first: their rates, and the steps of a sequence, in one record each.

The output of a sequence is a function of time: which step comes next, at what rate, for how long. A
record is taken apart into stretches of one rate, and each is held against the declared step that it
must be.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log
from typing import Final

import numpy as np

from bench.judge import interval_budget, rate_budget
from bench.measure import PulseTable, RateSegment, rate_segments, repetition_rate
from bench.profile import ModeStep
from bench.station.event_records import EventRecords, points_for
from bench.station.measurands import leading_phases, transitions
from bench.station.measured import Measured
from bench.station.pulse_grid import CUT_SHARE, grid_of
from bench.station.scales import Label
from bench.station.steady_output import SteadyOutput
from bench.station.treatment import Treatment

__all__ = ["PlayedMode", "Programmes", "StepSeen", "played"]

LEAST_PULSES: Final = 25
LEAST_S: Final = 1.0
SAMPLES_PER_PULSE: Final = 60
ANOTHER_RATE: Final = 0.08
"""Of a period, by which the next two differ where a new step begins; declared steps that follow one
another differ by at least twice as much (see the profile's lint)."""
FEWEST: Final = 3
"""Pulses of the shortest stretch that is taken for a step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSeen:
    """What one declared step looked like; values of None where it was not there."""

    step: ModeStep
    rate: Measured
    """Of the stretch that lies farthest from the declared rate."""
    duration: Measured | None
    """None where the step lasts as long as the session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayedMode:
    """A record of one mode against its declared steps."""

    steps: tuple[StepSeen, ...]
    order: tuple[float, ...]
    """Declared rates in the order in which they were seen, in Hz."""
    in_order: bool
    defects: Measured
    """Pulses that are missing, too many or cut short within the steps."""
    pulses: int


class Programmes:
    """Runs the device in each of its modes."""

    def __init__(self, *, treatment: Treatment, records: EventRecords) -> None:
        self._treatment = treatment
        self._records = records
        self._profile = records.ranges.profile
        self._known: dict[tuple[str, int, float], SteadyOutput] = {}

    def record(self, mode: str, *, level: int, load_ohm: float) -> SteadyOutput:
        """Return a record of a mode, long enough to hold each step whole; taken once."""
        key = (mode, level, load_ohm)
        if key not in self._known:
            self._known[key] = self._taken(mode, level=level, load_ohm=load_ohm)
        return self._known[key]

    def _taken(self, mode: str, *, level: int, load_ohm: float) -> SteadyOutput:
        profile = self._profile
        steps = profile.mode_steps[mode]
        rates = [step.rate_hz for step in steps]
        lasting_s = sum(step.duration_s or 0.0 for step in steps)
        longest_s = max(step.duration_s or 0.0 for step in steps)
        duration_s = max(LEAST_S, LEAST_PULSES / min(rates), lasting_s + longest_s + LEAST_S)
        interval_s = profile.waveform.pulse_duration_s / SAMPLES_PER_PULSE
        with self._treatment.in_mode(mode):
            self._treatment.run(level=level, load_ohm=load_ohm)
            capture = self._records.look(
                f"mode {mode}",
                {Label.CURRENT: self._records.ranges.level_a(level)},
                duration_s=duration_s,
                conditions={"level": level, "load_ohm": load_ohm, "mode": mode},
                points=points_for(duration_s, interval_s=interval_s),
            )
            self._treatment.must_run()
        return SteadyOutput(
            capture=capture,
            profile=profile.with_rate(max(rates)),
            level=level,
            load_ohm=load_ohm,
        )


def played(output: SteadyOutput, steps: Sequence[ModeStep], *, timebase_ppm: float) -> PlayedMode:
    """Return what a record of a mode shows of its declared steps."""
    pulses = leading_phases(output)
    found = rate_segments(pulses, tolerance=ANOTHER_RATE, fewest=FEWEST)
    whole = found[1:-1] if len(steps) > 1 else found  # the record cuts the first and the last
    numbers = [_nearest(steps, segment) for segment in whole]
    seen = tuple(
        _seen(
            output, pulses, step, [s for s, at in zip(whole, numbers, strict=True) if at == number],
            timebase_ppm=timebase_ppm,
        )
        for number, step in enumerate(steps)
    )  # fmt: skip
    return PlayedMode(
        steps=seen,
        order=tuple(steps[number].rate_hz for number in numbers),
        in_order=all(after == (before + 1) % len(steps) for before, after in pairwise(numbers)),
        defects=_defects(output, pulses, found),
        pulses=len(pulses),
    )


def _nearest(steps: Sequence[ModeStep], segment: RateSegment) -> int:
    """Return the number of the step whose rate is nearest in ratio: a wrong rate is some step's."""
    return min(range(len(steps)), key=lambda k: abs(log(segment.rate_hz / steps[k].rate_hz)))


def _seen(
    output: SteadyOutput,
    pulses: PulseTable,
    step: ModeStep,
    stretches: Sequence[RateSegment],
    *,
    timebase_ppm: float,
) -> StepSeen:
    if not stretches:
        missing = Measured(
            value=None, unit="Hz", waveforms=output.evidence,
            reason=f"no pulses at about {step.rate_hz:g} Hz in {output.capture.shot.title}",
        )  # fmt: skip
        return StepSeen(step=step, rate=missing, duration=None)
    rates = list(_rates(pulses, stretches))
    rate_hz, uncertain_hz = max(rates, key=lambda rate: abs(rate[0] - step.rate_hz))
    rate = Measured(
        value=rate_hz,
        unit="Hz",
        budget=rate_budget(
            rate_hz, standard_uncertainty_hz=uncertain_hz, timebase_ppm=timebase_ppm
        ),
        waveforms=output.evidence,
    )
    if step.duration_s is None:
        return StepSeen(step=step, rate=rate, duration=None)
    declared_s = step.duration_s
    lasting_s = max(
        (stretch.stop_s - stretch.start_s for stretch in stretches),
        key=lambda seconds: abs(seconds - declared_s),
    )
    edges = transitions(output, output.pulses)
    lasting = Measured(
        value=lasting_s,
        unit="s",
        budget=interval_budget(lasting_s, edges, timebase_ppm=timebase_ppm),
        waveforms=output.evidence,
    )
    return StepSeen(step=step, rate=rate, duration=lasting)


def _rates(pulses: PulseTable, stretches: Sequence[RateSegment]) -> Iterator[tuple[float, float]]:
    """Yield rate and standard uncertainty of each stretch, from a grid through its pulses."""
    for stretch in stretches:
        fitted = repetition_rate(_within(pulses, stretch))
        if fitted is None:
            yield stretch.rate_hz, 0.0
        else:
            yield fitted.rate_hz, fitted.standard_uncertainty_hz


def _defects(
    output: SteadyOutput, pulses: PulseTable, stretches: Sequence[RateSegment]
) -> Measured:
    """Count what does not stand on the grid of its own stretch, and phases that were cut short."""
    declared_s = output.profile.waveform.pulse_duration_s
    off_grid = sum(
        grid_of(_within(pulses, stretch), 1.0 / rate_hz)
        for stretch, (rate_hz, _) in zip(stretches, _rates(pulses, stretches), strict=True)
    )
    cut = int((output.pulses.duration_s < CUT_SHARE * declared_s).sum())
    return Measured(
        value=float(off_grid + cut), unit="pulses", waveforms=output.evidence, exact=True
    )


def _within(pulses: PulseTable, stretch: RateSegment) -> PulseTable:
    rows = (pulses.start_s >= stretch.start_s) & (pulses.start_s <= stretch.stop_s)
    return pulses.select(np.flatnonzero(rows))
