"""Record-level numbers over a whole number of cycles: a part of a cycle invents direct current."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bench.measure.pulses import RecordAnalysis
from bench.measure.records import readable_codes
from bench.waveform import Waveform

__all__ = ["CycleSpan", "whole_cycle_mean", "whole_cycle_rms", "whole_cycles"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleSpan:
    """The longest stretch of a record that holds a whole number of cycles."""

    start_s: float
    stop_s: float
    cycles: int


def whole_cycles(analysis: RecordAnalysis, phases_per_cycle: int) -> CycleSpan | None:
    """Return the stretch between 50 % instants of like leading edges, or None below one cycle.

    Like edges are ``phases_per_cycle`` phases apart and have one polarity.
    """
    phases = analysis.pulses.select(~np.isnan(analysis.pulses.start_s))
    cycles = (len(phases) - 1) // phases_per_cycle
    if cycles < 1:
        return None
    last = cycles * phases_per_cycle
    if phases.polarity[0] != phases.polarity[last]:
        return None
    return CycleSpan(
        start_s=float(phases.start_s[0]), stop_s=float(phases.start_s[last]), cycles=cycles
    )


def whole_cycle_mean(
    waveform: Waveform, analysis: RecordAnalysis, phases_per_cycle: int
) -> float | None:
    """Return the mean over whole cycles in the waveform's unit, or None below one cycle."""
    span = whole_cycles(analysis, phases_per_cycle)
    if span is None:
        return None
    total = _integral(waveform, span)
    return waveform.gain * total / (span.stop_s - span.start_s) + waveform.offset


def whole_cycle_rms(
    waveform: Waveform, analysis: RecordAnalysis, phases_per_cycle: int
) -> float | None:
    """Return the r.m.s. value over whole cycles, noise taken out, or None below one cycle."""
    from bench.measure.states import summarise_blocks

    span = whole_cycles(analysis, phases_per_cycle)
    if span is None:
        return None
    piece = waveform.between(span.start_s, span.stop_s)
    summary = summarise_blocks(readable_codes(piece))
    gain, offset, count = waveform.gain, waveform.offset, piece.record_length
    square = (
        gain**2 * summary.square_total / count
        + 2.0 * gain * offset * summary.total / count
        + offset**2
    )
    return float(np.sqrt(max(square - analysis.noise_rms**2, 0.0)))


def _integral(waveform: Waveform, span: CycleSpan) -> float:
    """Integrate the codes over the span, in code seconds, straight lines between samples."""
    interval = waveform.sample_interval_s
    begin = (span.start_s - waveform.t0_s) / interval
    end = (span.stop_s - waveform.t0_s) / interval
    first, last = int(np.ceil(begin)), int(np.floor(end))
    codes = waveform.codes
    total = float(np.sum(codes[first : last + 1], dtype=np.int64))
    total -= 0.5 * (float(codes[first]) + float(codes[last]))
    total += _part(waveform, first - 1, begin - first + 1.0, 1.0)
    total += _part(waveform, last, 0.0, end - last)
    return total * interval


def _part(waveform: Waveform, index: int, from_: float, to: float) -> float:
    """Integrate between sample ``index`` and the next, over a part of the interval."""
    if to <= from_:
        return 0.0
    left, right = float(waveform.codes[index]), float(waveform.codes[index + 1])
    middle = 0.5 * (from_ + to)
    return (to - from_) * (left + (right - left) * middle)
