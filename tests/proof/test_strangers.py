"""Faults that nobody listed: the release plan catches each, by a requirement that is about it.

Three of the fifteen went through when they were written; the tests that catch them now look for no
fault, but for what the requirement says: an output that is right to its last second and ends at rest
(OUT-027, FLT-008), a STOP that counts whatever was asked before (FLT-017), sensing that stays small
after a long search (FLT-031).
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

FILE = Path(__file__).with_name("strangers.py")
CAUGHT = {
    "DurationCreeps": ("OUT-006", "still_right_late"),
    "ResumesHigher": ("FLT-030", "test_state_machine"),
    "GhostPulse": ("FLT-017", "nothing_starts_again"),
    "LastSecondsStrong": ("OUT-027", "does_not_drift"),
    "ReturnsAtOnce": ("FLT-020", "ramps_after_contact"),
    "OffsetOfTheTop": ("OUT-008", "direct_current_is_as_declared"),
    "StopIgnoredAfterLevel": ("FLT-017", "right_behind"),
    "PositiveComparator": ("FLT-024", "in_either_polarity"),
    "PollingHoldsTheClock": ("FLT-008", "session_ends_by_itself"),
    "DoublePulses": ("OUT-031", "long_observation"),
    "ForgetsTheLevel": ("FLT-030", "test_state_machine"),
    "WeakWhenWarm": ("OUT-005", "still_right_late"),
    "SensesHard": ("FLT-031", "long_search"),
    "TrainTwice": ("OUT-031", "long_observation"),
    "PauseLeaks": ("LKG-007", "leaks_no_direct_current"),
}
"""Fault: the requirement that is about it, and the tests of the plan that are run here."""


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", CAUGHT)
def test_a_strangers_fault_is_caught(name: str, tmp_path: Path) -> None:
    requirement, tests = CAUGHT[name]
    run = tmp_path / "run"
    done = subprocess.run(
        [
            sys.executable, "-m", "bench", "run", "release", "--out", str(run),
            "--twin-fault", f"{FILE}:{name}", "--", "-k", tests,
        ],
        capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    rows = json.loads((run / "summary.json").read_text(encoding="utf-8"))["requirements"]
    verdicts = {row["id"]: row["verdict"] for row in rows}
    assert "FAIL" == verdicts[requirement]
    assert "ERROR" not in verdicts.values()


def test_each_of_the_file_is_tried() -> None:
    text = FILE.read_text(encoding="utf-8")
    assert set(CAUGHT) == {
        line.split()[1].rstrip(":") for line in text.splitlines() if line.startswith("class ")
    }
