"""kill -9 of the runner: the output is off at once, and every finished measurement is there.

Set ``BENCH_PROOF_KILLS`` for another number of instants than twenty.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench.record import load_run, read_journal

KILLS = int(os.environ.get("BENCH_PROOF_KILLS", "20"))
LIMIT_S = 0.25
LATEST_S = 12.0
"""After the first instrument was touched: a run killed before it has switched nothing on."""


def events(path: Path):
    return [json.loads(line) for line in path.read_text().splitlines() if line.strip()]


def wait_for_touch(journal: Path, runner: subprocess.Popen, *, timeout_s: float = 60.0) -> None:
    """Wait until the runner has commanded an instrument, the guardian behind it."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline and runner.poll() is None:
        if journal.exists() and any(line.kind == "equipment" for line in read_journal(journal)):
            return
        time.sleep(0.05)
    raise AssertionError(f"no instrument was touched within {timeout_s} s")


def wait_for_end(journal: Path, *, timeout_s: float = 20.0) -> None:
    """Wait until the guardian has written the end of the run."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if any(line.kind == "finished" for line in read_journal(journal)):
            return
        time.sleep(0.05)
    raise AssertionError(f"no `finished` line in {journal} within {timeout_s} s of the kill")


@pytest.mark.long
@pytest.mark.timeout(120)
@pytest.mark.parametrize("number", range(KILLS))
def test_output_is_off_and_nothing_is_lost_after_a_kill(tmp_path, number, record_property):
    log, out = tmp_path / "events.jsonl", tmp_path / "run"
    delay_s = random.Random(f"kill {number}").uniform(0.0, LATEST_S)
    runner = subprocess.Popen(
        [sys.executable, "-m", "bench", "run", "release", "--out", str(out)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=os.environ | {"BENCH_TWIN_EVENT_LOG": str(log)},
    )
    wait_for_touch(out / "journal.jsonl", runner)
    time.sleep(delay_s)
    assert runner.poll() is None, runner.stderr.read().decode()
    before = [line for line in read_journal(out / "journal.jsonl") if line.kind == "measurement"]
    killed_ns = time.monotonic_ns()
    runner.send_signal(signal.SIGKILL)
    runner.wait()
    runner.stderr.close()
    wait_for_end(out / "journal.jsonl")

    seen = events(log)
    bridge = [event for event in seen if event["event"] in ("bridge_on", "bridge_off")]
    was_on = [e for e in bridge if e["wall_ns"] <= killed_ns][-1:]
    after = [event for event in bridge if event["wall_ns"] > killed_ns]
    on_at_kill = bool(was_on) and was_on[0]["event"] == "bridge_on"
    last = (after or was_on or [{"event": "bridge_off", "wall_ns": killed_ns}])[-1]
    off_after_s = max(0.0, (last["wall_ns"] - killed_ns) / 1e9) if after else 0.0
    record = load_run(out)
    record_property("on at kill", on_at_kill)
    record_property("off after s", off_after_s)
    print(
        f"kill {number} at {delay_s:.2f} s: output on {on_at_kill}, off {off_after_s * 1e3:.1f} ms"
    )

    assert last["event"] == "bridge_off"
    assert off_after_s <= LIMIT_S
    assert record.safe_state.confirmed
    assert record.verdict == "INCOMPLETE" or record.verdict == "FAIL"
    assert [line.data for line in before] == [
        line.data
        for line in list(read_journal(out / "journal.jsonl"))
        if line.kind == "measurement"
    ][: len(before)]
