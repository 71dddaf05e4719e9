"""Every simulated multimeter with its own driver, over a real socket, against a known voltage."""

from __future__ import annotations

import inspect
import socket
import struct
from collections.abc import Iterator

import pytest

from bench.errors import InstrumentError, ReadingOverload
from bench.station.simulated_instruments import SIMULATED_MODELS
from bench.twin.description import InstrumentNames
from bench.twin.dialects import DMMS
from bench.twin.laboratory import Laboratory
from instruments import open_multimeter, open_session
from instruments.dmms import DRIVERS
from instruments.roles import Multimeter
from tests.twin.fake_world import FakeWorld
from tests.twin.serving import Served


def laboratory(name: str, *, level_v: float = 0.05) -> Laboratory:
    world = FakeWorld(high_v=level_v, low_v=level_v)
    return Laboratory(world, seed=3, instruments=InstrumentNames(dmm=name))


@pytest.fixture
def served() -> Iterator:
    running: list[Served] = []

    def serve(name: str, **options: float) -> Served:
        running.append(Served(laboratory(name, **options)))
        return running[-1]

    yield serve
    for one in running:
        one.stop()


@pytest.fixture
def opened(served) -> Iterator:
    meters: list[Multimeter] = []

    def open_it(name: str, **options: float) -> tuple[Multimeter, Laboratory]:
        one = served(name, **options)
        meters.append(open_multimeter(str(one.addresses["dmm"]), timeout_s=5.0))
        return meters[-1], one.laboratory

    yield open_it
    for meter in meters:
        meter.close()


def test_the_two_lists_of_names_are_one():
    assert {name: dialect.identity.split(",")[1] for name, dialect in DMMS.items()} == (
        SIMULATED_MODELS["dmm"]
    )


@pytest.mark.parametrize("name", DMMS)
def test_volts_and_ohms_are_what_is_there_and_no_error_is_left(opened, name):
    meter, laboratory = opened(name)
    meter.reset()
    meter.configure_dc_voltage(range_v=0.1, aperture_s=0.2)
    assert meter.read(3) == pytest.approx([0.05] * 3, abs=1.2e-4)
    meter.configure_dc_voltage(range_v=10.0, aperture_s=1.0)
    assert meter.read() == pytest.approx([0.05], abs=5e-3)
    meter.configure_resistance(range_ohm=100.0, aperture_s=0.1)
    assert meter.read() == pytest.approx([100.0], rel=2e-3)
    meter.configure_resistance(range_ohm=1e7, aperture_s=0.02, four_wire=False)
    laboratory.time.world.ohms = 1e6
    assert meter.read() == pytest.approx([1e6], rel=2e-3)
    meter.configure_ac_voltage(range_v=0.1)
    assert meter.read() == pytest.approx([0.0], abs=1e-3)
    assert meter.drain_errors() == ()


@pytest.mark.parametrize("name", DMMS)
def test_an_overload_is_no_number(opened, name):
    meter, _ = opened(name, level_v=5.0)
    meter.configure_dc_voltage(range_v=0.1, aperture_s=0.1)
    with pytest.raises(ReadingOverload):
        meter.read()
    meter.configure_dc_voltage(range_v=10.0, aperture_s=0.1)
    assert meter.read() == pytest.approx([5.0], rel=2e-3)


@pytest.mark.parametrize("name", DMMS)
def test_a_meter_that_was_not_reset_is_configured_all_the_same(opened, name):
    meter, _ = opened(name)
    meter.configure_resistance(range_ohm=10e6, aperture_s=0.02)
    assert meter.read() == pytest.approx([100.0], abs=3000.0)


def test_every_driver_of_a_multimeter_has_its_simulated_side(opened):
    assert {type(opened(name)[0]) for name in DMMS} == set(DRIVERS)


# -- what each family does to whoever does not know it


def test_a_siglent_leaves_a_range_that_was_set_by_hand_and_the_driver_sees_it(opened):
    meter, laboratory = opened("siglent-sdm3055", level_v=1.5)
    meter.configure_dc_voltage(range_v=0.2, aperture_s=0.2)
    with pytest.raises(ReadingOverload, match="left its range of VOLT:DC for 2"):
        meter.read()
    assert laboratory.dmm.execute(b"VOLT:DC:RANG:AUTO?") == b"0"


def test_a_fluke_takes_longer_after_a_reset_than_a_message_may(opened):
    meter, laboratory = opened("fluke-8846a")
    started_ns = laboratory.time.now_ns
    meter.reset()
    assert laboratory.time.now_ns - started_ns > 5_000_000_000
    assert meter.drain_errors() == ()


def test_a_fluke_obeys_nothing_before_it_is_remote():
    fluke = laboratory("fluke-8846a").dmm
    assert fluke.execute(b"VOLT:DC:RANG 10;:SYST:ERR?").startswith(b"+550,")
    assert fluke.execute(b"SYST:REM;:VOLT:DC:RANG 10;:SYST:ERR?").startswith(b"+0,")


