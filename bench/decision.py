"""The words of a decision: verdicts, rules, and the limits they are about."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

__all__ = ["FAILED", "Basis", "Limit", "Rule", "Verdict"]


class Verdict(StrEnum):
    """What can be said of a measurement, a requirement or a run."""

    PASS = "PASS"
    CONDITIONAL_PASS = "CONDITIONAL PASS"
    CONDITIONAL_FAIL = "CONDITIONAL FAIL"
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"
    ERROR = "ERROR"
    NOT_TESTED = "NOT TESTED"
    NOT_APPLICABLE = "NOT APPLICABLE"
    RECORDED = "RECORDED"
    INCOMPLETE = "INCOMPLETE"
    """Of a run only: a required requirement was not decided."""


FAILED: Final = (Verdict.FAIL, Verdict.CONDITIONAL_FAIL)
"""Verdicts of a measurement that is outside its limit."""


class Rule(StrEnum):
    """Decision rules; see :mod:`bench.judge.rules` for the table."""

    SIMPLE = "simple"
    GUARDED_U = "guarded_u"
    GUARDED_95 = "guarded_95"
    ILAC_NONBINARY = "ilac_nonbinary"
    IEC_GUIDE_115 = "iec_guide_115"


class Basis(StrEnum):
    """Whose limit it is: the manufacturer's declaration or a standard's clause."""

    DECLARED = "declared"
    STANDARD = "standard"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """Tolerance limits for one quantity; an absent side is None."""

    quantity: str
    basis: Basis
    low: float | None
    high: float | None
    unit: str
    rule: Rule
    text: str = ""
    """The limit in words, with its nominal and tolerance, as the report prints it."""
    mark: str = ""
    """How sure the figure is: V, V2, R, D or P."""
