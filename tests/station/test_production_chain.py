"""Steps of a production run: once each, in their order, each with its own failure."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bench.errors import DeviceMisbehaved, InstrumentError, NotOffered
from bench.station.production.chain import Chain
from bench.station.production.running import course


class Log:
    """What was done, in its order."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.chain = Chain(recover=self.doing("recover"))

    def doing(self, name: str) -> Callable[[], None]:
        return lambda: self.done.append(name)

    def giving(self, name: str) -> Callable[[], str]:
        def action() -> str:
            self.done.append(name)
            return name

        return action


def raising(error: Exception) -> Callable[[], str]:
    def action() -> str:
        raise error

    return action


def test_asking_for_a_step_takes_all_sessions_before_it_and_none_behind() -> None:
    log = Log()
    first = log.chain.session(log.doing("begin"))
    one, two = first.step(log.giving("one")), first.step(log.giving("two"))
    three = log.chain.session().step(log.giving("three"))
    four = log.chain.session().step(log.giving("four"))
    assert three() == "three"
    assert log.done == ["begin", "one", "two", "three"]
    assert (two(), one(), three()) == ("two", "one", "three")
    assert log.done == ["begin", "one", "two", "three"]
    assert four() == "four"


def test_a_step_may_use_an_earlier_one_of_its_session() -> None:
    session = Chain(recover=list).session()
    one = session.step(lambda: 1)
    assert session.step(lambda: one() + 1)() == 2


def test_what_the_device_fails_to_do_stays_with_its_step_and_the_device_is_recovered() -> None:
    log = Log()
    session = log.chain.session()
    failed = session.step(raising(DeviceMisbehaved("no pulses")))
    behind = session.step(log.giving("behind"))
    later = log.chain.session().step(log.giving("later"))
    assert later() == "later"
    assert log.done == ["behind", "recover", "later"]
    assert behind() == "behind"
    for _ in range(2):
        with pytest.raises(DeviceMisbehaved, match="no pulses"):
            failed()


def test_what_is_not_offered_is_no_failure() -> None:
    log = Log()
    session = log.chain.session()
    lacking = session.step(raising(NotOffered("no such relay")))
    behind = session.step(log.giving("behind"))
    assert behind() == "behind"
    with pytest.raises(NotOffered):
        lacking()
    assert log.done == ["behind"]


def test_a_session_that_does_not_begin_fails_all_its_steps() -> None:
    log = Log()
    session = log.chain.session(raising(DeviceMisbehaved("no start")))
    steps = [session.step(log.giving("one")), session.step(log.giving("two"))]
    for step in steps:
        with pytest.raises(DeviceMisbehaved, match="no start"):
            step()
    assert log.done == ["recover"]


def test_an_error_of_the_bench_ends_the_session_and_is_raised_for_what_was_not_taken() -> None:
    log = Log()
    session = log.chain.session()
    taken = session.step(log.giving("taken"))
    session.step(raising(InstrumentError("the scope is gone")))
    never = session.step(log.giving("never"))
    with pytest.raises(InstrumentError):
        never()
    assert log.done == ["taken"]
    assert taken() == "taken"
    with pytest.raises(InstrumentError):
        never()


@pytest.mark.parametrize(
    ("levels", "order"),
    [([1], [1]), ([1, 2], [1, 2]), ([1, 2, 3], [2, 1, 3]), ([1, 2, 3, 4, 5], [2, 1, 3, 4, 5])],
)
def test_levels_are_gone_through_with_one_step_down_and_the_highest_last(
    levels: list[int], order: list[int]
) -> None:
    assert course(levels) == order
