"""The doctor's checks: each with a remedy where it is not in order, connections as one tree."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from bench.cli.doctor import _network
from bench.cli.doctor_checks import connection_tree, firmware, machine
from bench.station.configuration import load_station
from bench.station.network_proof import NetworkProof
from tests.instruments.peers import BannerPeer, SocketPeer

EXAMPLE = Path("examples/station.toml")


def station_at(tmp_path, **resources):
    """Return the example's station with other resources, and a device that is not there."""
    text = EXAMPLE.read_text(encoding="utf-8")
    for number in (21, 22, 23, 24, 25):
        role = {21: "scope", 22: "dmm", 23: "switch", 24: "supply", 25: "generator"}[number]
        there = f"TCPIP::192.168.1.{number}::hislip0::INSTR"
        assert there in text
        text = text.replace(there, resources.get(role, "TCPIP::127.0.0.1::hislip0,1::INSTR"))
    text = text.replace("serial:///dev/ttyUSB0?baud=115200", "tcp://127.0.0.1:1")
    path = tmp_path / "station.toml"
    path.write_text(text, encoding="utf-8")
    return load_station(path)


def test_every_connection_is_tried_and_shown_in_one_tree(tmp_path):
    reply = b"Keysight Technologies,34465A,MY50000002,A.03\n"
    with SocketPeer(lambda m: reply if m == b"*IDN?" else b"0\n") as meter:
        found = connection_tree(station_at(tmp_path, dmm=meter.resource_name))
    head, *branches = found.detail.splitlines()
    assert (found.state, found.name) == ("fail", "connections: 5 of 6 fail")
    assert head == "station bench-1"
    assert branches[0].startswith(
        "├─ scope (TCPIP::127.0.0.1::hislip0,1::INSTR): cannot be reached"
    )
    assert branches[1].startswith("├─ dmm (TCPIP") and "34465A MY50000002" in branches[1]
    assert branches[-1].startswith("└─ device link tcp://127.0.0.1:1: cannot be reached")
    assert "bench list --discover" in found.remedy


def test_the_wrong_instrument_at_an_address_is_a_branch_too(tmp_path):
    reply = b"Keysight Technologies,34461A,MY1,A.03\n"
    with SocketPeer(lambda m: reply if m == b"*IDN?" else b"0\n") as meter:
        found = connection_tree(station_at(tmp_path, dmm=meter.resource_name))
    assert "expected the model 34465A, found 34461A" in found.detail


def test_a_telnet_port_in_the_station_file_is_one_clear_branch(tmp_path):
    with BannerPeer(b"Welcome to the SCPI instrument 'Siglent SDM3055'\r\n>>") as peer:
        resource = f"TCPIP::127.0.0.1::{peer.port}::SOCKET"
        found = connection_tree(station_at(tmp_path, dmm=resource))
    assert f"├─ dmm ({resource}): expected a raw socket" in found.detail
    assert "5025, not 5024" in found.detail


def test_the_machine_is_checked_with_remedies(tmp_path):
    findings = {finding.name: finding for finding in machine(tmp_path / "runs")}
    assert {"python", "packages", "disk space", "folder of the runs"} <= set(findings)
    assert findings["folder of the runs"].state == "ok"
    assert all(f.remedy for f in findings.values() if f.state in {"warn", "fail", "n/a"})


def test_lines_that_pyvisa_cannot_use_are_named_with_what_to_install(tmp_path, monkeypatch):
    told = {"TCPIP INSTR": "Available ", "USB INSTR": ["Please install PyUSB."]}
    monkeypatch.setattr(
        "pyvisa_py.highlevel.PyVisaLibrary.get_debug_info", staticmethod(lambda: told)
    )
    findings = {finding.name: finding for finding in machine(tmp_path)}
    assert findings["VISA backend"].detail == "pyvisa-py; TCPIP INSTR"
    assert findings["VISA USB INSTR"].detail == "Please install PyUSB."
    assert "[usb]" in findings["VISA USB INSTR"].remedy


@pytest.mark.parametrize(("simulated", "state"), [(True, "ok"), (False, "warn")])
def test_a_firmware_that_no_driver_has_met_is_a_warning_with_a_remedy(simulated, state):
    part = SimpleNamespace(role="scope", firmware="02.43")
    found = firmware(part, simulated=simulated)
    assert (found.name, found.state) == ("scope firmware", state)
    assert bool(found.remedy) != simulated


def test_a_folder_that_cannot_be_written_fails(tmp_path, monkeypatch):
    monkeypatch.setattr("os.access", lambda *_: False)
    findings = {finding.name: finding for finding in machine(tmp_path)}
    assert findings["folder of the runs"].state == "fail"
    assert "--out" in findings["folder of the runs"].remedy


@pytest.mark.parametrize("said", ["yes", "no"])
def test_the_computer_s_clock_is_asked(said, tmp_path, monkeypatch):
    class Done:
        stdout = f"{said}\n"

    monkeypatch.setattr("subprocess.run", lambda *_, **__: Done())
    findings = {finding.name: finding for finding in machine(tmp_path)}
    assert findings["clock of this computer"].state == {"yes": "ok", "no": "warn"}[said]


@pytest.mark.parametrize(
    ("proof", "expected"),
    [
        (NetworkProof(not_verified="the station has no check source"), ["n/a"]),
        (NetworkProof(problem="+30 %", not_verified="+30 %"), []),
    ],
)
def test_a_measuring_device_that_nobody_checked_is_said_to_be_so(proof, expected):
    bench = SimpleNamespace(measuring_device=SimpleNamespace(network=proof))
    assert [finding.state for finding in _network(bench)] == expected
    assert [] == list(_network(None))
