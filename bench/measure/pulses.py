"""Analysis of a recorded waveform into states, phases of pulses and record-level numbers."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.measure.cores import on_all_cores, shares
from bench.measure.records import readable_codes
from bench.measure.states import (
    STATE_ALGORITHM,
    BlockSummary,
    StateLevel,
    ZeroState,
    find_zero_state,
    summarise_blocks,
)
from bench.waveform import Codes, Waveform

__all__ = ["PulseTable", "RecordAnalysis", "analyse"]

_Column = NDArray[np.float64]
_Excursions = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int8]]
"""First index, index behind the last, and sign of each."""

_LEAST_ROWS = 1000
"""Phases that are worth a thread."""
_LEAST_SAMPLES = 1_000_000
"""Samples that are worth a thread."""
_FEW = 0.01
"""Share of a polarity's phases that may settle without a question to the others."""
_NOISE_PEAK_SAMPLES = 1024
"""Length of the table of expected noise maxima; longer windows use its last entry."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PulseTable:
    """One row per phase: a stretch on one side of the zero state. All arrays have one length.

    A phase ends at its own mid-level, or, where the signal reverses without a stay in the zero
    state, where it crosses zero. Levels are relative to the baseline in the waveform's unit;
    what a cut-off phase does not show is NaN.
    """

    polarity: NDArray[np.int8]
    """+1 above the baseline, -1 below."""
    start_s: _Column
    """50 % instant of the leading transition."""
    stop_s: _Column
    """50 % instant of the trailing transition."""
    top: _Column
    """Mean of the settled plateau, signed."""
    rise_s: _Column
    """10-90 % duration of the leading transition (of the whole swing at a reversal)."""
    fall_s: _Column
    """10-90 % duration of the trailing transition."""
    overshoot_pct: _Column
    """Excess over the top within three transition durations behind the leading transition."""
    undershoot_pct: _Column
    """Excursion to the other side of zero behind the trailing transition; NaN at a reversal."""
    droop_pct: _Column
    """Fall of the plateau from start to stop in per cent of the top; 0 where noise hides it."""
    charge: _Column
    """Integral over the phase with its transitions, signed, in unit seconds."""
    complete: NDArray[np.bool_]
    """Both transitions lie in the record."""

    def __len__(self) -> int:
        """Return the number of phases."""
        return int(self.polarity.size)

    @property
    def duration_s(self) -> _Column:
        """Pulse duration: stop minus start."""
        return self.stop_s - self.start_s

    @property
    def gap_s(self) -> _Column:
        """Time from each phase's stop to the next one's start; one element fewer than phases."""
        return self.start_s[1:] - self.stop_s[:-1]

    def select(self, rows: NDArray[np.bool_] | NDArray[np.intp] | slice) -> PulseTable:
        """Return the phases that a mask, an index array or a slice picks."""
        return PulseTable(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})

    def whole(self) -> PulseTable:
        """Return the phases of which both transitions lie in the record."""
        return self if bool(self.complete.all()) else self.select(self.complete)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RecordAnalysis:
    """What one record holds. A record without transitions is an answer: ``pulses`` is empty."""

    states: tuple[StateLevel, ...]
    """In ascending order of level; one, two or three."""
    state_algorithm: str
    baseline: float
    """Level of the zero state (most occupied, unless the caller named another)."""
    noise_rms: float
    """Standard deviation in the zero state."""
    pulses: PulseTable
    mean: float
    rms: float
    average_rectified: float
    """Mean of the magnitude about the baseline, from the phases: noise does not add to it."""
    minimum: float
    maximum: float
    clipped_low: int
    """Samples at the converter's lower rail."""
    clipped_high: int
    sample_count: int
    unit: str

    @property
    def clipped(self) -> bool:
        """Whether any sample is at a rail: then no number of this record is to be used."""
        return self.clipped_low > 0 or self.clipped_high > 0

    @property
    def stuck(self) -> bool:
        """Whether the signal stays in one state for the whole record."""
        return len(self.pulses) == 0

    @property
    def peak(self) -> float:
        """Largest magnitude about the baseline, single samples, noise included."""
        return max(self.maximum - self.baseline, self.baseline - self.minimum)

    @property
    def rms_about_baseline(self) -> float:
        """Root mean square about the baseline with the noise taken out."""
        square = self.rms**2 - 2.0 * self.baseline * self.mean + self.baseline**2
        return float(np.sqrt(max(square - self.noise_rms**2, 0.0)))

    @property
    def crest_factor(self) -> float | None:
        """Peak over r.m.s. about the baseline; None for a record that never leaves it."""
        rms = self.rms_about_baseline
        return self.peak / rms if rms > 0.0 else None


