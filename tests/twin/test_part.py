"""A misspelt name is an error in every part that a stranger's file can reach."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from bench.twin.contact import ContactDetector
from bench.twin.faults import FaultError
from bench.twin.protection import DirectCurrent, HardwareOvercurrent, Latch
from tests.twin.unit_under_test import UnitUnderTest

if TYPE_CHECKING:
    from bench.twin.virtual_time import Timeline

PARTS = (
    "firmware", "firmware.delivery", "firmware.timer", "stage", "contact", "watchdog", "telemetry",
    "latch", "port", "machine", "source", "memory", "hardware_overcurrent", "direct_current",
    "charge_limiter",
)  # fmt: skip


class Forgetful(Latch):
    """A stranger's latch, with a value more than ours has."""

    def __init__(self) -> None:
        super().__init__()
        self.forgotten = 0


def assign(part: object, name: str, value: object) -> None:
    """Set an attribute as a stranger's file does, whose types nobody has checked."""
    setattr(part, name, value)


def values_of(each: object) -> dict[str, object]:
    """What an object keeps, in slots or in its dictionary."""
    slots = [name for kind in type(each).__mro__ for name in vars(kind).get("__slots__", ())]
    kept = {name: getattr(each, name) for name in slots if hasattr(each, name)}
    return kept | getattr(each, "__dict__", {})


def reachable(root: object) -> Iterator[object]:
    """Everything of the twin's own classes that is kept somewhere behind a unit, and kept methods."""
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
            yield each
            waiting.append(each.__self__)
        elif inspect.isfunction(each):
            waiting += [cell.cell_contents for cell in each.__closure__ or ()]
        elif type(each).__module__.startswith("bench.twin") and not isinstance(each, Enum):
            counts[type(each)] += 1
            yield each
            waiting += values_of(each).values()


def test_no_part_that_can_be_reached_takes_an_unknown_name() -> None:
    bench = UnitUnderTest().run()
    parts = list(reachable(bench.unit))
    kinds = {type(part).__name__ for part in parts}
    assert {"Unit", "Firmware", "Delivery", "PulseTimer", "Analogue", "System", "Countdown"} < kinds
    open_kinds = set[str]()
    for part in (part for part in parts if not inspect.ismethod(part)):
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


def test_nobody_keeps_a_method_that_a_fault_may_replace() -> None:
    kept = [
        f"{type(each.__self__).__name__}.{each.__name__}"
        for each in reachable(UnitUnderTest().world)
        if inspect.ismethod(each) and not each.__name__.startswith("_")
    ]
    assert [] == kept


def test_a_method_in_anothers_place_is_what_a_command_and_a_protection_do() -> None:
    bench = UnitUnderTest("A01=high").run(level=5)
    assert bench.state == "FAULT"
    bench = UnitUnderTest("A01=high", "P01=middle")
    tripped = list[str]()
    assign(bench.unit.firmware, "trip", tripped.append)
    bench.run(level=5)
    bench.unit.firmware.stop = lambda: None
    assert "OK" == bench.ask("STOP")
    assert ("RUN", "OC_FW") == (bench.state, tripped[0])


def test_a_part_in_anothers_place_is_everybodys() -> None:
    bench = UnitUnderTest()
    unit = bench.unit
    unit.contact = ContactDetector(on_ohm=1.0, off_ohm=2.0, debounce_s=0.02)
    unit.source = replace(unit.source, gain=0.5)
    unit.direct_current = DirectCurrent(threshold_ua=1e6, window_s=0.5)
    timeline = cast("Timeline", unit.timeline)
    comparator = HardwareOvercurrent(timeline, threshold_ua=1e6, trip=lambda: None)
    unit.hardware_overcurrent = comparator
    assert unit.machine.monitors == [comparator]
    bench.power_up()
    assert "OK" == bench.ask("START 60")
    bench.wait(1.5)
    assert "ARMED" == bench.state
    unit.machine.disturb()
    unit.contact.on_ohm, unit.contact.off_ohm = 60e3, 120e3
    bench.wait(2.0)
    assert "RUN" == bench.state
    assert max(bench.currents_ua(0.3)) == pytest.approx(40.0, rel=0.03)
