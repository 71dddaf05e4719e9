"""The device's states under a random walk, held against a reference model."""

from __future__ import annotations

import pytest

from bench.plugin import Bench, Check
from bench.station.walk_steps import chosen_walks

STEPS = 100
LOADS_OHM = (500.0, 2000.0)
"""Two walks of a hundred steps, each also without contact."""


@pytest.mark.requirement("FLT-030")
@pytest.mark.parametrize("at_ohm", LOADS_OHM)
def test_no_walk_leaves_the_state_machine(bench: Bench, check: Check, at_ohm: float) -> None:
    walks = chosen_walks(
        bench.walk_seed, walks=len(LOADS_OHM), steps=STEPS, levels=len(bench.profile.levels)
    )
    found = bench.walker.walk(walks[LOADS_OHM.index(at_ohm)], load_ohm=at_ohm)
    violation = found.violation
    evidence = () if violation is None or violation.capture is None else (
        tuple(violation.capture.hashes.values())
    )  # fmt: skip
    check.fact(
        "FLT-030", "random walk", holds=violation is None, load_ohm=at_ohm, steps=found.steps,
        found=f"{found.steps} steps, no violation" if violation is None else str(violation),
        waveforms=evidence,
    )  # fmt: skip
