"""Minutes of a plan: known tests by their table, others guessed and counted."""

from __future__ import annotations

from bench.plugin.durations import SELF_TEST_S, TRANSFER_S, plan_time

KNOWN = "test_plans/faults/test_timer.py::test_session_ends_by_itself_when_declared"
SHARED = "test_plans/production/test_running.py::test_direct_current_is_as_declared"


def test_a_session_s_test_takes_its_session_and_every_item_counts():
    one = plan_time([KNOWN], plan="release")
    assert one.guessed == 0
    assert 20 * 60 <= one.device_s < 22 * 60
    two = plan_time([f"{KNOWN}[a]", f"{KNOWN}[b]"], plan="release")
    assert 2 * one.device_s == two.device_s
    assert (SELF_TEST_S + two.device_s + TRANSFER_S * two.records) / 60 == two.minutes


def test_an_unknown_test_is_guessed():
    found = plan_time(["my_tests.py::test_mine"], plan="my_tests.py")
    assert found.guessed == 1
    assert found.minutes > SELF_TEST_S / 60


def test_a_production_test_is_looked_up_in_the_table_of_its_plan():
    assert plan_time([SHARED], plan="production").guessed == 0
    assert plan_time([SHARED], plan="release").guessed == 1


def test_no_test_takes_no_device_time():
    assert plan_time([], plan="production").device_s == 0.0
