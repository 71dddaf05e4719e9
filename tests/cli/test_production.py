"""A healthy unit through the production plan: passed, in half a minute of device time."""

from __future__ import annotations

import json
from pathlib import Path

from bench.plugin.durations import plan_time
from tests.cli.test_bad_input import bench

LIMIT_S = 30.0
"""Of device time for one unit of the default profile."""


def test_a_healthy_unit_passes_in_half_a_minute_of_device_time(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    done = bench("run", "production", "--twin-seed", "7", "--out", str(folder), "--json")
    summary = json.loads(done.stdout)
    assert (0, "PASS") == (done.returncode, summary["verdict"])
    assert summary["device_time_s"] <= LIMIT_S

    lines = (folder / "journal.jsonl").read_text(encoding="utf-8").splitlines()
    tests = [row["data"]["node_id"] for row in map(json.loads, lines) if row["kind"] == "test"]
    told = plan_time(tests, plan="production")
    assert told.guessed == 0
    assert abs(told.device_s - summary["device_time_s"]) < 1.0


def test_a_scope_with_too_little_memory_is_not_the_unit_s_fault(tmp_path: Path) -> None:
    done = bench(
        "run", "production", "--profile", "ref-biph-10", "--scope", "tektronix-tbs1000",
        "--out", str(tmp_path / "run"), "--json",
    )  # fmt: skip
    summary = json.loads(done.stdout)
    failed = [row for row in summary["measurements"] if row["verdict"] == "FAIL"]
    assert ("INCOMPLETE", []) == (summary["verdict"], failed)
