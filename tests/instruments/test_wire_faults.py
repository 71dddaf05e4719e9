"""Replies of the simulated instruments that go wrong on their way: named in time, never mistaken."""

from __future__ import annotations

import time

import pytest

from bench.errors import BenchError, InstrumentError, InstrumentTimeout, NotConnected
from bench.station.fault_spec import split_faults
from bench.twin.laboratory import TRANSPORTS, Laboratory
from bench.twin.wire import WIRE_FAULTS, Wire
from instruments.session import open_session
from tests.twin.fake_world import FakeWorld
from tests.twin.serving import served

TIMEOUT_S = 0.3
POINTS = 1000
EXPECTED: dict[str, type[BenchError]] = {
    "late-reply": InstrumentTimeout,
    "dropped-link": NotConnected,
    "unended-reply": InstrumentTimeout,
    "silent": InstrumentTimeout,
}
ENDS_ON_SERIAL = {"unended-reply", "dropped-link"}
"""A serial line has no end of a connection, and its lost line feed makes one line of two answers."""


@pytest.fixture(scope="module")
def laboratory():
    with served(transports=["scope=serial"]) as running:
        yield running


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("fault", WIRE_FAULTS)
def test_a_reply_that_goes_wrong_is_an_error_and_the_next_answer_its_own(
    laboratory, transport, fault
):
    scope = laboratory.laboratory.scope
    scope.wire = Wire()
    name = laboratory.addresses["resources"]["scope"][transport]
    session = open_session(name, role="scope", timeout_s=10.0)
    session.query("*RST;:STOP;:DIG CHAN1;*OPC?")
    session.query(f":WAV:SOUR CHAN1;:WAV:FORM BYTE;:WAV:POIN {POINTS};*OPC?")
    session.timeout_s = TIMEOUT_S
    scope.misbehave(fault)
    scope.wire.next_strike = 1
    started_s = time.monotonic()
    if fault == "indefinite-block":  # its end shows, or its size is known: it is right
        ask(session, fault)
    else:
        with pytest.raises(expected(fault, transport)):
            ask(session, fault)
    assert time.monotonic() - started_s < TIMEOUT_S + 2.5  # the time-out, and clearing the line
    try:
        assert "DSO-X" in session.query("*IDN?")
    except (NotConnected, InstrumentTimeout):
        assert fault in {"silent", "dropped-link"} or transport == "serial"
    session.close()


def ask(session, fault):
    """Ask what the fault spoils; a right answer is right."""
    if fault.endswith("-block"):
        assert len(session.query_block(":WAV:DATA?", count=POINTS)) == POINTS
    else:
        session.query_number(":TIM:RANG?")


def expected(fault: str, transport: str) -> type[BenchError] | tuple[type[BenchError], ...]:
    if transport == "serial" and fault in ENDS_ON_SERIAL:
        return InstrumentTimeout
    if fault in EXPECTED:
        return EXPECTED[fault]
    return InstrumentTimeout if fault == "short-block" and transport in STREAMS else InstrumentError


STREAMS = {"socket", "serial"}
"""Here the rest of a short block would still be waited for."""


def test_a_strike_comes_late_and_again():
    wire = Wire()
    wire.fault = "wrong-count"
    wire.next_strike = 3
    found = [wire.carry(b"+1") for _ in range(4)]
    assert [reply.data for reply in found if reply] == [b"+1", b"+1", b"+1,+1", b"+1"]


def test_a_misbehaviour_is_written_with_its_role():
    assert split_faults(["dmm:late-reply", "X22"]) == ([], ["dmm:late-reply", "X22"])
    laboratory = Laboratory(FakeWorld(), seed=1, bench_faults=["supply:silent"])
    assert (laboratory.supply.wire.fault, laboratory.dmm.wire.fault) == ("silent", "")
    with pytest.raises(
        ValueError, match=r"no-hash: this one can do dropped-link, indefinite-block"
    ):
        Laboratory(FakeWorld(), seed=1, bench_faults=["dmm:no-hash"])
