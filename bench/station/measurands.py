"""The measurands of the plans: a number in SI with the budget behind it. Nothing here judges.

Each function takes what was captured and returns a :class:`Measured`. A quantity that the device
did not give (no pulses of a polarity, an output that never ends) is a value of None with its
reason; one that the bench could not measure is marked undecidable.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from bench.errors import DeviceMisbehaved
from bench.judge import (
    Budget,
    ScopeRange,
    amplitude_budget,
    amplitude_ratio_budget,
    clock_interval_budget,
    current_over_shunt_budget,
    evaluate,
    interval_budget,
    level_budget,
    multimeter_accuracy,
    net_charge_budget,
    normal,
    phase_charge_budget,
    rate_budget,
    scope_accuracy,
    shutdown_latency_budget,
    symmetry_budget,
    transferred_scope,
)
from bench.measure import PulseTable, grid_defects
from bench.measure import repetition_rate as fitted_rate
from bench.profile import Profile
from bench.station.acquisition import Capture
from bench.station.ceiling import AVERAGING_S, CeilingWatch, Finding
from bench.station.direct_current import SHUNT_RANGE_V, DirectReading
from bench.station.measured import Measured
from bench.station.reactions import OFF_AVERAGING_S, Reaction
from bench.station.scales import Label
from bench.station.session import FullSession
from bench.station.steady_output import Polarity, SteadyOutput

__all__ = [
    "amplitude",
    "direct_current",
    "duration_symmetry",
    "excursion",
    "leading_phases",
    "level_step",
    "load_regulation",
    "net_charge_per_cycle",
    "net_charge_per_pulse",
    "phase_charge",
    "polarity_cycle_s",
    "pulse_defects",
    "pulse_duration",
    "repetition_rate",
    "residual_current",
    "scope_range",
    "session_length",
    "start_delay",
    "symmetry",
    "worst_charge",
    "worst_current",
    "worst_latency",
    "worst_peak",
]

SHUNT_RELATIVE: Final = 1e-4
"""Standard uncertainty of the shunt by the meter's four-wire ohms: 0.010 % of reading and 0.004 %
of the 100 Ω range, rectangular. Source: 34465A data sheet as in bench/judge/accuracy."""

METER: Final = "34465A"
SCOPE: Final = "DSO-X 3024A"
"""Models whose data sheets the budgets use; both are those of docs/laboratory.md."""

CLOCK_PPM: Final = 100.0
"""Any computer's clock over twenty minutes; the simulated clock has no error."""

CUT_SHARE: Final = 0.8
"""A pulse shorter than this share of its declared duration was interrupted."""

PLATEAU_SHARE: Final = 0.8
"""Of a pulse: what the plateau mean is made from."""


def amplitude(output: SteadyOutput, polarity: Polarity) -> Measured:
    """Return the median plateau of one polarity over the zero state of the same record, in A."""
    pulses = output.crest_of(polarity)
    if len(pulses) == 0:
        return _no_pulses(output, polarity, "A")
    value = abs(float(np.median(pulses.top)))
    budget = amplitude_budget(
        value,
        on=scope_range(output),
        plateau_samples=_plateau_samples(output, pulses),
        zero_samples=_zero_samples(output),
    )
    return Measured(value=value, unit="A", budget=budget, waveforms=output.evidence)


def level_step(lower: SteadyOutput, upper: SteadyOutput) -> Measured:
    """Return the amplitude's rise from one level to the next, in A: the smaller polarity's."""
    steps: list[Measured] = []
    for polarity in upper.polarities:
        low, high = amplitude(lower, polarity), amplitude(upper, polarity)
        if low.budget is None or high.budget is None or low.value is None or high.value is None:
            return high if high.value is None else low
        budget = evaluate(
            "level step",
            "A",
            [
                normal(
                    "upper level", high.budget.standard_uncertainty, value=high.value,
                    source="amplitude of the upper level",
                ),
                normal(
                    "lower level", low.budget.standard_uncertainty, value=low.value,
                    source="amplitude of the lower level",
                ),
            ],
            lambda upper_a, lower_a: upper_a - lower_a,
        )  # fmt: skip
        steps.append(
            Measured(
                value=high.value - low.value, unit="A", budget=budget,
                waveforms=(*lower.evidence, *upper.evidence),
            )
        )  # fmt: skip
    return min(steps, key=lambda step: step.value or 0.0)