def test_a_keithley_2000_answers_blocks_of_indefinite_length_and_the_driver_turns_them_off(opened):
    meter, laboratory = opened("keithley-2000")
    assert laboratory.dmm.execute(b"FORM:DATA SRE;:READ?").startswith(b"#0")
    meter.configure_dc_voltage(range_v=0.1, aperture_s=0.2)
    assert meter.read() == pytest.approx([0.05], abs=1e-4)


def test_an_indefinite_block_is_its_bytes_and_never_empty(served):
    one = served("keithley-2000")
    session = open_session(str(one.addresses["dmm"]), role="dmm", timeout_s=2.0)
    session.write("FORM:DATA SRE")
    payload = session.query_block(":READ?")
    assert struct.unpack(">f", payload.tobytes()) == pytest.approx((0.05,), abs=1e-4)
    session.close()


def test_a_keithley_2000_with_units_left_on_is_read_as_well(opened):
    meter, laboratory = opened("keithley-2000")
    meter.configure_dc_voltage(range_v=0.1, aperture_s=0.2)
    assert laboratory.dmm.execute(b"FORM:ELEM READ,UNIT;:READ?").endswith(b"VDC")
    assert meter.read() == pytest.approx([0.05], abs=1e-4)


def test_a_keithley_that_answers_the_last_reading_only_is_asked_for_each(opened):
    for name in ("keithley-2000", "keithley-dmm6500"):
        meter, laboratory = opened(name)
        assert laboratory.dmm.execute(b"SAMP:COUN 3;:READ?").count(b",") == 0
        meter.configure_dc_voltage(range_v=0.1, aperture_s=0.02)
        assert meter.read(4).shape == (4,)


def test_a_dmm6500_in_its_other_command_set_is_named(opened):
    meter, laboratory = opened("keithley-dmm6500")
    laboratory.dmm.language = "TSP"
    with pytest.raises(InstrumentError, match=r"send \*LANG SCPI"):
        meter.configure_dc_voltage(range_v=0.1, aperture_s=0.1)


def test_a_rigol_dm3068_knows_no_such_header_before_its_command_set_is_chosen(opened):
    meter, laboratory = opened("rigol-dm3068")
    assert laboratory.dmm.execute(b"VOLT:DC:NPLC 10") is None
    assert laboratory.dmm.execute(b"SYST:ERR?").startswith(b"-113,")
    meter.configure_dc_voltage(range_v=0.2, aperture_s=0.2)
    meter.reset()
    meter.configure_dc_voltage(range_v=0.2, aperture_s=0.2)
    assert meter.read() == pytest.approx([0.05], abs=1e-4)


def test_a_34401a_on_a_serial_line_is_made_remote(served):
    one = Served(
        Laboratory(
            FakeWorld(high_v=0.05, low_v=0.05),
            seed=3,
            instruments=InstrumentNames(dmm="keysight-34401a"),
            transports=("dmm=serial",),
        )
    )
    try:
        assert one.laboratory.dmm.execute(b"VOLT:DC:RANG 10;:SYST:ERR?").startswith(b"+550,")
        meter = open_multimeter(str(one.addresses["dmm"]), timeout_s=5.0)
        meter.reset()
        meter.configure_dc_voltage(range_v=0.1, aperture_s=0.2)
        assert meter.read(2) == pytest.approx([0.05] * 2, abs=1e-4)
        meter.close()
    finally:
        one.stop()


def test_no_dialect_answers_a_header_of_another():
    headers = {
        "keysight-34401a": b"VOLT:DC:APER 0.1",
        "keysight-34461a": b"VOLT:DC:APER 0.1",
        "keithley-2000": b"VOLT:DC:APER 0.1",
        "keithley-dmm6500": b"VOLT:DC:ZERO:AUTO ON",
        "siglent-sdm3055": b"VOLT:DC:AZ:STAT ON",
        "rigol-dm858": b"ZERO:AUTO ON",
    }
    for name, header in headers.items():
        meter = laboratory(name).dmm
        assert meter.execute(header) is None
        assert (meter.execute(b"SYST:ERR?") or b"").startswith(b"-113,"), name


def test_each_dialect_says_in_words_what_is_its_own():
    for module in {inspect.getmodule(type(laboratory(name).dmm)) for name in DMMS}:
        assert module.__doc__


def test_the_socket_of_each_dialect_speaks_to_a_plain_client(served):
    one = served("siglent-sdm3065x")
    port = int(one.addresses["resources"]["dmm"]["socket"].split("::")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
        line.sendall(b"*IDN?\n")
        assert line.recv(200).startswith(b"Siglent Technologies,SDM3065X,SIM-3-2,")