def analyse(
    waveform: Waveform,
    *,
    threshold: float | None = None,
    minimum_pulse_s: float | None = None,
    baseline: float | None = None,
) -> RecordAnalysis:
    """Find states and phases and measure them.

    ``threshold`` is the distance from the baseline at which an excursion begins (by default six
    standard deviations of the zero state's noise); shorter excursions than ``minimum_pulse_s``
    are left out; ``baseline`` names the zero level where the signal never rests in it, as in a
    symmetric output without pause. All in the waveform's unit. Raises ValueError on no samples.
    """
    codes = readable_codes(waveform)
    summary = summarise_blocks(codes)
    fixed = None if baseline is None else (baseline - waveform.offset) / waveform.gain
    zero = find_zero_state(codes, summary, baseline=fixed)
    clear = None if threshold is None else abs(threshold / waveform.gain)
    table, polarity = _phases(codes, summary, zero, clear)
    pulses = _in_units(table, polarity, waveform)
    if minimum_pulse_s is not None:
        keep = ~(pulses.duration_s < minimum_pulse_s)
        pulses = pulses.select(keep)
    return _analysis(waveform, summary, zero, pulses)


def _phases(
    codes: Codes, summary: BlockSummary, zero: ZeroState, clear: float | None
) -> tuple[NDArray[np.float64], NDArray[np.int8]]:
    """Return the kernel's table, shape (COLUMNS, phases), and the polarities."""
    from bench.measure.kernels import excursions, phases

    sums = summary.sums
    starts, stops, signs = find_all_excursions(codes, summary, zero.thresholds(clear))
    peaks = np.empty(starts.size)
    excursions.find_peaks(
        codes, summary.lows, summary.highs, zero.level, starts, stops, signs, peaks
    )
    kept = excursions.drop_aberrations(codes, sums, zero.level, starts, stops, signs, peaks)
    starts, stops, signs, peaks = starts[:kept], stops[:kept], signs[:kept], peaks[:kept]
    table = np.empty((phases.COLUMNS, kept))
    noise_peaks = zero.noise * _normal_maxima()
    rows = shares(kept, least=_LEAST_ROWS)

    def measure(shapes: NDArray[np.int64]) -> None:
        on_all_cores(
            lambda first, end: phases.measure_phases(
                codes, sums, zero.level, zero.noise, noise_peaks,
                starts, stops, signs, peaks, shapes, first, end, table,
            ),
            rows,
        )  # fmt: skip
        for first, _ in rows[1:]:
            phases.join_phases(codes, sums, zero.level, starts, stops, signs, first, table)

    each = np.full(2, phases.EACH)
    measure(each)
    alike = _alike(table[phases.SHAPE], signs)
    if not np.array_equal(alike, each):
        measure(alike)
    return table, signs


