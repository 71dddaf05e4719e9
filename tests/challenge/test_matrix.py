"""The challenge's table and its judgement of a run."""

from __future__ import annotations

import pytest

from bench.challenge import Runs, challenge, load_faults, trials, upper_bound
from bench.challenge.matrix import Trial, _outcome, _Requirement, _Summary
from bench.errors import UsageError


def summary(verdict, **requirements):
    rows = [_Requirement(id=k.replace("_", "-"), verdict=v) for k, v in requirements.items()]
    return _Summary(verdict=verdict, requirements=rows)


def outcome(trial, found):
    failed = tuple(r.id for r in found.requirements if r.verdict in ("FAIL", "CONDITIONAL FAIL"))
    return _outcome(trial, found, failed)


A03 = Trial(name="A03", severity="middle", seed=1, expected=("OUT-008", "OUT-020"))
STRANGER = Trial(name="mine.py:Worn", severity="high", seed=1, expected=())
X06 = Trial(name="X06", severity=None, seed=1, expected=())


def test_every_fault_has_severities_and_requirements():
    faults = load_faults()

    assert len(faults) == 73
    assert all(entry.severities and entry.requirements for entry in faults.values())


def test_a_fault_without_severity_gives_every_one_that_it_has():
    assert ["low", "middle", "high"] == [t.severity for t in trials(["A03"], seed=1)]
    assert ["middle", "high"] == [t.severity for t in trials(["P01"], seed=1)]


@pytest.mark.parametrize("spec", ["Z99", "A03=worst", "P01=low"])
def test_an_unknown_fault_or_severity_is_refused(spec):
    with pytest.raises(UsageError, match=r"expected an id|has the severities"):
        trials([spec], seed=1)


@pytest.mark.parametrize(
    ("trial", "found", "expected"),
    [
        (A03, summary("FAIL", OUT_008="FAIL", OUT_001="PASS"), "caught"),
        (A03, summary("FAIL", OUT_001="FAIL"), "wrong_reason"),
        (A03, summary("FAIL", OUT_008="FAIL", OUT_001="ERROR"), "wrong_reason"),
        (A03, summary("ERROR", OUT_008="FAIL"), "wrong_reason"),
        (A03, summary("PASS", OUT_008="PASS"), "missed"),
        (A03, summary("ERROR", OUT_008="ERROR"), "missed"),
        (STRANGER, summary("FAIL", FLT_001="FAIL"), "caught"),
        (X06, summary("ERROR", OUT_008="ERROR"), "caught"),
        (X06, summary("FAIL", OUT_008="FAIL"), "missed"),
        (X06, summary("PASS", OUT_008="PASS"), "missed"),
    ],
)
def test_caught_means_for_the_right_reason(trial, found, expected):
    assert expected == outcome(trial, found)


def test_a_miss_of_what_the_profile_allows_is_none():
    allowed = Trial(name="A03", severity="low", seed=1, expected=("OUT-008",), exceeds=False)
    assert "below_limit" == outcome(allowed, summary("PASS", OUT_008="PASS"))
    assert "caught" == outcome(allowed, summary("FAIL", OUT_008="FAIL"))
    assert "wrong_reason" == outcome(allowed, summary("FAIL", OUT_001="FAIL"))


def test_a_challenge_goes_on_with_the_runs_that_are_there(tmp_path, monkeypatch):
    done = tmp_path / "A03-middle-seed1"
    done.mkdir()
    (done / "ended").touch()
    (done / "summary.json").write_text(
        '{"verdict": "FAIL", "requirements": [{"id": "OUT-008", "verdict": "FAIL"}]}'
    )
    monkeypatch.setattr("subprocess.Popen", lambda *a, **k: pytest.fail("it was run again"))
    seen = []
    rows = challenge(
        "release", [A03], options=(), folder=tmp_path, report=lambda t, r: seen.append(r)
    )
    assert ["caught"] == [row.outcome for row in rows]
    assert seen == rows


def test_a_run_that_dies_is_one_row_and_loses_no_other(tmp_path, monkeypatch):
    monkeypatch.setattr(Runs, "execute", lambda _self, _command: ("killed", False))
    rows = challenge("release", [A03, X06], options=(), folder=tmp_path, report=lambda t, r: None)
    assert [("missed", "NO SUMMARY: killed")] * 2 == [(row.outcome, row.verdict) for row in rows]


def test_the_bound_of_no_event_is_exact():
    """Source: closed form 1 - 0.05^(1/n)."""
    assert upper_bound(trials=300, events=0) == pytest.approx(1 - 0.05 ** (1 / 300), rel=1e-9)
    assert upper_bound(trials=0, events=0) is None
    assert upper_bound(trials=2, events=2) == 1.0


def test_the_bound_agrees_with_the_beta_distribution():
    from scipy.stats import beta

    assert upper_bound(trials=25, events=3) == pytest.approx(beta.ppf(0.95, 4, 22), rel=1e-9)


def test_what_measures_the_same_quantity_may_notice_as_rightly():
    near = Trial(name="A01", severity="low", seed=1, expected=("OUT-001",), also=("FLT-018",))
    assert outcome(near, summary("FAIL", FLT_018="FAIL")) == "caught"
    assert outcome(near, summary("FAIL", FLT_016="FAIL")) == "wrong_reason"


def test_a_run_that_came_out_as_it_should_keeps_its_summary_alone(tmp_path, monkeypatch):
    done = tmp_path / "A03-middle-seed1"
    (done / "waveforms").mkdir(parents=True)
    (done / "log.html").write_text("long")
    (done / "ended").touch()
    (done / "summary.json").write_text(
        '{"verdict": "FAIL", "requirements": [{"id": "OUT-008", "verdict": "FAIL"}]}'
    )
    challenge("release", [A03], options=(), folder=tmp_path, report=lambda _t, _r: None)
    assert {path.name for path in done.iterdir()} == {"ended", "summary.json"}
