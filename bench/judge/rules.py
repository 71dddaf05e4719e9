"""Decision rules: from a value, its uncertainty and a limit to a verdict.

========================  ===============  =================  ==================  ======
rule (guard band w)       acceptance       inside the limit,  outside the limit,  beyond
                          interval         within w of it     within w
========================  ===============  =================  ==================  ======
simple, iec_guide_115 (0) PASS             PASS               FAIL                FAIL
guarded_u (U)             PASS             FAIL               FAIL                FAIL
guarded_95 (1.645 u)      PASS             FAIL               FAIL                FAIL
ilac_nonbinary (U)        PASS             CONDITIONAL PASS   CONDITIONAL FAIL    FAIL
========================  ===============  =================  ==================  ======

The limits themselves belong to the inside. Where the guard band leaves no acceptance interval,
nothing can pass and the verdict is INCONCLUSIVE, except for a value so far outside that the
uncertainty cannot bring it back: that is FAIL. Source: ILAC-G8:09/2019 4.2, JCGM 106:2012 8.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from bench.decision import Limit, Rule, Verdict

__all__ = [
    "Judgement",
    "decidable",
    "fact_verdict",
    "guard_band",
    "judge",
    "missing_value_verdict",
    "needed_uncertainty",
    "probability_of_conformity",
]

_ONE_SIDED_95 = 1.6449
"""Standard normal quantile of 95 %: a value at the acceptance limit conforms with that much."""
_DEFAULT_COVERAGE = 2.0
_NEVER_FOR_ABSENT = frozenset({Verdict.PASS, Verdict.CONDITIONAL_PASS, Verdict.RECORDED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A verdict and the numbers behind it, in the limit's unit; None where one has no meaning."""

    verdict: Verdict
    margin_pct: float | None
    """Distance to the nearer limit: in per cent of a one-sided limit, of half a two-sided width."""
    guarded_margin_pct: float | None
    """The same to the acceptance limit."""
    p_conform: float | None
    """Probability that the true value lies inside the limits, for a normal distribution."""
    acceptance_low: float | None
    acceptance_high: float | None
    guard_band: float | None
    rule: Rule
    reason: str = ""


def judge(
    value: float | None,
    *,
    limit: Limit,
    standard_uncertainty: float | None = None,
    expanded_uncertainty: float | None = None,
    coverage_factor: float = _DEFAULT_COVERAGE,
    absent: Verdict = Verdict.INCONCLUSIVE,
) -> Judgement:
    """Judge ``value`` against ``limit`` by its rule.

    Either uncertainty may be given; a count has 0.0. A value that is None or not finite gets the
    verdict ``absent`` (FAIL where the device owes the value), which may never be a PASS. Raises
    ValueError for a negative uncertainty or such an ``absent``.
    """
    u = _standard(standard_uncertainty, expanded_uncertainty, coverage_factor)
    expanded = None if u is None else _expanded(u, expanded_uncertainty, coverage_factor)
    if value is None or not math.isfinite(value):
        return _without_value(limit, absent)
    if limit.low is None and limit.high is None:
        return _judgement(limit, Verdict.RECORDED, reason="no limit applies")
    band = guard_band(limit.rule, standard_uncertainty=u, expanded_uncertainty=expanded)
    if band is None:
        return _judgement(
            limit,
            Verdict.INCONCLUSIVE,
            margin=_margin_pct(value, limit, 0.0),
            reason=f"rule {limit.rule} needs an uncertainty and there is none",
        )
    verdict, reason = _verdict(value, limit, band)
    return _judgement(
        limit,
        verdict,
        margin=_margin_pct(value, limit, 0.0),
        guarded=_margin_pct(value, limit, band),
        p_conform=None if u is None else probability_of_conformity(value, u, limit),
        band=band,
        reason=reason,
    )


def guard_band(
    rule: Rule, *, standard_uncertainty: float | None, expanded_uncertainty: float | None
) -> float | None:
    """Return the width w by which the rule draws the limits in; None if it cannot be known."""
    match rule:
        case Rule.SIMPLE | Rule.IEC_GUIDE_115:
            return 0.0
        case Rule.GUARDED_95:
            return None if standard_uncertainty is None else _ONE_SIDED_95 * standard_uncertainty
        case Rule.GUARDED_U | Rule.ILAC_NONBINARY:
            return expanded_uncertainty


def probability_of_conformity(value: float, standard_uncertainty: float, limit: Limit) -> float:
    """Return the probability that the true value lies within the limits.

    Source: JCGM 106:2012 7, p_c = Phi((T_U - y) / u) - Phi((T_L - y) / u).
    """
    if standard_uncertainty == 0.0:
        return float(_excess(value, limit) <= 0.0)
    above = 1.0 if limit.high is None else _phi((limit.high - value) / standard_uncertainty)
    below = 0.0 if limit.low is None else _phi((limit.low - value) / standard_uncertainty)
    return above - below


def needed_uncertainty(
    limit: Limit,
    expanded_uncertainty: float,
    *,
    coverage_factor: float = _DEFAULT_COVERAGE,
    natural_low: float | None = None,
) -> float | None:
    """Return None if the rule leaves an acceptance interval, else the U below which it would.

    ``natural_low`` is the least value that the quantity can have (0 for a magnitude): an upper
    limit alone has an empty interval too where the guard band reaches down to it.
    """
    u = expanded_uncertainty / coverage_factor
    band = guard_band(limit.rule, standard_uncertainty=u, expanded_uncertainty=expanded_uncertainty)
    low = natural_low if limit.low is None else limit.low
    if band is None or band == 0.0 or low is None or limit.high is None:
        return None
    sides = 1 if limit.low is None else 2
    room = limit.high - low
    if room > sides * band:
        return None
    return expanded_uncertainty * room / (sides * band)


