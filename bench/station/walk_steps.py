"""The steps of random walks over the device's states: seeded, and through every pair of state and deed.

Pure chance meets the common states over and over and some pairs never. Here each step is drawn among the
deeds that were not tried yet where the reference model stands; where all were, the walk goes by the
shortest way to a state that still has some, and wanders at random once there are none.
"""

from __future__ import annotations

import random
from collections import deque
from copy import copy
from typing import Final

from bench.device.link import DeviceState
from bench.device.state_model import Action, Deed, DeviceModel

__all__ = ["WEIGHTS", "chosen_walks"]

WEIGHTS: Final = {
    Deed.LEVEL: 5, Deed.START: 5, Deed.STOP: 2, Deed.PAUSE: 3, Deed.RESUME: 3, Deed.LIFT: 3,
    Deed.TOUCH: 4, Deed.PLUG: 1, Deed.UNPLUG: 2, Deed.RESET: 1, Deed.WAIT: 2, Deed.POWER: 1,
    Deed.ABORT: 2,
}  # fmt: skip
"""How often each is tried: what begins and changes an output more often than what ends it."""
WANDER: Final = 0.15
"""Share of the steps that are drawn by these weights alone."""
_Where = tuple[DeviceState, bool]
_Pair = tuple[_Where, str]


def chosen_walks(seed: str, *, walks: int, steps: int, levels: int) -> list[tuple[Action, ...]]:
    """Return the walks, each from an idle device with contact; the same for the same seed.

    Together they meet every pair that their steps suffice for. The levels go one beyond either end:
    those must be refused.
    """
    source = random.Random(seed)
    tried: set[_Pair] = set()
    return [_walk(source, tried, steps, levels) for _ in range(walks)]


def _walk(source: random.Random, tried: set[_Pair], steps: int, levels: int) -> tuple[Action, ...]:
    model = DeviceModel(resume_window_s=1.0, charge_inhibit=True, levels=levels)
    model.level = levels
    actions: list[Action] = []
    for _ in range(steps):
        fresh = _untried(model, tried, levels)
        if source.random() < WANDER:
            name = source.choices(list(WEIGHTS), weights=list(WEIGHTS.values()))[0].value
        elif fresh:
            name = source.choice(fresh)
        else:
            name = _way(model, tried, levels) or source.choice(list(WEIGHTS)).value
        action = _action(source, name, model.level or 1, levels)
        tried.add((_where(model), name))
        _apply(model, action)
        if action.deed in (Deed.RESET, Deed.POWER):
            model.level = 1  # what a walk sets then: the document does not say which it is
        actions.append(action)
    return tuple(actions)


def _where(model: DeviceModel) -> _Where:
    return model.state, model.contact


def _names(levels: int) -> list[str]:
    """Return every deed's name; of LEVEL one each for up, down and beyond the ends."""
    changes = ("up", "down") if levels > 1 else ()
    others = [deed.value for deed in Deed if deed is not Deed.LEVEL]
    return [*others, *changes, "beyond"]


def _untried(model: DeviceModel, tried: set[_Pair], levels: int) -> list[str]:
    where = _where(model)
    highest, lowest = model.level == levels, model.level == 1
    return [
        name
        for name in _names(levels)
        if (where, name) not in tried
        and not (name == "up" and highest)
        and not (name == "down" and lowest)
    ]


def _way(model: DeviceModel, tried: set[_Pair], levels: int) -> str | None:
    """Return the first deed on the shortest way to where something is left to try."""
    waiting: deque[tuple[DeviceModel, str]] = deque()
    seen = {_where(model)}
    for deed in WEIGHTS:
        if deed is not Deed.LEVEL:
            waiting.append((_after(model, deed), deed.value))
    while waiting:
        reached, first = waiting.popleft()
        if _where(reached) in seen:
            continue
        seen.add(_where(reached))
        if _untried(reached, tried, levels):
            return first
        waiting.extend((_after(reached, deed), first) for deed in WEIGHTS if deed is not Deed.LEVEL)
    return None


def _after(model: DeviceModel, deed: Deed) -> DeviceModel:
    moved = copy(model)
    _apply(moved, Action(deed=deed))
    return moved


def _apply(model: DeviceModel, action: Action) -> None:
    model.apply(action, 0.0, accepted=model.accepts(action, 0.0) is not False)


def _action(source: random.Random, name: str, level: int, levels: int) -> Action:
    if name == "up" and level < levels:
        return Action(deed=Deed.LEVEL, level=source.randint(level + 1, levels))
    if name == "down" and level > 1:
        return Action(deed=Deed.LEVEL, level=source.randint(1, level - 1))
    if name == "beyond":
        return Action(deed=Deed.LEVEL, level=source.choice((0, levels + 1)))
    if name in (Deed.LEVEL.value, "up", "down"):
        return Action(deed=Deed.LEVEL, level=source.randint(1, levels))
    return Action(deed=Deed(name))
