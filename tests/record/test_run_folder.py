"""A run read back: what is missing is said, what failed is named, what was measured is kept."""

from __future__ import annotations

import json

import pytest

from bench.errors import FileFormatError, UsageError
from bench.record import create_run_folder, load_run, summary_bytes
from bench.record.events import Finished, Kind, Problem
from tests.record.folders import DONE, OVER, SAFE, measurement, write


def test_a_complete_run_passes(tmp_path):
    folder = write(tmp_path / "run", (Kind.MEASUREMENT, measurement("OUT-001")), DONE, SAFE, OVER)

    record = load_run(folder)

    assert ("PASS", {"PASS": 1}) == (record.verdict, record.counts)
    assert record.requirements[0].worst_margin_pct == 50.0


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("", "x: 1 µA, expected at least 0 and at most 2"),
        ("inside the limit, by less than the guard band",) * 2,
    ],
)
def test_a_failed_requirement_says_what_failed(tmp_path, reason, expected):
    row = measurement("OUT-001", "FAIL", -5.0, reason)
    folder = write(tmp_path / "run", (Kind.MEASUREMENT, row), DONE, SAFE, OVER)

    assert expected == load_run(folder).requirements[0].reason


def test_a_planned_test_that_did_not_run_makes_the_run_incomplete(tmp_path):
    folder = write(
        tmp_path / "run", (Kind.MEASUREMENT, measurement("OUT-001")), DONE, SAFE, OVER,
        planned={"test_a": ("OUT-001",), "test_b": ("OUT-001",)},
    )  # fmt: skip

    record = load_run(folder)

    assert record.verdict == "INCOMPLETE"
    assert "test_b" in record.requirements[0].reason


def test_a_run_whose_runner_died_is_aborted_and_keeps_its_measurements(tmp_path):
    folder = write(tmp_path / "run", (Kind.MEASUREMENT, measurement("OUT-001")))

    record = load_run(folder)

    assert ("ERROR", 1) == (record.verdict, len(record.measurements))
    assert "safe state" in record.reason


def test_a_drifted_bench_overrules_the_devices_verdict(tmp_path):
    drift = Problem(where="closing reference", text="drifted", decides_run=True)
    folder = write(
        tmp_path / "run", (Kind.MEASUREMENT, measurement("OUT-001", "FAIL", -5.0)), DONE,
        (Kind.PROBLEM, drift), SAFE, OVER,
    )  # fmt: skip

    assert ("ERROR", "drifted") == (load_run(folder).verdict, load_run(folder).reason)


def test_an_unconfirmed_safe_state_hides_no_cause(tmp_path):
    cause = Problem(where="self-test", text="shunt: -0.0 Ω", decides_run=True)
    folder = write(tmp_path / "run", (Kind.PROBLEM, cause), OVER)

    reason = load_run(folder).reason

    assert "safe state of the bench was not confirmed; found before: shunt: -0.0 Ω" in reason


def test_a_problem_of_the_bench_is_an_error_of_its_requirement(tmp_path):
    problem = Problem(where="test_a", text="scope silent", requirements=("OUT-001",))
    folder = write(tmp_path / "run", (Kind.PROBLEM, problem), DONE, SAFE, OVER)

    record = load_run(folder)

    assert ("ERROR", "scope silent") == (record.verdict, record.requirements[0].reason)


def test_the_summary_has_the_promised_keys(tmp_path):
    folder = write(tmp_path / "run", (Kind.MEASUREMENT, measurement("OUT-001")), DONE, SAFE, OVER)

    summary = json.loads(summary_bytes(load_run(folder)))

    assert {
        "schema", "run_id", "plan", "simulated", "verdict", "device", "profile", "station",
        "started_at", "finished_at", "counts", "requirements", "measurements", "safe_state",
    } <= set(summary)  # fmt: skip
    assert {"id", "title", "clause", "verdict", "worst_margin_pct", "reason"} <= set(
        summary["requirements"][0]
    )
    assert {
        "id", "requirements", "quantity", "basis", "value", "unit", "expanded_uncertainty",
        "coverage_factor", "low", "high", "rule", "verdict", "margin_pct", "p_conform",
        "conditions", "waveforms", "attempt", "reason",
    } == set(summary["measurements"][0])  # fmt: skip


def test_a_folder_that_holds_something_is_refused(tmp_path):
    (tmp_path / "old").write_text("x")

    with pytest.raises(UsageError, match="empty or does not exist"):
        create_run_folder(tmp_path)


def test_something_that_is_no_run_folder_is_named(tmp_path):
    with pytest.raises(FileFormatError, match="is this a run folder"):
        load_run(tmp_path)


def test_a_run_that_ended_early_says_what_was_found_last(tmp_path):
    ended = Finished(outcome="interrupted", finished_at=OVER[1].finished_at)
    lost = Problem(where="test_a", text="dmm: the connection was lost", requirements=("OUT-001",))
    folder = write(tmp_path / "run", (Kind.PROBLEM, lost), DONE, SAFE, (Kind.FINISHED, ended))

    reason = load_run(folder).reason

    assert "interrupted before its end; found last: dmm: the connection was lost" in reason
