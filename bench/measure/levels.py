"""How far a record goes above a level for how long: ceiling, excursions above it, shutdown.

Everything here looks at the magnitude of a moving mean, corrected for ``zero``; a mean over a
short time is what separates a current from the single-sample noise of a converter. All levels are
in the waveform's unit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bench.measure.records import readable_codes
from bench.waveform import Codes, Waveform

__all__ = ["Excursion", "Shutdown", "excursions", "shutdown", "worst_mean"]

_FIRST_ROOM = 256
"""Excursions for which room is made before their number is known."""
_CLEAR_SIGMAS = 4.0
"""A sample this far above the level is above it, whatever the noise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Excursion:
    """A stretch in which the moving mean's magnitude stays above the ceiling."""

    start_s: float
    duration_s: float
    charge: float
    """Integral of the magnitude, zero-corrected, in unit seconds."""
    charge_half_width: float
    """Half of what a sample stands for one before the peak: a steep edge begins anywhere between."""
    charge_above: float
    """What of it lies above the ceiling."""
    peak: float
    """Largest single sample in magnitude, zero-corrected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shutdown:
    """How a signal ended after its cause."""

    last_above_s: float | None
    """Last instant above the threshold; None if none followed the cause."""
    latency_s: float | None
    """``last_above_s`` minus the instant of the cause; None with it."""
    still_on: bool
    """The record ends before the signal stayed below for the hold-off: no latency can be said."""
    peak: float
    """Largest magnitude after the cause, single samples."""
    charge: float
    """Integral of the magnitude from the cause to ``last_above_s``, in unit seconds."""


def worst_mean(waveform: Waveform, *, averaging_s: float, zero: float = 0.0) -> float:
    """Return the largest magnitude of any mean over ``averaging_s`` (at least one sample)."""
    from bench.measure.kernels.windows import extreme_sums, scratch

    codes = readable_codes(waveform)
    length = _window(waveform, averaging_s)
    smallest, largest = extreme_sums(codes, length, scratch(length))
    shift = waveform.offset - zero
    return max(
        abs(waveform.gain * smallest / length + shift),
        abs(waveform.gain * largest / length + shift),
    )


def excursions(
    waveform: Waveform, *, ceiling: float, averaging_s: float = 0.0, zero: float = 0.0
) -> tuple[Excursion, ...]:
    """Return every stretch whose mean over ``averaging_s`` exceeds ``ceiling`` in magnitude."""
    from bench.measure.kernels.windows import scratch, sums_outside

    codes = readable_codes(waveform)
    length = _window(waveform, averaging_s)
    low, high = _bounds(waveform, ceiling, zero, length)
    room = _FIRST_ROOM
    while True:
        starts, stops = np.empty(room, np.int64), np.empty(room, np.int64)
        found = sums_outside(codes, length, low, high, starts, stops, scratch(length))
        if found <= room:
            break
        room = found
    return tuple(
        _excursion(waveform, int(start), int(stop), ceiling=ceiling, zero=zero)
        for start, stop in zip(starts[:found], stops[:found], strict=True)
    )


def shutdown(
    waveform: Waveform,
    *,
    cause_s: float,
    threshold: float,
    averaging_s: float,
    hold_off_s: float,
    zero: float = 0.0,
) -> Shutdown:
    """Find the last instant above ``threshold`` after ``cause_s`` in the same record.

    The instant is the last sample above the threshold in the last window whose mean is above it.
    ``averaging_s`` must be shorter than a phase: the mean of a balanced pulse is zero.
    Where ``hold_off_s`` (two pulse periods: a pause is no shutdown) does not fit between it and
    the record's end, ``still_on`` says so. Raises ValueError if the record ends before the cause.
    """
    from bench.measure.kernels.windows import last_sum_outside, scratch

    after = waveform.between(cause_s, waveform.t0_s + 2.0 * waveform.duration_s + 1.0)
    if after.record_length == 0:
        raise ValueError(
            f"channel {waveform.channel}: the record ends at "
            f"{waveform.t0_s + waveform.duration_s:.6g} s, before the cause at {cause_s:.6g} s; "
            "record longer or trigger on the cause"
        )
    codes = readable_codes(after)
    length = _window(after, averaging_s)
    low, high = _bounds(after, threshold, zero, length)
    window = int(last_sum_outside(codes, length, low, high, scratch(length)))
    peak = worst_mean(after, averaging_s=0.0, zero=zero)
    if window < 0:
        return Shutdown(last_above_s=None, latency_s=None, still_on=False, peak=peak, charge=0.0)
    last = _last_sample_above(after, window, window + length, threshold=threshold, zero=zero)
    last_s = after.t0_s + last * after.sample_interval_s
    ends_s = after.t0_s + after.duration_s
    return Shutdown(
        last_above_s=last_s,
        latency_s=last_s - cause_s,
        still_on=ends_s - last_s < hold_off_s,
        peak=peak,
        charge=_magnitude_charge(after, 0, last + 1, zero=zero),
    )


def _window(waveform: Waveform, averaging_s: float) -> int:
    """Return the samples of a mean over ``averaging_s``, at least one, at most the record."""
    length = max(1, round(averaging_s / waveform.sample_interval_s))
    return min(length, waveform.record_length)


def _bounds(waveform: Waveform, level: float, zero: float, length: int) -> tuple[int, int]:
    """Return the smallest and largest sum of codes whose mean does not exceed ``level``."""
    one = (zero - level - waveform.offset) / waveform.gain * length
    other = (zero + level - waveform.offset) / waveform.gain * length
    room = float(1 << 61)
    low, high = max(min(one, other), -room), min(max(one, other), room)
    return int(np.ceil(low)), int(np.floor(high))


def _values(waveform: Waveform, first: int, stop: int, *, zero: float) -> np.ndarray:
    """Return a stretch of the record, zero-corrected, as floats."""
    codes: Codes = waveform.codes[first:stop]
    return codes.astype(np.float64) * waveform.gain + (waveform.offset - zero)


def _excursion(
    waveform: Waveform, start: int, stop: int, *, ceiling: float, zero: float
) -> Excursion:
    magnitude = np.abs(_values(waveform, start, stop, zero=zero))
    interval = waveform.sample_interval_s
    highest = int(magnitude.argmax())
    peak = float(magnitude[highest])
    behind = float(magnitude[highest + 1]) if highest + 1 < magnitude.size else 0.0
    return Excursion(
        start_s=waveform.t0_s + start * interval,
        duration_s=(stop - start) * interval,
        charge=float(magnitude.sum()) * interval,
        charge_half_width=0.5 * interval * (2.0 * peak - behind),
        charge_above=float(np.maximum(magnitude - ceiling, 0.0).sum()) * interval,
        peak=peak,
    )


def _last_sample_above(
    waveform: Waveform, first: int, stop: int, *, threshold: float, zero: float
) -> int:
    """Return the last index in the window that is above the threshold by more than the noise.

    A window begins before the signal ends and its mean passes the threshold with part of it; the
    sample says when. Where noise hides it, the window's own first sample is the answer.
    """
    magnitude = np.abs(_values(waveform, first, stop, zero=zero))
    tail = _values(waveform, stop, stop + (stop - first), zero=zero)
    noise = float(tail.std()) if tail.size > 1 else 0.0
    clear = np.flatnonzero(magnitude > threshold + _CLEAR_SIGMAS * noise)
    return first + int(clear[-1]) if clear.size else first


def _magnitude_charge(waveform: Waveform, first: int, stop: int, *, zero: float) -> float:
    """Integrate the magnitude in pieces, so that a long record is never held as floats."""
    piece = 1 << 16
    total = 0.0
    for begin in range(first, stop, piece):
        values = _values(waveform, begin, min(begin + piece, stop), zero=zero)
        total += float(np.abs(values).sum())
    return total * waveform.sample_interval_s
