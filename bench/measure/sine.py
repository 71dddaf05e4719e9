"""Sinusoids in a record: three- and four-parameter fits, distortion.

Least squares on the codes, a stretch at a time: the record is never widened as a whole. Source:
IEEE Std 1057-2017, 7.4 (sine fits); total harmonic distortion over the fundamental, SINAD from the
residual of the fit.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bench.waveform import Waveform

__all__ = ["Distortion", "SineFit", "distortion", "fit_sine", "fit_sine_at", "thd_of_harmonics"]

_STRETCH: Final = 65_536
"""Samples that are widened at a time."""
_FIRST_SAMPLES: Final = 4_096
_GROWTH: Final = 4
"""The fit starts on a short stretch and is refined on ever longer ones: its frequency is then known
well enough for the next."""
_ITERATIONS: Final = 8
_CONVERGED: Final = 1e-10
"""Relative change of the frequency that ends the iteration."""
_FEWEST: Final = 8
_LEAST_CYCLES: Final = 1.0

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class SineFit:
    """``offset + amplitude * cos(2π f t + phase)``, t from the trigger instant."""

    frequency_hz: float
    amplitude: float
    """Zero to peak, in the waveform's unit."""
    phase_rad: float
    offset: float
    residual_rms: float
    """Of what is no sinusoid of this frequency: noise and distortion."""
    samples: int

    @property
    def sinad_db(self) -> float:
        """Signal over noise and distortion, in dB."""
        if self.residual_rms == 0.0:
            return math.inf
        return 20.0 * math.log10(self.amplitude / math.sqrt(2.0) / self.residual_rms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Distortion:
    """Amplitudes of the harmonics of a fitted fundamental, and what they add up to."""

    fundamental: SineFit
    harmonics: tuple[float, ...]
    """Zero to peak, from the second on; those above half the sampling rate are left out."""

    @property
    def thd_pct(self) -> float:
        """Root sum of squares of the harmonics over the fundamental, in per cent."""
        return thd_of_harmonics((self.fundamental.amplitude, *self.harmonics))

    @property
    def thd_db(self) -> float:
        """The same ratio in dB below the fundamental; minus infinity without harmonics."""
        ratio = self.thd_pct / 100.0
        return 20.0 * math.log10(ratio) if ratio > 0.0 else -math.inf


def thd_of_harmonics(amplitudes: Sequence[float]) -> float:
    """Return total harmonic distortion in per cent; the first amplitude is the fundamental's."""
    fundamental, *harmonics = amplitudes
    return 100.0 * math.sqrt(math.fsum(value**2 for value in harmonics)) / fundamental


def fit_sine_at(waveform: Waveform, frequency_hz: float) -> SineFit:
    """Fit amplitude, phase and offset at a known frequency (three parameters).

    Raises ValueError for too few samples or less than a cycle.
    """
    _require_cycles(waveform, frequency_hz)
    solution, residual_rms = _solve(waveform, [frequency_hz])
    return _fit(waveform, frequency_hz, solution, residual_rms)


def fit_sine(waveform: Waveform) -> SineFit:
    """Fit frequency, amplitude, phase and offset (four parameters).

    The frequency is looked for in the spectrum of the record's beginning and refined on ever longer
    stretches. Raises ValueError for too few samples or where no cycle is found.
    """
    if waveform.record_length < _FEWEST:
        raise ValueError(
            f"channel {waveform.channel}: a sine fit needs {_FEWEST} samples, "
            f"found {waveform.record_length}"
        )
    samples = min(waveform.record_length, _FIRST_SAMPLES)
    while samples < waveform.record_length and _cycles_in_spectrum(waveform, samples) < 2:
        samples = min(waveform.record_length, samples * _GROWTH)
    frequency_hz = _spectrum_peak_hz(waveform, samples)
    while True:
        stretch = _head(waveform, samples)
        frequency_hz = _refined(stretch, frequency_hz)
        if samples == waveform.record_length:
            return fit_sine_at(waveform, frequency_hz)
        samples = min(waveform.record_length, samples * _GROWTH)


def distortion(waveform: Waveform, *, orders: int = 10) -> Distortion:
    """Fit a sinusoid and its harmonics up to order ``orders``, all at once.

    Raises ValueError as :func:`fit_sine` does.
    """
    first = fit_sine(waveform)
    duration_s = waveform.record_length * waveform.sample_interval_s
    highest_hz = 0.5 / waveform.sample_interval_s - 1.0 / duration_s  # a whole bin below the end
    frequencies = [
        order * first.frequency_hz
        for order in range(1, orders + 1)
        if order * first.frequency_hz < highest_hz
    ]
    solution, _ = _solve(waveform, frequencies)
    gain = abs(waveform.gain)
    amplitudes = [
        gain * math.hypot(solution[2 * k], solution[2 * k + 1]) for k in range(len(frequencies))
    ]
    return Distortion(fundamental=first, harmonics=tuple(amplitudes[1:]))


def _head(waveform: Waveform, samples: int) -> Waveform:
    stop_s = waveform.t0_s + (samples - 0.5) * waveform.sample_interval_s
    return waveform.between(waveform.t0_s, stop_s)


def _cycles_in_spectrum(waveform: Waveform, samples: int) -> float:
    return _spectrum_peak_hz(waveform, samples) * samples * waveform.sample_interval_s


def _spectrum_peak_hz(waveform: Waveform, samples: int) -> float:
    """Return the frequency of the largest line, between bins by the ratio to its neighbour."""
    codes = waveform.codes[:samples].astype(np.float64)
    window = np.hanning(samples)
    lines = np.abs(np.fft.rfft((codes - codes.mean()) * window))
    peak = int(lines[1:].argmax()) + 1
    below, above = lines[peak - 1], lines[peak + 1] if peak + 1 < lines.size else 0.0
    side = 1.0 if above >= below else -1.0
    ratio = max(above, below) / lines[peak] if lines[peak] > 0.0 else 0.0
    shift = side * (2.0 * ratio - 1.0) / (ratio + 1.0)  # Hann window, exact for one line
    return max(peak + shift, 0.5) / (samples * waveform.sample_interval_s)


def _refined(waveform: Waveform, frequency_hz: float) -> float:
    """Return the frequency of the four-parameter fit, by Gauss and Newton."""
    for _ in range(_ITERATIONS):
        step_hz = _frequency_step(waveform, frequency_hz)
        frequency_hz += step_hz
        if abs(step_hz) <= _CONVERGED * frequency_hz:
            break
    return frequency_hz


def _frequency_step(waveform: Waveform, frequency_hz: float) -> float:
    """Solve for cosine, sine, offset and the change of frequency; return the last, in Hz."""
    solution, _ = _solve(waveform, [frequency_hz])
    normal, right = np.zeros((4, 4)), np.zeros(4)
    omega = 2.0 * math.pi * frequency_hz
    for times, codes in _stretches(waveform):
        cosine, sine = np.cos(omega * times), np.sin(omega * times)
        slope = times * (solution[1] * cosine - solution[0] * sine)
        rows = np.stack((cosine, sine, np.ones_like(times), slope))
        normal += rows @ rows.T
        right += rows @ codes
    scale = np.sqrt(np.diag(normal))
    found = np.linalg.solve(normal / np.outer(scale, scale), right / scale) / scale
    return float(found[3]) / (2.0 * math.pi)


def _solve(waveform: Waveform, frequencies_hz: Sequence[float]) -> tuple[_Array, float]:
    """Fit cosine and sine of each frequency and an offset to the codes.

    Returns the coefficients, shape (2 n + 1,), in codes, and the r.m.s. of the residual in codes.
    """
    count = 2 * len(frequencies_hz) + 1
    normal, right = np.zeros((count, count)), np.zeros(count)
    for times, codes in _stretches(waveform):
        rows = _rows(times, frequencies_hz)
        normal += rows @ rows.T
        right += rows @ codes
    solution: _Array = np.linalg.solve(normal, right).astype(np.float64)
    error = 0.0
    for times, codes in _stretches(waveform):
        rest = codes - solution @ _rows(times, frequencies_hz)
        error += float(rest @ rest)
    return solution, math.sqrt(error / waveform.record_length)


def _rows(times: _Array, frequencies_hz: Sequence[float]) -> _Array:
    rows: list[_Array] = []
    for frequency_hz in frequencies_hz:
        angle = 2.0 * math.pi * frequency_hz * times
        rows += [np.cos(angle), np.sin(angle)]
    return np.stack((*rows, np.ones_like(times)))


def _stretches(waveform: Waveform) -> Iterator[tuple[_Array, _Array]]:
    """Yield instants and codes of the record, a stretch at a time, widened."""
    for first in range(0, waveform.record_length, _STRETCH):
        codes = waveform.codes[first : first + _STRETCH].astype(np.float64)
        index = np.arange(first, first + codes.size, dtype=np.float64)
        yield waveform.t0_s + index * waveform.sample_interval_s, codes


def _fit(waveform: Waveform, frequency_hz: float, solution: _Array, residual_rms: float) -> SineFit:
    gain = waveform.gain
    cosine, sine = gain * float(solution[0]), gain * float(solution[1])
    return SineFit(
        frequency_hz=frequency_hz,
        amplitude=math.hypot(cosine, sine),
        phase_rad=math.atan2(-sine, cosine),
        offset=gain * float(solution[2]) + waveform.offset,
        residual_rms=abs(gain) * residual_rms,
        samples=waveform.record_length,
    )


def _require_cycles(waveform: Waveform, frequency_hz: float) -> None:
    cycles = frequency_hz * waveform.record_length * waveform.sample_interval_s
    if waveform.record_length < _FEWEST or cycles < _LEAST_CYCLES:
        raise ValueError(
            f"channel {waveform.channel}: a sine fit needs {_FEWEST} samples and a whole cycle, "
            f"found {waveform.record_length} samples and {cycles:.3g} cycles of {frequency_hz:g} Hz"
        )
