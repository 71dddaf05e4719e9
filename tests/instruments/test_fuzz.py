"""Spoilt replies over every transport: none hangs, none crashes, none is taken for a number."""

from __future__ import annotations

import pytest

from tests.instruments.fuzz import PEERS, fuzz


def check(transport: str, *, cases: int) -> None:
    outcome = fuzz(transport, cases=cases, seed=7)
    assert outcome.cases == cases
    assert outcome.wrong == []
    assert outcome.slow == []
    assert outcome.right >= outcome.by_kind["right"] * 0.95, outcome
    assert outcome.right + outcome.refused == cases


@pytest.mark.parametrize("transport", PEERS)
def test_a_spoilt_reply_is_an_error_and_nothing_else(transport):
    check(transport, cases=60)


@pytest.mark.long
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("transport", PEERS)
def test_ten_thousand_spoilt_replies(transport):
    check(transport, cases=2500)
