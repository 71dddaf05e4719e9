"""The measuring part of the simulated multimeter: what is at the terminals, and its errors."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from bench.twin.dmm_ranges import LINE_PERIOD_S, MeterModel, accuracy_limit
from bench.twin.laboratory_time import LaboratoryTime

__all__ = ["OVERLOAD", "FunctionSettings", "Meter"]

OVERLOAD = 9.9e37
_OVER_RANGE, _DOWN_RANGE = 1.2, 0.1
_HIGHEST_VOLTS = 1050.0
_ERROR_SHARE = 0.6
"""Share of the data sheet's limits within which a unit's errors are drawn."""
_NOISE_FLOOR_V = 150e-9
"""R.m.s. at one power line cycle, beside that of the range. Source: proposed, no data sheet."""
_FLOATING_V = 2e-3
"""What an open input of more than 10 GOhm drifts to."""
_LEAD_OHM = 0.15
_TIME_BASE_PPM = 10.0
_AC_APERTURE_S, _AC_SLICE_S = 0.2, 250e-6
_RANGING_APERTURE_S = 3e-3
_HOLDER = "dmm"


@dataclass(slots=True)
class FunctionSettings:
    """How one function measures. ``nplc`` None: the aperture was set in seconds."""

    range_index: int
    automatic: bool = True
    nplc: float | None = 10.0
    aperture_s: float = 10.0 * LINE_PERIOD_S
    zero: bool = True
    high_impedance: bool = False


class Meter:
    """Takes single readings; each lets its time pass."""

    def __init__(self, *, timeline: LaboratoryTime, seed: int, model: MeterModel) -> None:
        self._timeline = timeline
        self._model = model
        self._functions = model.functions
        self._starts = np.random.default_rng([seed, 0xD6])
        self._seed = seed
        self._noise = np.random.default_rng([seed, 0xD3])
        self._stretch = 1 + float(np.random.default_rng([seed, 0xD4]).uniform(-1, 1)) * (
            _TIME_BASE_PPM * 1e-6
        )
        self.gain_factor = 1.0
        """A bench fault: the meter is out of calibration."""
        self.lead_open = False
        """A bench fault: nothing reaches the terminals."""
        self.aperture_factor = 1.0
        """A bench fault: apertures are so many times as long as they are set to."""

    def let_pass(self, duration_s: float) -> None:
        """Let time pass by the meter's own clock."""
        self._timeline.advance_by(round(duration_s * self._stretch * 1e9))

    def reading(self, name: str, settings: FunctionSettings) -> float:
        """Take one reading in the function's unit; the overload sentinel where there is none."""
        if self._model.start_jitter_s:
            self.let_pass(float(self._starts.uniform(0.0, self._model.start_jitter_s)))
        true = self._true_value(name, settings.aperture_s * self.aperture_factor)
        if self._functions[name].direct and (settings.zero or name == "FRES"):
            self.let_pass(settings.aperture_s)
        return self._with_errors(name, settings, true)

    def find_range(self, name: str, settings: FunctionSettings) -> None:
        """Choose the range by quick readings, starting from the present one."""
        ranges = self._functions[name].ranges
        while True:
            size = abs(self._true_value(name, _RANGING_APERTURE_S))
            index = settings.range_index
            if size > _OVER_RANGE * ranges[index] and index < len(ranges) - 1:
                settings.range_index += 1
            elif index > 0 and size < _DOWN_RANGE * ranges[index]:
                settings.range_index -= 1
            else:
                return

    def release(self) -> None:
        """Let the world forget the trace of the readings taken."""
        self._timeline.hold_trace(_HOLDER, None)

    def _true_value(self, name: str, aperture_s: float) -> float:
        if name == "VOLT":
            return self._mean(aperture_s)
        if name == "VOLT:AC":
            return self._alternating()
        self.let_pass(aperture_s)
        if name in ("CURR", "CURR:AC"):
            return 0.0
        if self.lead_open:
            return math.inf
        return self._timeline.world.resistance() + (_LEAD_OHM if name == "RES" else 0.0)

    def _mean(self, aperture_s: float) -> float:
        start_ns = self._timeline.now_ns
        self._timeline.hold_trace(_HOLDER, start_ns)
        self.let_pass(aperture_s)
        mean_v = self._timeline.world.mean_voltage(start_ns, self._timeline.now_ns)
        mean_v = None if self.lead_open else mean_v
        return float(self._noise.normal(0, _FLOATING_V)) if mean_v is None else mean_v

    def _alternating(self) -> float:
        """Return the r.m.s. about the mean of slices that follow one another."""
        slices = round(_AC_APERTURE_S / _AC_SLICE_S)
        slice_ns = round(_AC_SLICE_S * self._stretch * 1e9)
        edges_ns = self._timeline.now_ns + slice_ns * np.arange(slices + 1, dtype=np.int64)
        self._timeline.hold_trace(_HOLDER, int(edges_ns[0]))
        self._timeline.advance_to(int(edges_ns[-1]))
        means_v = self._timeline.world.mean_voltages(edges_ns)
        return float(
            np.std(self._noise.normal(0, _FLOATING_V, slices) if means_v is None else means_v)
        )

    def _with_errors(self, name: str, settings: FunctionSettings, true: float) -> float:
        if not math.isfinite(true):
            return OVERLOAD
        index = settings.range_index
        span = self._functions[name].ranges[index]
        of_reading, of_range = accuracy_limit(name, index, self._functions)
        of_reading *= self._draw(name, index, 0)
        of_range *= self._draw(name, index, 1)
        noise = math.hypot(
            self._model.noise_of_range * span, _NOISE_FLOOR_V if name == "VOLT" else 0.0
        )
        noise *= math.sqrt(LINE_PERIOD_S / settings.aperture_s)
        value = true * self.gain_factor * (1 + of_reading) + of_range * span
        value += float(self._noise.normal(0, noise))
        highest = min(_OVER_RANGE * span, _HIGHEST_VOLTS if name == "VOLT" else math.inf)
        return math.copysign(OVERLOAD, value) if abs(value) > highest else value

    def _draw(self, name: str, range_index: int, which: int) -> float:
        """Return this unit's share of a data-sheet limit, within ±0.6."""
        key = [self._seed, 0xD5, list(self._functions).index(name), range_index, which]
        return float(np.random.default_rng(key).uniform(-_ERROR_SHARE, _ERROR_SHARE))
