"""The simulated supply."""

from __future__ import annotations

import pytest

from bench.twin.laboratory import Laboratory
from tests.twin.fake_world import FakeWorld


class Bench:
    """A supply on a fake world, spoken to without sockets."""

    def __init__(self, *, seed: int = 3) -> None:
        self.world = FakeWorld()
        self.supply = Laboratory(self.world, seed=seed).supply

    def ask(self, message: str) -> str:
        reply = self.supply.execute(message.encode())
        assert reply is not None, message
        return reply.decode()

    def error(self) -> int:
        return int(self.ask("SYST:ERR?").split(",")[0])


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.mark.parametrize("seed", range(1, 9))
def test_an_output_settles_on_its_voltage_within_the_data_sheet(seed: int) -> None:
    bench = Bench(seed=seed)
    bench.supply.execute(b"VOLT 3.7,(@1);CURR 0.5,(@1);:OUTP ON,(@1)")
    assert bench.ask("*OPC?") == "1"
    _, source_v, on = bench.world.supplies[1][-1]
    limit_v = 4e-4 * 3.7 + 3e-3
    assert on
    assert abs(source_v - 3.7) < limit_v
    assert abs(float(bench.ask("MEAS:VOLT? (@1)")) - source_v) < limit_v + 1e-3
    assert float(bench.ask("MEAS:CURR? CH1")) == pytest.approx(3.7e-3, abs=2e-4)


def test_switching_on_takes_fifty_milliseconds_and_off_none(bench: Bench) -> None:
    start_ns = bench.world.now_ns + 2_000_000
    bench.supply.execute(b"APPL CH2,4,0.1;:OUTP ON,(@2)")
    bench.ask("*OPC?")
    steps = bench.world.supplies[2]
    assert steps[-1][0] - start_ns == 50_000_000
    assert [step[1] for step in steps[-5:]] == pytest.approx([0.8, 1.6, 2.4, 3.2, 4.0], abs=0.01)
    bench.supply.execute(b"OUTP OFF,(@2)")
    assert bench.world.supplies[2][-1] == (bench.world.now_ns, 0.0, False)


def test_switching_off_in_the_middle_of_a_rise_stays_off(bench: Bench) -> None:
    bench.supply.execute(b"VOLT 5,(@3);:OUTP ON,(@3)")
    bench.world.advance_to(bench.world.now_ns + 25_000_000)
    bench.supply.execute(b"OUTP OFF,(@3)")
    bench.world.advance_to(bench.world.now_ns + 1_000_000_000)
    assert bench.world.supplies[3][-1][1:] == (0.0, False)


def test_outputs_are_selected_in_every_way(bench: Bench) -> None:
    bench.supply.execute(b"INST:SEL CH3;:VOLT 1.5;:INST:NSEL 2;:VOLT 2.5")
    assert bench.ask("VOLT? (@1:3)") == "+0.00000000E+00,+2.50000000E+00,+1.50000000E+00"
    assert bench.ask("INST?;:INST:NSEL?") == "CH2;2"
    assert bench.ask("APPL? CH3") == '"+1.50000000E+00,+1.00000000E+00"'
    bench.supply.execute(b"OUTP ON,(@1,3)")
    assert bench.ask("OUTP? (@1:3)") == "1,0,1"
    bench.supply.execute(b"*RST")
    assert bench.ask("OUTP? (@1:3);:VOLT? (@3)") == "0,0,0;+0.00000000E+00"


def test_the_regulation_is_told(bench: Bench) -> None:
    bench.supply.execute(b"VOLT 5,(@2);CURR 0.1,(@2);:OUTP ON,(@2)")
    bench.ask("*OPC?")
    assert bench.ask("STAT:QUES:INST:ISUM2:COND?;:STAT:QUES:INST:ISUM1:COND?") == "+2;+0"
    bench.world.load_ohm = 50.0
    assert bench.ask("STAT:QUES:INST:ISUM2:COND?") == "+1"


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("VOLT 7,(@1)", -222), ("VOLT 30,(@2)", -222), ("CURR 2,(@3)", -222),
        ("VOLT 1,(@4)", -222), ("APPL CH4,1,1", -224), ("OUTP PERHAPS,(@1)", -224),
        ("VOLT -1", -222),
    ],
)  # fmt: skip
def test_illegal_settings_change_nothing(bench: Bench, message: str, code: int) -> None:
    bench.supply.execute(message.encode())
    assert bench.error() == code
    assert not bench.world.supplies
