"""Simulated relay units and supplies with their own drivers, over real sockets."""

from __future__ import annotations

import pytest

from bench.errors import ScpiError
from bench.station.rescue import _from_station
from bench.station.simulated_instruments import SIMULATED_MODELS
from bench.twin.description import InstrumentNames
from bench.twin.dialects import GENERATORS, SUPPLIES, SWITCHES
from bench.twin.laboratory import Laboratory
from instruments import is_board, open_generator, open_load_switch, open_supply
from tests.instruments.loopback import LaboratoryClock
from tests.twin.fake_world import FakeWorld
from tests.twin.serving import Served


@pytest.fixture
def serve():
    running: list[Served] = []
    opened: list = []

    def start(opener, role: str, name: str, **options):
        laboratory = Laboratory(FakeWorld(), seed=3, instruments=InstrumentNames(**{role: name}))
        running.append(Served(laboratory))
        driver = opener(str(running[-1].addresses[role]), timeout_s=5.0, **options)
        opened.append(driver)
        return driver, laboratory

    yield start
    for driver in opened:
        driver.close()
    for one in running:
        one.stop()


def test_the_lists_of_names_are_the_same_on_both_sides():
    for role, dialects in (
        ("switch", SWITCHES), ("supply", SUPPLIES), ("generator", GENERATORS),
    ):  # fmt: skip
        found = {name: dialect.identity.split(",")[1] for name, dialect in dialects.items()}
        assert found == SIMULATED_MODELS[role]


def test_a_board_without_scpi_drives_the_fixture_s_relays_in_their_order(serve):
    switch, laboratory = serve(open_load_switch, "switch", "numato-32", expected_model="NUMATO-32")
    switch.reset()
    switch.close_channels([1, 20, 21, 27])
    switch.open_channels([20])
    world = laboratory.time.world
    assert [n for n, closed in world.relays.items() if closed] == [101, 201, 207]
    assert switch.closed_channels(switch.channels) == {1, 21, 27}
    assert switch.identity.serial == "SIM-3-3"
    switch.open_all()
    assert not any(world.relays.values())


@pytest.mark.parametrize("name", sorted(set(SWITCHES) - {"numato-32"}))
def test_relays_close_and_open_one_by_one_and_the_others_stay(serve, name):
    switch, laboratory = serve(open_load_switch, "switch", name)
    switch.reset()
    assert {101, 120, 201, 206} <= set(switch.channels)
    switch.close_channels([101, 102, 205])
    switch.open_channels([102])
    assert switch.closed_channels(switch.channels) == {101, 205}
    assert [n for n, closed in laboratory.time.world.relays.items() if closed] == [101, 205]
    switch.open_all()
    assert switch.closed_channels(switch.channels) == frozenset()
    assert switch.drain_errors() == ()


@pytest.mark.parametrize("name", SUPPLIES)
def test_an_output_has_settled_when_its_driver_returns(serve, name):
    """A meter that reads next must not see the output on its way."""
    supply, laboratory = serve(open_supply, "supply", name)
    supply.reset()
    world = laboratory.time.world
    supply._session.clock = LaboratoryClock(laboratory.time)
    for volts in (0.8, 4.0, 1.2):
        supply.configure_output(2, voltage_v=volts, current_limit_a=0.1)
        supply.switch_output(2, on=True)
        _, set_v, on = world.supplies[2][-1]
        assert (set_v, on) == (pytest.approx(volts, abs=0.02), True)
        assert not laboratory.supply.operation_pending()


@pytest.mark.parametrize("name", SUPPLIES)
def test_outputs_are_set_switched_and_read(serve, name):
    supply, laboratory = serve(open_supply, "supply", name)
    supply.reset()
    supply.configure_output(1, voltage_v=3.7, current_limit_a=0.5)
    supply.switch_output(1, on=True)
    supply.configure_output(3, voltage_v=5.0, current_limit_a=1.0)
    supply.switch_output(3, on=True)
    assert supply.output_is_on(1)
    assert not supply.output_is_on(2)
    laboratory.time.advance_by(200_000_000)
    world = laboratory.time.world
    for output, volts in ((1, 3.7), (3, 5.0)):
        _, set_v, on = world.supplies[output][-1]
        assert (set_v, on) == (pytest.approx(volts, abs=0.02), True)
    assert supply.measure_voltage(1) == pytest.approx(3.7, abs=0.05)
    supply.all_off()
    assert not any(states[-1][2] for states in world.supplies.values())
    assert supply.drain_errors() == ()


@pytest.mark.parametrize("name", GENERATORS)
def test_a_check_source_gives_what_its_driver_sets(serve, name):
    generator, laboratory = serve(open_generator, "generator", name)
    generator.reset()
    world = laboratory.time.world
    assert not generator.output_is_on()
    generator.configure_sine(frequency_hz=1e6, peak_v=10.0)
    assert not world.generator or world.generator[-1][1] == 0.0
    generator.switch_output(on=True)
    assert generator.output_is_on()
    assert world.generator[-1] == (pytest.approx(1e6), pytest.approx(10.0, rel=0.01), 50.0)
    generator.configure_sine(frequency_hz=10.0, peak_v=0.01)
    assert world.generator[-1] == (pytest.approx(10.0), pytest.approx(0.01, rel=0.01), 50.0)
    generator.switch_output(on=False)
    assert world.generator[-1][1] == 0.0
    generator.switch_output(on=True)
    generator.reset()
    assert world.generator[-1][1] == 0.0
    assert generator.drain_errors() == ()


def test_a_33511b_that_is_told_too_much_says_so(serve):
    _, laboratory = serve(open_generator, "generator", "keysight-33511b")
    for message in (b":SOUR1:VOLT 21", b":SOUR1:VOLT:OFFS 1", b":SOUR1:FREQ 21E6"):
        laboratory.generator.execute(message)
        assert laboratory.generator.execute(b"SYST:ERR?").startswith(b"-222,")


def test_an_spd_has_neither_reset_nor_completion(serve):
    _, laboratory = serve(open_supply, "supply", "siglent-spd3303x")
    for message in (b"*RST", b"*OPC?"):
        assert laboratory.supply.execute(message) is None
        assert laboratory.supply.execute(b"SYST:ERR?").startswith(b"-113  ")


def test_a_supply_that_refuses_is_named(serve):
    supply, laboratory = serve(open_supply, "supply", "rigol-dp832a")
    laboratory.supply.highest_v = {1: 1.0, 2: 1.0, 3: 1.0}
    with pytest.raises(ScpiError, match="-222"):
        supply.configure_output(1, voltage_v=3.7, current_limit_a=0.5)


def test_a_rescue_finds_the_board_that_a_station_file_names(tmp_path):
    path = tmp_path / "station.toml"
    path.write_text(
        '[instruments.switch]\nresource = "ASRL/dev/ttyACM0::INSTR"\nmodel = "NUMATO-32"\n'
        '[instruments.dmm]\nresource = "X"\nmodel = "34465A"\n'
    )
    assert _from_station(path).switch_model == "NUMATO-32"
    path.write_text(path.read_text().replace("NUMATO-32", "DAQ970A"))
    assert _from_station(path).switch_model == ""
    assert [is_board(model) for model in ("LCUS-8", "numato-16", "DAQ970A", "")] == [
        True, True, False, False,
    ]  # fmt: skip
