"""Reading requirement files: one table a requirement, its limits an array of tables below it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, cast

from bench.decision import Basis, Rule
from bench.quantity import QuantityError, Tolerance, dimension_of
from bench.requirements.limits import Bound, LimitRule, Side
from bench.requirements.requirement import CATALOGUE, GROUPS, Levels, Requirement, Scope
from bench.strict_toml import REQUIRED, Table

__all__ = ["PLANS", "read_requirements"]

PLANS: Final = ("release", "safety", "production")
KINDS: Final = ("limit", "record", "self-test", "applicability")
ATTRIBUTE: Final = "attribute"
HAZARDS: Final = ("S1", "S2", "S3", "S4")
"""S1 cosmetic or performance, S2 nuisance, S3 potential harm, S4 hazardous."""

_ID: Final = re.compile(r"[A-Z]{3}-\d{3}")
_FACTOR: Final = re.compile(r"(?:(\d+(?:\.\d+)?)\s*[x×]\s*)?([a-z][a-z .-]+)")


def read_requirements(
    root: Table, *, known: Mapping[str, Requirement], group: str = ""
) -> dict[str, Requirement]:
    """Return the rows of a file; ``group`` is empty for a user's file.

    A user's row of a known id may give any of the keys: what it leaves out stands. It must say
    ``because``, and its origin names the file, so that a changed demand is seen in the report.
    """
    rows: dict[str, Requirement] = {}
    for name in root.names:
        if not _ID.fullmatch(name):
            raise root.problem(f"{name}: expected an id such as [OUT-001], found [{name}]", name)
        table = root.table(name)
        rows[name] = _row(table, name, base=known.get(name), group=group)
        table.finish()
    return rows


def _row(table: Table, name: str, *, base: Requirement | None, group: str) -> Requirement:
    rule = table.choice(
        "rule",
        (ATTRIBUTE, *(rule.value for rule in Rule)),
        REQUIRED if base is None else (ATTRIBUTE if base.rule is None else base.rule.value),
    )
    origin = CATALOGUE if group else f"{table.source.name}: {table.text('because')}"
    return Requirement(
        id=name,
        title=table.text("title", base.title if base else REQUIRED),
        group=group or table.choice("group", GROUPS, base.group if base else REQUIRED),
        kind=table.choice("kind", KINDS, base.kind if base else "limit"),
        source=table.text("source", base.source if base else REQUIRED),
        clause=table.text("clause", base.clause if base else REQUIRED),
        mark=table.text("mark", base.mark if base else REQUIRED),
        limit_text=table.text("limit", base.limit_text if base else REQUIRED),
        unit=table.text("unit", base.unit if base else "-"),
        loads_text=table.text("loads", base.loads_text if base else "-"),
        instruments=table.text("instruments", base.instruments if base else "-"),
        method=table.text("method", base.method if base else REQUIRED),
        rule=None if rule == ATTRIBUTE else Rule(rule),
        plans=_plans(table, base.plans if base else None),
        scopes=_scopes(table, base.scopes if base else {}),
        hazards=_among(table, "hazards", HAZARDS, base.hazards if base else ()),
        needs=_needs(table, base.needs if base else {}),
        limits=_limits(table, base.limits if base else ()),
        origin=origin,
    )


def _among(
    table: Table, key: str, choices: tuple[str, ...], default: tuple[str, ...]
) -> tuple[str, ...]:
    values = table.texts(key, default)
    for value in values:
        if value not in choices:
            raise table.problem(
                f"{table.dotted(key)}: expected some of {', '.join(choices)}, found {value!r}", key
            )
    return values


def _plans(table: Table, default: tuple[str, ...] | None) -> tuple[str, ...]:
    if default is None:
        table.texts("plans")
    return _among(table, "plans", PLANS, default or ())


def _scopes(table: Table, base: Mapping[str, Scope]) -> Mapping[str, Scope]:
    scopes = dict(base)
    given = table.table("scope", optional=True)
    for plan in PLANS:
        if plan in given:
            scopes[plan] = _scope(given.table(plan))
    given.finish()
    return MappingProxyType(scopes)


def _scope(table: Table) -> Scope:
    levels = cast("Levels", table.choice("levels", ("all", "max", "min/mid/max"), "all"))
    loads_ohm = table.quantities("loads", "ohm") if "loads" in table else None
    scope = Scope(levels=levels, loads_ohm=loads_ohm, note=table.text("note", ""))
    table.finish()
    return scope


def _needs(table: Table, base: Mapping[str, str]) -> Mapping[str, str]:
    if "needs" not in table:
        return base
    needs = table.table("needs")
    return MappingProxyType({feature: needs.text(feature) for feature in needs.names})


def _limits(table: Table, base: tuple[LimitRule, ...]) -> tuple[LimitRule, ...]:
    if "limits" not in table:
        return base
    return tuple(_limit(entry) for entry in table.tables("limits"))


def _limit(table: Table) -> LimitRule:
    unit = table.text("unit")
    try:
        dimension_of(unit)
    except QuantityError as error:
        raise table.problem(f"{table.dotted('unit')}: {error}", "unit") from error
    rule = LimitRule(
        quantity=table.text("quantity"),
        unit=unit,
        basis=Basis(table.choice("basis", tuple(basis.value for basis in Basis))),
        mark=table.text("mark"),
        nominal=table.text("nominal", ""),
        tolerance=table.text("tolerance", ""),
        fixed=_fixed(table, unit),
        relative_to=table.text("relative_to", ""),
        floor_times=table.text("floor_times", ""),
        floor_per=table.text("floor_per", ""),
        side=cast("Side", table.choice("side", ("both", "high", "low"), "both")),
        low=_side(table, "low", unit),
        high=_side(table, "high", unit),
        when=table.texts("when", ()),
    )
    table.finish()
    _require_one_form(table, rule)
    _require_nominal(table, rule)
    return rule


def _fixed(table: Table, unit: str) -> Tolerance | None:
    return table.tolerance("within", unit) if "within" in table else None


def _require_one_form(table: Table, rule: LimitRule) -> None:
    forms = [bool(rule.tolerance), rule.fixed is not None, bool(rule.low or rule.high)]
    if sum(forms) != 1:
        raise table.problem(
            f"{table.dotted()}: expected one of `tolerance`, `within`, or bounds `low` and `high`, "
            f"found {sum(forms)} of them",
            "quantity",
        )


def _require_nominal(table: Table, rule: LimitRule) -> None:
    """A percentage of nothing would be a limit of zero."""
    if rule.fixed is not None and rule.fixed.relative and not (rule.nominal or rule.relative_to):
        raise table.problem(
            f"{table.dotted('within')}: expected `nominal` or `relative_to` beside a percentage, "
            "found neither; a fixed percentage is written with `low` and `high`",
            "within",
        )


def _side(table: Table, key: str, unit: str) -> tuple[Bound, ...]:
    """Return one side's bounds, each a quantity or ``1.2 x name of a nominal``."""
    if key not in table:
        return ()
    return tuple(_bound(table, key, text, unit) for text in table.texts(key))


def _bound(table: Table, key: str, text: str, unit: str) -> Bound:
    words = _FACTOR.fullmatch(text.strip())
    if words is not None:
        return Bound(nominal=words[2], factor=float(words[1] or 1))
    return Bound(value=table.parse(key, text, unit))
