"""The page of a challenge: every run in it, what was not caught in words, strangers' names escaped."""

from bench.challenge import ChallengeRow, Healthy, challenge_page

ROWS = [
    ChallengeRow(fault="A03", severity="low", outcome="below_limit", requirements=(),
                 verdict="PASS", run="a"),
    ChallengeRow(fault="A03", severity="high", outcome="caught", requirements=("OUT-008",),
                 verdict="FAIL", run="b"),
    ChallengeRow(fault="<b>.py:Worn", severity="high", outcome="missed", requirements=(),
                 verdict="PASS", run="c"),
    ChallengeRow(fault="X06", severity=None, outcome="caught", requirements=(), verdict="ERROR",
                 run="d"),
]  # fmt: skip
UNITS = [
    ChallengeRow(fault="", severity=None, outcome="below_limit", requirements=failed,
                 verdict=verdict, run=f"unit{number}", profile=profile)
    for number, (profile, verdict, failed) in enumerate([
        ("ref-a", "PASS", ()), ("ref-a", "FAIL", ("FLT-020",)), ("ref-b", "PASS", ()),
        ("ref-b", "PASS", ()),
    ])
]  # fmt: skip
HEALTHY = Healthy(n=20, first_seed=1, fail=0, error=0, inconclusive=0)


def page():
    bounds = {"missed_rate_upper_95": 0.5, "false_alarm_rate_upper_95": 0.139}
    return challenge_page(
        plan="release", profiles=["P"], rows=ROWS, healthy=HEALTHY, healthy_rows=UNITS,
        bounds=bounds,
    )  # fmt: skip


def test_counts_bounds_and_what_was_missed_are_said():
    html = page()
    assert "2 caught, 1 below limit, 1 missed, 0 for a wrong reason, of 4 runs" in html
    assert "at most 13.9 %" in html
    assert "MISSED" in html
    assert "SIMULATED" in html
    assert "<script" not in html


def test_a_strangers_name_is_escaped():
    assert "&lt;b&gt;.py:Worn" in page()
    assert "<b>.py" not in page()


def test_healthy_units_stand_by_profile_and_each_alarm_with_its_run():
    html = page()
    assert '<th scope="row">ref-a</th><td>2</td><td>1 PASS, 1 FAIL</td>' in html
    assert '<th scope="row">ref-b</th><td>2</td><td>2 PASS</td>' in html
    assert "<li>unit1: FAIL, FLT-020</li>" in html
    assert "unit0" not in html


def test_without_a_fault_nothing_is_said_of_faults():
    html = challenge_page(
        plan="release", profiles=["P", "Q"], rows=[], healthy=HEALTHY, healthy_rows=UNITS,
        bounds={"missed_rate_upper_95": None, "false_alarm_rate_upper_95": 0.139},
    )  # fmt: skip
    assert "Profiles: P; Q." in html
    assert "Faults by severity" not in html
    assert "Caught" not in html