def load_regulation(output: SteadyOutput, *, reference: SteadyOutput) -> Measured:
    """Return the amplitude over that into the smallest load, both taken on one range."""
    changes: list[Measured] = []
    for polarity in output.polarities:
        here, there = amplitude(output, polarity), amplitude(reference, polarity)
        if here.value is None or there.value is None:
            return replace(here if here.value is None else there, unit="1")
        budget = amplitude_ratio_budget(
            here.value,
            there.value,
            on=scope_range(output),
            plateau_samples=_plateau_samples(output, output.of_polarity(polarity)),
            zero_samples=_zero_samples(output),
        ).scaled(0.01, unit="1")
        changes.append(
            Measured(
                value=here.value / there.value, unit="1", budget=budget,
                waveforms=(*reference.evidence, *output.evidence),
            )
        )  # fmt: skip
    return max(changes, key=lambda change: abs((change.value or 1.0) - 1.0))


def pulse_duration(output: SteadyOutput, polarity: Polarity, *, timebase_ppm: float) -> Measured:
    """Return the median pulse duration of one polarity, in s."""
    pulses = output.of_polarity(polarity)
    if len(pulses) == 0:
        return _no_pulses(output, polarity, "s")
    value = float(np.median(pulses.duration_s))
    return Measured(
        value=value,
        unit="s",
        budget=_interval(output, pulses, value, timebase_ppm),
        waveforms=output.evidence,
    )


def duration_symmetry(output: SteadyOutput, *, timebase_ppm: float) -> Measured:
    """Return the ratio of positive to negative pulse duration."""
    durations = [pulse_duration(output, p, timebase_ppm=timebase_ppm) for p in output.polarities]
    positive, negative = durations[0], durations[-1]
    if positive.value is None or positive.budget is None:
        return replace(positive, unit="1")
    if negative.value is None or negative.budget is None:
        return replace(negative, unit="1")
    budget = evaluate(
        "duration ratio",
        "1",
        [
            normal(
                "positive pulses", positive.budget.standard_uncertainty, value=positive.value,
                source="pulse duration, positive",
            ),
            normal(
                "negative pulses", negative.budget.standard_uncertainty, value=negative.value,
                source="pulse duration, negative",
            ),
        ],
        lambda first, second: first / second,
    )  # fmt: skip
    value = positive.value / negative.value
    return Measured(value=value, unit="1", budget=budget, waveforms=output.evidence)


def repetition_rate(output: SteadyOutput, *, timebase_ppm: float) -> Measured:
    """Return the rate of pulses from a grid fitted to their leading edges, in Hz."""
    leading = leading_phases(output)
    if len(leading) < 3:
        return Measured(
            value=None, unit="Hz", waveforms=output.evidence, reason="fewer than three pulses"
        )
    rate = fitted_rate(leading)
    if rate is None:
        return Measured(
            value=None, unit="Hz", waveforms=output.evidence, reason="the pulses form no grid"
        )
    budget = rate_budget(
        rate.rate_hz,
        standard_uncertainty_hz=rate.standard_uncertainty_hz,
        timebase_ppm=timebase_ppm,
    )
    return Measured(value=rate.rate_hz, unit="Hz", budget=budget, waveforms=output.evidence)


def polarity_cycle_s(output: SteadyOutput) -> float:
    """Return the measured time of one whole repetition: the aperture of the meter."""
    declared = output.profile.waveform
    rate = fitted_rate(leading_phases(output))
    if rate is None:
        raise DeviceMisbehaved("the pulses form no regular grid: there is no polarity cycle")
    return declared.repeat_s * declared.repetition_rate_hz / rate.rate_hz


def phase_charge(output: SteadyOutput, polarity: Polarity) -> Measured:
    """Return the largest phase charge of one polarity, in C."""
    pulses = output.of_polarity(polarity)
    if len(pulses) == 0:
        return _no_pulses(output, polarity, "C")
    worst = int(np.argmax(np.abs(pulses.charge)))
    value = abs(float(pulses.charge[worst]))
    budget = phase_charge_budget(
        value,
        duration_s=float(pulses.duration_s[worst]),
        on=scope_range(output),
        sample_interval_s=_interval_s(output),
        zero_samples=_zero_samples(output),
    )
    return Measured(value=value, unit="C", budget=budget, waveforms=output.evidence)


