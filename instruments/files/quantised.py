"""Back from printed values to the converter's codes.

A scope that exports volts prints ``gain * code + offset`` rounded to some digits. Where the values
lie on such a grid the codes are found again, exactly; where they do not (averaged, filtered or
calculated records) the range is cut into 16-bit steps and the result says so. A calculated record
without noise may hold two or three levels only: their distance is no converter's step.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.waveform import Waveform

__all__ = ["Quantised", "quantise", "waveform_from_values"]

_Floats = NDArray[np.float64]

_STEPS = 65_000
"""Codes used of an int16, so that no value comes near a rail that the file does not tell."""
_ON_GRID = 0.05
"""Distance from the grid, in steps, that rounding in the file may have made."""
_FEW_STEPS = 8.5
_SHORTEST_STAY = 4
"""Samples for which a record of few levels stays on each: noise of a converter does not."""
_FEWEST_STAYS = 2
"""A whole pulse and a whole pause."""
_FINER = 1001
"""Codes made of one step between levels without noise; odd, so that they look like single codes."""
_REACHES = (1.5, 10.0, 100.0)
"""Longest gaps, in steps, from which the step is refined in turn."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Quantised:
    """Codes with their scale; ``exact`` where the values lay on a grid of their own."""

    codes: NDArray[np.int16]
    gain: float
    offset: float
    exact: bool


def quantise(values: _Floats) -> Quantised:
    """Return int16 codes for finite ``values``, shape (record_length,)."""
    low, high = float(values.min()), float(values.max())
    if low == high:
        return Quantised(
            codes=np.zeros(values.size, np.int16),
            gain=max(abs(low), 1.0) / _STEPS,  # no step is known: one too small to look like noise
            offset=low,
            exact=True,
        )
    step, origin = _grid(np.unique(values))
    exact = step is not None
    if step is not None and high - low < _FEW_STEPS * step and _stays(values):
        step /= _FINER
    gain = (high - low) / _STEPS if step is None else step
    centre = origin + gain * round((0.5 * (low + high) - origin) / gain)
    codes = np.rint((values - centre) / gain).astype(np.int16)
    return Quantised(codes=codes, gain=gain, offset=centre, exact=exact)


def waveform_from_values(
    values: _Floats,
    *,
    t0_s: float,
    sample_interval_s: float,
    channel: str,
    unit: str,
    instrument: str,
) -> Waveform:
    """Return a waveform of printed values; its rails are unknown and never reached."""
    found = quantise(values)
    how = "codes restored" if found.exact else "quantised to 16 bit over its range"
    return Waveform(
        codes=found.codes,
        gain=found.gain,
        offset=found.offset,
        t0_s=t0_s,
        sample_interval_s=sample_interval_s,
        channel=channel,
        unit=unit,
        instrument=f"{instrument or 'file'} ({how})",
        code_low=-32768,
        code_high=32767,
    )


def _stays(values: _Floats) -> bool:
    """Tell whether the values never leave a level again at once; the record's ends do not count."""
    changes = np.flatnonzero(np.diff(values))
    stays = np.diff(changes)
    return stays.size >= _FEWEST_STAYS and int(stays.min()) >= _SHORTEST_STAY


def _grid(levels: _Floats) -> tuple[float | None, float]:
    """Return step and origin of the grid that sorted distinct levels lie on, or no step."""
    origin = float(levels[0])
    span = float(levels[-1]) - origin
    if levels.size > _STEPS:
        return None, origin
    step = _step(np.diff(levels))
    for _ in range(2):  # a fit over all levels makes it finer
        if span / step > _STEPS:
            return None, origin
        step, origin = _fit(np.rint((levels - origin) / step), levels)
    numbers = np.rint((levels - origin) / step)
    furthest = float(np.abs(levels - origin - step * numbers).max())
    return (step, origin) if furthest <= _ON_GRID * step else (None, origin)


def _step(gaps: _Floats) -> float:
    """Return the step of which neighbouring gaps are whole numbers, from short gaps to long ones.

    A step from one gap is rough, and a signal that rests in two states leaves thousands of levels
    between them empty: short gaps have to make it fine enough to count the long ones.
    """
    # Rounding prints one level in two ways: such a pair is no step.
    step = float(gaps[gaps > 1e-3 * float(np.median(gaps))].min())
    for reach in _REACHES:
        near = gaps[gaps < reach * step]
        count = float(np.rint(near / step).sum())
        step = float(near.sum()) / count if count else step
    return step


def _fit(numbers: _Floats, levels: _Floats) -> tuple[float, float]:
    """Return slope and intercept of the straight line through the levels."""
    middle = numbers.mean()
    centred = numbers - middle
    slope = float(centred @ levels / (centred @ centred))
    return slope, float(levels.mean() - slope * middle)
