"""Charges of phases, pulses and polarity cycles."""

from __future__ import annotations

import numpy as np

from bench.judge import net_charge_budget, phase_charge_budget
from bench.station.measurands.record import no_pulses, sample_interval_s, scope_range, zero_samples
from bench.station.measured import Measured
from bench.station.steady_output import Polarity, SteadyOutput

__all__ = ["net_charge_per_cycle", "net_charge_per_pulse", "phase_charge"]


def phase_charge(output: SteadyOutput, polarity: Polarity) -> Measured:
    """Return the largest phase charge of one polarity, in C."""
    pulses = output.of_polarity(polarity)
    if len(pulses) == 0:
        return no_pulses(output, polarity, "C")
    worst = int(np.argmax(np.abs(pulses.charge)))
    value = abs(float(pulses.charge[worst]))
    budget = phase_charge_budget(
        value,
        duration_s=float(pulses.duration_s[worst]),
        on=scope_range(output),
        sample_interval_s=sample_interval_s(output),
        zero_samples=zero_samples(output),
    )
    return Measured(value=value, unit="C", budget=budget, waveforms=output.evidence)


def net_charge_per_pulse(output: SteadyOutput, polarity: Polarity) -> Measured:
    """Return the magnitude of a pulse's net charge, in C, at the crest of any envelope.

    Of both phases where it has two.
    """
    if output.profile.waveform.phases_per_pulse == 1:
        pulses = output.crest_of(polarity)
        if len(pulses) == 0:
            return no_pulses(output, polarity, "C")
        value = abs(float(np.median(pulses.charge)))
        seconds = float(np.median(pulses.duration_s))
        times = (seconds, 0.0)
    else:
        pulses = output.pulses
        pairs = len(pulses) // 2
        if pairs == 0:
            return no_pulses(output, polarity, "C")
        value = abs(float(pulses.charge[: 2 * pairs].sum()) / pairs)
        times = (_seconds(output, 1) / pairs, _seconds(output, -1) / pairs)
    return _net(output, value, times)


def net_charge_per_cycle(output: SteadyOutput) -> Measured:
    """Return the mean net charge of whole polarity cycles, in C, signed."""
    wave = output.profile.waveform
    per_cycle = wave.phases_per_pulse * wave.pulses_per_polarity_cycle
    pulses = output.pulses
    cycles = len(pulses) // per_cycle
    if cycles == 0:
        return Measured(
            value=None, unit="C", waveforms=output.evidence,
            reason=f"{len(pulses)} phases in the record, expected at least {per_cycle}",
        )  # fmt: skip
    whole = pulses.select(slice(0, cycles * per_cycle))
    value = float(whole.charge.sum()) / cycles
    positive_s = float(whole.duration_s[whole.polarity > 0].sum()) / cycles
    negative_s = float(whole.duration_s[whole.polarity < 0].sum()) / cycles
    return _net(output, value, (positive_s, negative_s))


def _net(output: SteadyOutput, value: float, times_s: tuple[float, float]) -> Measured:
    budget = net_charge_budget(
        value,
        positive_s=times_s[0],
        negative_s=times_s[1],
        amplitude_a=float(np.median(np.abs(output.pulses.top))),
        on=scope_range(output),
        sample_interval_s=sample_interval_s(output),
        zero_samples=zero_samples(output),
    )
    return Measured(value=value, unit="C", budget=budget, waveforms=output.evidence)


def _seconds(output: SteadyOutput, polarity: Polarity) -> float:
    return float(output.of_polarity(polarity).duration_s.sum())
