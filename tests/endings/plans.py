"""Real runs in processes of their own, on a plan that switches the output on and then ends somehow."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from bench.cli.main import main
from bench.record import load_run, read_journal
from bench.record.closing import close_died_runs
from bench.record.run_folder import OPEN_MARK
from reports import write_reports

ROOT = Path(__file__).parents[2]

PLAN = """
import ctypes, os, resource, signal, socket, time
from pathlib import Path
import pytest
from bench.device.link import DeviceState

@pytest.mark.requirement("OUT-004")
def test_output(bench, check):
    bench.treatment.make_idle()
    bench.treatment.connect(2000.0)
    bench.treatment.begin(level=3)
    bench.treatment.wait_for(DeviceState.RUN, within_s=20.0, after="START")
    check.recorded("OUT-004", "first", found="the output is on")
    Path(os.environ["ENDING_MARK"]).touch()
    {body}

@pytest.mark.requirement("OUT-004")
def test_later(bench, check):
    check.recorded("OUT-004", "second", found="never to be seen")
"""

SHORT_SILENCE = """
from functools import partial
from bench.station import station
station.GuardianOrders = partial(station.GuardianOrders, silence_limit_s=12.0, ending_limit_s=12.0)
"""
"""conftest.py of a plan whose guardian loses patience soon."""


@dataclass
class Ending:
    """A run that is going on with its output on, or has ended."""

    folder: Path
    log: Path
    process: subprocess.Popen
    stderr: Path

    def wait(self, timeout_s: float = 300.0) -> int:
        return self.process.wait(timeout=timeout_s)

    def wait_for_end(self) -> None:
        """Wait for the line that the runner or its guardian writes last."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if "finished" in self.kinds():
                return
            time.sleep(0.05)
        raise AssertionError(f"no end: {self.kinds()[-5:]} {self.stderr.read_text()[-2000:]}")

    def kinds(self) -> list[str]:
        return [line.kind for line in read_journal(self.folder / "journal.jsonl")]

    def record(self):
        return load_run(self.folder)

    def outcome(self) -> str:
        lines = read_journal(self.folder / "journal.jsonl")
        return next(line.data["outcome"] for line in lines if line.kind == "finished")

    def quantities(self) -> list[str]:
        return [row.quantity for row in self.record().measurements]

    def flows(self) -> bool:
        """Whether current could still flow when the laboratory was last seen to change."""
        bridge = path = False
        for line in self.log.read_text().splitlines():
            event = json.loads(line)["event"]
            bridge = {"bridge_on": True, "bridge_off": False}.get(event, bridge)
            path = {"path_closed": True, "path_open": False}.get(event, path)
        return bridge and path

    def require_safe_and_kept(self) -> None:
        """What holds however a run ends: bench safe, rows kept, later tests not run, all provable."""
        assert ["first"] == self.quantities()
        assert self.record().safe_state.confirmed
        assert not self.flows()
        self.close_by_the_next_start()
        assert 0 == main(["verify", str(self.folder)])

    def close_by_the_next_start(self) -> None:
        """Do to a dead run what every start does."""
        deadline = time.monotonic() + 20
        while (self.folder / OPEN_MARK).exists() and time.monotonic() < deadline:
            close_died_runs(self.folder.parent, render=lambda f: write_reports(f, load_run(f)))
            time.sleep(0.1)  # a guardian that is still there holds the mark


def start(
    tmp_path, body, *, conftest="", words=(), prefix=(), env=(), wait=True, **popen
) -> Ending:
    """Start a run and return once its output is on."""
    plan = tmp_path / "plan"
    plan.mkdir()
    (plan / "test_ending.py").write_text(PLAN.replace("{body}", body))
    (plan / "conftest.py").write_text(conftest)
    folder, mark = tmp_path / "runs" / "run", tmp_path / "mark"
    folder.parent.mkdir(exist_ok=True)
    stderr = tmp_path / "stderr"
    with stderr.open("wb") as sink:
        process = subprocess.Popen(
            [*prefix, sys.executable, "-m", "bench", "run", str(plan), "--out", str(folder), *words],
            **({"stdout": subprocess.DEVNULL, "stderr": sink} | popen), cwd=ROOT,
            env=os.environ | {"BENCH_TWIN_EVENT_LOG": str(tmp_path / "log"), "ENDING_MARK": str(mark)}
            | dict(env),
        )  # fmt: skip
    ending = Ending(folder, tmp_path / "log", process, stderr)
    deadline = time.monotonic() + 300
    while wait and not mark.exists():
        assert time.monotonic() < deadline and process.poll() is None, stderr.read_text()[-3000:]
        time.sleep(0.02)
    return ending


def said(ending: Ending) -> str:
    """What stood on stderr, without pytest's frames."""
    text = ending.stderr.read_text(errors="replace")
    assert "Traceback" not in text and "INTERNALERROR" not in text, text[-4000:]
    return re.sub(r"\s+", " ", text)
