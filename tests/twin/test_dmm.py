"""The simulated multimeter against means that are known in closed form."""

from __future__ import annotations

import pytest

from bench.twin.dmm_ranges import FUNCTIONS, accuracy_limit
from bench.twin.instrument_faults import INSTRUMENT_FAULTS
from bench.twin.laboratory import Laboratory
from tests.twin.fake_world import FakeWorld

DIRECT = "CONF:VOLT:DC 1;:VOLT:DC:APER 0.05;:VOLT:DC:ZERO:AUTO OFF;:TRIG:DEL 0"


class Bench:
    """A meter on a fake world, spoken to without sockets."""

    def __init__(self, world: FakeWorld | None = None, *, seed: int = 3) -> None:
        self.world = world or FakeWorld(high_v=0.4, low_v=-0.2)
        self.laboratory = Laboratory(self.world, seed=seed)
        self.dmm = self.laboratory.dmm

    def ask(self, message: str) -> str:
        reply = self.dmm.execute(message.encode())
        assert reply is not None, message
        return reply.decode()

    def tell(self, message: str) -> None:
        assert self.dmm.execute(message.encode()) is None
        assert self.ask("SYST:ERR?").startswith("+0"), message

    def error(self) -> int:
        return int(self.ask("SYST:ERR?").split(",")[0])


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.mark.parametrize("seed", range(1, 13))
def test_a_mean_over_whole_periods_lies_within_a_year_s_accuracy(seed: int) -> None:
    bench = Bench(seed=seed)
    bench.tell(DIRECT)
    of_reading, of_range = accuracy_limit("VOLT", 1)
    limit_v = of_reading * 0.1 + of_range * 1.0 + 5e-6
    assert abs(float(bench.ask("READ?")) - 0.1) < limit_v


def test_a_wrong_aperture_invents_direct_current(bench: Bench) -> None:
    bench.tell(DIRECT + ";:VOLT:DC:APER 0.0125")
    readings = [float(bench.ask("READ?")) for _ in range(8)]
    assert max(readings) - min(readings) > 0.05


def test_readings_repeat_within_the_noise_and_differ(bench: Bench) -> None:
    bench.tell(DIRECT + ";:SAMP:COUN 20")
    readings = [float(text) for text in bench.ask("READ?").split(",")]
    assert len(set(readings)) > 15
    assert max(readings) - min(readings) < 1e-5
    assert bench.ask("DATA:POIN?") == "+20"
    assert len(bench.ask("DATA:REM? 5").split(",")) == 5
    block = bench.ask("R?")
    assert block[0] == "#"
    assert len(block) == 2 + int(block[1]) + int(block[2 : 2 + int(block[1])])
    assert bench.ask("DATA:POIN?") == "+0"
    assert bench.world.kept_since_ns is None


def test_auto_zero_doubles_the_time(bench: Bench) -> None:
    durations_ns: list[int] = []
    for zero in ("OFF", "ON"):
        bench.tell(DIRECT + f";:VOLT:DC:ZERO:AUTO {zero};:SAMP:COUN 10")
        start_ns = bench.world.now_ns
        bench.ask("READ?")
        durations_ns.append(bench.world.now_ns - start_ns)
    assert durations_ns[0] == pytest.approx(0.5e9, rel=0.01)
    assert durations_ns[1] == pytest.approx(1.0e9, rel=0.01)


def test_overload_is_the_sentinel_with_its_sign() -> None:
    for high_v, sentinel in ((0.2, "+9.90000000E+37"), (-0.2, "-9.90000000E+37")):
        bench = Bench(FakeWorld(high_v=high_v, low_v=high_v * 0.99))
        bench.tell(DIRECT + ";:VOLT:DC:RANG 0.1")
        assert bench.ask("READ?") == sentinel


def test_automatic_range_finds_the_lowest(bench: Bench) -> None:
    bench.tell("CONF:VOLT:DC AUTO;:VOLT:DC:APER 0.05")
    assert float(bench.ask("READ?")) == pytest.approx(0.1, abs=1e-3)
    assert float(bench.ask("VOLT:DC:RANG?")) == 1.0
    bench.world.ohms = 90.0
    assert float(bench.ask("MEAS:FRES?")) == pytest.approx(90.0, rel=2e-4)
    assert float(bench.ask("FRES:RANG?")) == 100.0


