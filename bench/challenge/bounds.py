"""What a count supports: the bound on a rate that so many trials without an event exclude."""

from __future__ import annotations

__all__ = ["upper_bound"]

CONFIDENCE = 0.95


def upper_bound(*, trials: int, events: int) -> float | None:
    """Return the one-sided 95 % upper bound on a rate (Clopper-Pearson); None without trials.

    Solves sum_{k<=events} C(n,k) p^k (1-p)^(n-k) = 0.05 by bisection; for no event this is the
    exact form behind the rule of three.
    """
    if trials == 0:
        return None
    if events >= trials:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if _at_most(events, trials, middle) > 1 - CONFIDENCE:
            low = middle
        else:
            high = middle
    return high


def _at_most(events: int, trials: int, rate: float) -> float:
    """Probability of at most ``events`` in ``trials`` at ``rate``."""
    term = (1 - rate) ** trials
    total = term
    for k in range(1, events + 1):
        term *= (trials - k + 1) / k * rate / (1 - rate)
        total += term
    return total
