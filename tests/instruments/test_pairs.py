"""Every driver on its simulated dialect: a plan of seconds through the whole bench.

Each run takes one family of every role, so that there are no more runs than the longest role has
families. The release plan on every pair: ``tox -e instruments``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import cycle, islice
from pathlib import Path

import pytest

from bench.station.simulated_instruments import SIMULATED_MODELS

ROOT = Path(__file__).parents[2]
PLAN = Path(__file__).with_name("reduced_plan.py")
TOO_SMALL = ("tektronix-tbs1000",)
"""Scopes whose memory does not hold the plan's records: the run must say so, and blame nobody."""
UNCOVERED = {name: text for name, text in os.environ.items() if not name.startswith("COVERAGE_")}
"""Coverage doubles the time of these runs; every driver and dialect has tests of its own for that."""
RUNS = max(len(families) for families in SIMULATED_MODELS.values())


def together(number: int) -> dict[str, str]:
    """Return the family of each role in one of the runs."""
    return {
        role: next(islice(cycle(families), number, None))
        for role, families in SIMULATED_MODELS.items()
    }


@pytest.mark.parametrize(
    "families", [together(number) for number in range(RUNS)], ids=lambda f: "+".join(f.values())
)
def test_the_reduced_plan_passes_on(families, tmp_path):
    small = families["scope"] in TOO_SMALL
    summary = run(PLAN, families, tmp_path / "run", exit_code=14 if small else 0)
    if small:
        assert summary["verdict"] == "INCOMPLETE"
        assert {row["verdict"] for row in summary["measurements"]} == {"NOT TESTED"}
        assert all("memory is too small" in row["reason"] for row in summary["measurements"])
        return
    assert (summary["verdict"], summary["simulated"]) == ("PASS", True)
    assert len(summary["measurements"]) >= 3


def run(plan: Path | str, families: dict[str, str], folder: Path, *, exit_code: int = 0) -> dict:
    """Run a plan on named families and return its summary."""
    chosen = [text for role, name in families.items() for text in (f"--{role}", name)]
    command = [sys.executable, "-m", "bench", "run", str(plan), *chosen, "--out", str(folder)]
    done = subprocess.run(
        command, cwd=ROOT, env=UNCOVERED, capture_output=True, text=True, timeout=900, check=False
    )
    assert done.returncode == exit_code, (
        f"{' '.join(command)}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
    )
    return json.loads((folder / "summary.json").read_text(encoding="utf-8"))
