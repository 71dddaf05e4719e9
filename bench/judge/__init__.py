"""The only place where a verdict is made, and the uncertainty that it rests on."""

from bench.judge.rules import (
    Judgement,
    decidable,
    fact_verdict,
    guard_band,
    judge,
    missing_value_verdict,
    probability_of_conformity,
)
from bench.judge.run_verdict import requirement_verdict, run_verdict
from bench.judge.verdict import Basis, Limit, Rule, Verdict

__all__ = [
    "Basis",
    "Judgement",
    "Limit",
    "Rule",
    "Verdict",
    "decidable",
    "fact_verdict",
    "guard_band",
    "judge",
    "missing_value_verdict",
    "probability_of_conformity",
    "requirement_verdict",
    "run_verdict",
]
