"""A misspelt name is an error in every part that a stranger's file can reach."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Iterator
from enum import Enum
from pathlib import Path

import pytest

from bench.twin.faults import FaultError
from bench.twin.protection import Latch
from tests.twin.unit_under_test import UnitUnderTest

PARTS = (
    "firmware", "firmware.delivery", "firmware.timer", "stage", "contact", "watchdog", "telemetry",
    "latch", "port", "machine", "source", "memory", "hardware_overcurrent", "direct_current",
)  # fmt: skip


class Forgetful(Latch):
    """A stranger's latch, with a value more than ours has."""

    def __init__(self) -> None:
        super().__init__()
        self.forgotten = 0


def assign(part: object, name: str, value: object) -> None:
    """Set an attribute as a stranger's file does, whose types nobody has checked."""
    setattr(part, name, value)


def reachable(root: object) -> Iterator[object]:
    """Everything of the twin's own classes that can be got at from a unit, through any attribute."""
    waiting, seen, counts = [root], set[int](), Counter[type]()
    while waiting:
        each = waiting.pop()
        if id(each) in seen or counts[type(each)] > 100:
            continue
        seen.add(id(each))
        if isinstance(each, list | tuple | set | frozenset):
            waiting += each
        elif isinstance(each, dict):
            waiting += [*each.keys(), *each.values()]
        elif inspect.ismethod(each):
            waiting.append(each.__self__)
        elif type(each).__module__.startswith("bench.twin") and not isinstance(each, Enum):
            counts[type(each)] += 1
            yield each
            names = [name for name in dir(each) if not name.startswith("__")]
            waiting += [getattr(each, name, None) for name in names]


def test_no_part_that_can_be_reached_takes_an_unknown_name() -> None:
    bench = UnitUnderTest().run()
    parts = list(reachable(bench.unit))
    kinds = {type(part).__name__ for part in parts}
    assert {"Unit", "Firmware", "Delivery", "PulseTimer", "Analogue", "System", "Countdown"} < kinds
    open_kinds = set[str]()
    for part in parts:
        try:
            assign(part, "gian", 1.0)
        except (AttributeError, TypeError):
            continue
        open_kinds.add(type(part).__name__)
    assert set() == open_kinds


@pytest.mark.parametrize("path", PARTS)
def test_a_misspelt_name_ends_fitting_with_one_clear_line(tmp_path: Path, path: str) -> None:
    file = tmp_path / "worn.py"
    file.write_text(
        f"class Worn:\n    def fit(self, unit, severity):\n        unit.{path}.gian = 2\n"
    )
    with pytest.raises(FaultError) as refusal:
        UnitUnderTest(faults=[{"spec": f"{file}:Worn", "severity": None}])
    message = str(refusal.value)
    assert "\n" not in message
    assert all(part in message for part in (f"{file}:Worn", "has no 'gian'"))


def test_the_nearest_name_is_told() -> None:
    unit = UnitUnderTest().unit
    with pytest.raises(AttributeError, match="Source has no 'gian': did you mean 'gain'"):
        assign(unit.source, "gian", 2.0)
    with pytest.raises(AttributeError, match="Unit has no 'sorce': did you mean 'source'"):
        assign(unit, "sorce", None)


def test_behaviour_is_replaced_by_behaviour_alone() -> None:
    unit = UnitUnderTest().unit
    with pytest.raises(AttributeError, match=r"OutputStage.current_ua is called: .*found 100\.0"):
        assign(unit.stage, "current_ua", 100.0)
    assign(unit.stage, "current_ua", lambda set_ua, polarity, level: polarity * set_ua)


def test_a_part_of_ones_own_may_stand_in_a_parts_place() -> None:
    unit = UnitUnderTest().unit
    unit.latch = Forgetful()
    unit.latch.forgotten = 1
