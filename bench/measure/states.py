"""State levels of a record: the most occupied one from the code histogram, the rest from pulses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.measure.cores import on_all_cores, shares
from bench.waveform import Codes

__all__ = ["BlockSummary", "StateLevel", "ZeroState", "find_zero_state", "summarise_blocks"]

STATE_ALGORITHM = "code histogram, most occupied mode; other states: median of pulse tops"

_LEAST_BLOCKS = 20_000
"""Blocks whose summary is worth a thread."""
_HISTOGRAM_BINS = 4096
"""Most bins of a histogram; wider codes are grouped."""
_MODE_SAMPLES = 128
_MODE_SHARE = 16
_FEWEST_BINS = 16
"""A bin of the mode holds at least so many samples, or this part of a short record, if bins allow."""
_LEAST_NOISE, _MOST_NOISE = 50, 1 << 17
"""Samples with which noise alone can be told from a signal, and needs to be."""
_HISTOGRAM_SAMPLES_SHIFT = 16
"""Records longer than two to this power are histogrammed from one sample per stride."""
_STATE_WIDTH = 0.02
"""Width of a state as a share of the record's range. Source: IEEE 181 state boundaries."""
_FWHM_PER_SIGMA = 2.3548
_MIN_SIGMA_STEPS = 0.29
"""Standard deviation of a uniform distribution one code step wide: noise cannot look smaller."""
_CLEAR_SIGMAS = 6.0
"""A sample this far from the zero state is not its noise."""
_MIN_CLEAR_STEPS = 2.5
_MIN_QUIET_BLOCKS = 16
"""A thousand samples; fewer say less about the level than the mode of a short record does."""
_QUIET_PERCENTILE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class StateLevel:
    """A level at which the signal stays: in the waveform's unit, with its share of the time."""

    level: float
    occupancy: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BlockSummary:
    """Minimum, maximum, sum and sum of squares of each block of 64 codes; the last may be short."""

    lows: NDArray[Any]
    highs: NDArray[Any]
    sums: NDArray[Any]
    squares: NDArray[Any]
    lowest: int
    highest: int
    total: int
    square_total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ZeroState:
    """The most occupied state in codes: its level, its noise, its share of the record."""

    level: float
    noise: float
    occupancy: float
    step: int
    """Distance between neighbouring codes of the converter."""

    def thresholds(self, clear: float | None = None) -> tuple[int, int, int, int]:
        """Return enter low, leave low, leave high, enter high for ``find_excursions``.

        ``clear`` is how far a sample must stand away to be no noise, in codes; by default six
        standard deviations. An excursion ends at half of it.
        """
        if clear is None:
            clear = max(_CLEAR_SIGMAS * self.noise, _MIN_CLEAR_STEPS * self.step)
        enter_low = int(np.ceil(self.level - clear))
        enter_high = int(np.floor(self.level + clear))
        leave_low = int(np.floor(self.level - 0.5 * clear))
        leave_high = int(np.ceil(self.level + 0.5 * clear))
        return enter_low, leave_low, leave_high, enter_high


