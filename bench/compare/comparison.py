"""Two sides compared, row by row, and the one answer: regression, none shown, or cannot tell.

Every limit and share is declared, none is chosen by looking at the data:

- a measurement has **regressed** where a change of more than ``smallest`` (% of its tolerance) is shown at
  ``alpha``, corrected for the number of measurements, and its margin became smaller;
- it is **equal** where a change of ``margin`` (% of its tolerance) or more is excluded at ``alpha``;
- otherwise it is **undecided**: too few units, or too large an uncertainty.

A unit that fails on B where it did not on A is a **new failure** and needs no statistics. The tolerance is
the distance between the limits; with one limit, that limit's size.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from bench.compare.sides import Side
from bench.compare.statistics import (
    Difference,
    holm,
    p_effect,
    p_equivalence,
    paired,
    single,
    welch,
)
from bench.decision import FAILED, Verdict
from bench.errors import UsageError
from bench.record.summaries import Row

__all__ = ["Comparison", "NewFailure", "Outcome", "RowComparison", "compare"]

DECIDED = frozenset({Verdict.PASS, Verdict.CONDITIONAL_PASS, *FAILED})
DEFAULT_ALPHA, DEFAULT_SMALLEST_PCT, DEFAULT_MARGIN_PCT = 0.05, 1.0, 10.0


class Outcome(StrEnum):
    """What is known of one measurement, or of all."""

    REGRESSION = "regression"
    NONE_SHOWN = "no regression shown"
    CANNOT_TELL = "cannot tell"
    BETTER = "better"
    EQUAL = "equal"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowComparison:
    """One measurement on both sides; values in ``unit``."""

    id: str
    unit: str
    units_a: int
    units_b: int
    mean_a: float
    mean_b: float
    difference: float
    expanded_uncertainty: float
    """Of the difference, at 95 %."""
    method: str
    tolerance: float
    margin_change_pct: float
    """Mean margin on B less that on A, in % of the allowed range; negative is lost."""
    p_effect: float
    """Of the smallest effect, adjusted for all rows."""
    p_equivalence: float
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFailure:
    """A unit that does not fail on A and fails on B."""

    serial: str
    id: str
    value: float | None
    unit: str
    on_a: str
    """Its verdict on A; empty where it was not measured there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The whole answer."""

    a: Side
    b: Side
    outcome: Outcome
    reason: str
    rows: tuple[RowComparison, ...]
    new_failures: tuple[NewFailure, ...]
    gone: tuple[str, ...]
    """Measurements that A has a verdict on and B has not."""
    alpha: float
    smallest_pct: float
    margin_pct: float
    same_bench: bool


def compare(
    a: Side,
    b: Side,
    *,
    alpha: float = DEFAULT_ALPHA,
    smallest_pct: float = DEFAULT_SMALLEST_PCT,
    margin_pct: float = DEFAULT_MARGIN_PCT,
) -> Comparison:
    """Compare two sides; raises UsageError where they are not of one profile and plan."""
    _require_alike(a, b)
    if not 0 < alpha < 1 or smallest_pct < 0 or margin_pct <= smallest_pct:
        raise UsageError(
            f"expected 0 < alpha < 1 and 0 <= smallest < margin, found alpha {alpha:g}, "
            f"smallest {smallest_pct:g} %, margin {margin_pct:g} %"
        )
    same_bench = a.stations == b.stations and len(a.stations) == 1
    rows = _rows(a, b, alpha, smallest_pct, margin_pct, same_bench=same_bench)
    failures = tuple(_new_failures(a, b))
    gone = tuple(sorted(_decided(a) - _decided(b)))
    outcome, reason = _outcome(rows, failures, gone)
    return Comparison(
        a=a, b=b, outcome=outcome, reason=reason, rows=rows, new_failures=failures, gone=gone,
        alpha=alpha, smallest_pct=smallest_pct, margin_pct=margin_pct, same_bench=same_bench,
    )  # fmt: skip


def _require_alike(a: Side, b: Side) -> None:
    for what in ("profile", "plan", "simulated"):
        found = [str(getattr(next(iter(side.runs.values())), what)) for side in (a, b)]
        if found[0] != found[1]:
            raise UsageError(
                f"the two sides cannot be compared: {what} is {found[0]} in {a.name} "
                f"and {found[1]} in {b.name}"
            )


def _rows(
    a: Side, b: Side, alpha: float, smallest_pct: float, margin_pct: float, *, same_bench: bool
) -> tuple[RowComparison, ...]:
    of_a, of_b = _by_id(a), _by_id(b)
    found: list[tuple[str, Difference, dict[str, Row], dict[str, Row], float]] = []
    for name in of_a.keys() & of_b.keys():
        in_a, in_b = _compared(of_a[name], of_b[name])
        tolerance = _tolerance(next(iter(in_b.values())))
        if tolerance > 0:
            difference = _difference(in_a, in_b, same_bench=same_bench)
            found.append((name, difference, in_a, in_b, tolerance))
    if not found:
        return ()
    found.sort(key=lambda item: item[0])
    estimate = np.array([item[1].estimate for item in found])
    error = np.array([item[1].standard_error for item in found])
    freedom = np.array([item[1].degrees_of_freedom for item in found])
    tolerances = np.array([item[4] for item in found])
    effect = holm(p_effect(estimate, error, freedom, tolerances * smallest_pct / 100))
    equal = p_equivalence(estimate, error, freedom, tolerances * margin_pct / 100)
    return tuple(
        _row(item, float(effect[k]), float(equal[k]), alpha) for k, item in enumerate(found)
    )


def _row(
    item: tuple[str, Difference, dict[str, Row], dict[str, Row], float],
    effect: float,
    equal: float,
    alpha: float,
) -> RowComparison:
    name, difference, in_a, in_b, tolerance = item
    change = _mean_margin(in_b) - _mean_margin(in_a)
    if effect < alpha:
        outcome = Outcome.REGRESSION if change < 0 else Outcome.BETTER
    else:
        outcome = Outcome.EQUAL if equal < alpha else Outcome.CANNOT_TELL
    return RowComparison(
        id=name,
        unit=next(iter(in_b.values())).unit,
        units_a=len(in_a),
        units_b=len(in_b),
        mean_a=float(np.mean(_values(in_a))),
        mean_b=float(np.mean(_values(in_b))),
        difference=difference.estimate,
        expanded_uncertainty=difference.expanded_uncertainty,
        method=difference.method,
        tolerance=tolerance,
        margin_change_pct=change,
        p_effect=effect,
        p_equivalence=equal,
        outcome=outcome,
    )


def _compared(a: dict[str, Row], b: dict[str, Row]) -> tuple[dict[str, Row], dict[str, Row]]:
    """Return the rows that are compared: pairs where two units or more are on both sides.

    Else all units of each side, or one unit of each: the same one where there is one.
    """
    both = sorted(a.keys() & b.keys())
    if len(both) > 1 or (both and min(len(a), len(b)) == 1):
        return {k: a[k] for k in both}, {k: b[k] for k in both}
    if min(len(a), len(b)) == 1:
        return dict([next(iter(a.items()))]), dict([next(iter(b.items()))])
    return a, b


def _difference(a: Mapping[str, Row], b: Mapping[str, Row], *, same_bench: bool) -> Difference:
    """Compare in pairs where the units are the same, else as two samples, else by the budgets."""
    u_a, u_b = _largest_u(a), _largest_u(b)
    first, second = _values(a), _values(b)
    if len(a) == 1:
        return single(float(first[0]), float(second[0]), u_a=u_a, u_b=u_b)
    u_bench = 0.0 if same_bench else float(np.hypot(u_a, u_b))
    if a.keys() == b.keys():
        return paired(first, second, u_bench=u_bench)
    return welch(first, second, u_bench=u_bench)


def _by_id(side: Side) -> dict[str, dict[str, Row]]:
    """Return the measured rows by measurement, then by serial number."""
    found: dict[str, dict[str, Row]] = {}
    for serial, run in side.runs.items():
        for row in run.measurements:
            if row.value is not None and row.expanded_uncertainty is not None:
                found.setdefault(row.id, {})[serial] = row  # a later attempt replaces an earlier
    return found


def _values(rows: Mapping[str, Row]) -> NDArray[np.float64]:
    return np.array([row.value for row in rows.values()], dtype=np.float64)


def _largest_u(rows: Mapping[str, Row]) -> float:
    """Return the largest standard uncertainty of the rows."""
    return max(
        (row.expanded_uncertainty or 0.0) / (row.coverage_factor or 2.0) for row in rows.values()
    )


def _mean_margin(rows: Mapping[str, Row]) -> float:
    return float(
        np.mean([row.margin_pct for row in rows.values() if row.margin_pct is not None] or [0.0])
    )


def _tolerance(row: Row) -> float:
    """Return the distance between the limits, or the size of the only one; 0 without."""
    if row.low is not None and row.high is not None:
        return row.high - row.low
    only = row.high if row.high is not None else row.low
    return abs(only or 0.0)


def _decided(side: Side) -> set[str]:
    return {
        row.id for run in side.runs.values() for row in run.measurements if row.verdict in DECIDED
    }


def _new_failures(a: Side, b: Side) -> Iterator[NewFailure]:
    on_a = {
        (serial, row.id): row.verdict for serial, run in a.runs.items() for row in run.measurements
    }
    failing_on_a = {name for (_, name), verdict in on_a.items() if verdict in FAILED}
    for serial, run in b.runs.items():
        for row in run.measurements:
            before = on_a.get((serial, row.id), "")
            known = before in FAILED or (serial not in a.runs and row.id in failing_on_a)
            if row.verdict in FAILED and not known:
                yield NewFailure(
                    serial=serial, id=row.id, value=row.value, unit=row.unit, on_a=before
                )


def _outcome(
    rows: Sequence[RowComparison], failures: Sequence[NewFailure], gone: Sequence[str]
) -> tuple[Outcome, str]:
    worse = [row for row in rows if row.outcome is Outcome.REGRESSION]
    if failures:
        return Outcome.REGRESSION, f"{len(failures)} new failures, the first: {failures[0].id}"
    if worse:
        first = min(worse, key=lambda row: row.margin_change_pct)
        return Outcome.REGRESSION, (
            f"{len(worse)} of {len(rows)} measurements became worse, the most: {first.id}"
        )
    if gone:
        return Outcome.CANNOT_TELL, f"{len(gone)} measurements are missing on B, as {gone[0]}"
    unknown = [row for row in rows if row.outcome is Outcome.CANNOT_TELL]
    if unknown or not rows:
        return Outcome.CANNOT_TELL, (
            f"{len(unknown)} of {len(rows)} measurements are too uncertain to exclude a change of the "
            "declared margin; more units make them surer"
        )
    return Outcome.NONE_SHOWN, f"{len(rows)} measurements are equal within the declared margin"
