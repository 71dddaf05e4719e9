"""Numbers as a report prints them.

The expanded uncertainty has two significant digits; the value and the ends of the acceptance interval have
the same decimals. Rounding never moves a value onto or across a limit or an end of acceptance: where it would,
digits are added until the side shows. An acceptance interval is rounded inwards: no print widens it.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
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
_ON_A_DIGIT = 1e-6
"""Share of the last digit by which a bound may miss it and still count as it: binary fractions do."""
_PLAIN_DIGITS = 6
"""Significant digits of a number without uncertainty."""

_Span = tuple[float | None, float | None]
"""The ends of an interval, in the unit printed; None where it has none."""


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
    is_fact: bool
    """Whether it is something that holds or does not: no number was expected."""

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


def _inwards(span: _Span, decimals: int) -> _Span:
    """Return an interval rounded to ``decimals`` so that nothing outside comes to lie inside."""
    low, high = span
    step = 10.0**-decimals
    return (
        None if low is None else round(math.ceil(low / step - _ON_A_DIGIT) * step, decimals),
        None if high is None else round(math.floor(high / step + _ON_A_DIGIT) * step, decimals),
    )


def _inside(value: float, span: _Span) -> bool:
    low, high = span
    return (low is None or value >= low) and (high is None or value <= high)


def _is_open(span: _Span) -> bool:
    low, high = span
    return low is None or high is None or low < high


def _print_decides_alike(value: float, limits: _Span, acceptance: _Span, decimals: int) -> bool:
    """Whether the numbers as printed put the value on the same side of everything as the numbers do."""
    shown, accepted = round(value, decimals), _inwards(acceptance, decimals)
    sides = all(
        (shown - limit) * (value - limit) > 0 for limit in _finite(*limits) if limit != value
    )
    alike = _inside(shown, accepted) == _inside(value, acceptance)
    return sides and alike and _is_open(accepted) == _is_open(acceptance)


def _decimals(value: float, spread: float, limits: _Span, acceptance: _Span) -> int:
    """Return the decimals of the uncertainty, or as many more as the decision needs."""
    decimals = uncertainty_decimals(spread)
    while (
        math.isfinite(value)
        and decimals < _MOST_DECIMALS
        and not _print_decides_alike(value, limits, acceptance, decimals)
    ):
        decimals += 1
    return decimals


def _interval(span: _Span, unit: str, show: Callable[[float], str] = plain) -> str:
    low, high = span
    if low is None and high is None:
        return "no limit"
    if low is None or high is None:
        sign, bound = ("≤", high) if low is None else ("≥", low)
        return f"{sign}{_SPACE}{with_unit(show(bound or 0.0), unit)}"
    if low == high:
        return f"={_SPACE}{with_unit(show(low), unit)}"
    return f"{show(low)} to {with_unit(show(high), unit)}"


def limits_text(low: float | None, high: float | None, unit: str) -> str:
    """Return a pair of limits in words: ``≤ 10 µA``, ``360 to 440 µA``, ``no limit``."""
    return _interval((low, high), shown_unit(unit))


def value_with_uncertainty(value: float, spread: float | None, unit: str) -> str:
    """Return ``399.2 ± 1.3 µA``; without a positive ``spread`` the value alone."""
    shown = plain(value)
    if spread is not None and _is_spread(spread):
        decimals = uncertainty_decimals(spread)
        shown = f"{_fixed(value, decimals)} ± {_fixed(spread, decimals)}"
    return with_unit(shown, shown_unit(unit))


def _is_spread(spread: float) -> bool:
    return spread > 0 and math.isfinite(spread)


def _scaled(span: _Span, factor: float) -> _Span:
    low, high = span
    return None if low is None else low * factor, None if high is None else high * factor


def _finite(*numbers: float | None) -> list[float]:
    return [number for number in numbers if number is not None and math.isfinite(number)]


def print_measurement(row: MeasurementRecord) -> PrintedMeasurement:
    """Return ``row`` as printed: ``no value`` where there should be one, a dash for a fact without limits."""
    magnitudes = _finite(row.value, row.low, row.high)
    factor, unit = engineering(max(map(abs, magnitudes), default=0.0), row.unit)
    limits = _scaled((row.low, row.high), factor)
    edges = row.acceptance_low, row.acceptance_high
    guarded = edges not in {(None, None), (row.low, row.high)}
    acceptance = _scaled(edges if guarded else (None, None), factor)
    is_fact = row.value is None and (row.low, row.high) == (None, None)
    value, spread, accepted = _DASH if is_fact else "no value", "", _interval(acceptance, unit)
    if row.value is not None:
        value = plain(row.value * factor)
        scaled = (row.expanded_uncertainty or 0.0) * factor
        if _is_spread(scaled):
            decimals = _decimals(row.value * factor, scaled, limits, acceptance)
            show = functools.partial(_fixed, decimals=decimals)
            value, spread = show(row.value * factor), show(scaled)
            accepted = _interval(_inwards(acceptance, decimals), unit, show)
    return PrintedMeasurement(
        value=value,
        uncertainty=spread,
        unit=unit if row.value is not None else "",
        limits=_DASH if is_fact else _interval(limits, unit),
        acceptance=accepted if guarded else "",
        is_fact=is_fact,
    )


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
    return _interval(_scaled((step.low, step.high), factor), unit)
