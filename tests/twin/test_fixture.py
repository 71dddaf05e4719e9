"""Relays, paths, the reference current and the sync line."""

from __future__ import annotations

import numpy as np
import pytest

from tests.twin.unit_under_test import NS, UnitUnderTest

LOADS = {101: 500.0, 102: 2_000.0, 103: 10_000.0, 104: 21_100.0, 105: 10_000.0, 106: 10.0}


@pytest.mark.parametrize("channel", LOADS)
def test_meter_finds_every_load_path(channel: int) -> None:
    bench = UnitUnderTest()
    bench.close(107, channel, 116)
    expected_ohm = 1.0 / (1.0 / LOADS[channel] + 1.0 / 10e6)
    assert bench.world.resistance() == pytest.approx(expected_ohm, rel=0.011, abs=0.7)


def test_meter_finds_the_shunt_and_nothing_where_it_is_not_connected() -> None:
    bench = UnitUnderTest()
    assert bench.world.resistance() == float("inf")
    assert bench.world.mean_voltage(0, 1) is None
    bench.close(115)
    assert bench.world.resistance() == pytest.approx(100.0, rel=1e-3)
    bench.open(115)
    bench.close(116)
    assert bench.world.resistance() == pytest.approx(10e6, rel=0.02)  # the probe alone


def test_ohms_with_a_source_in_the_path_are_nonsense() -> None:
    bench = UnitUnderTest()
    bench.close(115, 109)
    bench.supply(2, 4.0)
    assert bench.world.resistance() > 400.0


@pytest.mark.parametrize("sign", [1, -1])
def test_reference_current_flows_through_the_shunt(sign: int) -> None:
    bench = UnitUnderTest()
    bench.supply(2, 4.0)
    bench.close(109, 115, *((110,) if sign < 0 else ()))
    start_ns = bench.record(0.1)
    mean_v = bench.world.mean_voltage(start_ns, bench.now_ns)
    values = bench.unit.machine and bench.world.fixture.values
    expected_v = 4.0 * values.shunt_ohm / (values.reference_ohm + values.shunt_ohm)
    assert mean_v == pytest.approx(sign * expected_v, rel=1e-4)
    assert bench.world.supply_reading(2)[1] == pytest.approx(400e-6, rel=0.02)


def test_check_voltage_reaches_the_electrode() -> None:
    bench = UnitUnderTest()
    bench.supply(2, 2.0)
    bench.close(111, 116)
    start_ns = bench.record(0.1)
    assert bench.world.mean_voltage(start_ns, bench.now_ns) == pytest.approx(2.0, rel=2e-4)


@pytest.mark.parametrize("channel", [109, 111])
def test_interlock_keeps_sources_off_the_device(channel: int) -> None:
    bench = UnitUnderTest()
    bench.close(108)
    bench.close(channel)
    assert bench.world.relay_commanded(channel)
    assert not bench.world.fixture.closed(channel)
    bench.open(108)
    bench.wait(0.03)
    assert bench.world.fixture.closed(channel)
    bench.close(108)
    bench.wait(0.03)
    assert not bench.world.fixture.closed(channel)


def test_contacts_settle_within_their_time_and_bounce() -> None:
    bench = UnitUnderTest()
    bounced = 0
    for _ in range(12):
        now_ns = bench.now_ns
        settled_ns = bench.world.command_relay(103, closed=True)
        assert 1e-3 < (settled_ns - now_ns) / NS < 20e-3
        moves = 0
        before = False
        while bench.now_ns < settled_ns:
            bench.wait(20e-6)
            moves += bench.world.fixture.closed(103) != before
            before = bench.world.fixture.closed(103)
        assert before
        bounced += moves > 1
        bench.open(103)
    assert bounced > 0


def test_solid_state_contact_is_quick_and_clean() -> None:
    bench = UnitUnderTest()
    assert bench.world.command_relay(107, closed=True) - bench.now_ns == 100_000


def test_sync_rises_with_the_contact_and_not_with_the_coil() -> None:
    bench = UnitUnderTest()
    bench.world.keep_trace(bench.now_ns)
    coil_ns = bench.now_ns
    settled_ns = bench.world.command_relay(101, closed=True)
    edge_ns = bench.world.advance_to_crossing("sync", 1.6, "rising", 0.5, coil_ns + NS)
    assert edge_ns is not None
    assert coil_ns + 5_000_000 < edge_ns <= settled_ns
    assert bench.world.fixture.closed(101)
    bench.wait(0.01)
    table = bench.world.trace("sync", coil_ns, bench.now_ns)
    high = table.level_v > 1.6
    ends_ns = np.append(table.start_ns[1:], table.stop_ns)
    assert np.sum(high) == 1
    assert (ends_ns - table.start_ns)[high] == [2_000_000]


def test_relays_without_a_sensing_pole_leave_the_sync_line_alone() -> None:
    bench = UnitUnderTest()
    assert bench.world.advance_to_crossing("sync", 1.6, "rising", 0.5, bench.now_ns + 1) is None
    bench.world.command_relay(108, closed=True)
    assert bench.world.advance_to_crossing("sync", 1.6, "rising", 0.5, bench.now_ns + NS) is None


def test_link_reaches_the_sync_line_only_through_its_relay() -> None:
    bench = UnitUnderTest()
    for expected in (0.0, 3.3):
        bench.world.device_receive(b"STOP\n")
        start_ns = bench.record(0.0005)
        assert bench.world.trace("sync", start_ns, bench.now_ns).level_v[-1] == expected
        bench.close(117)
        bench.wait(0.01)


