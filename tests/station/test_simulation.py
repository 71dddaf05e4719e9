"""The simulated bench as a process, and what a unit is built from."""

from __future__ import annotations

import json
import os
import socket
import sys

import pytest

from bench.clock import TwinClock
from bench.errors import ConfigurationError, NotConnected
from bench.profile import load_profile, profile_names
from bench.station.simulation import (
    Addresses,
    FittedFault,
    launch_twin,
    simulated_station,
    unit_description,
)
from bench.twin.description import UnitDescription

ADDRESSES = Addresses(
    scope="TCPIP::127.0.0.1::hislip0,1::INSTR",
    dmm="TCPIP::127.0.0.1::hislip0,2::INSTR",
    switch="TCPIP::127.0.0.1::hislip0,3::INSTR",
    supply="TCPIP::127.0.0.1::hislip0,4::INSTR",
    generator="TCPIP::127.0.0.1::hislip0,9::INSTR",
    device="tcp://127.0.0.1:5",
    clock="127.0.0.1:6",
    pid=7,
    seed=8,
    serials={"scope": "SIM-8-1"},
    resources={"scope": {"hislip": "TCPIP::127.0.0.1::hislip0,1::INSTR"}},
)


def describe(name="ref-alt-400", **options):
    given = {"serial": "S-1", "firmware": "1.2.3", "udi": "U", "seed": 5} | options
    return unit_description(load_profile(name), **given)


def script(body):
    """Return a command that stands in for the twin and ignores its arguments."""
    return (sys.executable, "-c", body)


@pytest.mark.parametrize("name", profile_names())
def test_every_profile_describes_a_unit_that_the_twin_reads(name):
    described = json.loads(json.dumps(describe(name)))
    unit = UnitDescription.read(described)
    profile = load_profile(name)
    assert profile.model == unit.model
    assert profile.waveform.kind == unit.waveform.kind
    assert len(profile.levels) == len(unit.output.levels_ua or unit.output.levels_v)


def test_a_unit_is_built_from_values_and_faults():
    described = describe(faults=[FittedFault(spec="A03", severity="middle")], bench_faults=["X06"])
    assert ("S-1", "1.2.3", "U", 5) == tuple(
        described[key] for key in ("serial", "firmware", "udi", "seed")
    )
    assert [80.0, 160.0, 240.0, 320.0, 400.0] == described["output"]["levels_ua"]
    assert [{"spec": "A03", "severity": "middle"}] == described["faults"]
    assert ["X06"] == described["bench_faults"]
    assert 1200.0 == described["firmware_settings"]["session_s"]


def test_a_voltage_regulated_unit_is_built_from_its_open_circuit_voltages():
    output = describe("ref-biph-v3")["output"]
    assert [2.0, 3.5, 5.0] == output["levels_v"]
    assert 6000.0 == output["source_ohm"]
    assert "levels_ua" not in output


def test_a_unit_does_not_know_what_it_is_judged_by():
    text = json.dumps(describe()).lower()
    for word in ("tolerance", "limit", "ceiling", "excursion", "off_state", "requirement"):
        assert word not in text


def test_the_simulated_station_stands_at_the_addresses():
    station = simulated_station(ADDRESSES, load_profile("ref-alt-400"), 8)
    assert station.simulated
    assert ADDRESSES.clock == station.clock
    assert ADDRESSES.device == station.device.url
    assert "MCB-TEST" == station.device.unlock_key
    assert {
        "scope": ADDRESSES.scope,
        "dmm": ADDRESSES.dmm,
        "switch": ADDRESSES.switch,
        "supply": ADDRESSES.supply,
        "generator": ADDRESSES.generator,
    } == {role: entry.resource for role, entry in station.instruments.items()}
    assert "simulated" in station.calibration_status("dmm")


def test_addresses_print_as_the_twin_prints_them():
    printed = ADDRESSES.as_json()
    names = ["scope", "dmm", "switch", "supply", "generator", "device", "clock", "pid", "seed"]
    assert [*names, "resources", "serials"] == list(printed)
    assert Addresses(**printed) == ADDRESSES


def test_the_twin_starts_answers_and_ends_with_its_lifeline():
    with launch_twin(describe()) as twin:
        assert twin.process.pid == twin.addresses.pid
        assert 5 == twin.addresses.seed
        assert os.getpgid(twin.process.pid) != os.getpgid(0)
        clock = TwinClock(twin.addresses.clock)
        clock.sleep(1.0)
        assert clock.now_ns() >= 1_000_000_000
        clock.close()
        host, port = twin.addresses.clock.split(":")
    assert 0 == twin.process.returncode
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)), timeout=5)
    twin.close()


def test_a_copy_of_the_lifeline_keeps_the_twin_alive():
    twin = launch_twin(describe())
    guardian_fd = os.dup(twin.lifeline_fd)
    os.close(twin.lifeline_fd)
    try:
        clock = TwinClock(twin.addresses.clock)
        assert clock.now_ns() >= 0
        clock.close()
        assert twin.process.poll() is None
    finally:
        twin.lifeline_fd = guardian_fd
        twin.close()
    assert 0 == twin.process.returncode


def test_a_fault_that_nobody_knows_is_a_bad_configuration():
    with pytest.raises(ConfigurationError, match=r"cannot build the unit; it said: .*Z99"):
        launch_twin(describe(faults=[FittedFault(spec="Z99", severity="low")]))


def test_a_twin_that_dies_says_why():
    body = "import sys; sys.stderr.write('first\\nno memory left\\n'); sys.exit(3)"
    with pytest.raises(NotConnected) as caught:
        launch_twin(describe(), command=script(body))
    assert str(caught.value) == (
        "simulated bench: ended with status 3 before it answered; it said: first | no memory left"
    )


def test_a_twin_that_stays_silent_is_given_up_and_ended():
    body = "import sys; sys.stdin.read(); import os; os.read(int(sys.argv[3]), 1)"
    with pytest.raises(NotConnected, match=r"no address within 0\.2 s; it said nothing"):
        launch_twin(describe(), command=script(body), timeout_s=0.2)


def test_a_line_that_is_no_address_is_quoted():
    body = "print('{\"scope\": 1}', flush=True)"
    with pytest.raises(NotConnected, match="expected one JSON line with scope, dmm"):
        launch_twin(describe(), command=script(body))


def test_a_twin_that_cannot_be_started_is_named(tmp_path):
    with pytest.raises(NotConnected, match="cannot be started"):
        launch_twin(describe(), command=(str(tmp_path / "nothing"),))
