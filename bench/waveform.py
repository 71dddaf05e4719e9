"""A recorded waveform: ADC codes as they came, with the scale that turns them into a quantity."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

__all__ = ["Codes", "Waveform"]

Codes = NDArray[np.int8] | NDArray[np.int16]
"""ADC codes of one record, shape (record_length,), never widened."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Waveform:
    """One channel of one acquisition.

    ``value = gain * code + offset`` in ``unit``; sample ``i`` was taken at
    ``t0_s + i * sample_interval_s``, where zero is the trigger instant.
    A code at ``code_low`` or ``code_high`` is a rail: the true value may lie beyond it.
    """

    codes: Codes
    gain: float
    offset: float
    t0_s: float
    sample_interval_s: float
    channel: str
    unit: str = "V"
    instrument: str = ""
    acquisition_id: str = ""
    code_low: int = -128
    code_high: int = 127

    def __post_init__(self) -> None:
        if self.codes.dtype not in (np.dtype(np.int8), np.dtype(np.int16)):
            raise TypeError(f"codes must be int8 or int16, found {self.codes.dtype}")
        if self.codes.ndim != 1:
            raise ValueError(f"codes must have one dimension, found {self.codes.ndim}")
        if not (self.sample_interval_s > 0 and np.isfinite(self.sample_interval_s)):
            raise ValueError(f"sample_interval_s must be positive, found {self.sample_interval_s}")
        if not (np.isfinite(self.gain) and self.gain != 0 and np.isfinite(self.offset)):
            raise ValueError(f"gain and offset must be finite, found {self.gain}, {self.offset}")

    @property
    def record_length(self) -> int:
        """Number of samples."""
        return int(self.codes.size)

    @property
    def duration_s(self) -> float:
        """Time from the first to the last sample."""
        return (self.record_length - 1) * self.sample_interval_s

    def rescaled(self, *, factor: float, shift: float = 0.0, unit: str) -> Waveform:
        """Return the same codes in another unit: ``new = factor * old + shift`` (no copy)."""
        return replace(
            self,
            gain=self.gain * factor,
            offset=self.offset * factor + shift,
            unit=unit,
        )

    def between(self, start_s: float, stop_s: float) -> Waveform:
        """Return the samples with ``start_s <= t < stop_s`` as a view on the same codes."""
        first = max(0, int(np.ceil((start_s - self.t0_s) / self.sample_interval_s - 1e-9)))
        last = min(
            self.record_length,
            int(np.ceil((stop_s - self.t0_s) / self.sample_interval_s - 1e-9)),
        )
        return replace(
            self,
            codes=self.codes[first : max(first, last)],
            t0_s=self.t0_s + first * self.sample_interval_s,
        )

    def values(self) -> NDArray[np.float64]:
        """Return the record in ``unit`` as float64, shape (record_length,); for plots and tests."""
        return self.codes * np.float64(self.gain) + self.offset

    def times(self) -> NDArray[np.float64]:
        """Return the sample instants in seconds, shape (record_length,); for plots and tests."""
        instants = np.arange(self.record_length, dtype=np.float64)
        return np.float64(self.t0_s) + instants * np.float64(self.sample_interval_s)
