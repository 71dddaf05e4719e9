"""Edges and plateaus in fast records: transition duration, overshoot, spikes at reversals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from bench.judge import evaluate, interval_budget, level_budget
from bench.measure import excursions
from bench.station.acquisition import Acquirer, Capture, Shot
from bench.station.event_records import MOST_POINTS
from bench.station.fixture import Fixture
from bench.station.measurands import scope_range, transitions
from bench.station.measured import Measured
from bench.station.ranges import RangeChoice
from bench.station.scales import Label
from bench.station.steady_output import SteadyOutput
from bench.station.treatment import Treatment

__all__ = ["FastRecords", "edge_overshoot", "spike_charge", "transition_duration"]

CYCLES: Final = 1.2
"""Every reversal of a polarity cycle is in the record, wherever it begins."""
FASTEST_INTERVAL_S: Final = 50e-9
"""Twenty times the amplifier's bandwidth of 500 kHz is enough. Source: docs/laboratory.md."""
SPIKE_FACTOR: Final = 1.2
"""Current above this share of the plateau is a spike. Source: OUT-034, proposed."""


class FastRecords:
    """Takes a record of one polarity cycle as fast as the scope's memory allows."""

    def __init__(
        self,
        *,
        treatment: Treatment,
        fixture: Fixture,
        acquirer: Acquirer,
        ranges: RangeChoice,
    ) -> None:
        self._treatment = treatment
        self._fixture = fixture
        self._acquirer = acquirer
        self._ranges = ranges

    def of(self, output: SteadyOutput, *, relay: str = "") -> SteadyOutput:
        """Run the device at an output's level again, into its load or that of ``relay``."""
        self._treatment.run(level=output.level, load_ohm=output.load_ohm)
        fast = self.while_running(output, relay=relay)
        self._treatment.stop()
        return fast

    def while_running(self, output: SteadyOutput, *, relay: str = "") -> SteadyOutput:
        """Take the record of a device that runs at the output's level, into the load of ``relay``."""
        if relay:
            self._fixture.select_relay(relay)
            self._treatment.run_again(after=f"the change to {relay}")
        capture = self._unclipped(output, relay or f"{output.load_ohm:g} Ω")
        self._treatment.must_run()
        return replace(output, capture=capture, label=Label.CURRENT)

    def _unclipped(self, output: SteadyOutput, where: str) -> Capture:
        """Take the record on the level's range; on a wider one where a spike clips it."""
        wave = output.profile.waveform
        duration_s = CYCLES * wave.polarity_cycle_s + wave.pulse_period_s

        def taken(full_scale_a: float) -> Capture:
            shot = Shot(
                title=f"fast record, level {output.level}, {where}",
                full_scale={Label.CURRENT: full_scale_a},
                duration_s=duration_s,
                points=min(MOST_POINTS, round(duration_s / FASTEST_INTERVAL_S)),
            )
            return self._acquirer.take(shot, conditions={"level": output.level, "load": where})

        own_a, *wider_a = self._ranges.for_level_a(output.level)
        capture = taken(own_a)
        while wider_a and capture.clipped(Label.CURRENT):
            capture = taken(wider_a.pop(0))
        return capture


def transition_duration(output: SteadyOutput, *, timebase_ppm: float) -> Measured:
    """Return the longest median transition duration of any polarity and edge, in s."""
    pulses = output.pulses
    slowest: float | None = None
    for polarity in output.polarities:
        rows = output.of_polarity(polarity)
        for edges in (rows.rise_s, rows.fall_s):
            known = edges[~np.isnan(edges)]
            if known.size:
                slowest = max(slowest or 0.0, float(np.median(known)))
    if slowest is None:
        return _no_edges(output, "s")
    edges = replace(
        transitions(output, pulses),
        transition_s=slowest,
        repetitions=max(1, len(pulses) // len(output.polarities)),
    )
    budget = interval_budget(slowest, edges, timebase_ppm=timebase_ppm)
    return Measured(value=slowest, unit="s", budget=budget, waveforms=output.evidence)


def edge_overshoot(outputs: Sequence[SteadyOutput]) -> Measured:
    """Return the largest median overshoot over the plateau, as a ratio."""
    found: list[Measured] = []
    for output in outputs:
        for polarity in output.polarities:
            rows = output.of_polarity(polarity)
            known = rows.overshoot_pct[~np.isnan(rows.overshoot_pct)]
            if known.size == 0:
                return _no_edges(output, "1")
            top_a = float(np.median(np.abs(rows.top)))
            found.append(_overshoot(output, float(np.median(known)) / 100.0, top_a, len(rows)))
    return max(found, key=lambda one: one.value or 0.0)


def spike_charge(outputs: Sequence[SteadyOutput]) -> Measured:
    """Return the largest charge of one excursion above the plateau's spike threshold, in C."""
    worst = Measured(
        value=0.0, unit="C", exact=True, waveforms=tuple(sha for o in outputs for sha in o.evidence)
    )
    for output in outputs:
        waveform = output.capture.waveforms[output.label]
        top_a = _plateau_a(output)
        for spike in excursions(
            waveform, ceiling=SPIKE_FACTOR * top_a, zero=output.analysis.baseline
        ):
            if spike.charge > (worst.value or 0.0):
                level = level_budget(spike.peak, on=scope_range(output), samples=1)
                worst = Measured(
                    value=spike.charge, unit="C", waveforms=output.evidence,
                    budget=level.scaled(spike.charge / spike.peak, unit="C").named("spike charge"),
                )  # fmt: skip
    return worst


def _plateau_a(output: SteadyOutput) -> float:
    """Return the height of the plateaus; under an envelope of the highest, cut off or not."""
    crests = [output.crest_of(polarity).top for polarity in output.polarities]
    top_a = float(np.median(np.abs(np.concatenate(crests))))
    if output.profile.waveform.envelope is None:
        return top_a
    return max(top_a, float(np.nanmax(np.abs(output.analysis.pulses.top))))


def _overshoot(output: SteadyOutput, value: float, top_a: float, pulses: int) -> Measured:
    on = scope_range(output)
    inputs = [*on.level("peak", pulses), *on.level("plateau", pulses)]
    budget = evaluate(
        "overshoot", "1", inputs,
        lambda *errors: (
            (top_a * (1.0 + value) + sum(errors[:3])) / (top_a + sum(errors[3:])) - 1.0
        ),
    )  # fmt: skip
    return Measured(value=value, unit="1", budget=budget, waveforms=output.evidence)


def _no_edges(output: SteadyOutput, unit: str) -> Measured:
    return Measured(
        value=None, unit=unit, waveforms=output.evidence,
        reason=f"no whole transitions at level {output.level} into {output.load_ohm:g} Ω",
    )  # fmt: skip
