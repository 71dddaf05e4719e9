"""The current ceiling, on everything that was captured."""

from __future__ import annotations

from bench.judge import (
    Budget,
    evaluate,
    level_budget,
    normal,
    rectangular,
    shutdown_latency_budget,
)
from bench.station.ceiling import AVERAGING_S, CeilingWatch, Finding
from bench.station.measurands.record import capture_range
from bench.station.measured import Measured

__all__ = ["charge_budget", "excursion", "worst_current"]


def worst_current(found: Finding | None, watch: CeilingWatch) -> Measured:
    """Return the largest mean over 10 µs of everything captured outside switching windows, in A."""
    if found is None:
        return Measured(
            value=None, unit="A", undecidable=True,
            reason=f"none of {watch.captures} records shows the current outside switching windows",
        )  # fmt: skip
    waveform = found.capture.waveforms[found.label]
    on = capture_range(found.capture, found.label, noise_rms_a=0.5 * abs(waveform.gain))
    samples = max(1, round(AVERAGING_S / waveform.sample_interval_s))
    return Measured(
        value=found.value,
        unit="A",
        budget=level_budget(found.value, on=on, samples=samples),
        waveforms=found.capture.sha256(found.label),
    )


def charge_budget(level: Budget, half_width: float) -> Budget:
    """Return the budget of an excursion's charge: its level's, and where between samples it began."""
    parts = [
        normal(line.name, line.standard_uncertainty, source=line.source) for line in level.lines
    ]
    edge = rectangular("edge", half_width, source="it begins anywhere between two samples")
    return evaluate(
        "excursion charge", level.unit, [*parts, edge],
        lambda *errors: level.value + sum(errors),
    )  # fmt: skip


def excursion(found: Finding | None, unit: str) -> Measured:
    """Return the worst excursion above the ceiling near a switching edge, in ``unit``; 0 for none."""
    if found is None or found.value == 0.0:
        return Measured(value=0.0, unit=unit, exact=True)
    waveform = found.capture.waveforms[found.label]
    if unit == "s":
        budget = shutdown_latency_budget(
            found.value,
            sample_interval_s=waveform.sample_interval_s,
            timebase_ppm=found.capture.scales[found.label].accuracy.timebase_ppm,
        )
    else:
        on = capture_range(found.capture, found.label, noise_rms_a=abs(waveform.gain))
        half_a = 0.5 * on.full_scale_a
        level = level_budget(half_a, on=on, samples=1).scaled(found.value / half_a, unit=unit)
        budget = charge_budget(level, found.half_width)
    return Measured(
        value=found.value, unit=unit, budget=budget, waveforms=found.capture.sha256(found.label)
    )
