"""All requirements: the shipped ones, and what a user's files add or change."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from bench.decision import Limit, Rule
from bench.errors import ConfigurationError, UsageError
from bench.quantity import QuantityError
from bench.requirements.declared import Declared
from bench.requirements.limits import evaluate
from bench.requirements.reading import read_requirements
from bench.requirements.requirement import GROUPS, Requirement
from bench.strict_toml import read_toml

__all__ = ["Catalogue", "limits", "load_catalogue"]

DATA: Final = Path(__file__).with_name("data")
SAFETY_GROUPS: Final = ("fault", "leakage")


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """The requirements in force, in the order of their groups and ids."""

    rows: Mapping[str, Requirement]
    sha256: str
    rules: Mapping[str, Rule] = field(default_factory=dict[str, Rule])
    """Decision rules of the station: by requirement, by group, or by the rule they replace."""

    def __getitem__(self, requirement: str) -> Requirement:
        """Return a row; raises UsageError, a LookupError by name, for an unknown id."""
        row = self.rows.get(requirement)
        if row is None:
            near = difflib.get_close_matches(requirement, list(self.rows), n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise UsageError(f"requirement {requirement!r} is not in the catalogue{hint}")
        return row

    def __iter__(self) -> Iterator[Requirement]:
        return iter(self.rows.values())

    def __len__(self) -> int:
        return len(self.rows)

    def __contains__(self, requirement: object) -> bool:
        return requirement in self.rows

    def of_plan(self, plan: str) -> tuple[Requirement, ...]:
        """Return the rows that a plan demands."""
        return tuple(row for row in self if plan in row.plans)

    def not_applicable(self, requirement: str, declared: Declared) -> str | None:
        """Return why a device need not fulfil a requirement, or None where it must."""
        return self[requirement].not_applicable(declared)

    def rule_of(self, requirement: str) -> Rule | None:
        """Return the decision rule in force, the station's first; None for an attribute."""
        row = self[requirement]
        for name in (row.id, row.group, "" if row.rule is None else row.rule.value):
            if name in self.rules:
                return self.rules[name]
        return row.rule

    def limits(
        self,
        requirement: str,
        quantity: str,
        declared: Declared,
        *,
        level: int | None = None,
        load_ohm: float | None = None,
        reference: float | None = None,
    ) -> tuple[Limit, ...]:
        """Return the declared and the standard limits of a quantity for a device.

        Without a level the highest is meant, without a load the smallest; ``reference`` is the
        measured value, in the limit's unit, to which some limits are relative. Raises
        ConfigurationError for a quantity without limits or a limit that the profile cannot give.
        """
        row = self[requirement]
        rules = [rule for rule in row.limits if rule.quantity == quantity]
        if not rules:
            known = ", ".join(row.quantities) or "none"
            raise ConfigurationError(
                f"{row.id}: no limit for {quantity!r}; quantities with limits: {known}"
            )
        decision = self.rule_of(requirement) or _of_attribute(row)
        try:
            found = [
                evaluate(
                    rule,
                    declared,
                    decision=decision,
                    level=level,
                    load_ohm=load_ohm,
                    reference=reference,
                )
                for rule in rules
            ]
        except (LookupError, QuantityError) as error:
            raise ConfigurationError(f"{row.id} ({row.origin}): {error}") from error
        return tuple(limit for limit in found if limit is not None)


def _of_attribute(row: Requirement) -> Rule:
    """Return the rule for the numbers beside an attribute: guarded where they are about safety."""
    return Rule.GUARDED_U if row.group in SAFETY_GROUPS else Rule.SIMPLE


def load_catalogue(
    *user_files: Path, rules: Mapping[str, Rule] | None = None, station: str = "station file"
) -> Catalogue:
    """Read the shipped requirements and the user's files over them.

    ``rules`` are the station's decision rules; ``station`` names their file in messages. Raises
    ConfigurationError, one line with file, line and key.
    """
    shipped = _shipped()
    rows, digest = dict(shipped.rows), hashlib.sha256(shipped.sha256.encode())
    for path in user_files:
        table = read_toml(path, kind="requirement file")
        rows |= read_requirements(table, known=rows)
        digest.update(table.source.sha256.encode())
    _require_known(rules or {}, rows, station)
    return replace(
        shipped,
        rows=MappingProxyType(dict(sorted(rows.items(), key=lambda item: _order(item[1])))),
        sha256=digest.hexdigest() if user_files else shipped.sha256,
        rules=MappingProxyType(dict(rules or {})),
    )


@cache
def _shipped() -> Catalogue:
    rows: dict[str, Requirement] = {}
    digest = hashlib.sha256()
    for group in GROUPS:
        table = read_toml(DATA / f"{group}.toml", kind="requirement file")
        rows |= read_requirements(table, known=rows, group=group)
        digest.update(table.source.sha256.encode())
    return Catalogue(rows=MappingProxyType(rows), sha256=digest.hexdigest())


def _order(row: Requirement) -> tuple[int, str]:
    return (GROUPS.index(row.group), row.id)


def _require_known(
    rules: Mapping[str, Rule], rows: Mapping[str, Requirement], station: str
) -> None:
    known = [*rows, *GROUPS, *(rule.value for rule in Rule)]
    for name in rules:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ConfigurationError(
                f"{station}: rules.{name}: expected a requirement, a group "
                f"({', '.join(GROUPS)}) or a decision rule, found {name!r}{hint}"
            )


def limits(
    requirement: str,
    quantity: str,
    declared: Declared,
    *,
    level: int | None = None,
    load_ohm: float | None = None,
    reference: float | None = None,
    user_files: Sequence[Path] = (),
) -> tuple[Limit, ...]:
    """Return the limits of the shipped catalogue; see :meth:`Catalogue.limits`."""
    return load_catalogue(*user_files).limits(
        requirement, quantity, declared, level=level, load_ohm=load_ohm, reference=reference
    )
