"""A faulty bench is an error of the bench, in words, whatever the device does (all: tests/proof)."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest


def run(folder, *faults: str) -> dict:
    words = [word for fault in faults for word in ("--twin-fault", fault)]
    command = [sys.executable, "-m", "bench", "run", "safety", *words, "--out", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 10, done.stderr
    return json.loads((folder / "summary.json").read_text(encoding="utf-8"))


@pytest.mark.timeout(250)
@pytest.mark.parametrize(
    ("faults", "words"),
    [
        (["X15"], "triggers on a relay's edge"),
        (["X19"], "mains is picked up"),
        (["X27", "A03=high"], "electrode leads"),
    ],
    ids=["trigger dead", "mains", "lead open on a faulty device"],
)
def test_a_bench_fault_is_named_and_no_device_is_blamed(tmp_path, faults, words):
    record = run(tmp_path / "run", *faults)
    assert "ERROR" == record["verdict"]
    assert words in record["reason"]
    assert not [m for m in record["measurements"] if "FAIL" in m["verdict"]]
