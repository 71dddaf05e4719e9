"""Budgets of direct currents by multimeter over a known resistance, and of that resistance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from bench.judge.budget import Budget, Input, evaluate, normal, rectangular
from bench.judge.data_sheets import MultimeterAccuracy

__all__ = [
    "current_over_shunt_budget",
    "current_ratio_budget",
    "resistance_budget",
    "voltage_budget",
]


def voltage_budget(
    readings_v: Sequence[float], *, accuracy: MultimeterAccuracy, range_v: float
) -> Budget:
    """Budget of the mean of direct-voltage readings on one range, in volts."""
    inputs = [_mean(readings_v, "V"), _meter(readings_v, accuracy, range_v)]
    return evaluate("direct voltage", "V", inputs, lambda mean, error: mean + error)


def current_over_shunt_budget(
    readings_v: Sequence[float],
    *,
    accuracy: MultimeterAccuracy,
    range_v: float,
    shunt_ohm: float,
    shunt_relative: float,
    shunt_source: str = "shunt, by its certificate",
    zero_readings_v: Sequence[float] = (),
    aperture_error_a: float = 0.0,
) -> Budget:
    """Budget of a direct current I = (V - V0) / R, in amperes.

    With readings of the zero on the same range the meter's offset is common to both and falls out
    of the difference: the share of the reading remains, and the scatter of both means with their
    degrees of freedom. A single reading keeps the share of the range, which stands for its noise.
    ``aperture_error_a`` bounds what an aperture that is not quite a whole cycle adds.
    """
    mean_v = math.fsum(readings_v) / len(readings_v)
    corrected = len(zero_readings_v) > 1 and len(readings_v) > 1
    limit_v = accuracy.voltage_limit_v(mean_v, range_v=range_v)
    offset_v = accuracy.voltage_limit_v(0.0, range_v=range_v)
    inputs = [
        _mean(readings_v, "V"),
        _mean(zero_readings_v or (0.0,), "V", name="zero of the meter"),
        rectangular(
            "multimeter", limit_v - offset_v if corrected else limit_v, source=accuracy.reference
        ),
        normal("shunt", shunt_relative * shunt_ohm, value=shunt_ohm, source=shunt_source),
        rectangular("aperture", aperture_error_a, source="scope's and meter's time base"),
    ]
    return evaluate(
        "direct current",
        "A",
        inputs,
        lambda voltage, zero, error, resistance, aperture: (
            (voltage - zero + error) / resistance + aperture
        ),
    )


def current_ratio_budget(
    numerator_v: Sequence[float],
    denominator_v: Sequence[float],
    *,
    accuracy: MultimeterAccuracy,
    range_v: float,
) -> Budget:
    """Budget of the ratio of two currents over one shunt on one range: the shunt falls out."""
    first = math.fsum(numerator_v) / len(numerator_v)
    second = math.fsum(denominator_v) / len(denominator_v)
    offset_v = accuracy.voltage_limit_v(0.0, range_v=range_v)
    largest = max(abs(first), abs(second))
    share = (accuracy.voltage_limit_v(largest, range_v=range_v) - offset_v) / largest
    inputs = [
        _mean(numerator_v, "V", name="numerator"),
        _mean(denominator_v, "V", name="denominator"),
        rectangular("multimeter: share of reading", share, source=accuracy.reference),
        rectangular("multimeter: share of range", offset_v, source=accuracy.reference),
    ]

    def equation(above: Any, below: Any, gain: Any, offset: Any) -> Any:
        return (above * (1.0 + gain) + offset) / (below * (1.0 + gain) + offset)

    return evaluate("ratio of direct currents", "1", inputs, equation)


def resistance_budget(
    readings_ohm: Sequence[float],
    *,
    accuracy: MultimeterAccuracy,
    range_ohm: float,
    contact_ohm: float = 0.0,
) -> Budget:
    """Budget of a resistance reading; ``contact_ohm`` bounds what the relays may add unseen."""
    mean = math.fsum(readings_ohm) / len(readings_ohm)
    inputs = [
        _mean(readings_ohm, "Ω"),
        rectangular(
            "multimeter",
            accuracy.resistance_limit_ohm(mean, range_ohm=range_ohm),
            source=accuracy.reference,
        ),
        rectangular("contacts", contact_ohm, source="relay contacts, docs/laboratory.md"),
    ]
    return evaluate(
        "resistance", "Ω", inputs, lambda reading, error, added: reading + error + added
    )


def _mean(readings: Sequence[float], unit: str, *, name: str = "repeatability") -> Input:
    """Return the mean of readings with the standard deviation of that mean."""
    count = len(readings)
    if count == 0:
        raise ValueError("a budget needs at least one reading")
    mean = math.fsum(readings) / count
    if count == 1:
        return normal(name, 0.0, value=mean, source="one reading")
    variance = math.fsum((reading - mean) ** 2 for reading in readings) / (count - 1)
    return normal(
        name,
        math.sqrt(variance / count),
        value=mean,
        degrees_of_freedom=count - 1,
        source=f"{count} readings in {unit}",
    )


def _meter(readings_v: Sequence[float], accuracy: MultimeterAccuracy, range_v: float) -> Input:
    mean = math.fsum(readings_v) / len(readings_v)
    limit_v = accuracy.voltage_limit_v(mean, range_v=range_v)
    return rectangular("multimeter", limit_v, source=accuracy.reference)
