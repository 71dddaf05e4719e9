"""Minutes of a plan: known tests by their table, others guessed and counted."""

from __future__ import annotations

from bench.plugin.durations import SELF_TEST_S, plan_minutes

KNOWN = "test_plans/faults/test_timer.py::test_session_ends_by_itself_when_declared"


def test_a_session_s_test_takes_its_session_and_every_item_counts():
    one, guessed = plan_minutes([KNOWN])
    assert guessed == 0
    assert 20 + SELF_TEST_S / 60 <= one < 24
    assert plan_minutes([f"{KNOWN}[a]", f"{KNOWN}[b]"])[0] > 2 * one - SELF_TEST_S / 30


def test_an_unknown_test_is_guessed():
    minutes, guessed = plan_minutes(["my_tests.py::test_mine"])
    assert guessed == 1
    assert minutes > SELF_TEST_S / 60
