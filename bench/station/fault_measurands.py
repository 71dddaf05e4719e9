"""Measurands of the fault requirements: a number in SI with the budget behind it. Judges nothing."""

from __future__ import annotations

from typing import Final

from bench.judge import (
    Budget,
    clock_interval_budget,
    evaluate,
    level_budget,
    normal,
    rectangular,
)
from bench.station.acquisition import Capture
from bench.station.injections import FrozenTimer, TemperatureRise, ThresholdRise
from bench.station.measurands.record import capture_range
from bench.station.measured import Measured
from bench.station.scales import Label

__all__ = [
    "cut_off_temperature",
    "frozen_session",
    "overcurrent_threshold",
    "record_level_budget",
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
