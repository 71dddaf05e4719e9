"""Direct currents by multimeter."""

from __future__ import annotations

from dataclasses import replace

from bench.judge import current_over_shunt_budget
from bench.station.direct_current import SHUNT_RANGE_V, DirectReading
from bench.station.measured import Measured

__all__ = ["direct_current", "residual_current"]


def direct_current(reading: DirectReading) -> Measured:
    """Return the meter's direct current, in A; undecidable where the start phases disagree."""
    if not reading.phases_agree:
        return Measured(
            value=None, unit="A", undecidable=True,
            reason=f"the start phases of the meter differ by {reading.phase_spread_a * 1e6:.2f} µA",
        )  # fmt: skip
    budget = current_over_shunt_budget(
        reading.volts_v,
        accuracy=reading.accuracy,
        range_v=SHUNT_RANGE_V,
        shunt_ohm=reading.shunt.ohm,
        shunt_relative=reading.shunt.relative_uncertainty,
        shunt_source=reading.shunt.source,
        zero_readings_v=reading.shunt.zero_readings_v,
        aperture_error_a=reading.aperture_error_a,
    )
    return Measured(value=reading.current_a, unit="A", budget=budget)


def residual_current(reading: DirectReading) -> Measured:
    """Return the magnitude of the direct current of a device that should deliver none, in A."""
    signed = direct_current(reading)
    return signed if signed.value is None else replace(signed, value=abs(signed.value))
