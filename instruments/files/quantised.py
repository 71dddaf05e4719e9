"""Back from printed values to the converter's codes.

A scope that exports volts prints ``gain * code + offset`` rounded to some digits. Where the values
lie on such a grid the codes are found again, exactly; where they do not (averaged, filtered or
calculated records) the range is cut into 16-bit steps and the result says so.
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
            codes=np.zeros(values.size, np.int16), gain=max(abs(low), 1.0), offset=low, exact=True
        )
    step, origin = _grid(np.unique(values))
    exact = step is not None
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


def _grid(levels: _Floats) -> tuple[float | None, float]:
    """Return step and origin of the grid that sorted distinct levels lie on, or no step."""
    origin = float(levels[0])
    span = float(levels[-1]) - origin
    if levels.size > _STEPS:
        return None, origin
    gaps = np.diff(levels)
    # Rounding prints one level in two ways: such a pair is no step.
    step = float(gaps[gaps > 1e-3 * float(np.median(gaps))].min())
    for _ in range(3):  # a first step from one gap is rough; each fit makes it finer
        if span / step > _STEPS:
            return None, origin
        numbers = np.rint((levels - origin) / step)
        fitted = _fit(numbers, levels)
        step, origin = fitted
    numbers = np.rint((levels - origin) / step)
    furthest = float(np.abs(levels - origin - step * numbers).max())
    return (step, origin) if furthest <= _ON_GRID * step else (None, origin)


def _fit(numbers: _Floats, levels: _Floats) -> tuple[float, float]:
    """Return slope and intercept of the straight line through the levels."""
    middle = numbers.mean()
    centred = numbers - middle
    slope = float(centred @ levels / (centred @ centred))
    return slope, float(levels.mean() - slope * middle)
