"""The envelope itself: its depth and its rate, in one record of several turns."""

from __future__ import annotations

from typing import Final

import numpy as np

from bench.errors import NotOffered
from bench.judge import evaluate, normal, rectangular
from bench.measure import SeenModulation, seen_modulation
from bench.station.course import declared_modulation
from bench.station.event_records import EventRecords, points_for
from bench.station.measurands import leading_phases, scope_range
from bench.station.measured import Measured
from bench.station.scales import Label
from bench.station.steady_output import SteadyOutput
from bench.station.treatment import Treatment

__all__ = ["Modulated", "envelope_depth", "envelope_rate"]

TURNS: Final = 3.2
"""A rate needs more than one turn; three make it good to a thousandth."""
SAMPLES_PER_PULSE: Final = 40


class Modulated:
    """Records an output over several turns of its envelope."""

    def __init__(self, *, treatment: Treatment, records: EventRecords) -> None:
        self._treatment = treatment
        self._records = records
        self._profile = records.ranges.profile

    def record(self, *, level: int, load_ohm: float) -> SteadyOutput:
        """Return the record; raises NotOffered where the profile declares no envelope."""
        envelope = self._profile.waveform.envelope
        if envelope is None:
            raise NotOffered("the profile declares no envelope")
        self._treatment.run(level=level, load_ohm=load_ohm)
        duration_s = TURNS / envelope.rate_hz
        capture = self._records.look(
            "turns of the envelope",
            {Label.CURRENT: self._records.ranges.level_a(level)},
            duration_s=duration_s,
            conditions={"level": level, "load_ohm": load_ohm},
            points=points_for(
                duration_s,
                interval_s=self._profile.waveform.pulse_duration_s / SAMPLES_PER_PULSE,
            ),
        )
        self._treatment.must_run()
        self._treatment.stop()
        return SteadyOutput(capture=capture, profile=self._profile, level=level, load_ohm=load_ohm)


def envelope_depth(output: SteadyOutput) -> Measured:
    """Return the depth of the envelope, as a ratio."""
    seen = _seen(output)
    if seen is None:
        return _nothing(output, "1")
    top_a = float(np.abs(output.pulses.top).max())
    on = scope_range(output)
    # Gain and offset are common to crest and trough; each has its own steps and non-linearity.
    inputs = [
        normal("line", seen.depth_uncertainty, source="residuals about the fitted envelope"),
        rectangular("converter steps", on.lsb_a / top_a, source=f"{on.accuracy.bits} bit"),
        rectangular(
            "non-linearity", 2.0 * on.accuracy.nonlinearity_lsb * on.lsb_a / top_a,
            source=on.accuracy.source,
        ),
    ]  # fmt: skip
    budget = evaluate("envelope depth", "1", inputs, lambda *errors: seen.depth + sum(errors))
    return Measured(value=seen.depth, unit="1", budget=budget, waveforms=output.evidence)


def envelope_rate(output: SteadyOutput, *, timebase_ppm: float) -> Measured:
    """Return the rate of the envelope, in Hz; None where nothing is modulated."""
    seen = _seen(output)
    if seen is None or seen.rate_hz is None:
        return _nothing(output, "Hz")
    rate_hz = seen.rate_hz
    budget = evaluate(
        "envelope rate",
        "Hz",
        [
            normal("fit", seen.rate_uncertainty_hz, source="residuals about the fitted envelope"),
            rectangular("timebase", timebase_ppm * 1e-6, source="scope"),
        ],
        lambda fit, base: (rate_hz + fit) * (1.0 + base),
    )
    return Measured(value=rate_hz, unit="Hz", budget=budget, waveforms=output.evidence)


def _seen(output: SteadyOutput) -> SeenModulation | None:
    declared = declared_modulation(output.profile)
    return None if declared is None else seen_modulation(leading_phases(output), declared)


def _nothing(output: SteadyOutput, unit: str) -> Measured:
    return Measured(
        value=None, unit=unit, waveforms=output.evidence,
        reason=f"no envelope in {len(output.pulses)} phases: they are all alike",
    )  # fmt: skip
