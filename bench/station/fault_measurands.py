"""Measurands of the fault requirements: a number in SI with the budget behind it. Judges nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final

from bench.judge import (
    Budget,
    clock_interval_budget,
    evaluate,
    level_budget,
    normal,
    rectangular,
    shutdown_latency_budget,
)
from bench.station.acquisition import Capture
from bench.station.ceiling import WINDOW_S
from bench.station.contacts import ArmedOpen, HotConnection, Return, SenseCurrent
from bench.station.disturbed_session import Disturbed
from bench.station.injections import FrozenTimer, TemperatureRise, ThresholdRise
from bench.station.measurands.ceiling import charge_budget
from bench.station.measurands.record import capture_range
from bench.station.measured import Measured
from bench.station.scales import Label
from bench.station.shorts import ShortedOutput

__all__ = [
    "about_zero_budget",
    "before_contact",
    "cut_off_temperature",
    "disturbed_length",
    "excursion_charge",
    "excursion_duration",
    "excursion_sum",
    "first_pulse",
    "frozen_session",
    "overcurrent_threshold",
    "record_level_budget",
    "residual_charge",
    "sense_charge",
    "sense_peak",
    "short_circuit_current",
]

CLOCK_PPM: Final = 100.0


def record_level_budget(
    value_a: float, capture: Capture, label: Label = Label.CURRENT, *, samples: int = 1
) -> Budget:
    """Budget of a current read off one record, of which nothing cancels the offset."""
    on = capture_range(capture, label, noise_rms_a=0.5 * abs(capture.waveforms[label].gain))
    return level_budget(value_a, on=on, samples=samples)


def overcurrent_threshold(rise: ThresholdRise) -> Measured:
    """Return the current that was tolerated last before the trip, in A; a step uncertain."""
    evidence = rise.capture.sha256(Label.CURRENT)
    if not rise.tripped:
        return Measured(
            value=None, unit="A", waveforms=evidence,
            reason=f"no trip up to {rise.reached_ua:.0f} µA injected",
        )  # fmt: skip
    if rise.last_a is None:
        return Measured(
            value=None, unit="A", waveforms=evidence,
            reason=f"tripped before a whole pulse, at {rise.reached_ua:.0f} µA injected",
        )  # fmt: skip
    level = record_level_budget(rise.last_a, rise.capture)
    budget = evaluate(
        "overcurrent threshold",
        "A",
        [
            normal(
                "amplitude", level.standard_uncertainty, value=rise.last_a,
                source="level of the last whole pulse",
            ),
            rectangular(
                "step", rise.step_relative * rise.last_a, source="injected current rises in steps"
            ),
        ],
        lambda amplitude, step: amplitude + step,
    )  # fmt: skip
    return Measured(value=rise.last_a, unit="A", budget=budget, waveforms=evidence)


def cut_off_temperature(rise: TemperatureRise) -> Measured:
    """Return the highest substituted temperature at which the output flowed, in degrees Celsius."""
    evidence = rise.after.sha256(Label.CURRENT)
    if not rise.tripped:
        return Measured(
            value=None, unit="degC", waveforms=evidence,
            reason=f"{rise.after_a * 1e6:.0f} µA flow on at a substituted {rise.tolerated_c:.1f} °C",
        )  # fmt: skip
    budget = evaluate(
        "cut-off temperature",
        "degC",
        [
            rectangular(
                "substitution", 0.05, value=rise.tolerated_c,
                source="the link's resolution is 0.1 °C",
            )
        ],
        lambda substituted: substituted,
    )  # fmt: skip
    return Measured(value=rise.tolerated_c, unit="degC", budget=budget, waveforms=evidence)


def frozen_session(found: FrozenTimer) -> Measured:
    """Return how long a session with a frozen timer lasted, in s; None where it had no end."""
    evidence = found.after.sha256(Label.CURRENT)
    if not found.provoked:
        return Measured(
            value=None, unit="s", waveforms=evidence, undecidable=True,
            reason="the session ended as if its timer ran: the injection had no effect",
        )  # fmt: skip
    if found.length_s is None:
        return Measured(
            value=None, unit="s", waveforms=evidence,
            reason=f"{found.after_a * 1e6:.0f} µA flow {found.watched_s:.0f} s after the start of a "
            f"session of {found.session_s:g} s",
        )  # fmt: skip
    budget = clock_interval_budget(
        found.length_s, poll_interval_s=found.poll_s, clock_ppm=CLOCK_PPM
    )
    return Measured(value=found.length_s, unit="s", budget=budget, waveforms=evidence)


def disturbed_length(found: Disturbed) -> Measured:
    """Return for how long a disturbed session gave output, in s; None where it had no end."""
    evidence = found.after.sha256(Label.CURRENT)
    if found.length_s is None or found.still_on:
        return Measured(
            value=None, unit="s", waveforms=evidence,
            reason=f"{found.after_a * 1e6:.0f} µA flow after {found.watched_s:.0f} s of output",
        )  # fmt: skip
    budget = clock_interval_budget(
        found.length_s, poll_interval_s=found.poll_s, clock_ppm=CLOCK_PPM
    )
    return Measured(value=found.length_s, unit="s", budget=budget, waveforms=evidence)


SHARE_RELATIVE: Final = 2e-3
"""Standard uncertainty of the shunt's share of a shorted current: two meter readings of 4 mV with
3.5 µV each and the meter's noise. Source: 34465A data sheet as in bench/judge/accuracy."""


