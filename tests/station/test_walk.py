"""Choosing and shortening the steps of a walk."""

from __future__ import annotations

from bench.device.state_model import Action, Deed
from bench.station.walk import MOST_REPLAYS, WEIGHTS, chosen_actions, shortest


def test_a_seed_gives_the_same_walk() -> None:
    assert chosen_actions("1", 200, 5) == chosen_actions("1", 200, 5)
    assert chosen_actions("1", 200, 5) != chosen_actions("2", 200, 5)


def test_a_walk_tries_everything() -> None:
    actions = chosen_actions("1", 200, 5)
    assert {action.deed for action in actions} == set(Deed) == set(WEIGHTS)
    assert {action.level for action in actions if action.deed is Deed.LEVEL} == set(range(7))


def fails(actions: tuple[Action, ...]) -> bool:
    """A device that loses a level that is chosen while it runs."""
    deeds = [action.deed for action in actions]
    return Deed.START in deeds and deeds[-1] is Deed.LEVEL and deeds.index(Deed.START) < len(deeds)


def test_the_shortest_sequence_is_found() -> None:
    start, level = Action(deed=Deed.START), Action(deed=Deed.LEVEL, level=2)
    noise = tuple(Action(deed=Deed.WAIT) for _ in range(10))
    kept, replays = shortest((*noise, start, *noise, level), fails, MOST_REPLAYS)
    assert kept == (start, level)
    assert replays <= MOST_REPLAYS


def test_replays_are_bounded() -> None:
    actions = tuple(Action(deed=Deed.WAIT) for _ in range(64))
    calls = []

    def never(shorter: tuple[Action, ...]) -> bool:
        calls.append(shorter)
        return False

    kept, used = shortest(actions, never, 7)
    assert (kept, used, len(calls)) == (actions, 7, 7)