def net_charge_per_pulse(output: SteadyOutput, polarity: Polarity) -> Measured:
    """Return the magnitude of a pulse's net charge, in C; of both phases where it has two."""
    if output.profile.waveform.phases_per_pulse == 1:
        pulses = output.of_polarity(polarity)
        if len(pulses) == 0:
            return _no_pulses(output, polarity, "C")
        value = abs(float(np.median(pulses.charge)))
        seconds = float(np.median(pulses.duration_s))
        times = (seconds, 0.0)
    else:
        pulses = output.pulses
        pairs = len(pulses) // 2
        if pairs == 0:
            return _no_pulses(output, polarity, "C")
        value = abs(float(pulses.charge[: 2 * pairs].sum()) / pairs)
        times = (_seconds(output, 1) / pairs, _seconds(output, -1) / pairs)
    return _net(output, value, times)


def net_charge_per_cycle(output: SteadyOutput) -> Measured:
    """Return the mean net charge of whole polarity cycles, in C, signed."""
    wave = output.profile.waveform
    per_cycle = wave.phases_per_pulse * wave.pulses_per_polarity_cycle
    pulses = output.pulses
    cycles = len(pulses) // per_cycle
    if cycles == 0:
        return Measured(
            value=None, unit="C", waveforms=output.evidence,
            reason=f"{len(pulses)} phases in the record, expected at least {per_cycle}",
        )  # fmt: skip
    whole = pulses.select(slice(0, cycles * per_cycle))
    value = float(whole.charge.sum()) / cycles
    positive_s = float(whole.duration_s[whole.polarity > 0].sum()) / cycles
    negative_s = float(whole.duration_s[whole.polarity < 0].sum()) / cycles
    return _net(output, value, (positive_s, negative_s))


def symmetry(output: SteadyOutput) -> Measured:
    """Return the positive amplitude less the negative, in A."""
    positive, negative = (output.of_polarity(polarity) for polarity in (1, -1))
    for polarity, pulses in ((1, positive), (-1, negative)):
        if len(pulses) == 0:
            return _no_pulses(output, polarity, "A")
    positive_a, negative_a = float(np.median(positive.top)), float(np.median(negative.top))
    budget = symmetry_budget(
        positive_a,
        negative_a,
        on=scope_range(output),
        plateau_samples=_plateau_samples(output, positive),
        zero_samples=_zero_samples(output),
    )
    return Measured(
        value=positive_a + negative_a, unit="A", budget=budget, waveforms=output.evidence
    )


def direct_current(reading: DirectReading) -> Measured:
    """Return the meter's direct current, in A; undecidable where the start phases disagree."""
    if not reading.phases_agree:
        return Measured(
            value=None, unit="A", undecidable=True,
            reason=f"the start phases of the meter differ by {reading.phase_spread_a * 1e6:.2f} µA",
        )  # fmt: skip
    budget = current_over_shunt_budget(
        reading.volts_v,
        accuracy=multimeter_accuracy(METER),
        range_v=SHUNT_RANGE_V,
        shunt_ohm=reading.shunt.ohm,
        shunt_relative=reading.shunt.relative_uncertainty,
        shunt_source="shunt, by the meter's four-wire ohms in the self-test",
        zero_v=reading.shunt.meter_zero_v,
    )
    return Measured(value=reading.current_a, unit="A", budget=budget)


def residual_current(reading: DirectReading) -> Measured:
    """Return the magnitude of the direct current of a device that should deliver none, in A."""
    signed = direct_current(reading)
    return signed if signed.value is None else replace(signed, value=abs(signed.value))


def worst_latency(
    reactions: Sequence[Reaction | None], timebase_ppm: float, *, pauses: bool = True
) -> Measured:
    """Return the longest time from cause to off, in s; None where an output never ended.

    ``pauses``: with the pauses between pulses, in which nothing flows; without them it is the time
    for which the current flowed on (docs/decisions/0004-hardware-trip-without-pauses.md).
    """
    provoked = [reaction for reaction in reactions if reaction is not None]
    if len(provoked) < len(reactions):
        return Measured(
            value=None, unit="s", undecidable=True,
            reason=f"{len(reactions) - len(provoked)} of {len(reactions)} injections never crossed "
            "the threshold: nothing was provoked",
        )  # fmt: skip
    endless = next((r for r in provoked if r.result.still_on), None)
    if endless is not None:
        waveform = endless.capture.waveforms[endless.label]
        watched_s = waveform.t0_s + waveform.duration_s - endless.cause_s
        return Measured(
            value=None, unit="s", waveforms=_evidence(endless), marks=endless.marks,
            reason=f"the output is still on at the end of the record, {watched_s * 1e3:.4g} ms "
            "after the cause",
        )  # fmt: skip

    def latency(reaction: Reaction) -> float:
        return max(0.0, (reaction.result.latency_s or 0.0) if pauses else reaction.flowing_s)

    worst = max(provoked, key=latency)
    waveform = worst.capture.waveforms[worst.label]
    latency_s = latency(worst)
    budget = shutdown_latency_budget(
        latency_s,
        sample_interval_s=waveform.sample_interval_s,
        timebase_ppm=timebase_ppm,
        averaging_s=worst.averaging_s,
        threshold_relative=worst.threshold_relative,
    )
    return Measured(
        value=latency_s, unit="s", budget=budget, waveforms=_evidence(worst), marks=worst.marks
    )


