"""The simulated switch unit."""

from __future__ import annotations

import pytest

from bench.twin.laboratory import Laboratory
from tests.twin.fake_world import FakeWorld


@pytest.fixture
def laboratory() -> Laboratory:
    return Laboratory(FakeWorld(), seed=3)


def _ask(laboratory: Laboratory, message: str) -> str:
    reply = laboratory.switch.execute(message.encode())
    assert reply is not None, message
    return reply.decode()


def test_a_command_returns_when_the_contacts_have_settled(laboratory: Laboratory) -> None:
    start_ns = laboratory.time.now_ns
    laboratory.switch.execute(b"ROUT:CLOS (@101,105:107)")
    assert laboratory.time.now_ns - start_ns == 2_000_000 + 18_000_000
    assert _ask(laboratory, "ROUT:CLOS? (@101:108)") == "1,0,0,0,1,1,1,0"
    assert _ask(laboratory, "ROUT:OPEN? (@101,102);DONE?") == "0,1;1"
    start_ns = laboratory.time.now_ns
    laboratory.switch.execute(b"ROUT:CLOS (@101)")
    assert laboratory.time.now_ns - start_ns == 2_000_000


def test_open_exclusive_and_reset(laboratory: Laboratory) -> None:
    laboratory.switch.execute(b"ROUT:CLOS (@101:103);OPEN (@102)")
    assert _ask(laboratory, "ROUT:CLOS? (@101:103)") == "1,0,1"
    laboratory.switch.execute(b"ROUT:CLOS:EXCL (@110,119)")
    closed = _ask(laboratory, "ROUT:CLOS? (@101:120)").split(",")
    assert [101 + n for n, state in enumerate(closed) if state == "1"] == [110, 119]
    laboratory.switch.execute(b"*RST")
    assert "1" not in _ask(laboratory, "ROUT:CLOS? (@101:120)")
    assert _ask(laboratory, "DIAG:REL:CYCL? (@101,110)") == "+1,+1"


def test_cards_are_named_by_slot(laboratory: Laboratory) -> None:
    assert "DAQM903A" in _ask(laboratory, "SYST:CTYP? 100")
    assert "DAQM903A" in _ask(laboratory, "SYST:CTYP? 200")
    assert _ask(laboratory, "SYST:CTYP? 300").endswith(",0,0,0")


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("ROUT:CLOS (@121)", -222), ("ROUT:CLOS (@221)", -222), ("ROUT:CLOS 101", -104),
        ("ROUT:CLOS", -109), ("ROUT:CLOS (@1x)", -171), ("SYST:CTYP? 150", -222),
    ],
)  # fmt: skip
def test_wrong_channels_move_nothing(laboratory: Laboratory, message: str, code: int) -> None:
    assert laboratory.switch.execute(message.encode()) is None
    assert int(_ask(laboratory, "SYST:ERR?").split(",")[0]) == code
    assert isinstance(laboratory.time.world, FakeWorld)
    assert not any(laboratory.time.world.relays.values())
