"""What is connected is found, asked and proposed, within a bounded time."""

from __future__ import annotations

import socket
import time
import tomllib

import pytest

from bench.cli.main import main
from bench.cli.proposal import proposal
from instruments import discovery
from instruments.discovery import Found, announced_by_mdns, discover
from tests.instruments.peers import BannerPeer, SocketPeer
from tests.twin.serving import served

SILENT = Found(resource_name="", via="mDNS", remark="switched off in this test")


@pytest.fixture
def only_hosts(monkeypatch):
    """Keep the search off the network of whoever runs this test."""
    monkeypatch.setattr(discovery, "announced_by_mdns", lambda: (SILENT,))
    monkeypatch.setattr(discovery, "usb_resources", tuple)
    port = Found(resource_name="ASRL/dev/ttyACM0::INSTR", via="serial port", remark="a cable")
    monkeypatch.setattr(discovery, "serial_ports", lambda: (port,))


def test_instruments_on_named_hosts_are_found_and_proposed(only_hosts, capsys):
    with served(transports=["dmm=socket"]) as laboratory:
        words = ["list", "--discover"]
        for role in ("scope", "dmm", "supply"):
            words += [
                "--host",
                f"127.0.0.1:{laboratory.port(role) if role != 'dmm' else _port(laboratory)}",
            ]
        assert main(words) == 0
    out, err = capsys.readouterr()
    proposed = tomllib.loads(out)
    assert set(proposed["instruments"]) == {"scope", "dmm", "supply"}
    assert proposed["instruments"]["scope"]["model"] == "DSO-X 3024A"
    assert proposed["instruments"]["dmm"]["resource"].endswith("::SOCKET")
    assert proposed["instruments"]["scope"]["resource"].startswith("TCPIP::127.0.0.1::hislip0,")
    assert "[instruments.switch]: none was found" in out
    assert "serial:///dev/ttyACM0?baud=115200" in out
    assert "scope, KEYSIGHT" in err


def _port(laboratory) -> int:
    return int(str(laboratory.addresses["dmm"]).split("::")[2])


def test_what_is_no_instrument_is_said_and_costs_its_time_at_most(only_hosts):
    with BannerPeer(b"220 mail ready\r\n") as mail, SocketPeer(lambda _: None) as silent:
        started_s = time.perf_counter()
        found = discover([f"127.0.0.1:{mail.port}", f"127.0.0.1:{silent.port}"])
        assert time.perf_counter() - started_s < discovery.DISCOVERY_S + 1
    assert not [one for one in found if one.identity]
    assert "mDNS" in {one.via for one in found}


def test_an_unknown_instrument_is_named(only_hosts):
    with SocketPeer(lambda m: b"ACME,X-1,7,1.0\n" if m == b"*IDN?" else None) as peer:
        found = discover([f"127.0.0.1:{peer.port}"])
    assert any("no driver knows ACME X-1" in one.remark for one in found)


def test_a_search_that_hangs_is_left_behind(only_hosts, monkeypatch):
    monkeypatch.setattr(discovery, "usb_resources", lambda: time.sleep(5) or ())
    started_s = time.perf_counter()
    found = discover([], limit_s=0.5)
    assert time.perf_counter() - started_s < 2
    assert "one search did not end in time" in {one.remark for one in found}


@pytest.mark.parametrize("host", ["127.0.0.1:1", "host:port"])
def test_nothing_there_is_said(only_hosts, host):
    assert any(one.via == host and one.remark for one in discover([host]))


def test_an_lxi_instrument_is_heard_by_mdns(monkeypatch):
    zeroconf = pytest.importorskip("zeroconf")
    loopback = ["127.0.0.1"]
    service = zeroconf.ServiceInfo(
        "_hislip._tcp.local.", "Bench test scope._hislip._tcp.local.",
        addresses=[socket.inet_aton("127.0.0.1")], port=4880, server="bench-test.local.",
    )  # fmt: skip
    try:
        announcer = zeroconf.Zeroconf(interfaces=loopback)
        announcer.register_service(service)
    except OSError as error:
        pytest.skip(f"no multicast on loopback: {error}")
    make = zeroconf.Zeroconf
    monkeypatch.setattr(zeroconf, "Zeroconf", lambda: make(interfaces=loopback))
    # On one host both share the port, and the answer to the first question may go to the other.
    monkeypatch.setattr(discovery, "MDNS_S", 2 * discovery.MDNS_S)
    try:
        found = announced_by_mdns()
    finally:
        monkeypatch.undo()
        announcer.close()
    assert [(one.resource_name, one.via) for one in found] == [
        ("TCPIP::127.0.0.1::hislip0,4880::INSTR", "mDNS Bench test scope")
    ]


def test_a_proposal_quotes_what_an_instrument_says():
    from instruments.roles import Identity

    identity = Identity(manufacturer="A", model='M"1\\', serial="S", firmware="F")
    text = proposal([Found(resource_name="R", via="USB", role="dmm", identity=identity)])
    assert tomllib.loads(text)["instruments"]["dmm"]["model"] == 'M"1\\'
