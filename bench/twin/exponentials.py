"""Sums of decaying exponentials: value, integral, sign changes, all in closed form.

A term is ``(weight, rate)`` and stands for ``weight * exp(rate * t)``; a constant has rate zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import exp, expm1

__all__ = ["Term", "bound", "integral", "sign_changes", "value"]

Term = tuple[float, float]

_BISECTIONS = 80
"""Enough to bring any bracket to the resolution of a float."""


def value(terms: Iterable[Term], t_s: float) -> float:
    """Return the sum at ``t_s``."""
    total = 0.0
    for weight, rate in terms:
        total += weight * exp(rate * t_s)
    return total


def integral(terms: Iterable[Term], stop_s: float) -> float:
    """Return the integral of the sum from zero to ``stop_s``."""
    total = 0.0
    for weight, rate in terms:
        total += weight * (expm1(rate * stop_s) / rate if rate else stop_s)
    return total


def bound(terms: Iterable[Term]) -> float:
    """Return a number that the sum's magnitude never exceeds for t >= 0 (rates <= 0)."""
    low = high = 0.0
    for weight, rate in terms:
        low += weight if rate == 0.0 else min(weight, 0.0)
        high += weight if rate == 0.0 else max(weight, 0.0)
    return max(-low, high)


def sign_changes(terms: Sequence[Term], start_s: float, stop_s: float) -> list[float]:
    """Return where the sum changes sign between two instants, in order.

    A sum of m exponentials has at most m - 1 zeros: divided by one of its exponentials and
    differentiated it has one term less, and between two zeros of that it is monotone (Rolle).
    """
    return _zeros(_merged(terms), start_s, stop_s)


def _merged(terms: Iterable[Term]) -> list[Term]:
    by_rate: dict[float, float] = {}
    for weight, rate in terms:
        by_rate[rate] = by_rate.get(rate, 0.0) + weight
    return [(weight, rate) for rate, weight in by_rate.items() if weight]


def _zeros(terms: list[Term], start_s: float, stop_s: float) -> list[float]:
    if not any(weight > 0 for weight, _ in terms) or not any(weight < 0 for weight, _ in terms):
        return []
    slowest = max(rate for _, rate in terms)
    if slowest:  # of the same sign everywhere, and what lasts longest cannot underflow
        terms = [(weight, rate - slowest) for weight, rate in terms]
    pivot = terms[0][1]
    reduced = [(weight * (rate - pivot), rate) for weight, rate in terms[1:]]
    cuts = [start_s, *_zeros(reduced, start_s, stop_s), stop_s]
    found: list[float] = []
    for low_s, high_s in pairwise(cuts):
        rising = value(terms, low_s) < 0
        if value(terms, high_s) and rising != (value(terms, high_s) < 0):
            found.append(_bisected(terms, low_s, high_s, rising=rising))
    return found


def _bisected(terms: list[Term], low_s: float, high_s: float, *, rising: bool) -> float:
    for _ in range(_BISECTIONS):
        middle_s = 0.5 * (low_s + high_s)
        if not low_s < middle_s < high_s:
            break
        if (value(terms, middle_s) < 0) == rising:
            low_s = middle_s
        else:
            high_s = middle_s
    return high_s
