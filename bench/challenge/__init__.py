"""Proving a plan against fitted faults and healthy units."""

from bench.challenge.bounds import upper_bound
from bench.challenge.matrix import (
    ChallengeRow,
    FaultEntry,
    Healthy,
    Trial,
    challenge,
    load_faults,
    require_known_faults,
    trials,
    weighed,
)
from bench.challenge.page import challenge_page
from bench.challenge.runs import Runs

__all__ = [
    "ChallengeRow",
    "FaultEntry",
    "Healthy",
    "Runs",
    "Trial",
    "challenge",
    "challenge_page",
    "load_faults",
    "require_known_faults",
    "trials",
    "upper_bound",
    "weighed",
]
