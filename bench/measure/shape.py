"""The shape of single pulses: how far from a declared template, how noisy on the plateau."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bench.measure.pulses import PulseTable, RecordAnalysis
from bench.waveform import Waveform

__all__ = ["Template", "pause_noise", "plateau_noise", "shape_deviation"]

_MOST_PULSES: Final = 200
"""Pulses that are looked at, spread over the record: more tell nothing new."""
_SETTLE: Final = 3.0
_MOST_SETTLE: Final = 0.4
"""Transition durations left out of a plateau at either end, but no more than this of the pulse."""
_PAD: Final = 0.25
"""Of a pulse: what is compared before and behind it."""

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A declared pulse as straight lines between points; zero outside.

    ``times_s`` rises from the 50 % instant of the first phase; ``levels`` are relative to the
    declared amplitude. Two points at one instant are a step.
    """

    times_s: tuple[float, ...]
    levels: tuple[float, ...]

    def clear_of_steps(self, times_s: _Array, settle_s: float) -> NDArray[np.bool_]:
        """Tell which instants lie neither in a step's transition nor in what follows it at once.

        ``settle_s`` behind each step and half of it before are left out.
        """
        clear = np.ones(times_s.size, np.bool_)
        for first, second in pairwise(self.times_s):
            if first == second:
                clear &= (times_s < first - 0.5 * settle_s) | (times_s > first + settle_s)
        return clear

    def at(self, times_s: _Array) -> _Array:
        """Return the levels at instants after the pulse's start."""
        return np.interp(times_s, self.times_s, self.levels, left=0.0, right=0.0)

    @property
    def duration_s(self) -> float:
        """From the first point to the last."""
        return self.times_s[-1] - self.times_s[0]


def shape_deviation(
    waveform: Waveform,
    analysis: RecordAnalysis,
    pulses: PulseTable,
    template: Template,
    *,
    settle_s: float = 0.0,
) -> float | None:
    """Return the median over pulses of the r.m.s. difference from a template, over its amplitude.

    Each pulse of ``pulses`` (rows that begin one) is laid with its 50 % instant on the template's
    zero, and its height is the one that fits best; the noise of the zero state is taken out.
    ``settle_s`` after each step of the template is left out: how fast the edges are is another
    question. None where no pulse lies whole in the record.
    """
    pad_s = _PAD * template.duration_s
    found: list[float] = []
    for row in _spread(len(pulses)):
        start_s = float(pulses.start_s[row])
        piece = waveform.between(start_s - pad_s, start_s + template.duration_s + pad_s)
        expected = round((template.duration_s + 2.0 * pad_s) / waveform.sample_interval_s)
        if np.isnan(start_s) or piece.record_length < expected - 1:
            continue
        times_s = piece.times() - start_s
        clear = template.clear_of_steps(times_s, settle_s) if settle_s else slice(None)
        values = int(pulses.polarity[row]) * (piece.values() - analysis.baseline)[clear]
        declared = template.at(times_s[clear])
        height = float(declared @ values) / float(declared @ declared)
        if height <= 0.0:
            found.append(1.0)
            continue
        square = float(np.mean((values - height * declared) ** 2)) - analysis.noise_rms**2
        found.append(float(np.sqrt(max(square, 0.0))) / height)
    return float(np.median(found)) if found else None


def plateau_noise(waveform: Waveform, analysis: RecordAnalysis, pulses: PulseTable) -> float | None:
    """Return the r.m.s. of the plateaus about their common level, in the waveform's unit.

    A plateau's own slope is no noise; that one lies higher than another is.

    ``pulses`` are of one polarity and one height. The noise of the zero state, which is the
    instrument's, is taken out in quadrature. None where no plateau lies whole in the record.
    """
    pieces: list[_Array] = []
    for row in _spread(len(pulses)):
        most_s = _MOST_SETTLE * pulses.duration_s[row]
        left_s = pulses.start_s[row] + min(_SETTLE * pulses.rise_s[row], most_s)
        right_s = pulses.stop_s[row] - min(_SETTLE * pulses.fall_s[row], most_s)
        if right_s > left_s:  # False for NaN
            pieces.append(_level(waveform.between(float(left_s), float(right_s)).values()))
    if not pieces:
        return None
    variance = float(np.concatenate(pieces).var()) - analysis.noise_rms**2
    return float(np.sqrt(max(variance, 0.0)))


def pause_noise(waveform: Waveform, pulses: PulseTable) -> float | None:
    """Return the r.m.s. between the phases about the pauses' common level, in the waveform's unit.

    The instrument's own noise is in it. None where no pause is long enough to have settled.
    """
    settle_s = _SETTLE * float(np.nanmedian(pulses.fall_s)) if len(pulses) else 0.0
    pieces: list[_Array] = []
    for row in _spread(len(pulses) - 1):
        left_s, right_s = pulses.stop_s[row] + settle_s, pulses.start_s[row + 1] - settle_s
        if right_s - left_s > settle_s:  # False for NaN
            pieces.append(waveform.between(float(left_s), float(right_s)).values())
    return float(np.concatenate(pieces).std()) if pieces else None


def _level(values: _Array) -> _Array:
    """Return a plateau without its slope: a droop or a slow settling is no noise."""
    index = np.arange(values.size) - 0.5 * (values.size - 1)
    weight = float(index @ index)
    return values - index * (float(index @ values) / weight) if weight else values


def _spread(count: int) -> Sequence[int]:
    """Return rows spread evenly over a table."""
    if count <= _MOST_PULSES:
        return range(count)
    return [int(row) for row in np.linspace(0, count - 1, _MOST_PULSES)]
