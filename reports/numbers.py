"""Numbers as a report prints them.

The expanded uncertainty has two significant digits and the value the same decimals. Rounding never
moves a value onto or across a limit: where it would, digits are added until the side shows.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from bench.record.schema import MeasurementRecord, SelfTestStep
from reports.units import engineering, shown_unit

__all__ = [
    "PrintedMeasurement",
    "limits_text",
    "margin_text",
    "plain",
    "print_measurement",
    "probability_text",
    "step_limits_text",
    "step_value_text",
    "uncertainty_decimals",
    "value_with_uncertainty",
    "with_unit",
]

_MINUS = "\N{MINUS SIGN}"
_DASH = "\N{EN DASH}"
_SPACE = "\N{NO-BREAK SPACE}"
"""Between a number and its unit."""
_MOST_DECIMALS = 9
_PLAIN_DIGITS = 6
"""Significant digits of a number without uncertainty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedMeasurement:
    """One measurement in words, all in one unit."""

    value: str
    uncertainty: str
    """Empty where there is none."""
    unit: str
    limits: str
    acceptance: str
    """The acceptance interval of the rule; empty where it equals the limits."""

    @property
    def measured(self) -> str:
        """Value, uncertainty and unit in one string."""
        spread = f" ± {self.uncertainty}" if self.uncertainty else ""
        return with_unit(f"{self.value}{spread}", self.unit)


def with_unit(number: str, unit: str) -> str:
    """Return ``number`` and ``unit`` with a space between them that no line breaks."""
    return f"{number}{_SPACE}{unit}".strip()


def plain(number: float) -> str:
    """Return up to six significant digits, without an exponent where it can be avoided."""
    if not math.isfinite(number):
        return "not finite"
    text = f"{number:.{_PLAIN_DIGITS}g}"
    if "e" in text and abs(number) < 10.0**_PLAIN_DIGITS * 1e6 and abs(number) >= 1:
        text = f"{number:.0f}"
    return "0" if text == "-0" else text.replace("-", _MINUS)


def _fixed(number: float, decimals: int) -> str:
    if not math.isfinite(number):
        return "not finite"
    text = f"{round(number, decimals):.{max(decimals, 0)}f}"
    return text.replace("-", _MINUS) if float(text) != 0 else text.lstrip("-")


def uncertainty_decimals(uncertainty: float) -> int:
    """Return the decimals at which ``uncertainty`` shows two significant digits.

    Negative where it is 100 or more: the value is then rounded to tens, hundreds and so on.
    """
    decimals = 1 - math.floor(math.log10(uncertainty))
    rounded_up = round(uncertainty, decimals) >= 10.0 ** (2 - decimals)
    return min(decimals - int(rounded_up), _MOST_DECIMALS)


def _decimals_that_show_the_side(value: float, limits: Iterable[float], decimals: int) -> int:
    """Add decimals until the rounded value lies on the same side of every limit."""
    wanted = [limit for limit in limits if limit != value]
    while decimals < _MOST_DECIMALS and any(
        (round(value, decimals) - limit) * (value - limit) <= 0 for limit in wanted
    ):
        decimals += 1
    return decimals


def _interval(low: float | None, high: float | None, unit: str) -> str:
    if low is None and high is None:
        return "no limit"
    if low is None or high is None:
        sign, bound = ("≤", high) if low is None else ("≥", low)
        return f"{sign}{_SPACE}{with_unit(plain(bound or 0.0), unit)}"
    if low == high:
        return f"={_SPACE}{with_unit(plain(low), unit)}"
    return f"{plain(low)} to {with_unit(plain(high), unit)}"


def limits_text(low: float | None, high: float | None, unit: str) -> str:
    """Return a pair of limits in words: ``≤ 10 µA``, ``360 to 440 µA``, ``no limit``."""
    return _interval(low, high, shown_unit(unit))


def value_with_uncertainty(value: float, spread: float | None, unit: str) -> str:
    """Return ``399.2 ± 1.3 µA``; without a positive ``spread`` the value alone."""
    shown, shown_spread = _value_and_spread(value, spread, [])
    return with_unit(f"{shown} ± {shown_spread}" if shown_spread else shown, shown_unit(unit))


def _scaled(number: float | None, factor: float) -> float | None:
    return None if number is None else number * factor


def _finite(*numbers: float | None) -> list[float]:
    return [number for number in numbers if number is not None and math.isfinite(number)]


def _value_and_spread(value: float, spread: float | None, limits: list[float]) -> tuple[str, str]:
    if spread is None or not spread > 0 or not math.isfinite(spread):
        return plain(value), ""
    decimals = uncertainty_decimals(spread)
    if math.isfinite(value):
        decimals = _decimals_that_show_the_side(value, limits, decimals)
    return _fixed(value, decimals), _fixed(spread, decimals)


def print_measurement(row: MeasurementRecord) -> PrintedMeasurement:
    """Return ``row`` as printed; a null value prints as ``no value``."""
    magnitudes = _finite(row.value, row.low, row.high)
    factor, unit = engineering(max(map(abs, magnitudes), default=0.0), row.unit)
    low, high = _scaled(row.low, factor), _scaled(row.high, factor)
    value, spread = "no value", ""
    if row.value is not None:
        spread_of_value = _scaled(row.expanded_uncertainty, factor)
        value, spread = _value_and_spread(row.value * factor, spread_of_value, _finite(low, high))
    return PrintedMeasurement(
        value=value,
        uncertainty=spread,
        unit=unit if row.value is not None else "",
        limits=_interval(low, high, unit),
        acceptance=_acceptance(row, factor, unit),
    )


def _acceptance(row: MeasurementRecord, factor: float, unit: str) -> str:
    edges = (row.acceptance_low, row.acceptance_high)
    if edges in {(None, None), (row.low, row.high)}:
        return ""
    low, high = (_scaled(edge, factor) for edge in edges)
    return _interval(low, high, unit)


def margin_text(margin_pct: float | None) -> str:
    """Return a margin with its sign and unit; a small one keeps two significant digits."""
    if margin_pct is None or not math.isfinite(margin_pct):
        return _DASH
    decimals = 1
    if 0 < abs(margin_pct) < 0.1:  # one decimal would print it as zero
        decimals = min(1 - math.floor(math.log10(abs(margin_pct))), _MOST_DECIMALS)
    return with_unit(_fixed(margin_pct, decimals), "%")


def probability_text(probability: float | None) -> str:
    """Return a probability in per cent; the ends are bounds, never 0 or 100 %."""
    if probability is None:
        return _DASH
    percent = 100 * probability
    if percent > 99.99:  # what two decimals would round to certainty
        return with_unit("> 99.99", "%")
    return with_unit(f"{percent:.2f}" if percent >= 0.01 else "< 0.01", "%")


def step_value_text(step: SelfTestStep) -> str:
    """Return a self-test value with its unit, or a dash."""
    if step.value is None:
        return _DASH
    magnitudes = _finite(step.value, step.low, step.high)
    factor, unit = engineering(max(map(abs, magnitudes), default=0.0), step.unit)
    return with_unit(plain(step.value * factor), unit)


def step_limits_text(step: SelfTestStep) -> str:
    """Return a self-test step's limits in the unit of its value, or a dash."""
    if step.low is None and step.high is None:
        return _DASH
    magnitudes = _finite(step.value, step.low, step.high)
    factor, unit = engineering(max(map(abs, magnitudes), default=0.0), step.unit)
    return _interval(_scaled(step.low, factor), _scaled(step.high, factor), unit)
