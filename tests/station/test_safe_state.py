"""The check source in the safe state: off and read back, or the bench is not safe."""

from __future__ import annotations

import pytest

from bench.errors import InstrumentTimeout
from bench.station.safe_state import SafeStateParts, make_safe


class Source:
    """A check source that is on, and may stay so or not answer."""

    def __init__(self, *, sticks: bool = False, silent: bool = False) -> None:
        self.on, self.sticks, self.silent = True, sticks, silent

    def switch_output(self, *, on: bool) -> None:
        if self.silent:
            raise InstrumentTimeout("generator: no answer within 5 s")
        self.on = on or self.sticks

    def output_is_on(self) -> bool:
        return self.on


def steps_of(generator, *, expected: bool = True):
    parts = SafeStateParts(
        switch=None, supply=None, dmm=None, relays={}, supply_outputs=(), open_device=None,
        with_generator=expected, generator=generator,
    )  # fmt: skip
    return {step.name: step for step in make_safe(parts, path_first=True).steps}


def test_a_source_is_switched_off_and_read_back():
    source = Source()
    assert steps_of(source)["check source off"].passed
    assert not source.on


@pytest.mark.parametrize(
    ("generator", "words"),
    [
        (Source(sticks=True), "still on"),
        (Source(silent=True), "no answer"),
        (None, "no session to the generator"),
    ],
)
def test_a_source_that_is_not_known_to_be_off_is_not_safe(generator, words):
    step = steps_of(generator)["check source off"]
    assert not step.passed
    assert words in step.detail


def test_a_station_without_a_source_has_no_such_step():
    assert "check source off" not in steps_of(None, expected=False)