def summarise_blocks(codes: Codes) -> BlockSummary:
    """Read the record once and return its block summary; ``codes`` must not be empty."""
    from bench.measure.kernels.blocks import BLOCK, BLOCK_SHIFT, summarise, totals

    count = -(-codes.size // BLOCK)
    narrow = codes.dtype == np.int8
    lows, highs = np.empty(count, codes.dtype), np.empty(count, codes.dtype)
    sums = np.empty(count, np.int16 if narrow else np.int32)
    squares = np.empty(count, np.int32 if narrow else np.int64)
    on_all_cores(
        lambda first, end: summarise(
            codes[first << BLOCK_SHIFT : end << BLOCK_SHIFT],
            *(column[first:end] for column in (lows, highs, sums, squares)),
        ),
        shares(count, least=_LEAST_BLOCKS),
    )
    lowest, highest, total, square_total = totals(lows, highs, sums, squares)
    return BlockSummary(
        lows=lows,
        highs=highs,
        sums=sums,
        squares=squares,
        lowest=lowest,
        highest=highest,
        total=total,
        square_total=square_total,
    )


def find_zero_state(
    codes: Codes, summary: BlockSummary, *, baseline: float | None = None
) -> ZeroState:
    """Return the most occupied state, or the noise around ``baseline`` (codes) if one is given."""
    lowest, highest = summary.lowest, summary.highest
    step = _code_step(codes)
    if baseline is not None:
        noise = max(_quietest_noise(summary, codes.size), _MIN_SIGMA_STEPS * step)
        return ZeroState(level=baseline, noise=noise, occupancy=0.0, step=step)
    counts, width = _histogram(codes, lowest=lowest, highest=highest, step=step)
    centres = lowest + width * np.arange(counts.size) + 0.5 * (width - step)
    dense, merged = _dense(counts)
    mode = _mode(dense)
    middle = centres[0] + width * (merged * mode + 0.5 * (merged - 1))
    sigma = max(_sigma_around(dense, mode) * merged * width, _MIN_SIGMA_STEPS * step)
    reach = max(_CLEAR_SIGMAS * sigma, _MIN_CLEAR_STEPS * step)
    near = np.abs(centres - middle) <= 0.5 * reach
    level = float(np.average(centres[near], weights=counts[near])) if counts[near].any() else 0.0
    occupancy = float(counts[np.abs(centres - level) <= reach].sum() / counts.sum())
    quiet = _quiet_statistics(summary, level=level, reach=reach) or _noise_alone(codes)
    if quiet is not None:
        level, sigma = quiet[0], max(quiet[1], _MIN_SIGMA_STEPS * step)
    return ZeroState(level=level, noise=sigma, occupancy=occupancy, step=step)


def _code_step(codes: Codes) -> int:
    """Return the power of two of which all codes (of a sample of them) are multiples."""
    bits = int(np.bitwise_or.reduce(codes[:: max(1, codes.size >> 12)].astype(np.int64)))
    return bits & -bits if bits else 1


def _histogram(
    codes: Codes, *, lowest: int, highest: int, step: int
) -> tuple[NDArray[np.int64], int]:
    """Return counts of codes and the width of a bin in codes."""
    from bench.measure.kernels.blocks import code_histogram

    shift = step.bit_length() - 1
    while (highest - lowest) >> shift >= _HISTOGRAM_BINS:
        shift += 1
    counts = np.zeros(((highest - lowest) >> shift) + 1, np.int64)
    stride_shift = max(0, codes.size.bit_length() - 1 - _HISTOGRAM_SAMPLES_SHIFT)
    code_histogram(codes, stride_shift, lowest, shift, counts)
    return counts, 1 << shift


def _dense(counts: NDArray[np.int64]) -> tuple[NDArray[np.int64], int]:
    """Return counts of bins so wide that the mode is more than chance, and how many became one.

    Few samples on many codes leave a sparse histogram, whose highest bin says nothing.
    """
    wanted = min(_MODE_SAMPLES, int(counts.sum()) // _MODE_SHARE)
    merged = 1
    while counts.size > _FEWEST_BINS and _smoothed(counts).max() < 4 * wanted:
        counts = np.pad(counts, (0, counts.size & 1)).reshape(-1, 2).sum(axis=1)
        merged *= 2
    return counts, merged


def _mode(counts: NDArray[np.int64]) -> int:
    """Return the bin at the peak of the state that holds most samples."""
    width = max(3, round(_STATE_WIDTH * counts.size)) | 1
    occupied = np.convolve(counts, np.ones(width, np.int64), "same")
    centre = int(occupied.argmax())
    first = max(0, centre - width // 2)
    smooth = _smoothed(counts)
    return first + int(smooth[first : centre + width // 2 + 1].argmax())


def _smoothed(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.convolve(np.pad(counts, 1), np.array([1, 2, 1]), "valid")


def _sigma_around(counts: NDArray[np.int64], mode: int) -> float:
    """Return the standard deviation, in bins, of the mode from its width at half height."""
    smooth = _smoothed(counts).astype(np.float64)
    half = 0.5 * smooth[mode]
    right = _half_crossing(smooth[mode:], half)
    left = _half_crossing(smooth[mode::-1], half)
    variance = ((left + right) / _FWHM_PER_SIGMA) ** 2 - 0.5  # 0.5: what the smoothing added
    return float(np.sqrt(max(variance, 0.0)))


def _half_crossing(falling: NDArray[np.float64], half: float) -> float:
    below = np.flatnonzero(falling < half)
    if below.size == 0:
        return float(falling.size) - 0.5
    index = int(below[0])
    return index - (half - falling[index]) / (falling[index - 1] - falling[index])


def _noise_alone(codes: Codes) -> tuple[float, float] | None:
    """Return mean and standard deviation of a record that is white normal noise and nothing else.

    Such is one whose neighbours do not resemble each other (von Neumann's ratio of 2) and whose
    fourth moment is that of a normal distribution; it has no quiet block to be told by.
    """
    if not _LEAST_NOISE <= codes.size <= _MOST_NOISE:
        return None
    values = codes.astype(np.float64)
    mean, sigma = float(values.mean()), float(values.std())
    if sigma == 0.0:
        return None
    ratio = float(np.mean(np.diff(values) ** 2)) / sigma**2
    fourth = float(np.mean((values - mean) ** 4)) / sigma**4
    chance = 4.0 / np.sqrt(codes.size)
    if abs(ratio - 2.0) > 2.0 * chance or abs(fourth - 3.0) > np.sqrt(24.0) * chance:
        return None
    return mean, sigma


def _quietest_noise(summary: BlockSummary, size: int) -> float:
    """Return the noise of the quieter blocks, wherever they rest: the lower fifth of all."""
    from bench.measure.kernels.blocks import BLOCK

    whole = size // BLOCK
    if whole == 0:
        return 0.0
    mean = summary.sums[:whole].astype(np.float64) / BLOCK
    variance = summary.squares[:whole].astype(np.float64) / BLOCK - mean * mean
    return float(np.sqrt(max(np.percentile(variance, _QUIET_PERCENTILE), 0.0)))


def _quiet_statistics(
    summary: BlockSummary, *, level: float, reach: float
) -> tuple[float, float] | None:
    """Return mean and standard deviation of the blocks in the zero state, clear of transitions.

    None where there are too few of them (short pauses, short records).
    """
    from bench.measure.kernels.blocks import BLOCK, quiet_totals

    blocks, total, square_total = quiet_totals(
        summary.lows, summary.highs, summary.sums, summary.squares,
        int(np.ceil(level - reach)), int(np.floor(level + reach)),
    )  # fmt: skip
    if blocks < _MIN_QUIET_BLOCKS:
        return None
    mean = total / (blocks * BLOCK)
    variance = square_total / (blocks * BLOCK) - mean * mean
    return mean, float(np.sqrt(max(variance, 0.0)))
