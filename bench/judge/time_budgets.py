"""Budgets of intervals and rates: inside one scope record, and by the bench's clock."""

from __future__ import annotations

import math

from bench.judge.budget import Budget, Input, evaluate, normal, rectangular

__all__ = [
    "clock_interval_budget",
    "interval_budget",
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


def interval_budget(
    interval_s: float,
    *,
    sample_interval_s: float,
    timebase_ppm: float,
    transition_s: float,
    noise_relative: float,
    level_relative: float = 0.0,
    repetitions: int = 1,
    source: str = "scope",
) -> Budget:
    """Budget of the time between two 50 % instants of one record (a pulse duration).

    ``noise_relative`` and ``level_relative`` are the noise of a sample and the uncertainty of the
    mid-level over the transition's swing; ``transition_s`` is its 10-90 % duration. Noise and
    sampling are averaged over ``repetitions`` pulses, the mid-level's error is not.
    """
    slope_s = transition_s / _TEN_TO_NINETY
    root = math.sqrt(max(repetitions, 1))
    inputs = [
        *(
            _instant(name, sample_interval_s, transition_s, noise_relative, root)
            for name in ("start", "stop")
        ),
        normal("mid-level", 2.0 * level_relative * slope_s, source="levels of the transitions"),
        rectangular("timebase", timebase_ppm * 1e-6, source=source),
    ]
    return evaluate(
        "interval",
        "s",
        inputs,
        lambda start, stop, level, base: (interval_s + stop - start + level) * (1.0 + base),
    )


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
    source: str = "scope",
) -> Budget:
    """Budget of the last instant above a threshold after a cause edge of the same record.

    Both instants are known to a sample; where noise hides the last sample, the instant is that
    of its averaging window, which begins before by the share ``threshold_relative`` (threshold
    over level) of ``averaging_s``.
    """
    inputs = [
        rectangular("cause", 0.5 * sample_interval_s, source="sample interval"),
        rectangular("last instant", 0.5 * sample_interval_s, source="sample interval"),
        rectangular(
            "averaging window", threshold_relative * averaging_s, source="docs/laboratory.md"
        ),
        rectangular("timebase", timebase_ppm * 1e-6, source=source),
    ]
    return evaluate(
        "shutdown latency",
        "s",
        inputs,
        lambda cause, last, window, base: (latency_s + last - cause + window) * (1.0 + base),
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


def _instant(
    name: str, sample_interval_s: float, transition_s: float, noise_relative: float, root: float
) -> Input:
    """Return the error of one interpolated 50 % instant, averaged over ``root`` squared pulses."""
    if transition_s < _RESOLVED_SAMPLES * sample_interval_s:
        return rectangular(
            f"{name}: sampling",
            0.5 * sample_interval_s / root,
            source="transition shorter than two samples",
        )
    noise_s = noise_relative * transition_s / _TEN_TO_NINETY * _INTERPOLATED
    return normal(f"{name}: noise", noise_s / root, source="noise over slope")
