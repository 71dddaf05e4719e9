"""Amplitudes and what is made of them: steps, load regulation, symmetry."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bench.judge import (
    Plateau,
    amplitude_budget,
    amplitude_ratio_budget,
    step_budget,
    symmetry_budget,
)
from bench.station.course import LEAST_SHARE
from bench.station.measurands.record import (
    no_pulses,
    plateau_samples,
    scope_range,
    zero_samples,
)
from bench.station.measured import Measured
from bench.station.steady_output import Polarity, SteadyOutput

__all__ = [
    "amplitude",
    "farthest_amplitude",
    "level_step",
    "level_steps",
    "load_regulation",
    "symmetry",
]


def amplitude(output: SteadyOutput, polarity: Polarity) -> Measured:
    """Return the median plateau of one polarity over the zero state of the same record, in A."""
    pulses = output.crest_of(polarity)
    if len(pulses) == 0:
        return no_pulses(output, polarity, "A")
    value = abs(float(np.median(pulses.top)))
    budget = amplitude_budget(
        value,
        on=scope_range(output),
        plateau_samples=plateau_samples(output, pulses),
        zero_samples=zero_samples(output),
    )
    return Measured(value=value, unit="A", budget=budget, waveforms=output.evidence)


def farthest_amplitude(output: SteadyOutput, polarity: Polarity, *, declared_a: float) -> Measured:
    """Return the plateau of the single pulse that lies farthest from ``declared_a``, in A.

    A median shows the run of the pulses; this shows the one that is not like them. Under an
    envelope each counts over the share of the crest that is declared for its moment.
    """
    rows = (output.pulses.polarity == polarity) & (output.shares >= LEAST_SHARE)
    tops, shares = np.abs(output.pulses.top[rows]), output.shares[rows]
    if not np.isfinite(tops).any():
        return no_pulses(output, polarity, "A")
    farthest = int(np.nanargmax(np.abs(tops / shares - declared_a)))
    budget = amplitude_budget(
        float(tops[farthest]),
        on=scope_range(output),
        plateau_samples=plateau_samples(output, output.pulses.select(rows)),
        zero_samples=zero_samples(output),
    ).scaled(1.0 / float(shares[farthest]), unit="A")
    return Measured(value=budget.value, unit="A", budget=budget, waveforms=output.evidence)


def level_step(lower: SteadyOutput, upper: SteadyOutput) -> Measured:
    """Return the amplitude's rise from one level to the next, in A: the smaller polarity's."""
    return min(level_steps(lower, upper), key=lambda step: step.value or 0.0)


def level_steps(lower: SteadyOutput, upper: SteadyOutput) -> tuple[Measured, ...]:
    """Return the rise of each polarity, in A; the missing amplitude alone where there is one."""
    steps: list[Measured] = []
    for polarity in upper.polarities:
        low, high = amplitude(lower, polarity), amplitude(upper, polarity)
        if low.value is None or high.value is None:
            return (high if high.value is None else low,)
        budget = step_budget(
            _plateau(lower, polarity, low.value), _plateau(upper, polarity, high.value)
        )
        steps.append(
            Measured(
                value=high.value - low.value, unit="A", budget=budget,
                waveforms=(*lower.evidence, *upper.evidence),
            )
        )  # fmt: skip
    return tuple(steps)


def load_regulation(output: SteadyOutput, *, reference: SteadyOutput) -> Measured:
    """Return the amplitude over that into the smallest load, both taken on one range."""
    changes: list[Measured] = []
    for polarity in output.polarities:
        here, there = amplitude(output, polarity), amplitude(reference, polarity)
        if here.value is None or there.value is None:
            return replace(here if here.value is None else there, unit="1")
        budget = amplitude_ratio_budget(
            here.value,
            there.value,
            on=scope_range(output),
            plateau_samples=plateau_samples(output, output.crest_of(polarity)),
            zero_samples=zero_samples(output),
        )
        changes.append(
            Measured(
                value=here.value / there.value, unit="1", budget=budget,
                waveforms=(*reference.evidence, *output.evidence),
            )
        )  # fmt: skip
    return max(changes, key=lambda change: abs((change.value or 1.0) - 1.0))


def symmetry(output: SteadyOutput) -> Measured:
    """Return the positive amplitude less the negative, in A."""
    positive, negative = (output.crest_of(polarity) for polarity in (1, -1))
    for polarity, pulses in ((1, positive), (-1, negative)):
        if len(pulses) == 0:
            return no_pulses(output, polarity, "A")
    positive_a, negative_a = float(np.median(positive.top)), float(np.median(negative.top))
    budget = symmetry_budget(
        positive_a,
        negative_a,
        on=scope_range(output),
        plateau_samples=plateau_samples(output, positive),
        zero_samples=zero_samples(output),
    )
    return Measured(
        value=positive_a + negative_a, unit="A", budget=budget, waveforms=output.evidence
    )


def _plateau(output: SteadyOutput, polarity: Polarity, amplitude_a: float) -> Plateau:
    return Plateau(
        amplitude_a=amplitude_a,
        on=scope_range(output),
        plateau_samples=plateau_samples(output, output.of_polarity(polarity)),
        zero_samples=zero_samples(output),
    )
