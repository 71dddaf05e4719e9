"""What the standards rate an output by: r.m.s. and mean current, energy, densities, level steps.

All of it follows from the steady record over whole repetitions of the waveform, about the zero
state of that record. Formulae: FDA-PMS-1999, Att. II s.3; IEC 60601-2-10, 201.12.4.104.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, Final

import numpy as np

from bench.errors import DeviceMisbehaved
from bench.judge import Budget, evaluate, normal, rectangular
from bench.measure import RecordAnalysis, analyse
from bench.station.measurands import amplitude, level_steps, polarity_cycle_s, pulse_duration
from bench.station.measured import Measured
from bench.station.steady_output import SteadyOutput

__all__ = [
    "average_current",
    "largest_level_step",
    "lowest_share",
    "power_density",
    "pulse_energy",
    "rms_current",
    "rms_current_density",
]

BEFORE_EDGE: Final = 0.25
"""Of the shortest pause: where a record is cut, before a leading edge."""


def rms_current(output: SteadyOutput, *, timebase_ppm: float) -> Measured:
    """Return the r.m.s. current over whole repetitions, in A, noise taken out."""
    value = _whole_repeats(output).rms_about_baseline
    return _scaled(
        output, value, "A", "r.m.s. current", timebase_ppm=timebase_ppm,
        equation=lambda current, time: value * current * time**0.5,
    )  # fmt: skip


def average_current(output: SteadyOutput, *, timebase_ppm: float) -> Measured:
    """Return the mean magnitude of the current over whole repetitions, in A."""
    value = _whole_repeats(output).average_rectified
    return _scaled(
        output, value, "A", "mean rectified current", timebase_ppm=timebase_ppm,
        equation=lambda current, time: value * current * time,
    )  # fmt: skip


def rms_current_density(output: SteadyOutput, *, timebase_ppm: float) -> Measured:
    """Return the r.m.s. current over the declared electrode area, in A/cm²."""
    area_cm2 = output.profile.output.electrode_area_cm2
    value = _whole_repeats(output).rms_about_baseline / area_cm2
    return _scaled(
        output, value, "A/cm2", "r.m.s. current density", timebase_ppm=timebase_ppm,
        equation=lambda current, time: value * current * time**0.5,
    )  # fmt: skip


def power_density(output: SteadyOutput, *, load_tolerance: float, timebase_ppm: float) -> Measured:
    """Return the mean power in the load over the declared electrode area, in W/cm².

    ``load_tolerance`` is the relative half-width within which the self-test proved the load.
    """
    area_cm2 = output.profile.output.electrode_area_cm2
    value = _whole_repeats(output).rms_about_baseline ** 2 * output.load_ohm / area_cm2
    return _scaled(
        output, value, "W/cm2", "power density", timebase_ppm=timebase_ppm,
        load_tolerance=load_tolerance,
        equation=lambda current, time, load: value * current**2 * time * load,
    )  # fmt: skip


def pulse_energy(output: SteadyOutput, *, load_tolerance: float, timebase_ppm: float) -> Measured:
    """Return the largest energy that one pulse leaves in the load, in J: both of its phases."""
    phases = output.pulses
    per_pulse = output.profile.waveform.phases_per_pulse
    count = len(phases) // per_pulse
    if count == 0:
        return Measured(value=None, unit="J", waveforms=output.evidence, reason="no complete pulse")
    energies = phases.top**2 * phases.duration_s * output.load_ohm
    value = float(energies[: count * per_pulse].reshape(count, per_pulse).sum(axis=1).max())
    return _scaled(
        output, value, "J", "energy of a pulse", timebase_ppm=timebase_ppm,
        load_tolerance=load_tolerance,
        equation=lambda current, time, load: value * current**2 * time * load,
    )  # fmt: skip


def largest_level_step(outputs: Sequence[SteadyOutput]) -> Measured:
    """Return the largest rise of amplitude from one level to the next, in A.

    ``outputs`` are the levels in ascending order into one load.
    """
    steps = [step for lower, upper in pairwise(outputs) for step in level_steps(lower, upper)]
    missing = next((step for step in steps if step.value is None), None)
    return missing or max(steps, key=lambda step: step.value or 0.0)


def lowest_share(outputs: Sequence[SteadyOutput], *, off_current: Measured | None) -> Measured:
    """Return the lowest setting's current over the highest level's.

    ``off_current`` is the current in the declared off position; without one the lowest level
    counts. ``outputs`` are the lowest and the highest level into one load.
    """
    shares: list[Measured] = []
    for polarity in outputs[-1].polarities:
        low = off_current or amplitude(outputs[0], polarity)
        high = amplitude(outputs[-1], polarity)
        for part in (low, high):
            if part.value is None or part.budget is None:
                return replace(part, unit="1")
        shares.append(_ratio(low, high))
    return max(shares, key=lambda share: share.value or 0.0)


def _whole_repeats(output: SteadyOutput) -> RecordAnalysis:
    """Return the analysis of the longest stretch that holds whole repetitions of the waveform."""
    waveform = output.capture.waveforms[output.label]
    repeat_s = polarity_cycle_s(output)
    phases = output.pulses
    pauses = phases.gap_s[phases.gap_s > 0]
    before_s = BEFORE_EDGE * float(pauses.min()) if pauses.size else 0.0
    start_s = float(phases.start_s[0]) - before_s
    repeats = int((waveform.t0_s + waveform.duration_s - start_s) / repeat_s)
    if repeats == 0:
        raise DeviceMisbehaved(
            f"the record of {waveform.duration_s:.3g} s holds no whole repetition of "
            f"{repeat_s:.3g} s after its first pulse"
        )
    return analyse(
        waveform.between(start_s, start_s + repeats * repeat_s),
        minimum_pulse_s=output.profile.waveform.pulse_duration_s / 20,
    )


def _scaled(
    output: SteadyOutput,
    value: float,
    unit: str,
    name: str,
    *,
    timebase_ppm: float,
    equation: Callable[..., Any],
    load_tolerance: float = 0.0,
) -> Measured:
    """Give ``value`` the relative uncertainties of amplitude, duration and load."""
    currents = [amplitude(output, polarity) for polarity in output.polarities]
    times = [
        pulse_duration(output, polarity, timebase_ppm=timebase_ppm)
        for polarity in output.polarities
    ]
    for part in (*currents, *times):
        if part.value is None or part.budget is None:
            return replace(part, unit=unit)
    inputs = [
        normal("amplitude", max(map(_relative, currents)), value=1.0, source="amplitude budget"),
        normal(
            "pulse duration", max(map(_relative, times)), value=1.0,
            source="pulse duration budget",
        ),
    ]  # fmt: skip
    if load_tolerance:
        inputs.append(
            rectangular("load", load_tolerance, value=1.0, source="tolerance of the self-test")
        )
    budget = evaluate(name, unit, inputs, equation)
    return Measured(value=value, unit=unit, budget=budget, waveforms=output.evidence)


def _relative(part: Measured) -> float:
    budget = _budget(part)
    return budget.standard_uncertainty / abs(part.value or np.inf)


def _budget(part: Measured) -> Budget:
    if part.budget is None:
        raise ValueError("a part without budget has no place in a budget")
    return part.budget


def _ratio(low: Measured, high: Measured) -> Measured:
    below, above = low.value or 0.0, high.value or 0.0
    budget = evaluate(
        "lowest setting over highest",
        "1",
        [
            normal("lowest", _budget(low).standard_uncertainty, source="its own budget"),
            normal("highest", _budget(high).standard_uncertainty, source="amplitude budget"),
        ],
        lambda lowest, highest: (below + lowest) / (above + highest),
    )
    return Measured(
        value=below / above, unit="1", budget=budget,
        waveforms=tuple(dict.fromkeys((*low.waveforms, *high.waveforms))),
    )  # fmt: skip
