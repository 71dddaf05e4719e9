"""Skipping whole cycles changes nothing, and remembered traces are the same either way."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tests.twin.unit_under_test import NS, UnitUnderTest

BIPHASIC = {
    "waveform__kind": "biphasic",
    "waveform__pulse_duration_s": 0.2e-3,
    "waveform__repetition_rate_hz": 60.0,
    "waveform__pulses_per_train": 1,
}


def pair(**changes: object) -> tuple[UnitUnderTest, UnitUnderTest]:
    """Return the same unit twice: one skips cycles, the other works every pulse through."""
    quick, plain = UnitUnderTest(**changes), UnitUnderTest(**changes)
    plain.unit.machine.fast_forward = False
    return quick, plain


def stop(unit: UnitUnderTest) -> None:
    unit.ask("STOP")


def lift(unit: UnitUnderTest) -> None:
    unit.world.command_relay(107, closed=False)


def other_load(unit: UnitUnderTest) -> None:
    unit.world.command_relay(101, closed=True)


def level(unit: UnitUnderTest) -> None:
    unit.ask("LEVEL 2")


@pytest.mark.parametrize("act", [stop, lift, other_load, level])
def test_whatever_disturbs_a_cycle_finds_it_as_if_worked_through(
    act: Callable[[UnitUnderTest], None],
) -> None:
    outcomes = []
    for unit in pair():
        unit.run()
        unit.wait(3.0 + 0.00417)
        unit.world.keep_trace(unit.now_ns)
        start_ns = unit.now_ns
        act(unit)
        unit.wait(1.0)
        outcomes.append((unit.state, unit.samples("shunt", start_ns, unit.now_ns, 41e-6)))
    assert outcomes[0][0] == outcomes[1][0]
    assert np.array_equal(outcomes[0][1], outcomes[1][1])


def test_mean_over_a_polarity_cycle_is_the_offset_on_driven_phases() -> None:
    unit = UnitUnderTest(output__levels_ua=[80, 160, 240, 320, 400])
    source = unit.unit.source
    source.gain_negative, source.dc_ua, source.leakage_ua = 1.0, 1.0, 0.0
    unit.run(level=1, load=101)
    period_s = unit.unit.machine.timer.programme.cycle_ns / NS
    assert unit.mean_ua(4 * period_s) == pytest.approx(0.48, abs=0.01)


def test_two_worlds_of_one_seed_are_identical_and_another_seed_is_not() -> None:
    traces = []
    for seed in (7, 7, 8):
        unit = UnitUnderTest(seed=seed).run()
        start_ns = unit.record(0.5)
        table = unit.world.trace("shunt", start_ns, unit.now_ns)
        traces.append((start_ns, table.level_v.tobytes(), table.weights_v.tobytes()))
    assert traces[0] == traces[1] != traces[2]


def test_plateaus_carry_the_units_noise_and_pauses_none() -> None:
    unit = UnitUnderTest().run()
    start_ns = unit.record(0.25)
    table = unit.world.trace("shunt", start_ns, unit.now_ns)
    driven = np.abs(table.level_v) > 0.02
    noise_v = unit.unit.source.noise_ua * 1e-6 * 100.0
    assert table.noise_v[driven] == pytest.approx(noise_v, rel=0.01)
    assert not table.noise_v[~driven].any()