def before_contact(found: ArmedOpen) -> Measured:
    """Return the largest current before the device can have noticed a contact, in A."""
    return Measured(
        value=found.before_contact_a,
        unit="A",
        budget=about_zero_budget(found.before_contact_a, found.contact),
        waveforms=found.contact.sha256(Label.CURRENT, Label.SYNC),
    )


def first_pulse(returns: Sequence[Return]) -> Measured:
    """Return the largest pulse behind any return of contact, in A; None where none came."""
    silent = next((found for found in returns if found.largest_a is None), None)
    if silent is not None:
        return Measured(
            value=None, unit="A", waveforms=silent.capture.sha256(Label.CURRENT, Label.SYNC),
            reason=f"no output after contact came back {silent.gap_s:g} s later",
        )  # fmt: skip
    worst = max(returns, key=lambda found: found.largest_a or 0.0)
    value = worst.largest_a or 0.0
    return Measured(
        value=value,
        unit="A",
        budget=about_zero_budget(value, worst.capture),
        waveforms=worst.capture.sha256(Label.CURRENT, Label.SYNC),
    )


def short_circuit_current(shorted: Sequence[ShortedOutput]) -> Measured:
    """Return the largest pulse into the short, in A; None where none came."""
    silent = next((found for found in shorted if found.largest_a is None), None)
    if silent is not None:
        return Measured(
            value=None, unit="A", waveforms=silent.capture.sha256(Label.CURRENT),
            reason="no pulses into the short",
        )  # fmt: skip
    worst = max(shorted, key=lambda found: found.largest_a or 0.0)
    value = worst.largest_a or 0.0
    level = about_zero_budget(value * worst.share, worst.capture)
    budget = evaluate(
        "short-circuit current",
        "A",
        [
            normal(
                "current in the shunt", level.standard_uncertainty, value=value * worst.share,
                source="level of the largest pulse",
            ),
            normal(
                "share of the shunt", SHARE_RELATIVE * worst.share, value=worst.share,
                source="reference current with and without the short",
            ),
        ],
        lambda current, share: current / share,
    )  # fmt: skip
    return Measured(
        value=value, unit="A", budget=budget, waveforms=worst.capture.sha256(Label.CURRENT)
    )


def excursion_charge(found: Sequence[HotConnection]) -> Measured:
    """Return the largest charge of one excursion above the ceiling, in C; 0 for none."""
    return _excursion(found, "C", lambda hot: max((e.charge for e in hot.excursions), default=0.0))


def excursion_sum(found: Sequence[HotConnection]) -> Measured:
    """Return the largest charge of all excursions of one connection, in C."""
    return _excursion(found, "C", lambda hot: sum(e.charge for e in hot.excursions))


