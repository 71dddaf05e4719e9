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
HEALTHY = Healthy(n=20, first_seed=1, fail=0, error=0, inconclusive=0)


def page():
    bounds = {"missed_rate_upper_95": 0.5, "false_alarm_rate_upper_95": 0.139}
    return challenge_page(plan="release", profile="P", rows=ROWS, healthy=HEALTHY, bounds=bounds)


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