def test_resistance_and_the_open_circuit(bench: Bench) -> None:
    bench.tell("CONF:FRES 1E3;:FRES:APER 0.02")
    four = float(bench.ask("READ?"))
    assert abs(four - 100.0) < 100e-6 * 100 + 10e-6 * 1000 + 0.005
    two = float(bench.ask("CONF:RES 1E3;:READ?"))
    assert 0.1 < two - four < 0.2
    bench.world.ohms = float("inf")
    assert bench.ask("READ?") == "+9.90000000E+37"


def test_an_open_input_drifts_and_current_is_not_wired(bench: Bench) -> None:
    bench.world.meter_open = True
    bench.tell(DIRECT)
    assert 0 < abs(float(bench.ask("READ?"))) < 0.02
    assert abs(float(bench.ask("MEAS:CURR:DC? 1E-3"))) < 1e-6


def test_configure_presets_what_the_real_one_does(bench: Bench) -> None:
    bench.tell("VOLT:DC:APER 0.5;:SAMP:COUN 7;:TRIG:COUN 3;:TRIG:SOUR BUS;:VOLT:DC:ZERO:AUTO 0")
    bench.tell("CONF:VOLT:DC 10")
    assert bench.ask("VOLT:DC:APER?;NPLC?;ZERO:AUTO?;:SAMP:COUN?;:TRIG:COUN?;SOUR?") == (
        "+2.00000000E-01;+1.00000000E+01;1;+1.00000000E+00;+1.00000000E+00;IMM"
    )
    assert bench.ask("FUNC?") == '"VOLT"'
    bench.tell('FUNC "VOLT:AC"')
    assert bench.ask("SENS:FUNC?") == '"VOLT:AC"'


def test_cycles_and_seconds_exclude_each_other(bench: Bench) -> None:
    bench.tell("VOLT:DC:NPLC 1")
    assert bench.ask("VOLT:DC:APER?;APER:ENAB?") == "+2.00000000E-02;0"
    bench.tell("VOLT:DC:APER 0.25")
    assert bench.ask("VOLT:DC:NPLC?;APER:ENAB?") == "+1.25000000E+01;1"


def test_bus_trigger_waits_for_it(bench: Bench) -> None:
    bench.tell(DIRECT + ";:TRIG:SOUR BUS;:TRIG:COUN 2;:INIT")
    assert bench.dmm.execute(b"FETC?") is None
    assert bench.error() == -214
    bench.tell("*TRG;*TRG")
    assert len(bench.ask("FETC?").split(",")) == 2
    for message, code in (("*TRG", -211), ("READ?", -214), ("INIT;INIT", -213)):
        assert bench.dmm.execute(message.encode()) is None
        assert bench.error() == code


@pytest.mark.parametrize(
    "message",
    ["VOLT:DC:RANG 2000", "VOLT:DC:APER 2", "VOLT:DC:APER 1E-6", "VOLT:DC:NPLC 200", "SAMP:COUN 0"],
)
def test_settings_out_of_range_are_refused(bench: Bench, message: str) -> None:
    assert bench.dmm.execute(message.encode()) is None
    assert bench.error() == -222


def test_every_function_has_an_accuracy_for_every_range() -> None:
    for function in FUNCTIONS.values():
        assert len(function.accuracy_ppm) == len(function.ranges)


def test_faults_of_the_meter() -> None:
    bench = Bench()
    INSTRUMENT_FAULTS["X04"]().fit(bench.laboratory)
    bench.tell(DIRECT)
    assert bench.ask("FUNC?") == '"VOLT:AC"'
    assert float(bench.ask("READ?")) == pytest.approx(0.3, abs=0.01)
    bench = Bench()
    INSTRUMENT_FAULTS["X20"]().fit(bench.laboratory)
    bench.tell(DIRECT)
    assert float(bench.ask("READ?")) == pytest.approx(0.101, abs=1e-4)