def worst_peak(reactions: Sequence[Reaction | None]) -> Measured:
    """Return the largest current after an injected fault, in A."""
    return _worst_of(reactions, unit="A", by=lambda reaction: reaction.result.peak)


def worst_charge(reactions: Sequence[Reaction | None]) -> Measured:
    """Return the largest charge that passed after an injected fault, in C."""
    return _worst_of(reactions, unit="C", by=lambda reaction: reaction.result.charge)


def start_delay(capture: Capture, delay_s: float | None, timebase_ppm: float) -> Measured:
    """Return the time from START to the first output, in s; None where there was none."""
    waveform = capture.waveforms[Label.CURRENT]
    evidence = capture.sha256(Label.CURRENT, Label.SYNC)
    if delay_s is None:
        return Measured(
            value=None, unit="s", waveforms=evidence,
            reason=f"no output within {waveform.duration_s:.3g} s of START",
        )  # fmt: skip
    budget = shutdown_latency_budget(
        delay_s,
        sample_interval_s=waveform.sample_interval_s,
        timebase_ppm=timebase_ppm,
        averaging_s=OFF_AVERAGING_S,
    )
    return Measured(value=delay_s, unit="s", budget=budget, waveforms=evidence)


def session_length(session: FullSession) -> Measured:
    """Return the length of the session by the clock, in s; None where it never ended."""
    evidence = tuple(session.after_end.hashes.values())
    if session.length_s is None:
        return Measured(
            value=None, unit="s", waveforms=evidence,
            reason=f"the device still reported a running session after {session.watched_s:.0f} s",
        )  # fmt: skip
    budget = clock_interval_budget(
        session.length_s, poll_interval_s=session.poll_s, clock_ppm=CLOCK_PPM
    )
    return Measured(value=session.length_s, unit="s", budget=budget, waveforms=evidence)


def pulse_defects(session: FullSession, profile: Profile) -> tuple[Measured, int]:
    """Return the number of missing, extra and cut pulses, and how many pulses were looked at."""
    defects, pulses = 0, 0
    found: list[str] = []
    for observed in session.observed:
        phases = observed.phases.whole()
        if profile.waveform.phases_per_pulse > 1:
            phases = phases.select(phases.polarity > 0)
        grid = grid_defects(phases, 1.0 / profile.waveform.repetition_rate_hz)
        cut = int((phases.duration_s < CUT_SHARE * profile.waveform.pulse_duration_s).sum())
        wrong = grid.missing_s.size + grid.extra_s.size + cut
        if wrong:
            found.append(f"record {observed.capture.record.acquisition_id}: {wrong}")
        defects += wrong
        pulses += len(phases)
    evidence = tuple(sha for seen in session.observed for sha in seen.capture.hashes.values())
    measured = Measured(
        value=float(defects), unit="pulses", waveforms=evidence, reason="; ".join(found), exact=True
    )
    return measured, pulses


def worst_current(found: Finding | None, watch: CeilingWatch) -> Measured:
    """Return the largest mean over 10 µs of everything captured outside switching windows, in A."""
    if found is None:
        return Measured(
            value=None, unit="A", undecidable=True,
            reason=f"none of {watch.captures} records shows the current outside switching windows",
        )  # fmt: skip
    waveform = found.capture.waveforms[found.label]
    on = _scope_range(found.capture, found.label, noise_rms_a=0.5 * abs(waveform.gain))
    samples = max(1, round(AVERAGING_S / waveform.sample_interval_s))
    return Measured(
        value=found.value,
        unit="A",
        budget=level_budget(found.value, on=on, samples=samples),
        waveforms=found.capture.sha256(found.label),
    )


