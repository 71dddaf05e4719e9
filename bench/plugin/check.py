"""``check``: one measured value against every limit of one quantity, journalled at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from bench.decision import FAILED
from bench.judge import Budget, Limit, Verdict, fact_verdict, judge, missing_value_verdict
from bench.plugin.units import unit_factor
from bench.profile import Profile
from bench.record.schema import BudgetLine, BudgetRecord, MeasurementRecord, Scalar
from bench.requirements import Catalogue
from bench.station.measured import Measured

__all__ = ["Check", "CheckContext"]


SELF_TEST = "self-test"
"""Kind of a requirement on the bench."""


@dataclass(slots=True, kw_only=True)
class CheckContext:
    """What a run lends to every check."""

    catalogue: Catalogue
    profile: Profile
    write_measurement: Callable[[MeasurementRecord], None]
    write_budget: Callable[[BudgetRecord], None]
    now: Callable[[], tuple[str, float]]
    """UTC text and virtual seconds."""
    attempts: dict[str, int]
    budgets: dict[str, str]
    """Budgets already written, by their content, so that equal ones are written once."""


class Check:
    """The rows of one test; failures are gathered and reported at the test's end."""

    def __init__(self, context: CheckContext, *, test: str) -> None:
        self._context = context
        self._test = test
        self.rows: list[MeasurementRecord] = []

    def __call__(
        self,
        requirement: str,
        quantity: str,
        measured: Measured,
        *,
        level: int | None = None,
        load_ohm: float | None = None,
        reference: float | None = None,
        **conditions: Scalar,
    ) -> None:
        """Judge ``measured`` against the declared and the standard limits of a quantity.

        ``reference`` is the value that a limit relative to another measurement is taken from.
        A value of None is FAIL with its reason, unless the bench could not decide it and what the
        value is at least does not fail either.
        """
        context = self._context
        limits = context.catalogue.limits(
            requirement,
            quantity,
            context.profile,
            level=level,
            load_ohm=load_ohm,
            reference=reference,
        )
        where = _conditions(level=level, load_ohm=load_ohm, extra=conditions)
        for limit in limits:
            decisive = _decisive(requirement, measured, limit)
            row = _judged(requirement, decisive, limit)
            if self._of_the_bench(requirement):
                row = _of_the_bench(row)
            self._write(
                replace(row, conditions=where, budget=self._budget(decisive)),
                key=f"{requirement}/{quantity}/{_slug(where)}/{limit.basis.value}",
            )

    def fact(
        self,
        requirement: str,
        quantity: str,
        *,
        holds: bool,
        found: str,
        waveforms: tuple[str, ...] = (),
        **conditions: Scalar,
    ) -> None:
        """Record something that either holds or does not; ``found`` says what was seen."""
        verdict = fact_verdict(holds=holds)
        if verdict in FAILED and self._of_the_bench(requirement):
            verdict = Verdict.ERROR
        self._plain(requirement, quantity, verdict, found, conditions, waveforms=waveforms)

    def undecided(
        self,
        requirement: str,
        quantity: str,
        *,
        verdict: Verdict,
        reason: str,
        **conditions: Scalar,
    ) -> None:
        """Record that there is no number, with the verdict that this has and why."""
        self._plain(requirement, quantity, verdict, reason, conditions)

    def recorded(
        self, requirement: str, quantity: str, *, found: str, **conditions: Scalar
    ) -> None:
        """Record something without judging it."""
        self._plain(requirement, quantity, Verdict.RECORDED, found, conditions)

    def failures(self) -> list[str]:
        """Return one line for each row that does not pass."""
        good = (Verdict.PASS, Verdict.CONDITIONAL_PASS, Verdict.RECORDED, Verdict.NOT_APPLICABLE)
        return [_line(row) for row in self.rows if row.verdict not in good]

    def _of_the_bench(self, requirement: str) -> bool:
        """Whether a requirement is one on the bench: not to meet it is an error of the bench."""
        return self._context.catalogue[requirement].kind == SELF_TEST

    def _plain(
        self,
        requirement: str,
        quantity: str,
        verdict: Verdict,
        reason: str,
        conditions: Mapping[str, Scalar],
        *,
        waveforms: tuple[str, ...] = (),
    ) -> None:
        row = MeasurementRecord(
            id="",
            requirements=(requirement,),
            quantity=quantity,
            basis="declared",
            value=None,
            unit="",
            expanded_uncertainty=None,
            coverage_factor=None,
            low=None,
            high=None,
            rule="",
            verdict=verdict.value,
            margin_pct=None,
            p_conform=None,
            conditions=dict(conditions),
            waveforms=waveforms,
            attempt=1,
            reason=reason,
        )
        self._write(row, key=f"{requirement}/{quantity}/{_slug(conditions)}".rstrip("/"))

    def _budget(self, measured: Measured) -> str:
        """Journal the value's budget unless an equal one was; return its id."""
        if measured.budget is None:
            return ""
        context = self._context
        known = context.budgets.get(measured.budget.key)
        if known is not None:
            return known
        budget_id = f"b{len(context.budgets) + 1:04d}"
        context.budgets[measured.budget.key] = budget_id
        context.write_budget(_budget_record(budget_id, measured.budget))
        return budget_id

    def _write(self, row: MeasurementRecord, *, key: str) -> None:
        attempt = self._context.attempts.get(key, 0) + 1
        self._context.attempts[key] = attempt
        at_utc, virtual_s = self._context.now()
        complete = replace(
            row, id=key, attempt=attempt, test=self._test, at_utc=at_utc, virtual_s=virtual_s
        )
        self._context.write_measurement(complete)
        self.rows.append(complete)


