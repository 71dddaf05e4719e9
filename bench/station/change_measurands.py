"""Measurands of changes: ramps, level steps, power-up, and what the supply does. Judges nothing."""

from __future__ import annotations

from bench.judge import evaluate, normal, rectangular
from bench.profile import Profile
from bench.station.acquisition import Capture
from bench.station.fault_measurands import about_zero_budget, record_level_budget
from bench.station.measured import Measured
from bench.station.scales import Label
from bench.station.supply_events import Dip, RunDown, crest_a
from bench.station.transitions import RampRecord

__all__ = [
    "battery_cut_off",
    "dip_amplitudes",
    "last_amplitude",
    "ramp_overshoot",
    "ramp_setback",
    "ramp_time",
    "record_current",
]


def record_current(
    value_a: float, capture: Capture, *, label: Label = Label.CURRENT, samples: int = 5
) -> Measured:
    """Return a current that was read off one record as an absolute level, in A."""
    return Measured(
        value=value_a,
        unit="A",
        budget=record_level_budget(value_a, capture, label, samples=samples),
        waveforms=capture.sha256(label, Label.SYNC),
    )


def ramp_time(found: RampRecord, timebase_ppm: float) -> Measured:
    """Return how long the output took to rise, in s; None where there was no output."""
    evidence = found.capture.sha256(Label.CURRENT, Label.SYNC)
    rise = found.ramp
    if rise is None:
        return Measured(value=None, unit="s", waveforms=evidence, reason="no output in the record")
    budget = evaluate(
        "ramp",
        "s",
        [
            normal(
                "line", rise.standard_uncertainty_s, value=rise.duration_s,
                source=f"residuals of {rise.pulses} pulses on the fitted line",
            ),
            rectangular("timebase", timebase_ppm * 1e-6, source="scope"),
        ],
        lambda line, base: line * (1.0 + base),
    )  # fmt: skip
    return Measured(value=rise.duration_s, unit="s", budget=budget, waveforms=evidence)


def ramp_overshoot(found: RampRecord) -> Measured:
    """Return how far the largest pulse goes above the final amplitude, as a ratio."""
    rise = found.ramp
    return _over_final(found, "overshoot", None if rise is None else rise.overshoot)


def ramp_setback(found: RampRecord) -> Measured:
    """Return how far an amplitude falls below an earlier one, over the final one, as a ratio."""
    rise = found.ramp
    return _over_final(found, "setback", None if rise is None else rise.setback)


def _over_final(found: RampRecord, name: str, value: float | None) -> Measured:
    """Give a difference of two amplitudes of a rise, over the final one, its uncertainty."""
    evidence = found.capture.sha256(Label.CURRENT, Label.SYNC)
    if found.ramp is None or value is None:
        return Measured(value=None, unit="1", waveforms=evidence, reason="no output in the record")
    final_a = found.ramp.final
    level = about_zero_budget(final_a, found.capture)
    lines = [line for line in level.lines if line.name.startswith("level")]
    # Gain and shunt are common to both amplitudes; each has its own non-linearity and noise.
    own_a = sum(line.standard_uncertainty**2 for line in lines) ** 0.5
    budget = evaluate(
        name,
        "1",
        [
            normal("one pulse", own_a / final_a, source="level in the record"),
            normal("the other", own_a / final_a, source="level in the record"),
        ],
        lambda one, other: value + one - other,
    )
    return Measured(value=value, unit="1", budget=budget, waveforms=evidence)


def battery_cut_off(found: RunDown) -> Measured:
    """Return the last battery voltage at which the output ran, in V; None where it never ended."""
    evidence = found.last.sha256(Label.CURRENT)
    if found.cut_off is None:
        return Measured(
            value=None, unit="V", waveforms=evidence,
            reason=f"the output still runs at a battery of {found.lowest_v:.2f} V",
        )  # fmt: skip
    reading = found.cut_off
    budget = evaluate(
        "battery cut-off",
        "V",
        [
            normal(
                "voltage", reading.budget.standard_uncertainty, value=reading.volts,
                source="multimeter at the battery terminals",
            ),
            rectangular("step", found.step_v, source="the battery is emptied in steps"),
        ],
        lambda volts, step: volts + step,
    )  # fmt: skip
    return Measured(value=reading.volts, unit="V", budget=budget, waveforms=evidence)


def last_amplitude(
    found: RunDown, polarity: int, *, declared_a: float, profile: Profile
) -> Measured:
    """Return the amplitude that lies farthest from ``declared_a`` between warning and cut-off."""
    evidence = found.last.sha256(Label.CURRENT)
    if not found.before:
        return Measured(
            value=None, unit="A", waveforms=evidence, reason="no output behind a warning"
        )
    amplitudes = [crest_a(pulses, polarity, profile) for pulses in found.before]
    value = max(amplitudes, key=lambda amplitude: abs(amplitude - declared_a))
    return Measured(
        value=value, unit="A", budget=about_zero_budget(value, found.last), waveforms=evidence
    )


def dip_amplitudes(dip: Dip, polarity: int, profile: Profile) -> Measured:
    """Return the amplitude of one polarity behind a dip that the output survived, in A."""
    value = crest_a(dip.pulses, polarity, profile)
    return Measured(
        value=value,
        unit="A",
        budget=about_zero_budget(value, dip.capture),
        waveforms=dip.capture.sha256(Label.CURRENT),
    )
