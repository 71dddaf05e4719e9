"""Brings two records of one measurement to one time, so that they can be laid over each other."""

from __future__ import annotations

import math
from dataclasses import replace

from bench.waveform import Waveform
from reports.windows import around_pulse

__all__ = ["aligned", "why_not_overlaid"]

_SAME_SAMPLING = 0.01
"""Relative difference of sample intervals below which two records are comparable."""


def why_not_overlaid(a: Waveform, b: Waveform) -> str:
    """Return why two records cannot be laid over each other; empty where they can."""
    if a.unit != b.unit:
        return f"A is in {a.unit or 'no unit'}, B in {b.unit or 'no unit'}"
    if not math.isclose(a.sample_interval_s, b.sample_interval_s, rel_tol=_SAME_SAMPLING):
        return f"A has a sample each {a.sample_interval_s:g} s, B each {b.sample_interval_s:g} s"
    return ""


def aligned(a: Waveform, b: Waveform) -> tuple[Waveform, tuple[float, float] | None]:
    """Return ``b`` in the time of ``a``, and the window of a pulse of the same polarity in both.

    The pulse is the one that reaches furthest to the side to which ``a`` reaches furthest. A record
    without pulses is laid start on start, and shown whole (no window).
    """
    side = _side(a)
    of_a, of_b = (around_pulse(w, at_s=_furthest_s(w, side)) for w in (a, b))
    if of_a is None or of_b is None:
        return replace(b, t0_s=a.t0_s), None
    return replace(b, t0_s=b.t0_s + of_a[0] - of_b[0]), of_a


def _extremes(waveform: Waveform) -> tuple[float, float]:
    codes = int(waveform.codes.min()), int(waveform.codes.max())
    low, high = sorted(code * waveform.gain + waveform.offset for code in codes)
    return low, high


def _side(waveform: Waveform) -> int:
    low, high = _extremes(waveform)
    return 1 if high >= -low else -1


def _furthest_s(waveform: Waveform, side: int) -> float:
    """Return the instant of the highest value, or of the lowest for side -1."""
    upwards = (side > 0) == (waveform.gain > 0)
    index = int(waveform.codes.argmax() if upwards else waveform.codes.argmin())
    return waveform.t0_s + index * waveform.sample_interval_s