def _budget_record(budget_id: str, budget: Budget) -> BudgetRecord:
    return BudgetRecord(
        id=budget_id,
        measurand=budget.measurand,
        unit=budget.unit,
        value=budget.value,
        standard_uncertainty=budget.standard_uncertainty,
        degrees_of_freedom=budget.degrees_of_freedom,
        coverage_factor=budget.coverage_factor,
        expanded_uncertainty=budget.expanded_uncertainty,
        lines=tuple(
            BudgetLine(
                name=line.name,
                standard_uncertainty=line.standard_uncertainty,
                distribution=line.distribution,
                degrees_of_freedom=line.degrees_of_freedom,
                source=line.source,
            )
            for line in budget.lines
        ),
    )


def _decisive(requirement: str, measured: Measured, limit: Limit) -> Measured:
    """Return what an undecidable value is at least where that alone fails, else the value."""
    least = measured.least
    if measured.value is not None or least is None or limit.low is not None:
        return measured
    if _judged(requirement, least, limit).verdict not in FAILED:
        return measured
    return replace(least, reason=f"at least this: {measured.reason}")


def _judged(requirement: str, measured: Measured, limit: Limit) -> MeasurementRecord:
    """Return the row of one value against one limit."""
    row = MeasurementRecord(
        id="",
        requirements=(requirement,),
        quantity=limit.quantity,
        basis=limit.basis.value,
        value=measured.value,
        unit=limit.unit,
        expanded_uncertainty=measured.expanded_uncertainty,
        coverage_factor=measured.coverage_factor,
        degrees_of_freedom=measured.degrees_of_freedom,
        low=limit.low,
        high=limit.high,
        rule=limit.rule.value,
        verdict=Verdict.INCONCLUSIVE.value,
        margin_pct=None,
        p_conform=None,
        conditions={},
        waveforms=measured.waveforms,
        marks=measured.marks,
        exact=measured.exact,
        attempt=1,
        reason=measured.reason,
    )
    scale = unit_factor(requirement, measured.unit, limit.unit)
    measured_value = measured.value
    if measured_value is None:
        verdict = missing_value_verdict(undecidable=measured.undecidable)
        return replace(row, verdict=verdict.value)
    value = measured_value * scale
    expanded = _expanded(measured, scale)
    judged = judge(
        value,
        expanded_uncertainty=expanded,
        coverage_factor=measured.coverage_factor or 2.0,
        limit=limit,
    )
    return replace(
        row,
        value=value,
        expanded_uncertainty=None if measured.exact else expanded,
        verdict=judged.verdict.value,
        margin_pct=judged.margin_pct,
        guarded_margin_pct=judged.guarded_margin_pct,
        p_conform=judged.p_conform,
        acceptance_low=judged.acceptance_low,
        acceptance_high=judged.acceptance_high,
        reason=measured.reason or judged.reason,
    )


def _of_the_bench(row: MeasurementRecord) -> MeasurementRecord:
    """Return the row of a demand on the bench itself: what it does not meet is no device's FAIL.

    Outside the limit is an ERROR; inside it, but within the guard band, nothing is decided.
    """
    if row.verdict not in FAILED:
        return row
    outside = row.margin_pct is None or row.margin_pct < 0.0
    verdict = Verdict.ERROR if outside else Verdict.INCONCLUSIVE
    said = "outside its limit" if outside else "too near its limit to be decided"
    return replace(row, verdict=verdict.value, reason=f"the bench itself is {said}, not the device")


def _expanded(measured: Measured, scale: float) -> float | None:
    """Return U in the limit's unit: zero for what is exact, None where nobody knows it."""
    if measured.exact:
        return 0.0
    known = measured.expanded_uncertainty
    return None if known is None else known * scale


def _conditions(
    *, level: int | None, load_ohm: float | None, extra: Mapping[str, Scalar]
) -> dict[str, Scalar]:
    where: dict[str, Scalar] = {}
    if level is not None:
        where["level"] = level
    if load_ohm is not None:
        where["load_ohm"] = load_ohm
    return where | dict(extra)


def _slug(conditions: Mapping[str, Scalar]) -> str:
    return "/".join(
        f"{name}={value:g}" if isinstance(value, float) else f"{name}={value}"
        for name, value in conditions.items()
    )


def _line(row: MeasurementRecord) -> str:
    where = ", ".join(f"{name} {value}" for name, value in row.conditions.items())
    if row.value is None:
        return f"{row.verdict}: {row.requirements[0]} {row.quantity} ({where}): {row.reason}"
    spread = f" ± {row.expanded_uncertainty:.2g}" if row.expanded_uncertainty else ""
    low = "…" if row.low is None else f"{row.low:.6g}"
    high = "…" if row.high is None else f"{row.high:.6g}"
    return (
        f"{row.verdict}: {row.requirements[0]} {row.quantity} ({where}): "
        f"{row.value:.6g}{spread} {row.unit}, {row.basis} limits {low} to {high}"
        + (f": {row.reason}" if row.reason else "")
    )
