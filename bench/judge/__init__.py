"""The only place where a verdict is made, and the uncertainty that it rests on."""

from bench.decision import Basis, Limit, Rule, Verdict
from bench.judge.budget import Budget, Contribution, Input, evaluate, normal, rectangular
from bench.judge.data_sheets import (
    MultimeterAccuracy,
    ScopeAccuracy,
    multimeter_accuracy,
    scope_accuracy,
    transferred_scope,
)
from bench.judge.meter_budgets import (
    current_over_shunt_budget,
    current_ratio_budget,
    resistance_budget,
    voltage_budget,
)
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
from bench.judge.scope_budgets import (
    ScopeRange,
    amplitude_budget,
    amplitude_ratio_budget,
    level_budget,
    mean_budget,
    net_charge_budget,
    phase_charge_budget,
    rms_budget,
    symmetry_budget,
)
from bench.judge.time_budgets import (
    clock_interval_budget,
    interval_budget,
    rate_budget,
    shutdown_latency_budget,
)

__all__ = [
    "Basis",
    "Budget",
    "Contribution",
    "Input",
    "Judgement",
    "Limit",
    "MultimeterAccuracy",
    "Rule",
    "ScopeAccuracy",
    "ScopeRange",
    "Verdict",
    "amplitude_budget",
    "amplitude_ratio_budget",
    "clock_interval_budget",
    "current_over_shunt_budget",
    "current_ratio_budget",
    "decidable",
    "evaluate",
    "fact_verdict",
    "guard_band",
    "interval_budget",
    "judge",
    "level_budget",
    "mean_budget",
    "missing_value_verdict",
    "multimeter_accuracy",
    "net_charge_budget",
    "normal",
    "phase_charge_budget",
    "probability_of_conformity",
    "rate_budget",
    "rectangular",
    "requirement_verdict",
    "resistance_budget",
    "rms_budget",
    "run_verdict",
    "scope_accuracy",
    "shutdown_latency_budget",
    "symmetry_budget",
    "transferred_scope",
    "voltage_budget",
]
