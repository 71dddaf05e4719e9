"""Adapters on bad lines: the built-in one keeps the contract, careless ones are found out."""

from __future__ import annotations

import pytest

from bench.device import line_conformance
from bench.device.interposer import Interposer
from bench.device.line_conformance import check_line
from bench.device.stream import open_stream
from tests.device.powered import powered_device
from tests.instruments.peers import SerialPeer

CARELESS = '''
from bench.device.line_protocol import LineProtocolLink
from bench.device.stream import open_stream
from bench.errors import DeviceLinkError


class Remembers(LineProtocolLink):
    """Answers from memory where the device says nothing."""

    def __init__(self, url, *, clock, unlock_key):
        super().__init__(open_stream(url), clock=clock, unlock_key=unlock_key)
        self.last = {}

    def _ask(self, verb, *arguments):
        try:
            self.last[verb] = super()._ask(verb, *arguments)
        except DeviceLinkError:
            if verb not in self.last:
                raise
        return self.last[verb]


class Raises(Remembers):
    """Lets its own errors out."""

    def _ask(self, verb, *arguments):
        try:
            return LineProtocolLink._ask(self, verb, *arguments)
        except DeviceLinkError as error:
            raise KeyError(verb) from error
'''


@pytest.fixture(scope="module")
def device():
    """Address and clock of a simulated device that is switched on."""
    with powered_device() as (running, clock):
        yield running.addresses.device, clock


def broken(device, adapter: str, monkeypatch, *, clauses: int = 4) -> dict[str, str]:
    monkeypatch.setattr(line_conformance, "SPOILT_REPLIES", 8)
    monkeypatch.setattr(line_conformance, "_CLAUSES", line_conformance._CLAUSES[:clauses])
    url, clock = device
    findings = check_line(url, clock=clock, unlock_key="MCB-TEST", adapter=adapter)
    assert len(findings) == clauses
    return {f.clause.split(",")[0]: f.detail for f in findings if f.outcome != "passed"}


def test_the_line_protocol_keeps_the_contract_on_every_bad_line(device, monkeypatch):
    assert broken(device, "", monkeypatch) == {}


@pytest.mark.parametrize(
    ("name", "why"), [("Remembers", "on a silent line returned"), ("Raises", "KeyError")]
)
def test_a_careless_adapter_is_found_out(device, monkeypatch, tmp_path, name, why):
    file = tmp_path / "careless.py"
    file.write_text(CARELESS, encoding="utf-8")
    found = broken(device, f"{file}:{name}", monkeypatch, clauses=1)
    assert why in " ".join(found.values())


def test_a_serial_line_passes_through_a_pseudo_terminal():
    with SerialPeer(lambda message: message + b"!\n") as peer:
        port = peer.resource_name.removeprefix("ASRL").removesuffix("::INSTR")
        between = Interposer(f"serial://{port}")
        line = open_stream(between.url)
        line.send(b"A\n")
        assert line.receive(2.0) == b"A!\n"
        between.trouble = "late"
        line.send(b"B\n")
        assert line.receive(0.3) == b""
        between.trouble = "none"
        assert line.receive(2.0) == b"B!\n"
        line.close()
        between.close()


def test_what_has_no_line_is_not_offered(device):
    (found,) = check_line("ble://AA", clock=device[1], unlock_key="", adapter="")
    assert found.outcome == "not offered"
