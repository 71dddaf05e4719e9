"""The conversation on the device link."""

from __future__ import annotations

import pytest

from bench.twin.device_port import crc8
from tests.twin.unit_under_test import UnitUnderTest


@pytest.fixture(name="unit")
def powered() -> UnitUnderTest:
    return UnitUnderTest(udi="(01)00860000000001").power_up()


def test_crc_is_that_of_the_published_check_word() -> None:
    assert crc8(b"123456789") == 0xF4


def test_identity_limits_and_status_are_complete(unit: UnitUnderTest) -> None:
    identity = unit.values("IDN?")
    assert identity["model"] == "REF-ALT-400"
    assert (identity["sn"], identity["hw"], identity["fw"]) == ("SN-1", "A", "1.0.0")
    assert identity["udi"] == "(01)00860000000001"
    assert "test" in identity["caps"].split(",")
    limits = unit.values("LIMITS?")
    assert (limits["levels"], limits["max_s"]) == ("5", "1200")
    assert limits["table_ua"] == "80,160,240,320,400"
    status = unit.values("STAT?")
    assert {
        "state",
        "level",
        "mode",
        "left_s",
        "contact",
        "bat_mv",
        "chg",
        "faults",
        "up_ms",
        "n",
    } <= (set(status))


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        ("BOGUS", "ERR 10 VERB"),
        ("stat?", "ERR 11 SYNTAX"),
        ("", ""),
        ("LEVEL", "ERR 11 SYNTAX"),
        ("LEVEL 1,2", "ERR 11 SYNTAX"),
        ("LEVEL x", "ERR 20 TYPE"),
        ("LEVEL 0", "ERR 21 RANGE"),
        ("LEVEL 6", "ERR 21 RANGE"),
        ("LEVEL -1", "ERR 21 RANGE"),
        ("LEVEL 65537", "ERR 21 RANGE"),
        ("START 0", "ERR 21 RANGE"),
        ("START 1201", "ERR 21 RANGE"),
        ("PAUSE", "ERR 30 STATE"),
        ("RESUME", "ERR 30 STATE"),
        ("MODE other", "ERR 21 RANGE"),
        ("T:INJ overcurrent_ua,800", "ERR 40 LOCKED"),
        ("T:HANG all", "ERR 40 LOCKED"),
        ("CAL?", "ERR 40 LOCKED"),
        ("UNLOCK 00000000", "ERR 40 LOCKED"),
        ("STOP now", "ERR 11 SYNTAX"),
        ("X" * 200, "ERR 13 LONG"),
        ("STOP", "OK"),
        ("FCLR", "OK"),
        ("PING", "OK"),
    ],
)
def test_each_request_has_its_answer(unit: UnitUnderTest, line: str, reply: str) -> None:
    before = unit.values("STAT?")["level"]
    assert unit.ask(line) == reply
    assert unit.values("STAT?")["level"] == before


def test_check_sum_is_returned_when_given_and_refused_when_wrong(unit: UnitUnderTest) -> None:
    line = f"#7 LEVEL?*{crc8(b'#7 LEVEL?'):02X}"
    reply, _, check = unit.ask(line).rpartition("*")
    assert reply == "#7 OK level=1"
    assert int(check, 16) == crc8(reply.encode())
    assert unit.ask("#8 LEVEL?*00").startswith("ERR 12 CRC*")


def test_repeated_number_is_answered_from_memory(unit: UnitUnderTest) -> None:
    assert unit.ask("#1 LEVEL 3") == "#1 OK"
    assert unit.ask("LEVEL 2") == "OK"
    assert unit.ask("#1 LEVEL 3") == "#1 OK"
    assert unit.values("LEVEL?")["level"] == "2"
    assert unit.ask("#1 LEVEL 4") == "#1 OK"
    assert unit.values("LEVEL?")["level"] == "4"


def test_reply_comes_after_the_links_latency_and_lines_may_come_in_pieces(
    unit: UnitUnderTest,
) -> None:
    unit.world.device_receive(b"LEV")
    unit.wait(0.01)
    unit.world.device_receive(b"EL?\nPI")
    assert unit.world.device_transmits_ns() is None
    unit.wait(0.0019)
    assert unit.world.device_transmit() == b""
    unit.wait(0.0002)
    assert unit.world.device_transmit() == b"OK level=1\n"
    unit.world.device_receive(b"NG\n")
    unit.wait(0.003)
    assert unit.world.device_transmit() == b"OK\n"


def test_test_mode_is_volatile(unit: UnitUnderTest) -> None:
    unit.unlock()
    assert unit.values("STAT?")["test"] == "1"
    assert unit.ask("T:INJ nothing,1") == "ERR 21 RANGE"
    assert unit.ask("T:PROT dc,2") == "ERR 21 RANGE"
    assert unit.ask("T:PROT dc,0") == "OK"
    unit.ask("RESET")
    unit.wait(0.6)
    assert "test" not in unit.values("STAT?")
    assert unit.ask("T:PROT dc,1") == "ERR 40 LOCKED"
    assert unit.unit.direct_current.enabled  # a protection is off for no longer than the test mode


def test_test_mode_ends_after_ten_minutes(unit: UnitUnderTest) -> None:
    unit.unlock()
    unit.wait(601.0)
    assert unit.ask("T:TICK 1") == "ERR 40 LOCKED"


def test_nonce_serves_once(unit: UnitUnderTest) -> None:
    assert unit.values("NONCE?") != unit.values("NONCE?")
    unit.unlock()
    assert unit.ask("UNLOCK 12345678") == "ERR 40 LOCKED"


def test_events_are_sent_only_where_asked_for(unit: UnitUnderTest) -> None:
    assert unit.ask("LEVEL 2") == "OK"
    assert unit.ask("EVT 1") == "OK"
    unit.ask("START 60")
    unit.wait(1.5)
    said = unit.world.device_transmit().decode().splitlines()
    assert [line.split()[2:] for line in said if line.startswith("EVT")] == [
        ["STATE", "state=RAMP"],
        ["STATE", "state=RUN"],
    ]


def test_readings_agree_with_the_terminals(unit: UnitUnderTest) -> None:
    unit.ask("LEVEL 5")
    unit.ask("START 60")
    unit.wait(2.0)
    readings = {name: float(value) for name, value in unit.values("MEAS?").items()}
    assert readings["set_ua"] == 400.0
    assert readings["i_ua"] == pytest.approx(400.0, rel=0.05)
    assert readings["v_mv"] == pytest.approx(800.0, rel=0.03)
    assert readings["r_ohm"] == pytest.approx(2000.0, rel=0.01)
    assert readings["age_ms"] < 100
    first = int(unit.values("STAT?")["n"])
    unit.wait(1.0)
    assert int(unit.values("STAT?")["n"]) - first == pytest.approx(10, abs=1)