def _alike(shapes: NDArray[np.float64], signs: NDArray[np.int8]) -> NDArray[np.int64]:
    """Return how the plateaus of the negative and of the positive phases are to be read.

    Where noise lets some phases of a polarity settle and others not, one reading stands for all of
    them, and for those of the other polarity if it leaves them open too: the readings differ by
    more than the noise. A few that settle among others are those phases' own.
    """
    from bench.measure.kernels.phases import EACH, FLAT, SETTLING, TILTED

    open_ = np.zeros(2, np.bool_)
    for index, sign in enumerate((-1, 1)):
        ours = shapes[signs == sign]
        open_[index] = _FEW * ours.size < np.count_nonzero(ours == SETTLING) < ours.size
    asked = shapes[np.where(signs < 0, open_[0], open_[1])]
    if 2 * np.count_nonzero(asked == SETTLING) >= asked.size:
        shape = SETTLING
    else:
        shape = TILTED if bool(np.any(asked == TILTED)) else FLAT
    return np.where(open_, shape, EACH)


def find_all_excursions(
    codes: Codes, summary: BlockSummary, thresholds: tuple[int, int, int, int]
) -> _Excursions:
    """Return first index, index behind the last, and sign of each excursion from the zero state."""
    rails = np.iinfo(codes.dtype)
    clipped = np.clip(np.array(thresholds, np.int64), rails.min, rails.max)
    ranges = shares(codes.size, least=_LEAST_SAMPLES)
    found = on_all_cores(lambda first, end: _found(codes, summary, clipped, first, end), ranges)
    whole: list[_Excursions] = []
    behind = 0
    for (starts, stops, signs), (_, end) in zip(found, ranges, strict=True):
        known = int(np.searchsorted(starts, behind))
        if known and stops[known - 1] > behind:  # out of step: this range began inside an excursion
            whole.append(_found(codes, summary, clipped, behind, end))
        else:
            whole.append((starts[known:], stops[known:], signs[known:]))
        behind = int(max([behind, *whole[-1][1][-1:]]))
    starts, stops, signs = (np.concatenate(column) for column in zip(*whole, strict=True))
    return starts, stops, signs


