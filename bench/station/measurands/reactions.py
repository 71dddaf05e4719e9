"""What a device does about a fault or a command: times, peaks and charges."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from bench.judge import level_budget, shutdown_latency_budget
from bench.measure import shutdown
from bench.station.acquisition import Capture
from bench.station.measurands.record import capture_range
from bench.station.measured import Measured
from bench.station.reactions import OFF_AVERAGING_S, Reaction
from bench.station.scales import Label

__all__ = ["start_delay", "worst_charge", "worst_latency", "worst_peak"]


def worst_latency(
    reactions: Sequence[Reaction | None],
    timebase_ppm: float,
    *,
    pauses: bool = True,
    least_s: float = 0.0,
) -> Measured:
    """Return the longest time from cause to off, in s; None where an output never ended.

    Undecidable where offset and noise of the range may be all that is left of an output, or where
    an injection provoked nothing; ``least`` is then the longest that is certain.

    ``pauses``: with the pauses between pulses, in which nothing flows; without them it is the time
    for which the current flowed on. ``least_s``: a stretch shorter than this at the end of a pulse
    does not start the clock (docs/decisions/0004-hardware-trip-without-pauses.md for both).
    """
    provoked = [reaction for reaction in reactions if reaction is not None]
    endless = next((r for r in provoked if r.result.still_on and r.doubtful_s is None), None)
    if endless is not None:
        waveform = endless.capture.waveforms[endless.label]
        watched_s = waveform.t0_s + waveform.duration_s - endless.cause_s
        return Measured(
            value=None, unit="s", waveforms=_evidence(endless), marks=endless.marks,
            reason=f"the output is still on at the end of the record, {watched_s * 1e3:.4g} ms "
            "after the cause",
        )  # fmt: skip

    def latency(reaction: Reaction) -> float:
        return reaction.latency_s(least_s=least_s) if pauses else reaction.flowing_s

    def least() -> Measured | None:
        longest = max((reaction.certain() for reaction in provoked), key=latency, default=None)
        return None if longest is None else _latency(longest, latency(longest), timebase_ppm)

    if len(provoked) < len(reactions):
        return Measured(
            value=None, unit="s", undecidable=True, least=least(),
            reason=f"{len(reactions) - len(provoked)} of {len(reactions)} injections never crossed "
            "the threshold: nothing was provoked",
        )  # fmt: skip
    longest = max(provoked, key=latency)
    doubt = longest.doubtful_s
    if doubt is not None:
        return replace(_doubtful(longest, *doubt), least=least())
    return _latency(longest, latency(longest), timebase_ppm)


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
    on = capture_range(
        worst.capture, worst.label, noise_rms_a=abs(worst.capture.waveforms[worst.label].gain)
    )
    level = level_budget(worst.result.peak, on=on, samples=1)
    budget = level if unit == "A" else level.scaled(value / worst.result.peak, unit=unit)
    return Measured(
        value=value, unit=unit, budget=budget, waveforms=_evidence(worst), marks=worst.marks
    )


def _latency(reaction: Reaction, latency_s: float, timebase_ppm: float) -> Measured:
    """Return a latency that was read from one reaction, in s, with its budget."""
    waveform = reaction.capture.waveforms[reaction.label]
    level_relative = _level_relative(reaction)
    budget = shutdown_latency_budget(
        latency_s,
        sample_interval_s=waveform.sample_interval_s,
        timebase_ppm=timebase_ppm,
        averaging_s=reaction.averaging_s,
        threshold_relative=reaction.threshold_relative,
        decay_s=_decay_s(reaction, level_relative),
        level_relative=level_relative,
    )
    return Measured(
        value=latency_s, unit="s", budget=budget, waveforms=_evidence(reaction),
        marks=reaction.marks,
    )  # fmt: skip


def _doubtful(reaction: Reaction, certain_s: float, perhaps_s: float) -> Measured:
    """Return that nobody can say when an output ended."""
    scale = 1e6 if reaction.capture.waveforms[reaction.label].unit == "A" else 1.0
    unit = "µA" if scale > 1.0 else "V"
    return Measured(
        value=None, unit="s", undecidable=True, waveforms=_evidence(reaction), marks=reaction.marks,
        reason=f"the output ends between {certain_s * 1e3:.4g} and {perhaps_s * 1e3:.4g} ms after the "
        f"cause: what is above {scale * reaction.threshold:.3g} {unit} in between stands alone, and "
        f"offset and noise of this range reach {scale * reaction.by_itself:.3g} {unit} by themselves; "
        "record with more samples, or on a scope of more bits",
    )  # fmt: skip


def _decay_s(reaction: Reaction, level_relative: float) -> float:
    """Return the time constant with which the output passed the threshold at its end.

    It is read between the threshold and what is above it by an octave, or by U of the level where
    that is more, and by no more than half of what flowed: pulses of an envelope or a ramp that are
    larger than that end as they stand and are no decay.
    """
    last_s = reaction.result.last_above_s
    ratio = min(0.5 / reaction.threshold_relative, max(2.0, 1.0 + 2.0 * level_relative))
    if last_s is None or ratio <= 1.0:
        return 0.0
    above = shutdown(
        reaction.capture.waveforms[reaction.label],
        cause_s=reaction.cause_s,
        threshold=ratio * reaction.threshold,
        averaging_s=reaction.averaging_s,
        hold_off_s=0.0,
        zero=reaction.zero,
    )
    above_s = above.last_above_s
    return 0.0 if above_s is None else max(0.0, last_s - above_s) / math.log(ratio)


def _level_relative(reaction: Reaction) -> float:
    """Return the standard uncertainty of one sample at the threshold, over the threshold."""
    waveform = reaction.capture.waveforms[reaction.label]
    on = capture_range(reaction.capture, reaction.label, noise_rms_a=0.5 * abs(waveform.gain))
    level = level_budget(reaction.threshold, on=on, samples=1)
    return level.standard_uncertainty / reaction.threshold


def _evidence(reaction: Reaction) -> tuple[str, ...]:
    return reaction.capture.sha256(reaction.label, Label.SYNC)
