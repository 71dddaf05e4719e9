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


@pytest.mark.parametrize("load", [101, 103, 104, 105])
@pytest.mark.parametrize("changes", [{}, BIPHASIC], ids=["alternating", "biphasic"])
def test_skipped_cycles_are_bitwise_those_worked_through(load: int, changes: dict) -> None:
    traces = []
    for unit in pair(**changes):
        unit.run(load=load)
        unit.wait(4.0)
        start_ns = unit.record(1.03)
        unit.ask("STAT?")
        unit.wait(0.4)
        traces.append(unit.samples("electrode", start_ns, unit.now_ns, 37e-6))
        repeats = unit.unit.machine.cycle_ns() is not None
        assert repeats == unit.unit.machine.fast_forward
    assert np.array_equal(*traces)


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


def test_table_is_contiguous_and_begins_where_it_was_asked_for() -> None:
    unit = UnitUnderTest().run()
    start_ns = unit.record(1.0)
    table = unit.world.trace("electrode", start_ns + 1_234_567, start_ns + NS // 2)
    assert table.start_ns[0] == start_ns + 1_234_567
    assert table.stop_ns == start_ns + NS // 2
    assert np.all(np.diff(table.start_ns) > 0)
    ends_s = (np.append(table.start_ns[1:], table.stop_ns) - table.start_ns) / NS
    decays = np.exp(table.rates_per_s * ends_s[:, None])
    last = table.level_v + np.sum(table.weights_v * decays, axis=1)
    first = table.level_v + np.sum(table.weights_v, axis=1)
    # The terminals' capacitor lets no voltage jump while nothing is switched in the fixture.
    assert np.max(np.abs(first[1:] - last[:-1])) < 1e-9


def test_plateaus_carry_the_units_noise_and_pauses_none() -> None:
    unit = UnitUnderTest().run()
    start_ns = unit.record(0.25)
    table = unit.world.trace("shunt", start_ns, unit.now_ns)
    driven = np.abs(table.level_v) > 0.02
    noise_v = unit.unit.source.noise_ua * 1e-6 * 100.0
    assert table.noise_v[driven] == pytest.approx(noise_v, rel=0.01)
    assert not table.noise_v[~driven].any()


def test_one_long_advance_is_the_same_as_many_short_ones() -> None:
    states = []
    for steps in (1, 700):
        unit = UnitUnderTest().power_up()
        unit.ask("START 5")
        start_ns = unit.now_ns
        unit.world.keep_trace(start_ns)
        for k in range(1, steps + 1):
            unit.world.advance_to(start_ns + k * 7 * NS // steps)
        states.append((unit.state, unit.samples("shunt", start_ns, start_ns + 7 * NS, 1e-4)))
    assert states[0][0] == states[1][0] == "IDLE"
    assert np.array_equal(states[0][1], states[1][1])