def _found(
    codes: Codes, summary: BlockSummary, thresholds: NDArray[np.int64], first: int, end: int
) -> _Excursions:
    """Return the excursions that begin in one range of a record, taken to begin in the zero state."""
    from bench.measure.kernels.excursions import find_excursions

    capacity = max(64, (end - first) // 256)
    while True:
        starts, stops = np.empty(capacity, np.int64), np.empty(capacity, np.int64)
        signs = np.empty(capacity, np.int8)
        count = find_excursions(
            codes, summary.lows, summary.highs, thresholds, first, end, starts, stops, signs
        )
        if count <= capacity:
            return starts[:count], stops[:count], signs[:count]
        capacity = count


@cache
def _normal_maxima() -> NDArray[np.float64]:
    """Return the expected maximum of n independent standard normal values, by n.

    Source: the extreme-value expansion, within 2 % from three values on.
    """
    count = np.arange(_NOISE_PEAK_SAMPLES, dtype=np.float64)
    count[:3] = 3.0
    root = np.sqrt(2.0 * np.log(count))
    maxima = root - (np.log(np.log(count)) + np.log(4.0 * np.pi) - 2.0 * np.euler_gamma) / (
        2.0 * root
    )
    maxima[:3] = (0.0, 0.0, 1.0 / np.sqrt(np.pi))
    return maxima


def _in_units(
    table: NDArray[np.float64], polarity: NDArray[np.int8], waveform: Waveform
) -> PulseTable:
    """Scale the kernel's table in place and name its columns."""
    from bench.measure.kernels import phases as column

    interval, gain = waveform.sample_interval_s, waveform.gain
    for instant in (column.START, column.STOP):
        table[instant] *= interval
        table[instant] += waveform.t0_s
    for duration in (column.RISE, column.FALL):
        table[duration] *= interval
    table[column.TOP] *= gain
    table[column.CHARGE] *= gain * interval
    for share in (column.OVERSHOOT, column.UNDERSHOOT, column.DROOP):
        table[share] *= 100.0
    return PulseTable(
        polarity=polarity if gain > 0 else -polarity,
        start_s=table[column.START],
        stop_s=table[column.STOP],
        top=table[column.TOP],
        rise_s=table[column.RISE],
        fall_s=table[column.FALL],
        overshoot_pct=table[column.OVERSHOOT],
        undershoot_pct=table[column.UNDERSHOOT],
        droop_pct=table[column.DROOP],
        charge=table[column.CHARGE],
        complete=~np.isnan(table[column.START] + table[column.STOP]),
    )


def _analysis(
    waveform: Waveform, summary: BlockSummary, zero: ZeroState, pulses: PulseTable
) -> RecordAnalysis:
    gain, offset, count = waveform.gain, waveform.offset, waveform.record_length
    mean_code = summary.total / count
    square_code = summary.square_total / count
    mean = gain * mean_code + offset
    variance = gain**2 * max(square_code - mean_code**2, 0.0)
    extremes = gain * summary.lowest + offset, gain * summary.highest + offset
    clipped_low, clipped_high = _clipped(waveform, summary)
    total_s = count * waveform.sample_interval_s
    return RecordAnalysis(
        states=_states(waveform, zero, pulses),
        state_algorithm=STATE_ALGORITHM,
        baseline=gain * zero.level + offset,
        noise_rms=abs(gain) * zero.noise,
        pulses=pulses,
        mean=mean,
        rms=float(np.sqrt(variance + mean**2)),
        average_rectified=float(np.abs(pulses.charge).sum()) / total_s,
        minimum=min(extremes),
        maximum=max(extremes),
        clipped_low=clipped_low,
        clipped_high=clipped_high,
        sample_count=count,
        unit=waveform.unit,
    )


def _clipped(waveform: Waveform, summary: BlockSummary) -> tuple[int, int]:
    """Count the samples at the lower and the upper rail of the quantity."""
    low = high = 0
    if summary.lowest <= waveform.code_low:
        low = _count_beyond(waveform, summary.lows <= waveform.code_low, upper=False)
    if summary.highest >= waveform.code_high:
        high = _count_beyond(waveform, summary.highs >= waveform.code_high, upper=True)
    return (low, high) if waveform.gain > 0 else (high, low)


def _count_beyond(waveform: Waveform, blocks: NDArray[np.bool_], *, upper: bool) -> int:
    """Count the samples at one rail in the blocks that touch it."""
    from bench.measure.kernels.blocks import BLOCK

    total = 0
    for block in np.flatnonzero(blocks):
        codes: NDArray[Any] = waveform.codes[block * BLOCK : (block + 1) * BLOCK]
        total += int(
            np.count_nonzero(codes >= waveform.code_high if upper else codes <= waveform.code_low)
        )
    return total


def _states(waveform: Waveform, zero: ZeroState, pulses: PulseTable) -> tuple[StateLevel, ...]:
    """Return the zero state and, of each polarity that occurs, the state of its pulses."""
    baseline = waveform.gain * zero.level + waveform.offset
    found = [StateLevel(level=baseline, occupancy=zero.occupancy)] if zero.occupancy else []
    total_s = waveform.record_length * waveform.sample_interval_s
    end_s = waveform.t0_s + waveform.duration_s
    start_s, stop_s = pulses.start_s, pulses.stop_s
    if not pulses.complete.all():
        start_s = np.where(np.isnan(start_s), waveform.t0_s, start_s)
        stop_s = np.where(np.isnan(stop_s), end_s, stop_s)
    lasting_s = stop_s - start_s
    for polarity in (1, -1):
        rows = np.flatnonzero(pulses.polarity == polarity)
        if rows.size:
            level = baseline + float(np.median(pulses.top.take(rows)))
            occupancy = float(lasting_s.take(rows).sum()) / total_s
            found.append(StateLevel(level=level, occupancy=occupancy))
    return tuple(sorted(found, key=lambda state: state.level))
