"""How the pulses are grouped and how regular they are: trains, duty, jitter."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

import numpy as np

from bench.judge import evaluate, interval_budget, normal, rectangular
from bench.measure import Train, bursts, instant_noise_s, repetition_rate, trains
from bench.station.measurands import leading_phases, transitions
from bench.station.measured import Measured
from bench.station.steady_output import SteadyOutput

__all__ = ["duty", "period_jitter", "pulses_per_train", "train_duration"]

_BURST_GAP: Final = 0.5
"""Of the declared train gap: a longer pause than this and a pulse's own ends a train."""


def pulses_per_train(output: SteadyOutput) -> Measured:
    """Return the number of pulses in a train; of trains that differ, the one farthest off."""
    whole = _whole_trains(output)
    if not whole:
        return _none(output, "pulses")
    wave = output.profile.waveform
    counts = np.array([train.count for train in whole]) / wave.phases_per_pulse
    farthest = int(np.argmax(np.abs(counts - wave.pulses_per_train)))
    return Measured(
        value=float(counts[farthest]), unit="pulses", waveforms=output.evidence, exact=True
    )


def train_duration(output: SteadyOutput, *, timebase_ppm: float) -> Measured:
    """Return the median time from the start of a train to the start of the next, in s."""
    starts = np.array([train.start_s for train in _whole_trains(output)])
    if starts.size < 2:
        return _none(output, "s")
    value = float(np.median(np.diff(starts)))
    edges = replace(transitions(output, output.pulses), repetitions=int(starts.size - 1))
    budget = interval_budget(value, edges, timebase_ppm=timebase_ppm)
    return Measured(value=value, unit="s", budget=budget, waveforms=output.evidence)


def duty(output: SteadyOutput, *, timebase_ppm: float) -> Measured:
    """Return the share of the time in which current is driven, over whole trains, as a ratio."""
    whole = _whole_trains(output)
    lasting = train_duration(output, timebase_ppm=timebase_ppm)
    if lasting.value is None or lasting.budget is None:
        return _none(output, "1")
    rows = [slice(train.first, train.first + train.count) for train in whole]
    on_s = float(np.median([output.pulses.duration_s[row].sum() for row in rows]))
    per_pulse = interval_budget(
        float(np.median(output.pulses.duration_s)),
        transitions(output, output.pulses),
        timebase_ppm=timebase_ppm,
    )
    value = on_s / lasting.value
    budget = per_pulse.scaled(value / per_pulse.value, unit="1").named("duty")
    return Measured(value=value, unit="1", budget=budget, waveforms=output.evidence)


def period_jitter(output: SteadyOutput, *, timebase_ppm: float) -> Measured:
    """Return the standard deviation of the leading edges about their grid, over the period."""
    leading = leading_phases(output)
    pulses = output.pulses
    if len(leading) < 3:
        return _none(output, "1")
    rise_s = float(np.nanmedian(pulses.rise_s))
    top = float(np.median(np.abs(pulses.top)))
    interval_s = output.capture.waveforms[output.label].sample_interval_s
    floor_s = instant_noise_s(
        noise_rms=output.analysis.noise_rms,
        swing=top,
        transition_s=rise_s,
        sample_interval_s=interval_s,
    )
    found = repetition_rate(leading, noise_floor_s=floor_s)
    if found is None:
        return _none(output, "1")
    # The standard deviation of n residuals is itself known to 1/sqrt(2 (n - 2)).
    share = 1.0 / math.sqrt(2.0 * max(found.count - 2, 1))
    budget = evaluate(
        "period jitter",
        "1",
        [
            normal(
                "estimate", max(found.jitter_rms_s, floor_s) * share / found.period_s,
                source=f"standard deviation of {found.count} instants",
            ),
            rectangular("timebase", timebase_ppm * 1e-6, source="scope"),
        ],
        lambda estimate, base: (found.jitter_rms_s / found.period_s + estimate) * (1.0 + base),
    )  # fmt: skip
    return Measured(
        value=found.jitter_rms_s / found.period_s,
        unit="1",
        budget=budget,
        waveforms=output.evidence,
    )


def _whole_trains(output: SteadyOutput) -> tuple[Train, ...]:
    """Return the trains that the record holds from end to end."""
    wave = output.profile.waveform
    if wave.kind == "alternating":
        found = trains(output.pulses)
    else:
        pause_s = wave.pulse_period_s - wave.on_time_per_pulse_s + _BURST_GAP * wave.train_gap_s
        found = bursts(output.pulses, pause_s=pause_s)
    return found[1:-1]


def _none(output: SteadyOutput, unit: str) -> Measured:
    return Measured(
        value=None, unit=unit, waveforms=output.evidence,
        reason=f"no two whole trains at level {output.level} into {output.load_ohm:g} Ω",
    )  # fmt: skip
