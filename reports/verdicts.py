"""How a verdict looks: word, shape, form code and rank. Never colour alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bench.decision import Verdict
from bench.record.schema import MeasurementRecord

__all__ = ["LEGEND", "Sign", "sign_of", "worst_first", "worst_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """One verdict as printed."""

    word: str
    shape: str
    code: str
    """As in an IEC test report form: P, F, N/A; an asterisk marks a conditional verdict."""
    tone: str
    """CSS class: ``pass``, ``fail``, ``warn`` or ``plain``."""
    meaning: str

    @property
    def slug(self) -> str:
        """CSS class that gives a cell the shape."""
        return "v-" + self.word.lower().replace(" ", "-")


def _sign(verdict: Verdict, shape: str, code: str, tone: str, meaning: str) -> Sign:
    return Sign(word=verdict.value, shape=shape, code=code, tone=tone, meaning=meaning)


_WORST_FIRST: tuple[Sign, ...] = (
    _sign(Verdict.FAIL, "✖", "F", "fail", "outside the limit under the rule stated"),
    _sign(
        Verdict.CONDITIONAL_FAIL,
        "▼",
        "F*",
        "fail",
        "outside the limit, by less than the guard band",
    ),
    _sign(Verdict.ERROR, "■", "E", "fail", "the bench is at fault; nothing is said of the item"),
    _sign(Verdict.INCONCLUSIVE, "◆", "?", "warn", "the record or its uncertainty cannot decide"),
    _sign(Verdict.INCOMPLETE, "◆", "?", "warn", "a required requirement was not decided"),
    _sign(Verdict.NOT_TESTED, "○", "N/T", "warn", "no test ran"),
    _sign(
        Verdict.CONDITIONAL_PASS,
        "▲",
        "P*",
        "warn",
        "inside the limit, by less than the guard band",
    ),
    _sign(Verdict.PASS, "✔", "P", "pass", "inside the acceptance interval of the rule stated"),
    _sign(Verdict.RECORDED, "●", "R", "plain", "recorded; no limit applies"),
    _sign(Verdict.NOT_APPLICABLE, "–", "N/A", "plain", "does not apply to this item"),
)
_SIGNS = {sign.word: sign for sign in _WORST_FIRST}
_RANK = {sign.word: rank for rank, sign in enumerate(_WORST_FIRST)}
LEGEND: tuple[Sign, ...] = tuple(s for s in _WORST_FIRST if s.word != Verdict.INCOMPLETE.value)


def sign_of(verdict: str) -> Sign:
    """Return the sign of ``verdict``; a word that is not known prints as an error."""
    known = _SIGNS.get(verdict)
    if known is not None:
        return known
    return Sign(word=verdict or "no verdict", shape="■", code="E", tone="fail", meaning="unknown")


def _severity(row: MeasurementRecord) -> tuple[int, float, str]:
    margin = row.margin_pct if row.margin_pct is not None else float("inf")
    return _RANK.get(row.verdict, -1), margin, row.id


def worst_first(rows: Iterable[MeasurementRecord]) -> list[MeasurementRecord]:
    """Return ``rows`` by verdict, then by margin, the worst at the head."""
    return sorted(rows, key=_severity)


def worst_of(rows: Iterable[MeasurementRecord]) -> MeasurementRecord | None:
    """Return the row that decides, or None where there is none."""
    return min(rows, key=_severity, default=None)