def excursion(found: Finding | None, unit: str) -> Measured:
    """Return the worst excursion above the ceiling near a switching edge, in ``unit``; 0 for none."""
    if found is None or found.value == 0.0:
        return Measured(value=0.0, unit=unit, exact=True)
    waveform = found.capture.waveforms[found.label]
    if unit == "s":
        budget = shutdown_latency_budget(
            found.value,
            sample_interval_s=waveform.sample_interval_s,
            timebase_ppm=transferred_scope().timebase_ppm,
        )
    else:
        on = _scope_range(found.capture, found.label, noise_rms_a=abs(waveform.gain))
        half_a = 0.5 * on.full_scale_a
        level = level_budget(half_a, on=on, samples=1)
        budget = level.scaled(found.value / half_a, unit=unit).named("excursion charge")
    return Measured(
        value=found.value, unit=unit, budget=budget, waveforms=found.capture.sha256(found.label)
    )


def _worst_of(
    reactions: Sequence[Reaction | None], *, unit: str, by: Callable[[Reaction], float]
) -> Measured:
    provoked = [reaction for reaction in reactions if reaction is not None]
    if not provoked:
        return Measured(
            value=None, unit=unit, undecidable=True, reason="no injection crossed the threshold"
        )
    worst = max(provoked, key=by)
    value = float(by(worst))
    on = _scope_range(
        worst.capture, worst.label, noise_rms_a=abs(worst.capture.waveforms[worst.label].gain)
    )
    level = level_budget(worst.result.peak, on=on, samples=1)
    budget = level if unit == "A" else level.scaled(value / worst.result.peak, unit=unit)
    return Measured(
        value=value, unit=unit, budget=budget, waveforms=_evidence(worst), marks=worst.marks
    )


def _net(output: SteadyOutput, value: float, times_s: tuple[float, float]) -> Measured:
    budget = net_charge_budget(
        value,
        positive_s=times_s[0],
        negative_s=times_s[1],
        amplitude_a=float(np.median(np.abs(output.pulses.top))),
        on=scope_range(output),
        sample_interval_s=_interval_s(output),
        zero_samples=_zero_samples(output),
    )
    return Measured(value=value, unit="C", budget=budget, waveforms=output.evidence)


def _interval(
    output: SteadyOutput, pulses: PulseTable, value: float, timebase_ppm: float
) -> Budget:
    top = float(np.median(np.abs(pulses.top)))
    return interval_budget(
        value,
        sample_interval_s=_interval_s(output),
        timebase_ppm=timebase_ppm,
        transition_s=float(np.nanmedian(pulses.rise_s)),
        noise_relative=output.analysis.noise_rms / top,
        repetitions=len(pulses),
    )


def _no_pulses(output: SteadyOutput, polarity: Polarity, unit: str) -> Measured:
    sign = "positive" if polarity > 0 else "negative"
    return Measured(
        value=None,
        unit=unit,
        waveforms=output.evidence,
        reason=f"no {sign} pulses at level {output.level} into {output.load_ohm:g} Ω",
    )


def leading_phases(output: SteadyOutput) -> PulseTable:
    """Return the phases that begin a pulse: every one, or every positive one of two."""
    if output.profile.waveform.phases_per_pulse == 1:
        return output.pulses
    return output.of_polarity(1)


def _seconds(output: SteadyOutput, polarity: Polarity) -> float:
    return float(output.of_polarity(polarity).duration_s.sum())


def scope_range(output: SteadyOutput) -> ScopeRange:
    """Return the range on which an output was recorded."""
    return _scope_range(output.capture, output.label, noise_rms_a=output.analysis.noise_rms)


def _scope_range(capture: Capture, label: Label, *, noise_rms_a: float) -> ScopeRange:
    full_scale_a = capture.full_scale(label)
    return ScopeRange(
        accuracy=transferred_scope() if capture.transferred[label] else scope_accuracy(SCOPE),
        full_scale_a=full_scale_a,
        amperes_per_volt=full_scale_a / (8 * capture.volts_per_division[label]),
        noise_rms_a=noise_rms_a,
        shunt_relative=SHUNT_RELATIVE,
        shunt_source="shunt, by the meter's four-wire ohms in the self-test",
    )


def _interval_s(output: SteadyOutput) -> float:
    return output.capture.waveforms[output.label].sample_interval_s


def _plateau_samples(output: SteadyOutput, pulses: PulseTable) -> int:
    return max(1, round(PLATEAU_SHARE * float(np.median(pulses.duration_s)) / _interval_s(output)))


def _zero_samples(output: SteadyOutput) -> int:
    zero = max(output.analysis.states, key=lambda state: state.occupancy)
    return max(1, round(zero.occupancy * output.analysis.sample_count))


def _evidence(reaction: Reaction) -> tuple[str, ...]:
    return reaction.capture.sha256(reaction.label, Label.SYNC)