def decidable(
    limit: Limit,
    expanded_uncertainty: float,
    *,
    coverage_factor: float = _DEFAULT_COVERAGE,
    natural_low: float | None = None,
) -> str | None:
    """Return None if the rule leaves an acceptance interval, else why not and what would do."""
    needed = needed_uncertainty(
        limit,
        expanded_uncertainty,
        coverage_factor=coverage_factor,
        natural_low=natural_low,
    )
    if needed is None:
        return None
    return (
        f"{limit.quantity}: the bench cannot decide {_interval_text(limit)} by rule {limit.rule}: "
        f"its uncertainty U = {expanded_uncertainty:.3g} {limit.unit} leaves no acceptance "
        f"interval; U below {needed:.3g} {limit.unit} is needed"
    )


def fact_verdict(*, holds: bool) -> Verdict:
    """Return the verdict on something that either is so or is not, without uncertainty."""
    return Verdict.PASS if holds else Verdict.FAIL


def missing_value_verdict(*, undecidable: bool) -> Verdict:
    """Return the verdict where there is no value.

    ``undecidable``: the record or the bench could not give one; otherwise the device owed it.
    """
    return Verdict.INCONCLUSIVE if undecidable else Verdict.FAIL


def _standard(u: float | None, expanded: float | None, coverage_factor: float) -> float | None:
    if (u is not None and u < 0.0) or (expanded is not None and expanded < 0.0):
        raise ValueError(f"an uncertainty cannot be negative: u = {u}, U = {expanded}")
    if not coverage_factor > 0.0:
        raise ValueError(f"coverage_factor must be positive, found {coverage_factor}")
    found = u if u is not None or expanded is None else expanded / coverage_factor
    return found if found is not None and math.isfinite(found) else None


def _expanded(u: float, expanded: float | None, coverage_factor: float) -> float:
    if expanded is not None and math.isfinite(expanded):
        return expanded
    return coverage_factor * u


def _without_value(limit: Limit, absent: Verdict) -> Judgement:
    if absent in _NEVER_FOR_ABSENT:
        raise ValueError(f"a measurement without a value cannot be {absent}")
    return _judgement(limit, absent, reason="no value")


def _verdict(value: float, limit: Limit, band: float) -> tuple[Verdict, str]:
    """Return the verdict by the table, and the reason where it is not plain."""
    excess = _excess(value, limit)
    if excess > band:
        return Verdict.FAIL, ""
    if _is_empty(limit, band):
        reason = (
            f"the guard band of {band:.3g} {limit.unit} leaves no acceptance interval "
            f"inside {_interval_text(limit)}"
        )
        return Verdict.INCONCLUSIVE, reason
    if excess <= -band:
        return Verdict.PASS, ""
    if limit.rule is not Rule.ILAC_NONBINARY:
        reason = "inside the limit, by less than the guard band" if excess <= 0.0 else ""
        return Verdict.FAIL, reason
    if excess <= 0.0:
        return Verdict.CONDITIONAL_PASS, "inside the limit, by less than the uncertainty"
    return Verdict.CONDITIONAL_FAIL, "outside the limit, by less than the uncertainty"


def _excess(value: float, limit: Limit) -> float:
    """Return how far the value is outside the nearer limit; negative inside."""
    high = -math.inf if limit.high is None else value - limit.high
    low = -math.inf if limit.low is None else limit.low - value
    return max(high, low)


def _is_empty(limit: Limit, band: float) -> bool:
    if limit.low is None or limit.high is None:
        return False
    return limit.high - band < limit.low + band


def _margin_pct(value: float, limit: Limit, band: float) -> float | None:
    """Return the margin in per cent, or None where a limit of zero gives it no meaning."""
    margin = 0.0 - _excess(value, limit) - band
    if limit.low is not None and limit.high is not None:
        scale = (limit.high - limit.low) / 2.0
    else:
        scale = abs(limit.high if limit.high is not None else limit.low or 0.0)
    return 100.0 * margin / scale if scale > 0.0 else None


def _judgement(
    limit: Limit,
    verdict: Verdict,
    *,
    margin: float | None = None,
    guarded: float | None = None,
    p_conform: float | None = None,
    band: float | None = None,
    reason: str = "",
) -> Judgement:
    low = None if limit.low is None or band is None else limit.low + band
    high = None if limit.high is None or band is None else limit.high - band
    return Judgement(
        verdict=verdict,
        margin_pct=margin,
        guarded_margin_pct=guarded,
        p_conform=p_conform,
        acceptance_low=low,
        acceptance_high=high,
        guard_band=band,
        rule=limit.rule,
        reason=reason,
    )


def _interval_text(limit: Limit) -> str:
    if limit.low is None:
        return f"≤ {limit.high:.6g} {limit.unit}"
    if limit.high is None:
        return f"≥ {limit.low:.6g} {limit.unit}"
    return f"{limit.low:.6g} to {limit.high:.6g} {limit.unit}"


def _phi(z: float) -> float:
    """Return the standard normal distribution function."""
    return 0.5 * math.erfc(-z / math.sqrt(2.0))
