"""Measurands of a device that is told wrong things, flooded or left alone. Judges nothing."""

from __future__ import annotations

from bench.judge import rate_budget
from bench.measure import PulseTable
from bench.profile import Profile
from bench.station.acquisition import Capture
from bench.station.commands import periods_s
from bench.station.fault_measurands import about_zero_budget
from bench.station.measured import Measured
from bench.station.scales import Label
from bench.station.supply_events import crest_a

__all__ = ["held_amplitude", "worst_rate"]

IRREGULAR_GAP = 1.5
"""Periods longer than this many are the pauses between trains, where the profile has some."""


def held_amplitude(
    pulses: PulseTable, capture: Capture, polarity: int, profile: Profile
) -> Measured:
    """Return the amplitude of one polarity in a record of a running device, in A."""
    evidence = capture.sha256(Label.CURRENT)
    if not len(pulses.select(pulses.polarity == polarity)):
        return Measured(
            value=None, unit="A", waveforms=evidence, reason=f"no pulses of polarity {polarity:+d}"
        )
    value = crest_a(pulses, polarity, profile)
    return Measured(
        value=value, unit="A", budget=about_zero_budget(value, capture), waveforms=evidence
    )


def worst_rate(
    pulses: PulseTable, capture: Capture, profile: Profile, timebase_ppm: float
) -> Measured:
    """Return the rate of the single period that lies farthest from the declared one, in Hz."""
    wave, evidence = profile.waveform, capture.sha256(Label.CURRENT)
    periods = periods_s(pulses, phases_per_pulse=wave.phases_per_pulse)
    if wave.train_gap_s > 0:
        periods = periods[periods < IRREGULAR_GAP * wave.pulse_period_s]
    if not periods.size:
        return Measured(
            value=None, unit="Hz", waveforms=evidence, reason="fewer than two pulses in the record"
        )
    worst_s = float(max(periods, key=lambda period: abs(period - wave.pulse_period_s)))
    rate_hz = 1.0 / worst_s
    interval_s = capture.waveforms[Label.CURRENT].sample_interval_s
    budget = rate_budget(
        rate_hz,
        standard_uncertainty_hz=rate_hz**2 * interval_s / 6**0.5,
        timebase_ppm=timebase_ppm,
    )
    return Measured(value=rate_hz, unit="Hz", budget=budget, waveforms=evidence)
