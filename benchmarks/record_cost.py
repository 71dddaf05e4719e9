"""What recording costs: ``python benchmarks/record_cost.py [MEASUREMENTS …]`` (default 1000 10000).

Two fresh processes for each number, median of five: bare pytest with as many tests that assert one
number, and the same tests under the bench's plugin, each judging its number against two limits, with
the durable journal (a synced line a measurement), test outcomes, the closed run and the SQLite store. The
bench's report, log and instruments are left out: they are not part of what is asked. Prints the
difference a measurement, the peak memory of both, and how they grow.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
REPEATS = int(os.environ.get("REPEATS", "5"))

BARE = """
import pytest
@pytest.mark.parametrize("number", range({count}))
def test_one(number):
    assert 0.0 <= 1.0 + number % 7 / 10 <= 2.0
"""

RECORDED = """
import pytest
@pytest.mark.parametrize("number", range({count}))
def test_one(number, judged):
    judged(number, 1.0 + number % 7 / 10)
"""

CHILD = """
import json, resource, sys, time
started = time.perf_counter()
import pytest
plugins = []
if sys.argv[1] == "recorded":
    sys.path.insert(0, sys.argv[4])
    from recorder import Recorder
    plugins = [Recorder(sys.argv[3])]
code = pytest.main(["-qq", "-p", "no:cacheprovider", "-c", "/dev/null", "--rootdir", sys.argv[3], sys.argv[2]], plugins=plugins)
took = time.perf_counter() - started
usage = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps([took, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, int(code)]))
"""

RECORDER = '''
"""The bench's own parts around a test loop, without instruments."""

from pathlib import Path

import pytest

from bench.decision import Basis, Limit, Rule
from bench.judge.rules import judge
from bench.record import Journal, create_run_folder, utc_now
from bench.record.closing import close_run
from bench.record.events import Finished, Kind, Started
from bench.record.schema import (
    DeviceRecord, MeasurementRecord, RequirementRecord, SafeStateRecord, TestOutcome,
)
from bench.store import forward_pending, mark_pending, read_address

LIMIT = Limit(quantity="value", basis=Basis.DECLARED, low=0.0, high=2.0, unit="µA", rule=Rule.SIMPLE)


class Recorder:
    def __init__(self, root):
        self.folder = create_run_folder(Path(root) / "runs" / "run")
        mark_pending(self.folder)
        self.journal = Journal(self.folder / "journal.jsonl")
        row = RequirementRecord(
            id="OUT-001", title="t", clause="", source="", mark="P", verdict="NOT TESTED",
            worst_margin_pct=None, reason="",
        )
        self.journal.append(Kind.STARTED, Started(
            run_id="cost", plan="cost", simulated=True, profile="p", profile_title="P", station="s",
            device=DeviceRecord(model="M", serial="S", firmware="1", udi=""), seed=1,
            requirements=(row,), software={}, declared={}, assumptions=(),
            environment={}, operator="", started_at=utc_now(), planned={},
        ))

    @pytest.fixture
    def judged(self):
        def check(number, value):
            found = judge(value, expanded_uncertainty=0.05, coverage_factor=2.0, limit=LIMIT)
            self.journal.append(Kind.MEASUREMENT, MeasurementRecord(
                id=f"OUT-001/value/number={number}", requirements=("OUT-001",), quantity="value",
                basis="declared", value=value, unit="µA", expanded_uncertainty=0.05,
                coverage_factor=2.0, low=0.0, high=2.0, rule=LIMIT.rule.value,
                verdict=found.verdict.value, margin_pct=found.margin_pct, p_conform=found.p_conform,
                conditions={"number": number}, waveforms=(), attempt=1, reason=found.reason,
                at_utc=utc_now(),
            ))
        return check

    def pytest_runtest_logreport(self, report):
        if report.when == "call":
            self.journal.append(Kind.TEST, TestOutcome(
                node_id=report.nodeid, outcome=report.outcome, duration_s=report.duration,
                reason="", requirements=("OUT-001",),
            ))

    def pytest_unconfigure(self):
        self.journal.append(Kind.SAFE_STATE, SafeStateRecord(confirmed=True, steps=()))
        self.journal.append(Kind.FINISHED, Finished(outcome="completed", finished_at=utc_now()))
        self.journal.close()
        close_run(self.folder)
        store = read_address(f"sqlite:///{self.folder.parent / 'store.sqlite'}")
        filled = forward_pending(self.folder.parent, store)
        assert len(filled.stored) == 1, filled
'''


def once(kind: str, count: int) -> tuple[float, float, float]:
    """Return wall seconds, CPU seconds and peak MB of one process."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_COST_DIR")) as name:
        folder = Path(name)
        plan = folder / "test_cost.py"
        plan.write_text((RECORDED if kind == "recorded" else BARE).format(count=count))
        (folder / "recorder.py").write_text(RECORDER)
        done = subprocess.run(
            [sys.executable, "-c", CHILD, kind, plan, folder, folder],
            capture_output=True, text=True, check=False, env=os.environ | {"PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        took_s, cpu_s, peak_mb, code = json.loads(done.stdout.strip().splitlines()[-1])
        assert code == 0, done.stdout + done.stderr
        return took_s, cpu_s, peak_mb


def main() -> None:
    counts = [int(word) for word in sys.argv[1:]] or [1000, 10_000]
    print(f"{'measurements':>12} {'':>10} {'wall s':>8} {'CPU s':>8} {'peak MB':>8}")
    for count in counts:
        middle = {}
        for kind in ("bare", "recorded"):
            runs = [once(kind, count) for _ in range(REPEATS if count <= 10_000 else 1)]
            middle[kind] = [statistics.median(column) for column in zip(*runs, strict=True)]
            took_s, cpu_s, peak_mb = middle[kind]
            print(f"{count:>12} {kind:>10} {took_s:>8.2f} {cpu_s:>8.2f} {peak_mb:>8.0f}")
        more = [b - a for a, b in zip(middle["bare"], middle["recorded"], strict=True)]
        print(
            f"{'':>12} a measurement: {more[0] / count * 1e3:.2f} ms wall, "
            f"{more[1] / count * 1e3:.2f} ms CPU more; {more[2]:.0f} MB more"
        )


if __name__ == "__main__":
    main()
