"""The release plan proves itself: healthy units pass, fitted faults are caught for the right reason.

Set ``BENCH_PROOF_UNITS`` for another number of units with fixed seeds than twenty.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys

import pytest

UNITS = int(os.environ.get("BENCH_PROOF_UNITS", "20"))
DRAWN = 5
CAUGHT = [
    "A01=middle", "A03=middle", "A05=middle", "A06=middle", "A14=middle", "A15=middle", "F01=middle",
    "F07=middle", "F09=middle", "P01=middle", "R05=middle", "O01=high",
]  # fmt: skip
BENCH_FAULTS = ["X01", "X06"]


def challenge(*options: str):
    done = subprocess.run(
        [sys.executable, "-m", "bench", "challenge", "release", "--json", *options],
        capture_output=True,
        text=True,
        check=False,
        timeout=3000,
    )
    print(done.stderr)
    return json.loads(done.stdout)


@pytest.mark.long
@pytest.mark.timeout(3000)
def test_healthy_units_pass():
    found = challenge("--healthy", str(UNITS), "--first-seed", "1")["healthy"]

    assert (UNITS, 0, 0, 0) == (
        found["n"], found["fail"], found["error"], found["inconclusive"],
    )  # fmt: skip


@pytest.mark.long
@pytest.mark.timeout(1000)
def test_units_drawn_at_test_time_pass():
    first = random.SystemRandom().randrange(1_000, 1_000_000)
    print(f"seeds {first} to {first + DRAWN - 1}")

    found = challenge("--healthy", str(DRAWN), "--first-seed", str(first))["healthy"]

    assert (0, 0, 0) == (found["fail"], found["error"], found["inconclusive"]), first


@pytest.mark.long
@pytest.mark.timeout(2000)
def test_faults_are_caught_for_the_right_reason():
    flags = [word for fault in CAUGHT for word in ("--fault", fault)]

    rows = challenge(*flags)["rows"]

    assert [] == [row for row in rows if row["outcome"] != "caught"]


@pytest.mark.long
@pytest.mark.timeout(500)
def test_faults_of_the_bench_are_errors():
    rows = challenge(*[word for fault in BENCH_FAULTS for word in ("--fault", fault)])["rows"]

    assert ["ERROR", "ERROR"] == [row["verdict"] for row in rows]
    assert [[], []] == [row["requirements"] for row in rows]


@pytest.mark.long
@pytest.mark.timeout(300)
def test_two_runs_with_one_seed_measure_the_same(tmp_path):
    found = []
    for name in ("one", "two"):
        subprocess.run(
            [sys.executable, "-m", "bench", "run", "release", "--out", str(tmp_path / name),
             "--twin-seed", "7"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, timeout=200,
        )  # fmt: skip
        found.append(json.loads((tmp_path / name / "summary.json").read_text())["measurements"])

    assert found[0] == found[1]
