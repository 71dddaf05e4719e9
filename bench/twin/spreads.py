"""How healthy units differ: drawn once per unit from its seed.

Basis: recalled orders of magnitude (see docs/twin.md); a profile's limits are wide enough for
every draw.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bench.twin.description import UnitDescription

__all__ = ["HealthyDraw", "draw_unit"]

_GAIN_SD, _GAIN_MAX = 0.006, 0.015
_LEVEL_ERROR_MAX = 0.003
_ASYMMETRY_SD, _ASYMMETRY_MAX = 0.003, 0.009
_DC_SD_UA, _DC_MAX_UA = 0.4, 1.1
_DC_SHARE_MAX = 0.025
"""Of the lowest level: both polarities of a symmetric output differ by twice the direct current."""
_COMPLIANCE_MAX = 0.04
_CRYSTAL_MAX_PPM = 30.0
_OUTPUT_NF = (0.47, 2.2)
_LEAKAGE_UA = (0.01, 0.05)
_OUTPUT_OHM, _OUTPUT_SPAN = 22.5e6, (0.3, 3.0)
_BANDWIDTH_US = (4.0, 16.0)
"""Source time constant: 20 kHz within a factor of two."""
_THRESHOLD_SD, _THRESHOLD_MAX = 0.02, 0.05
_READING_SD, _READING_MAX = 0.005, 0.015
_BATTERY_READING_MAX = 0.005
_NOISE_UA = (0.05, 0.2)
_VOLTAGE_SOURCE_OHM_MAX = 0.01
_CUT_OFF_BELOW_K = (0.5, 1.5)
"""A firmware that cuts off at the declared temperature itself would be late with half the sensors."""
_MAINS_UA, _COMMON_MODE_UA = (0.02, 0.1), (0.5, 4.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthyDraw:
    """One unit's deviations."""

    gain: float
    gain_negative: float
    level_errors: tuple[float, ...]
    dc_ua: float
    output_resistance_ohm: float
    sense_resistance_ohm: float
    rise_time_constant_us: float
    noise_ua: float
    leakage_ua: float
    compliance_v: float
    capacitance_nf: float
    crystal_ppm: float
    backstop_ppm: float
    hardware_threshold: float
    reading_gain: float
    battery_reading: float
    tempco_ppm_per_k: float
    mains_ua: float
    common_mode_ua: float
    cut_off_below_k: float


def draw_unit(description: UnitDescription) -> HealthyDraw:
    """Draw a unit; the same seed gives the same unit."""
    random = np.random.default_rng([description.seed, 1])
    output = description.output
    span_ohm = _OUTPUT_OHM * float(np.exp(random.uniform(*np.log(_OUTPUT_SPAN))))
    source_ohm = span_ohm
    if output.source_ohm is not None and output.regulation == "voltage":
        source_ohm = output.source_ohm * (1.0 + _uniform(random, _VOLTAGE_SOURCE_OHM_MAX))
    return HealthyDraw(
        gain=1.0 + _normal(random, _GAIN_SD, _GAIN_MAX),
        gain_negative=1.0 + _normal(random, _ASYMMETRY_SD, _ASYMMETRY_MAX),
        level_errors=tuple(_uniform(random, _LEVEL_ERROR_MAX) for _ in output.table_ua()),
        dc_ua=_normal(random, _DC_SD_UA, _DC_MAX_UA) * _dc_share(description),
        output_resistance_ohm=source_ohm,
        sense_resistance_ohm=span_ohm,
        rise_time_constant_us=float(np.exp(random.uniform(*np.log(_BANDWIDTH_US)))),
        noise_ua=float(random.uniform(*_NOISE_UA)),
        leakage_ua=float(random.uniform(*_LEAKAGE_UA)),
        compliance_v=output.compliance_v * (1.0 + _uniform(random, _COMPLIANCE_MAX)),
        capacitance_nf=float(random.uniform(*_OUTPUT_NF)),
        crystal_ppm=_uniform(random, _CRYSTAL_MAX_PPM),
        backstop_ppm=_uniform(random, 1e4),
        hardware_threshold=1.0 + _normal(random, _THRESHOLD_SD, _THRESHOLD_MAX),
        reading_gain=1.0 + _normal(random, _READING_SD, _READING_MAX),
        battery_reading=1.0 + _uniform(random, _BATTERY_READING_MAX),
        tempco_ppm_per_k=50.0 * float(random.uniform(0.5, 1.5)),
        mains_ua=float(random.uniform(*_MAINS_UA)),
        common_mode_ua=float(random.uniform(*_COMMON_MODE_UA)),
        cut_off_below_k=float(random.uniform(*_CUT_OFF_BELOW_K)),
    )


def _dc_share(description: UnitDescription) -> float:
    """Return how much of the usual direct current a unit has that is made for small levels."""
    lowest_ua = min(abs(current_ua) for current_ua in description.output.table_ua())
    return min(1.0, _DC_SHARE_MAX * lowest_ua / _DC_MAX_UA)


def _normal(random: np.random.Generator, sd: float, limit: float) -> float:
    return float(np.clip(random.normal(0.0, sd), -limit, limit))


def _uniform(random: np.random.Generator, limit: float) -> float:
    return float(random.uniform(-limit, limit))
