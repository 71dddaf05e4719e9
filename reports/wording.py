"""The sentences of a report: what is claimed, under which rule, and what is not.

A simulated run says nothing about a real device, so its statements never speak of conformity.
No sentence speaks of efficacy.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from bench.decision import Rule, Verdict
from bench.record.schema import RequirementRecord, RunRecord

__all__ = [
    "EXCLUSIONS",
    "HAZARDS",
    "SIMULATED_NOTICE",
    "RuleText",
    "basis_text",
    "clause_text",
    "mark_note",
    "report_title",
    "requirement_note",
    "rule_texts",
    "statement",
]

SIMULATED_NOTICE = "SIMULATED BENCH — no statement about a real device"

EXCLUSIONS: tuple[tuple[str, str], ...] = (
    ("Electromagnetic compatibility", "emissions and immunity (IEC 60601-1-2)"),
    ("Radio", "wireless coexistence and radio approval of a link"),
    ("Battery", "cell and pack safety, transport, abuse (IEC 62133-2, UN 38.3)"),
    ("Insulation", "dielectric strength, creepage and clearance, mains parts of a charger"),
    ("Biocompatibility", "electrode materials and gels (ISO 10993)"),
    ("Mechanics and ingress", "drop, strength, cleaning, ingress of liquids"),
    ("Usability and labelling", "IEC 62366-1, instructions, markings, indicators to the eye"),
    ("Software life cycle", "IEC 62304 processes; only the behaviour measured here is shown"),
    ("Clinical effect", "no result here says anything about benefit to a user"),
)
"""What this bench does not examine: (field, what belongs to it)."""


HAZARDS = {
    "S4": "hazardous",
    "S3": "potential harm",
    "S2": "nuisance",
    "S1": "performance",
}
"""Severities of hazards, the worst first. Source: docs/requirements.md."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleText:
    """One decision rule explained."""

    rule: str
    acceptance: str
    risk: str
    """The worst case of false acceptance, at the edge of the acceptance interval."""


_RULES: dict[str, RuleText] = {
    Rule.SIMPLE: RuleText(
        rule=Rule.SIMPLE,
        acceptance="The value inside the limit is PASS, outside is FAIL; no guard band (w = 0).",
        risk="up to 50 % for a value on the limit; the probability is printed with each row",
    ),
    Rule.GUARDED_U: RuleText(
        rule=Rule.GUARDED_U,
        acceptance="PASS only where the value lies inside the limit by at least w = U.",
        risk="at most 2.3 % (one side, U at k = 2)",
    ),
    Rule.GUARDED_95: RuleText(
        rule=Rule.GUARDED_95,
        acceptance="PASS only where the value lies inside the limit by at least w = 0.83 U.",
        risk="at most 5 % (one side, U at k = 2)",
    ),
    Rule.ILAC_NONBINARY: RuleText(
        rule=Rule.ILAC_NONBINARY,
        acceptance="PASS inside the limit by at least w = U; CONDITIONAL PASS or CONDITIONAL FAIL "
        "within w of the limit; FAIL beyond.",
        risk="at most 2.3 % for PASS; up to 50 % for CONDITIONAL PASS, which is listed by name",
    ),
    Rule.IEC_GUIDE_115: RuleText(
        rule=Rule.IEC_GUIDE_115,
        acceptance="As simple acceptance; the uncertainty is held small by the choice of "
        "instruments and method (IEC Guide 115).",
        risk="up to 50 % for a value on the limit; the probability is printed with each row",
    ),
}


def rule_texts(rules: Iterable[str]) -> list[RuleText]:
    """Return the explanations of ``rules``, each once, in the order of the rule table."""
    used = set(rules)
    return [text for rule, text in _RULES.items() if rule in used]


def basis_text(basis: str) -> str:
    """Return whose limit it is."""
    return {"declared": "declared by the manufacturer", "standard": "limit of a standard"}.get(
        basis, basis
    )


_MARK_NOTES = {
    "R": "clause figure unverified: check against your copy",
    "P": "bench default, proposed",
    "D": "derived from other figures",
    "V2": "figure from a secondary source",
}


def clause_text(clause: str) -> str:
    """Return a clause as printed; a bare mark stands for the bench's own proposal."""
    return {"": "\N{EN DASH}", "P": "bench default", "D": "derived"}.get(clause.strip(), clause)


def mark_note(mark: str) -> str:
    """Return what a provenance mark such as ``V field / P time`` asks of the reader.

    Empty where the figure was read in a primary source.
    """
    tokens = [token.rstrip("?") for token in re.findall(r"\b(?:V2|[VRDP])\b\??", mark)]
    words = {"recalled": "R", "proposed": "P"}
    tokens += [token for word, token in words.items() if word in mark.lower()]
    return "; ".join(note for token, note in _MARK_NOTES.items() if token in tokens)


def requirement_note(requirement: RequirementRecord) -> str:
    """Return what a reader must know of a demand: how sure its figure is, and who changed it."""
    changed = f"changed by {requirement.changed}" if requirement.changed else ""
    return "; ".join(note for note in (mark_note(requirement.mark), changed) if note)


def report_title(record: RunRecord) -> str:
    """Return the title; a simulated run is a test report, not a compliance report."""
    return "Simulated test report" if record.simulated else "Compliance test report"


def statement(record: RunRecord) -> str:
    """Return the overall verdict as a sentence that claims no more than was measured."""
    table = _SIMULATED_STATEMENTS if record.simulated else _STATEMENTS
    fallback = "The verdict of this run is not known to this version: no statement is made."
    text = table.get(record.verdict, fallback)
    late = [part for part in record.equipment if not part.calibrated]
    if late and not record.simulated:
        text = _UNCALIBRATED + (_NOT_MET if "{failed}" in text else "")
    named = ", ".join(f"{part.role} {part.model} ({part.calibration_status})" for part in late)
    return text.format(plan=record.plan, failed=_ids_of_failed(record), named=named)


def _ids_of_failed(record: RunRecord) -> str:
    failed = {Verdict.FAIL.value, Verdict.CONDITIONAL_FAIL.value}
    ids = [requirement.id for requirement in record.requirements if requirement.verdict in failed]
    return ", ".join(ids) or "see the table of clauses"


_UNCALIBRATED = (
    "No statement of conformity: without valid calibration were {named}. The values and their "
    "uncertainties hold only as far as those instruments can be trusted."
)
_NOT_MET = " Not met by these values: {failed}."
_STATEMENTS: dict[str, str] = {
    Verdict.PASS: "The item tested complies with the requirements of plan “{plan}” that were "
    "tested, each under the decision rule printed in its row.",
    Verdict.FAIL: "The item tested does not comply with plan “{plan}”. Not met: {failed}.",
    Verdict.INCOMPLETE: "No statement of conformity: at least one required requirement of plan "
    "“{plan}” was not decided.",
    Verdict.ERROR: "No statement of conformity: the bench was at fault during this run.",
}
_SIMULATED_STATEMENTS: dict[str, str] = {
    Verdict.PASS: "The simulated unit met every requirement of plan “{plan}” that was tested, each "
    "under the decision rule printed in its row.",
    Verdict.FAIL: "The simulated unit did not meet plan “{plan}”. Not met: {failed}.",
    Verdict.INCOMPLETE: "At least one required requirement of plan “{plan}” was not decided.",
    Verdict.ERROR: "The simulated bench was at fault during this run; nothing is said of the unit.",
}