def test_measuring_network_shows_leakage_at_its_capacitor() -> None:
    bench = UnitUnderTest("O01=high").power_up(contact=False)
    bench.ask("POWEROFF")
    bench.wait(0.1)
    bench.close(112, 118)
    start_ns = bench.record(1.0)
    assert bench.world.mean_voltage(start_ns, bench.now_ns) == pytest.approx(5e-3, rel=0.03)


MODEL_OHM = {10.0: 999.9, 1e3: 694.3, 1e5: 9.645, 1e6: 0.9645}
"""Of 10 kΩ, 1 kΩ and 15 nF: 1 kΩ / (1 + 2πj f 11 kΩ 15 nF). Source: IEC 60601-1 figure 12."""


def peak_v(bench: UnitUnderTest, hz: float) -> float:
    """The amplitude of the tone at the electrode node, which the trace carries in closed form."""
    start_ns = bench.record(0.01)
    tones = bench.world.trace("electrode", start_ns, bench.now_ns).tones
    return sum(abs(complex(tone.amplitude_v[-1])) for tone in tones if tone.hz == hz)


@pytest.mark.parametrize("hz", MODEL_OHM)
def test_check_source_drives_the_network_that_the_meters_relays_lead_to(hz: float) -> None:
    """Through 112 the node is the network's input; through 116 and 118 it is its capacitor."""
    bench = UnitUnderTest()
    bench.world.set_generator(hz=hz, peak_v=10.0, output_ohm=50.0)
    bench.close(210, 112)
    input_v = peak_v(bench, hz)
    values = bench.world.fixture.values
    bench.open(112)
    assert peak_v(bench, hz) == 0.0
    bench.close(116, 118)
    output_v = peak_v(bench, hz)
    source_ohm = values.check_source_ohm + values.contact_ohm[210] + 50.0
    current_a = (10.0 - input_v) / source_ohm  # the network is nearly a resistance, seen from there
    assert output_v / current_a == pytest.approx(MODEL_OHM[hz], rel=0.03)


def test_check_source_is_dead_while_the_device_is_connected_or_its_relay_open() -> None:
    bench = UnitUnderTest()
    bench.world.set_generator(hz=1e3, peak_v=10.0, output_ohm=50.0)
    bench.close(112)
    assert peak_v(bench, 1e3) == 0.0
    bench.close(210)
    assert peak_v(bench, 1e3) > 8.0
    bench.close(108)
    assert peak_v(bench, 1e3) == 0.0
    bench.open(108)
    assert peak_v(bench, 1e3) > 8.0
    bench.world.set_generator(hz=1e3, peak_v=0.0, output_ohm=50.0)
    assert peak_v(bench, 1e3) == 0.0


@pytest.mark.parametrize(("fault", "expected_ohm"), [("X29", 11e3), ("X30", float("inf"))])
def test_faults_of_the_measuring_device_show_at_its_capacitor(
    fault: str, expected_ohm: float
) -> None:
    bench = UnitUnderTest(bench_faults=[fault])
    bench.close(118)
    assert bench.world.resistance() == pytest.approx(expected_ohm, rel=0.02)
    bench.world.set_generator(hz=1e4, peak_v=10.0, output_ohm=50.0)
    bench.close(210, 116)
    healthy_v = 10.0 / 1.15e3 * 96.0
    assert peak_v(bench, 1e4) < 0.8 * healthy_v


def test_battery_terminals_follow_the_emulator() -> None:
    bench = UnitUnderTest()
    bench.supply(1, 3.7)
    bench.close(119)
    start_ns = bench.record(0.01)
    assert bench.world.mean_voltage(start_ns, bench.now_ns) == 0.0
    bench.close(114)
    assert bench.world.mean_voltage(start_ns, bench.now_ns) == pytest.approx(3.7, abs=0.01)
    assert bench.world.supply_reading(1)[1] == pytest.approx(4e-3)


@pytest.mark.parametrize(
    ("fault", "channel", "expected_ohm"),
    [("X06", 102, 1.0 / (1.0 / 400 + 1.0 / 1900) + 100), ("X08", 101, 512.0), ("X09", 101, 505.0)],
)
def test_faults_of_the_fixture_show_in_the_path(
    fault: str, channel: int, expected_ohm: float
) -> None:
    bench = UnitUnderTest(bench_faults=[fault])
    bench.close(107, channel, 116)
    assert bench.world.resistance() == pytest.approx(expected_ohm, rel=2e-3, abs=0.7)


def test_a_relay_stuck_open_and_an_open_lead_leave_no_path() -> None:
    bench = UnitUnderTest(bench_faults=["X07", "X27"])
    bench.close(107, 102, 116)
    assert bench.world.resistance() > 9e6
    bench.close(108)
    assert not bench.world.fixture.closed(108)


def test_unknown_relays_outputs_and_bench_faults_are_refused() -> None:
    bench = UnitUnderTest()
    with pytest.raises(ValueError, match="relays 101 to 120 and 201 to 220"):
        bench.world.command_relay(121, closed=True)
    with pytest.raises(ValueError, match="outputs 1 to 3"):
        bench.supply(4, 1.0)
    with pytest.raises(ValueError, match=r"X99.*X06"):
        UnitUnderTest(bench_faults=["X99"])
