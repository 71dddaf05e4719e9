"""The safety report: the worst of all units, named; what was not tested and not proved is said."""

import json
from dataclasses import replace

import pytest

from bench.cli.main import main
from bench.errors import FileFormatError, UsageError
from bench.record import Journal
from bench.record.events import Finished, Kind, Started
from bench.record.schema import SafeStateRecord
from reports.challenge_proof import read_challenge
from reports.safety import render_safety
from reports.safety_rows import controls, overall, reactions, single_faults
from tests.reports.synthetic import load_waveform, requirement, row, run

PROOF = {
    "plan": "safety", "profile": "ref-alt-400", "bounds": {"missed_rate_upper_95": 0.5, "false_alarm_rate_upper_95": None},
    "healthy": {"n": 0, "fail": 0, "error": 0, "inconclusive": 0, "first_seed": 1},
    "rows": [
        {"fault": "P01", "severity": "middle", "outcome": "caught", "requirements": ["FLT-004"], "verdict": "FAIL", "run": "r", "reason": ""},
        {"fault": "A03", "severity": "low", "outcome": "missed", "requirements": [], "verdict": "PASS", "run": "r", "reason": ""},
    ],
}  # fmt: skip


def unit(serial, time_ms, verdict="PASS", *, simulated=True, profile="ref-alt-400"):
    """Return a run in which one unit ended an overcurrent after ``time_ms``."""
    base = run()
    demands = (
        replace(requirement("FLT-004", "Overcurrent ends", "P", "P", verdict, 50.0), hazards=("S4",)),
        replace(requirement("FLT-012", "Hung firmware", "P", "P", "NOT TESTED", None), hazards=("S4", "S3")),
    )  # fmt: skip
    rows = (
        row(
            id="FLT-004/shutdown", requirements=("FLT-004",), quantity="shutdown", value=time_ms,
            unit="ms", low=None, high=10.0, margin_pct=100 - 10 * time_ms, verdict=verdict,
            conditions={"load_ohm": 500.0}, expanded_uncertainty=0.01,
        ),
    )  # fmt: skip
    return replace(
        base, device=replace(base.device, serial=serial), run_id=f"run-{serial}", verdict=verdict,
        simulated=simulated, profile=profile, requirements=demands, measurements=rows, plan="safety",
    )  # fmt: skip


def test_the_reaction_shown_is_the_worst_of_all_units_and_names_it():
    found = {item.fault: item for item in reactions([unit("A", 1.0), unit("B", 7.0)])}
    time, peak, _, latch = found["Overcurrent"].cells
    assert ("7.000 ± 0.010\xa0ms", "B") == (time.text, time.unit)
    assert "not tested" == peak.text == latch.text
    assert "NOT TESTED" == found["Firmware hung"].sign.word


def test_each_control_counts_its_units_by_verdict():
    table = controls([unit("A", 1.0), unit("B", 12.0, "FAIL")])
    first = table[0]
    assert [("FAIL", ["B"]), ("PASS", ["A"])] == [(s.word, list(n)) for s, n in first.verdicts]
    assert ["S4", "S4", "S3"] == [control.severity for control in table]


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        (("PASS", "PASS"), "PASS"),
        (("PASS", "FAIL"), "FAIL"),
        (("FAIL", "ERROR"), "ERROR"),
        (("PASS", "INCOMPLETE"), "INCOMPLETE"),
    ],
)
def test_the_overall_verdict_is_never_better_than_the_worst_run(verdicts, expected):
    assert expected == overall([unit(str(n), 1.0, word) for n, word in enumerate(verdicts)])


def test_a_run_whose_safe_state_was_not_confirmed_is_no_pass():
    left_live = replace(unit("A", 1.0), safe_state=SafeStateRecord(confirmed=False, steps=()))
    assert "ERROR" == overall([left_live])


def test_single_faults_are_listed_unit_by_unit():
    listed = list(single_faults([unit("A", 1.0), unit("B", 2.0)]))
    assert [("FLT-004", "A"), ("FLT-004", "B")] == [
        (name, record.device.serial) for name, _, record, _ in listed
    ]


def test_the_page_says_what_was_not_tested_and_that_no_proof_was_given():
    page = render_safety([unit("A", 1.0)], load_waveform)
    assert "FLT-012 Hung firmware (S3): NOT TESTED on A" in page
    assert "No proof was given" in page
    assert "<script" not in page


def test_a_simulated_safety_report_makes_no_claim_about_a_device():
    page = render_safety([unit("A", 1.0)], load_waveform)
    assert "SIMULATED BENCH" in page
    assert not any(word in page.lower() for word in ("complies", "conform", "complian"))


def test_real_and_simulated_runs_and_two_profiles_are_never_mixed():
    with pytest.raises(UsageError, match="one kind of bench, found real, simulated"):
        render_safety([unit("A", 1.0), unit("B", 1.0, simulated=False)], load_waveform)
    with pytest.raises(UsageError, match="one profile, found other, ref-alt-400"):
        render_safety([unit("A", 1.0), unit("B", 1.0, profile="other")], load_waveform)


def test_the_proof_names_every_fault_that_was_not_caught(tmp_path):
    path = tmp_path / "challenge.json"
    path.write_text(json.dumps(PROOF))
    page = render_safety([unit("A", 1.0)], load_waveform, challenge=read_challenge(path))
    assert "1 caught by a requirement that covers the fault, 1 missed" in page
    assert "<b>Not caught:</b> A03=low." in page
    assert "at most 50.0 %" in page


def test_a_proof_of_another_profile_is_refused(tmp_path):
    path = tmp_path / "challenge.json"
    path.write_text(json.dumps(PROOF | {"profile": "ref-mono-mod"}))
    with pytest.raises(UsageError, match="run the challenge with --profile ref-alt-400"):
        render_safety([unit("A", 1.0)], load_waveform, challenge=read_challenge(path))


def test_what_is_no_challenge_is_named(tmp_path):
    path = tmp_path / "challenge.json"
    path.write_text("{}")
    with pytest.raises(FileFormatError, match="expected what `bench challenge PLAN --json` prints"):
        read_challenge(path)


def folder_of(path, record):
    started = Started(
        run_id=record.run_id, plan=record.plan, simulated=True, device=record.device,
        profile=record.profile, profile_title="", station="s", seed=1,
        requirements=record.requirements, software={}, declared={},
        assumptions=(), environment={}, operator="o", started_at=record.started_at, planned={},
    )  # fmt: skip
    path.mkdir(parents=True)
    with Journal(path / "journal.jsonl") as journal:
        journal.append(Kind.STARTED, started)
        for line in record.measurements:
            journal.append(Kind.MEASUREMENT, line)
        journal.append(Kind.SAFE_STATE, SafeStateRecord(confirmed=True, steps=()))
        journal.append(Kind.FINISHED, Finished(outcome="completed", finished_at="t"))
    (path / "summary.json").write_text("{}")


def test_the_command_reads_folders_of_runs_and_leaves_one_page(tmp_path, capsys):
    for serial in ("A", "B"):
        folder_of(tmp_path / "runs" / serial, unit(serial, 1.0))
    out = tmp_path / "out"

    assert main(["report", "--safety", str(tmp_path / "runs"), "--out", str(out)]) == 0

    assert f"{out / 'safety.html'}\n" == capsys.readouterr().out
    assert "2 runs" in (out / "safety.html").read_text("utf-8")


def test_several_runs_without_safety_are_refused(tmp_path, capsys):
    assert main(["report", str(tmp_path), str(tmp_path)]) == 4
    assert "go with --safety" in capsys.readouterr().err
