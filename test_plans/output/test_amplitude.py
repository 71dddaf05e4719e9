"""Amplitude: what reaches the skin at each level, into each load, in each polarity."""

from __future__ import annotations

from itertools import pairwise

import pytest

from bench.plugin import Bench, Check
from bench.station import measurands

LEVEL_SETTLE_S = 1.0
"""A level change is done by then: the start delay's limit holds for it too."""


@pytest.mark.requirement("OUT-001")
def test_amplitude_of_highest_level_is_as_declared_at_each_load(
    bench: Bench, check: Check, load_ohm: float
) -> None:
    level = bench.profile.highest_level
    output = bench.steady(level=level, load_ohm=load_ohm)
    for polarity in output.polarities:
        amplitude = measurands.amplitude(output, polarity)
        check("OUT-001", "amplitude", amplitude, level=level, load_ohm=load_ohm, polarity=polarity)


@pytest.mark.requirement("OUT-005")
def test_amplitude_of_every_level_is_as_declared(
    bench: Bench, check: Check, level: int, load_ohm: float
) -> None:
    output = bench.steady(level=level, load_ohm=load_ohm)
    for polarity in output.polarities:
        amplitude = measurands.amplitude(output, polarity)
        check("OUT-005", "amplitude", amplitude, level=level, load_ohm=load_ohm, polarity=polarity)
        declared_a = bench.profile.current_ua(level, load_ohm) * 1e-6
        farthest = measurands.farthest_amplitude(output, polarity, declared_a=declared_a)
        check(
            "OUT-005", "amplitude", farthest,
            level=level, load_ohm=load_ohm, polarity=polarity, pulse="farthest",
        )  # fmt: skip


@pytest.mark.requirement("OUT-005")
@pytest.mark.full_scope
@pytest.mark.parametrize("way", ["down", "up"])
def test_level_is_reached_from_the_other_end(bench: Bench, check: Check, way: str) -> None:
    ends = (bench.profile.levels[0].number, bench.profile.highest_level)
    start, level = ends if way == "up" else ends[::-1]
    load_ohm = bench.profile.loads_ohm[0]
    bench.run(level=start, load_ohm=load_ohm)
    bench.treatment.link.set_level(level)
    bench.clock.sleep(LEVEL_SETTLE_S)
    output = bench.record_running(level=level, load_ohm=load_ohm)
    for polarity in output.polarities:
        check(
            "OUT-005", "amplitude", measurands.amplitude(output, polarity),
            level=level, load_ohm=load_ohm, polarity=polarity, from_level=start,
        )  # fmt: skip


@pytest.mark.requirement("OUT-009")
def test_amplitude_rises_with_each_level(bench: Bench, check: Check) -> None:
    load_ohm = bench.profile.loads_ohm[0]
    outputs = [bench.steady(level=row.number, load_ohm=load_ohm) for row in bench.profile.levels]
    for lower, upper in pairwise(outputs):
        step = measurands.level_step(lower, upper)
        check("OUT-009", "level_step", step, level=upper.level, load_ohm=load_ohm)


@pytest.mark.requirement("OUT-025")
@pytest.mark.full_scope
def test_amplitude_does_not_depend_on_the_load(bench: Bench, check: Check, level: int) -> None:
    smallest, *others = (
        bench.steady(level=level, load_ohm=load_ohm) for load_ohm in bench.profile.loads_ohm
    )
    for output in others:
        regulation = measurands.load_regulation(output, reference=smallest)
        check("OUT-025", "load_regulation", regulation, level=level, load_ohm=output.load_ohm)


@pytest.mark.requirement("OUT-025")
@pytest.mark.full_scope
def test_amplitude_into_skin_is_that_into_a_resistance(bench: Bench, check: Check) -> None:
    if bench.profile.output.regulation != "current":
        return
    level, load_ohm = bench.skin.level(), bench.profile.loads_ohm[0]
    output = bench.into_skin(level)
    reference = bench.steady(level=level, load_ohm=load_ohm)
    regulation = measurands.load_regulation(output, reference=reference)
    load = bench.profile.output.skin.text
    check("OUT-025", "load_regulation", regulation, level=level, load=f"skin, {load}")
