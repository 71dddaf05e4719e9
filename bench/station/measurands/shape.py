"""Measurands of the pulse's shape: distance from the declared one, noise of the plateau."""

from __future__ import annotations

from typing import Final

import numpy as np

from bench.judge import evaluate, normal, rectangular
from bench.measure import (
    Template,
    envelope_deviation,
    pause_noise,
    plateau_noise,
    shape_deviation,
)
from bench.profile import Waveform as DeclaredWaveform
from bench.station.measurands.record import leading_phases, no_pulses, scope_range
from bench.station.measured import Measured
from bench.station.steady_output import Polarity, SteadyOutput

__all__ = ["declared_shape", "envelope_shape", "noise_of_pause", "noise_of_plateau", "pulse_shape"]

SETTLE_S: Final = 250e-6
"""What OUT-034 allows a transition; how fast the edges are is its question."""
SETTLE_SHARE: Final = 0.25
"""Of a phase: no more is left out after a step."""
NOISE_KNOWN: Final = 0.1
"""To what share the noise on a plateau is that of the zero state."""


def declared_shape(wave: DeclaredWaveform) -> Template:
    """Return the declared pulse: a rectangle, or two of opposite sign with their gap."""
    phase_s, gap_s = wave.pulse_duration_s, wave.inter_phase_gap_s
    times, levels = [0.0, 0.0, phase_s, phase_s], [0.0, 1.0, 1.0, 0.0]
    if wave.phases_per_pulse > 1:
        second_s = phase_s + gap_s
        times += [second_s, second_s, second_s + phase_s, second_s + phase_s]
        levels += [0.0, -1.0, -1.0, 0.0]
    return Template(times_s=tuple(times), levels=tuple(levels))


def pulse_shape(output: SteadyOutput) -> Measured:
    """Return the r.m.s. difference of the pulses from the declared shape, over their height.

    Of the worse polarity, where pulses of both begin one.
    Its uncertainty is that of the converter's steps and non-linearity within one record: gain and
    offset fall out of a shape.
    """
    wave = output.profile.waveform
    settle_s = min(SETTLE_S, SETTLE_SHARE * wave.pulse_duration_s)
    waveform = output.capture.waveforms[output.label]
    leading = leading_phases(output).whole()
    found: list[float] = []
    for polarity in output.pulse_polarities:
        value = shape_deviation(
            waveform, output.analysis, leading.select(leading.polarity == polarity),
            declared_shape(wave), settle_s=settle_s,
        )  # fmt: skip
        if value is None:
            return no_pulses(output, polarity, "1")
        found.append(value)
    return _over_height(output, max(found), "shape deviation")


def envelope_shape(output: SteadyOutput) -> Measured | None:
    """Return the r.m.s. difference of the amplitudes from the declared envelope, over its crest.

    None where the profile declares no envelope.
    """
    envelope = output.profile.waveform.envelope
    if envelope is None:
        return None
    value = envelope_deviation(
        leading_phases(output), depth=envelope.depth, rate_hz=envelope.rate_hz,
        square=envelope.shape == "square",
    )  # fmt: skip
    if value is None:
        return Measured(
            value=None, unit="1", waveforms=output.evidence, reason="fewer than four pulses"
        )
    return _over_height(output, value, "envelope deviation")


def noise_of_plateau(output: SteadyOutput, polarity: Polarity) -> Measured:
    """Return the r.m.s. of one polarity's plateaus at the crest, the instrument's noise taken out."""
    pulses = output.crest_of(polarity)
    if len(pulses) == 0:
        return no_pulses(output, polarity, "A")
    waveform = output.capture.waveforms[output.label]
    value = plateau_noise(waveform, output.analysis, pulses)
    if value is None:
        return Measured(
            value=None, unit="A", waveforms=output.evidence, reason="no settled plateau"
        )
    return _noise(output, value, "plateau noise")


def noise_of_pause(output: SteadyOutput) -> Measured | None:
    """Return the r.m.s. between the pulses, the instrument's own in it; None without pauses."""
    value = pause_noise(output.capture.waveforms[output.label], output.pulses)
    return None if value is None else _noise(output, value, "noise of the pauses")


def _noise(output: SteadyOutput, value: float, name: str) -> Measured:
    on = scope_range(output)
    inputs = [
        rectangular("converter steps", 0.5 * on.lsb_a, source=f"{on.accuracy.bits} bit"),
        rectangular(
            "non-linearity", on.accuracy.nonlinearity_lsb * on.lsb_a, source=on.accuracy.source
        ),
        normal(
            "instrument's noise", output.analysis.noise_rms * NOISE_KNOWN,
            source="zero state of the record",
        ),
    ]  # fmt: skip
    budget = evaluate(name, "A", inputs, lambda *errors: value + sum(errors))
    return Measured(value=value, unit="A", budget=budget, waveforms=output.evidence)


def _over_height(output: SteadyOutput, value: float, name: str) -> Measured:
    """Give a relative difference the converter's uncertainty over the pulses' height."""
    top_a = float(np.median(np.abs(output.pulses.top)))
    on = scope_range(output)
    inputs = [
        rectangular("converter steps", 0.5 * on.lsb_a / top_a, source=f"{on.accuracy.bits} bit"),
        rectangular(
            "non-linearity", on.accuracy.nonlinearity_lsb * on.lsb_a / top_a,
            source=on.accuracy.source,
        ),
    ]  # fmt: skip
    budget = evaluate(name, "1", inputs, lambda steps, linearity: value + steps + linearity)
    return Measured(value=value, unit="1", budget=budget, waveforms=output.evidence)