def excursion_duration(found: Sequence[HotConnection]) -> Measured:
    """Return the longest excursion above the ceiling, in s."""
    return _excursion(
        found, "s", lambda hot: max((e.duration_s for e in hot.excursions), default=0.0)
    )


def _excursion(
    found: Sequence[HotConnection], unit: str, by: Callable[[HotConnection], float]
) -> Measured:
    worst = max(found, key=by)
    value = float(by(worst))
    evidence = worst.capture.sha256(Label.TRANSIENT, Label.SYNC)
    if value == 0.0:
        return Measured(value=0.0, unit=unit, exact=True, waveforms=evidence)
    waveform = worst.capture.waveforms[Label.TRANSIENT]
    if unit == "s":
        budget = shutdown_latency_budget(
            value,
            sample_interval_s=waveform.sample_interval_s,
            timebase_ppm=worst.capture.scales[Label.TRANSIENT].accuracy.timebase_ppm,
        )
    else:
        half_a = 0.5 * worst.capture.full_scale(Label.TRANSIENT)
        level = record_level_budget(half_a, worst.capture, Label.TRANSIENT)
        half_width_c = math.hypot(*(each.charge_half_width for each in worst.excursions))
        budget = charge_budget(level.scaled(value / half_a, unit=unit), half_width_c)
    return Measured(value=value, unit=unit, budget=budget, waveforms=evidence)


def residual_charge(capture: Capture, charge_c: float) -> Measured:
    """Return the charge that an output kept after STOP, in C."""
    waveform = capture.waveforms[Label.TRANSIENT]
    samples = max(1, round(WINDOW_S / waveform.sample_interval_s))
    level = record_level_budget(0.0, capture, Label.TRANSIENT, samples=samples)
    gain = record_level_budget(0.5 * capture.full_scale(Label.TRANSIENT), capture, Label.TRANSIENT)
    relative = gain.standard_uncertainty / (0.5 * capture.full_scale(Label.TRANSIENT))
    lines = {line.name: line.standard_uncertainty for line in level.lines}
    noise_a = sum(u**2 for name, u in lines.items() if name.startswith("level")) ** 0.5
    budget = evaluate(
        "residual charge",
        "C",
        [
            normal("charge", relative * charge_c, value=charge_c, source="gain of the range"),
            normal(
                "zero", noise_a * WINDOW_S, source="zero state of the same record, over the window"
            ),
        ],
        lambda charge, zero: charge + zero,
    )
    return Measured(
        value=charge_c, unit="C", budget=budget,
        waveforms=capture.sha256(Label.TRANSIENT, Label.SYNC),
    )  # fmt: skip


def sense_peak(found: SenseCurrent) -> Measured:
    """Return the largest mean over a millisecond about the zero state, in A."""
    return Measured(
        value=found.peak_a,
        unit="A",
        budget=about_zero_budget(found.peak_a, found.capture),
        waveforms=found.capture.sha256(Label.CURRENT),
    )


def sense_charge(found: SenseCurrent) -> Measured:
    """Return the charge of the contact-sense pulses per second, in A."""
    peak = about_zero_budget(found.peak_a, found.capture)
    relative = peak.standard_uncertainty / max(
        found.peak_a, abs(found.capture.waveforms[Label.CURRENT].gain)
    )
    budget = evaluate(
        "charge per second",
        "A",
        [
            normal(
                "pulses", relative * found.charge_c_per_s, value=found.charge_c_per_s,
                source="peak of the same record",
            )
        ],
        lambda pulses: pulses,
    )  # fmt: skip
    return Measured(
        value=found.charge_c_per_s, unit="A", budget=budget,
        waveforms=found.capture.sha256(Label.CURRENT),
    )  # fmt: skip


def about_zero_budget(value_a: float, capture: Capture) -> Budget:
    """Budget of a level against the zero state of its record: the offset falls out."""
    level = record_level_budget(value_a, capture, samples=20)
    parts = [
        normal(line.name, line.standard_uncertainty, source=line.source)
        for line in level.lines
        if "offset" not in line.name
    ]
    return evaluate("level above zero", "A", parts, lambda *errors: value_a + sum(errors))
