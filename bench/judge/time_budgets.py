"""Budgets of intervals and rates: inside one scope record, and by the bench's clock."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from bench.judge.budget import Budget, Input, evaluate, normal, rectangular

__all__ = [
    "Transitions",
    "clock_interval_budget",
    "interval_budget",
    "interval_ratio_budget",
    "rate_budget",
    "shutdown_latency_budget",
]

_INTERPOLATED = math.sqrt(2.0 / 3.0)
"""Standard deviation of an interpolated crossing, in units of noise over slope.

It is the mean over all positions between two samples of the noise of a straight line's value.
"""
_RESOLVED_SAMPLES = 2.0
"""A transition of this many samples is a line to interpolate on; a shorter one hides the instant."""
_TEN_TO_NINETY = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Transitions:
    """The two transitions between whose 50 % instants a time lies.

    ``noise_relative`` and ``level_relative`` are the noise of a sample and the uncertainty of the
    mid-level over the transition's swing; ``transition_s`` is its 10-90 % duration. Noise and
    sampling are averaged over ``repetitions`` pulses, the mid-level's error is not.
    """

    sample_interval_s: float
    transition_s: float
    noise_relative: float
    level_relative: float = 0.0
    repetitions: int = 1

    def inputs(self, name: str = "") -> tuple[Input, Input, Input]:
        """Return start, stop and mid-level as errors of a time."""
        prefix = f"{name} " if name else ""
        root = math.sqrt(max(self.repetitions, 1))
        slope_s = self.transition_s / _TEN_TO_NINETY
        return (
            _instant(f"{prefix}start", self, root),
            _instant(f"{prefix}stop", self, root),
            normal(
                f"{prefix}mid-level",
                2.0 * self.level_relative * slope_s,
                source="converter non-linearity at plateaus and mid-level, over the slope",
            ),
        )


def interval_budget(
    interval_s: float, transitions: Transitions, *, timebase_ppm: float, source: str = "scope"
) -> Budget:
    """Budget of the time between two 50 % instants of one record (a pulse duration)."""
    inputs = [
        *transitions.inputs(),
        rectangular("timebase", timebase_ppm * 1e-6, source=source),
    ]
    return evaluate(
        "interval",
        "s",
        inputs,
        lambda start, stop, level, base: (interval_s + stop - start + level) * (1.0 + base),
    )


def interval_ratio_budget(
    first_s: float, first: Transitions, second_s: float, second: Transitions
) -> Budget:
    """Budget of the ratio of two times of one record: the time base is common and falls out."""
    inputs = [*first.inputs("first"), *second.inputs("second")]

    def equation(*errors: Any) -> Any:
        above = first_s + errors[1] - errors[0] + errors[2]
        return above / (second_s + errors[4] - errors[3] + errors[5])

    return evaluate("ratio of intervals", "1", inputs, equation)


def rate_budget(
    rate_hz: float, *, standard_uncertainty_hz: float, timebase_ppm: float, source: str = "scope"
) -> Budget:
    """Budget of a repetition rate from a fit over many pulses of one record."""
    inputs = [
        normal("fit", standard_uncertainty_hz, source="residuals of the fitted grid"),
        rectangular("timebase", timebase_ppm * 1e-6, source=source),
    ]
    return evaluate(
        "repetition rate", "Hz", inputs, lambda fit, base: (rate_hz + fit) * (1.0 + base)
    )


def shutdown_latency_budget(
    latency_s: float,
    *,
    sample_interval_s: float,
    timebase_ppm: float,
    averaging_s: float = 0.0,
    threshold_relative: float = 0.0,
    decay_s: float = 0.0,
    level_relative: float = 0.0,
    source: str = "scope",
) -> Budget:
    """Budget of the last instant above a threshold after a cause edge of the same record.

    Both instants are known to a sample; where noise hides the last sample, the instant is that
    of its averaging window, which begins before by the share ``threshold_relative`` (threshold
    over level) of ``averaging_s``. Where the output decays with the time constant ``decay_s``, the
    standard uncertainty of the level at the threshold, ``level_relative`` of it, moves the instant
    by as much of that time.
    """
    inputs = [
        rectangular("cause", 0.5 * sample_interval_s, source="sample interval"),
        rectangular("last instant", 0.5 * sample_interval_s, source="sample interval"),
        rectangular(
            "averaging window", threshold_relative * averaging_s, source="docs/laboratory.md"
        ),
        normal("threshold", level_relative * decay_s, source="level error over the decay's slope"),
        rectangular("timebase", timebase_ppm * 1e-6, source=source),
    ]
    return evaluate(
        "shutdown latency",
        "s",
        inputs,
        lambda cause, last, window, threshold, base: (
            (latency_s + last - cause + window + threshold) * (1.0 + base)
        ),
    )


def clock_interval_budget(
    interval_s: float, *, poll_interval_s: float, clock_ppm: float, link_delay_s: float = 0.0
) -> Budget:
    """Budget of an interval longer than a scope record, found by polling.

    ``interval_s`` is the middle of the last poll before and the first after the event.
    """
    inputs = [
        rectangular("poll interval", 0.5 * poll_interval_s, source="time between two polls"),
        rectangular("link delay", link_delay_s, source="answer of the device"),
        rectangular("clock", clock_ppm * 1e-6, source="clock of the bench"),
    ]
    return evaluate(
        "interval by clock",
        "s",
        inputs,
        lambda poll, delay, clock: (interval_s + poll + delay) * (1.0 + clock),
    )


def _instant(name: str, of: Transitions, root: float) -> Input:
    """Return the error of one interpolated 50 % instant, averaged over ``root`` squared pulses."""
    if of.transition_s < _RESOLVED_SAMPLES * of.sample_interval_s:
        return rectangular(
            f"{name}: sampling",
            0.5 * of.sample_interval_s / root,
            source="transition shorter than two samples",
        )
    noise_s = of.noise_relative * of.transition_s / _TEN_TO_NINETY * _INTERPOLATED
    return normal(f"{name}: noise", noise_s / root, source="noise over slope")
