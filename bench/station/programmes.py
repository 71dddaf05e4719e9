"""Modes that differ from the first: their rates, and the steps of a sequence, in one record each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from bench.judge import interval_budget, rate_budget
from bench.measure import repetition_rate
from bench.profile import ModeStep
from bench.station.event_records import EventRecords, points_for
from bench.station.measurands import leading_phases, transitions
from bench.station.measured import Measured
from bench.station.scales import Label
from bench.station.steady_output import SteadyOutput
from bench.station.treatment import Treatment

__all__ = ["Programmes", "StepSeen", "steps_seen"]

LEAST_PULSES: Final = 25
LEAST_S: Final = 1.0
SAMPLES_PER_PULSE: Final = 60
CHANGE: Final = 0.15
"""Of an interval by which the next one differs where a new step begins."""
NEAR: Final = 0.25
"""Of a declared rate within which a run of pulses may be this step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSeen:
    """What one declared step looked like; values of None where it was not there."""

    step: ModeStep
    rate: Measured
    duration: Measured | None
    """None where the step lasts as long as the session."""


class Programmes:
    """Runs the device in each of its modes."""

    def __init__(self, *, treatment: Treatment, records: EventRecords) -> None:
        self._treatment = treatment
        self._records = records
        self._profile = records.ranges.profile

    def record(self, mode: str, *, level: int, load_ohm: float) -> SteadyOutput:
        """Return a record of a mode, long enough to hold each step whole; the first mode is back."""
        profile = self._profile
        steps = profile.mode_steps[mode]
        rates = [step.rate_hz for step in steps]
        lasting_s = sum(step.duration_s or 0.0 for step in steps)
        longest_s = max(step.duration_s or 0.0 for step in steps)
        duration_s = max(LEAST_S, LEAST_PULSES / min(rates), lasting_s + longest_s + LEAST_S)
        self._treatment.make_idle()
        self._treatment.link.set_mode(mode)
        try:
            self._treatment.run(level=level, load_ohm=load_ohm)
            interval_s = profile.waveform.pulse_duration_s / SAMPLES_PER_PULSE
            capture = self._records.look(
                f"mode {mode}",
                {Label.CURRENT: self._records.ranges.level_a(level)},
                duration_s=duration_s,
                conditions={"level": level, "load_ohm": load_ohm, "mode": mode},
                points=points_for(duration_s, interval_s=interval_s),
            )
            self._treatment.must_run()
        finally:
            self._treatment.make_idle()
            self._treatment.link.set_mode(profile.modes[0])
        return SteadyOutput(
            capture=capture,
            profile=profile.with_rate(max(rates)),
            level=level,
            load_ohm=load_ohm,
        )


def steps_seen(
    output: SteadyOutput, steps: Sequence[ModeStep], *, timebase_ppm: float
) -> list[StepSeen]:
    """Return what each declared step looked like in a record of its mode."""
    return [_seen(output, step, _runs(output, steps), timebase_ppm) for step in steps]


def _runs(output: SteadyOutput, steps: Sequence[ModeStep]) -> list[tuple[int, int]]:
    """Return first and last number of the leading phases of each run of equal intervals.

    Of a sequence the first and the last run are left out: the record cuts them.
    """
    starts = leading_phases(output).start_s
    if starts.size < 3:
        return []
    intervals = np.diff(starts)
    changes = np.flatnonzero(np.abs(intervals[1:] / intervals[:-1] - 1.0) > CHANGE) + 1
    edges = [0, *changes.tolist(), int(intervals.size)]
    runs = list(pairwise(edges))
    return runs[1:-1] if len(steps) > 1 else runs


def _seen(
    output: SteadyOutput, step: ModeStep, runs: Sequence[tuple[int, int]], timebase_ppm: float
) -> StepSeen:
    pulses = leading_phases(output)
    starts = pulses.start_s
    near = [
        run
        for run in runs
        if abs((run[1] - run[0]) / (starts[run[1]] - starts[run[0]]) / step.rate_hz - 1.0) < NEAR
    ]
    if not near:
        missing = Measured(
            value=None, unit="Hz", waveforms=output.evidence,
            reason=f"no pulses at about {step.rate_hz:g} Hz in {output.capture.shot.title}",
        )  # fmt: skip
        return StepSeen(step=step, rate=missing, duration=None)
    first, last = max(near, key=lambda run: run[1] - run[0])
    fitted = repetition_rate(pulses.select(np.arange(first, last + 1)))
    if fitted is None:
        missing = Measured(
            value=None, unit="Hz", waveforms=output.evidence, reason="fewer than two pulses"
        )
        return StepSeen(step=step, rate=missing, duration=None)
    budget = rate_budget(
        fitted.rate_hz,
        standard_uncertainty_hz=fitted.standard_uncertainty_hz,
        timebase_ppm=timebase_ppm,
    )
    rate = Measured(value=fitted.rate_hz, unit="Hz", budget=budget, waveforms=output.evidence)
    if step.duration_s is None:
        return StepSeen(step=step, rate=rate, duration=None)
    lasting_s = float(starts[last] - starts[first])
    lasting = Measured(
        value=lasting_s,
        unit="s",
        budget=interval_budget(
            lasting_s, transitions(output, output.pulses), timebase_ppm=timebase_ppm
        ),
        waveforms=output.evidence,
    )
    return StepSeen(step=step, rate=rate, duration=lasting)
