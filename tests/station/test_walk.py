"""Choosing and shortening the steps of a walk."""

from __future__ import annotations

import pytest

from bench.device.link import DeviceState
from bench.device.state_model import Action, Deed, DeviceModel
from bench.station.walk import MOST_REPLAYS, shortest
from bench.station.walk_steps import chosen_walks

S = DeviceState


def test_a_seed_gives_the_same_walks() -> None:
    assert chosen_walks("1", walks=2, steps=100, levels=5) == chosen_walks(
        "1", walks=2, steps=100, levels=5
    )
    assert chosen_walks("1", walks=1, steps=99, levels=5) != chosen_walks(
        "2", walks=1, steps=99, levels=5
    )


@pytest.mark.parametrize("levels", [1, 3, 10])
@pytest.mark.parametrize("seed", ["1", "7", "23"])
def test_two_walks_meet_every_pair_of_state_and_deed(seed: str, levels: int) -> None:
    met: set[tuple[DeviceState, Deed]] = set()
    chosen: set[int] = set()
    for walk in chosen_walks(seed, walks=2, steps=100, levels=levels):
        model = DeviceModel(resume_window_s=1.0, charge_inhibit=True, levels=levels)
        for action in walk:
            met.add((model.state, action.deed))
            chosen.add(action.level if action.deed is Deed.LEVEL else 1)
            model.apply(action, 0.0, accepted=model.accepts(action, 0.0) is not False)
    states = (S.IDLE, S.ARMED, S.RUN, S.PAUSE, S.CHARGE)
    assert {(state, deed) for state in states for deed in Deed} <= met
    assert {0, levels + 1} & chosen


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
