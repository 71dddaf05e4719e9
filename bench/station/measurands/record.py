"""What every measurand of a record needs: its range, its sample counts, and a missing value."""

from __future__ import annotations

from typing import Final

import numpy as np

from bench.judge import ScopeRange, Transitions
from bench.measure import PulseTable
from bench.station.acquisition import Capture
from bench.station.measured import Measured
from bench.station.scales import Label
from bench.station.steady_output import Polarity, SteadyOutput

__all__ = [
    "PLATEAU_SHARE",
    "capture_range",
    "leading_phases",
    "no_pulses",
    "plateau_samples",
    "sample_interval_s",
    "scope_range",
    "transitions",
    "zero_samples",
]

PLATEAU_SHARE: Final = 0.8
"""Of a pulse: what the plateau mean is made from."""


def scope_range(output: SteadyOutput) -> ScopeRange:
    """Return the range of a steady record, with the noise that it shows."""
    return capture_range(output.capture, output.label, noise_rms_a=output.analysis.noise_rms)


def capture_range(capture: Capture, label: Label, *, noise_rms_a: float) -> ScopeRange:
    """Return the range of one channel of a capture as a current meter."""
    return capture.scales[label].current_range(noise_rms_a=noise_rms_a)


def sample_interval_s(output: SteadyOutput) -> float:
    """Return the time from sample to sample."""
    return output.capture.waveforms[output.label].sample_interval_s


def plateau_samples(output: SteadyOutput, pulses: PulseTable) -> int:
    """Return how many samples the plateau of a pulse has."""
    return max(
        1, round(PLATEAU_SHARE * float(np.median(pulses.duration_s)) / sample_interval_s(output))
    )


def zero_samples(output: SteadyOutput) -> int:
    """Return how many samples lie in the zero state."""
    baseline = output.analysis.baseline
    zero = min(output.analysis.states, key=lambda state: abs(state.level - baseline))
    return max(1, round(zero.occupancy * output.analysis.sample_count))


def no_pulses(output: SteadyOutput, polarity: Polarity, unit: str) -> Measured:
    """Return the missing value of a record without pulses of one sign: the device owed them."""
    sign = "positive" if polarity > 0 else "negative"
    return Measured(
        value=None,
        unit=unit,
        waveforms=output.evidence,
        reason=f"no {sign} pulses at level {output.level} into {output.load_ohm:g} Ω",
    )


def leading_phases(output: SteadyOutput) -> PulseTable:
    """Return the phases that begin a pulse: every one, or every positive one of two."""
    if output.profile.waveform.phases_per_pulse == 1:
        return output.pulses
    return output.of_polarity(1)


def transitions(output: SteadyOutput, pulses: PulseTable) -> Transitions:
    """Return what the 50 % instants of pulses are known from, averaged over all of them."""
    top_a = float(np.median(np.abs(pulses.top)))
    return Transitions(
        sample_interval_s=sample_interval_s(output),
        transition_s=float(np.nanmedian(pulses.rise_s)),
        noise_relative=output.analysis.noise_rms / top_a,
        level_relative=scope_range(output).mid_level_relative(top_a),
        repetitions=len(pulses),
    )
