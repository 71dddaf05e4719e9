"""Measurands of changes: ramps, level steps, power-up, and what the supply does. Judges nothing."""

from __future__ import annotations

from bench.judge import evaluate, normal, rectangular
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
    evidence = found.capture.sha256(Label.CURRENT, Label.SYNC)
    rise = found.ramp
    if rise is None:
        return Measured(value=None, unit="1", waveforms=evidence, reason="no output in the record")
    level = about_zero_budget(rise.final, found.capture)
    lines = [line for line in level.lines if line.name.startswith("level")]
    # Gain and shunt are common to both amplitudes; each has its own non-linearity and noise.
    own_a = sum(line.standard_uncertainty**2 for line in lines) ** 0.5
    budget = evaluate(
        "overshoot",
        "1",
        [
            normal("largest pulse", own_a / rise.final, source="level in the record"),
            normal("final amplitude", own_a / rise.final, source="level in the record"),
        ],
        lambda largest, final: rise.overshoot + largest - final,
    )
    return Measured(value=rise.overshoot, unit="1", budget=budget, waveforms=evidence)


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


def last_amplitude(found: RunDown, polarity: int, declared_a: float) -> Measured:
    """Return the amplitude that lies farthest from ``declared_a`` between warning and cut-off."""
    evidence = found.last.sha256(Label.CURRENT)
    if not found.before:
        return Measured(
            value=None, unit="A", waveforms=evidence, reason="no output behind a warning"
        )
    amplitudes = [crest_a(pulses, polarity) for pulses in found.before]
    value = max(amplitudes, key=lambda amplitude: abs(amplitude - declared_a))
    return Measured(
        value=value, unit="A", budget=about_zero_budget(value, found.last), waveforms=evidence
    )


def dip_amplitudes(dip: Dip, polarity: int) -> Measured:
    """Return the amplitude of one polarity behind a dip that the output survived, in A."""
    value = crest_a(dip.pulses, polarity)
    return Measured(
        value=value,
        unit="A",
        budget=about_zero_budget(value, dip.capture),
        waveforms=dip.capture.sha256(Label.CURRENT),
    )
