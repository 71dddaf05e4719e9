"""One row of the catalogue: what is demanded, by whom, in which plans, at which settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from bench.decision import Rule
from bench.requirements.declared import Declared
from bench.requirements.limits import LimitRule

__all__ = ["CATALOGUE", "GROUPS", "Levels", "Requirement", "Scope"]

Levels = Literal["all", "max", "min/mid/max"]
CATALOGUE: Final = "catalogue"
"""Origin of a row that no user file has changed."""
GROUPS: Final = ("output", "fault", "leakage", "record", "indicator")

_RULE_WORDS: Final[Mapping[Rule, str]] = {
    Rule.SIMPLE: "simple acceptance",
    Rule.GUARDED_U: "guarded, w = U",
    Rule.GUARDED_95: "guarded, 95 %",
    Rule.ILAC_NONBINARY: "non-binary, w = U",
    Rule.IEC_GUIDE_115: "simple acceptance, IEC Guide 115",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """At which levels and loads a plan tests a requirement; ``loads_ohm`` None is all."""

    levels: Levels = "all"
    loads_ohm: tuple[float, ...] | None = None
    note: str = ""

    def levels_of(self, declared: Declared) -> tuple[int, ...]:
        """Return the numbers of a device's levels that are in scope."""
        numbers = tuple(level.number for level in declared.levels)
        if self.levels == "all":
            return numbers
        if self.levels == "max":
            return numbers[-1:]
        return tuple(sorted({numbers[0], numbers[(len(numbers) - 1) // 2], numbers[-1]}))

    def loads_of(self, declared: Declared) -> tuple[float, ...]:
        """Return a device's loads that are in scope; the smallest where it declares none of them."""
        loads = tuple(declared.loads_ohm)
        if self.loads_ohm is None:
            return loads
        return tuple(ohm for ohm in loads if ohm in self.loads_ohm) or loads[:1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One requirement."""

    id: str
    title: str
    group: str
    kind: str
    """``limit``, ``record``, ``self-test`` or ``applicability``."""
    source: str
    clause: str
    mark: str
    """How sure the demand and its figures are, in the marks of docs/requirements.md."""
    limit_text: str
    unit: str
    loads_text: str
    instruments: str
    method: str
    rule: Rule | None
    """None for an attribute: something that either holds or does not."""
    plans: tuple[str, ...]
    scopes: Mapping[str, Scope]
    hazards: tuple[str, ...]
    needs: Mapping[str, str]
    """Features that a device must declare, each with the reason why it is not applicable else."""
    limits: tuple[LimitRule, ...]
    origin: str
    """Where the row comes from: the catalogue, or the user's file and why."""

    @property
    def rule_text(self) -> str:
        """The decision rule in words."""
        return "none (attribute)" if self.rule is None else _RULE_WORDS[self.rule]

    @property
    def quantities(self) -> tuple[str, ...]:
        """Names of the quantities that have limits."""
        return tuple(dict.fromkeys(rule.quantity for rule in self.limits))

    @property
    def production_scope(self) -> Scope | None:
        """What the production plan cuts the requirement down to; None where it is tested in full."""
        return self.scopes.get("production")

    def scope(self, plan: str) -> Scope:
        """Return the levels and loads of a plan; those of the release plan where it says nothing."""
        return self.scopes.get(plan) or self.scopes.get("release") or Scope()

    def not_applicable(self, declared: Declared) -> str | None:
        """Return why a device need not fulfil it, or None where it must."""
        for feature, reason in self.needs.items():
            if feature not in declared.features:
                return reason
        return None
