"""The simulated scope against a world whose voltages are known."""

from __future__ import annotations

import time

import numpy as np
import pytest
from numpy.typing import NDArray

from bench.twin.instrument_faults import INSTRUMENT_FAULTS
from bench.twin.laboratory import Laboratory
from bench.twin.scopes.keysight_3000x import KeysightScope
from tests.twin.fake_world import FakeWorld

SETUP = (
    ":STOP;:CHAN1:SCAL 0.1;OFFS 0;:CHAN2:DISP ON;SCAL 0.01;:CHAN4:DISP 1;SCAL 1;"
    ":TIM:REF CENT;RANG 0.1;POS 0;:TRIG:SWE NORM;:TRIG:EDGE:SOUR CHAN1;SLOP POS;LEV 0.1;"
    ":WAV:POIN:MODE RAW;:WAV:POIN 100000;FORM BYTE;UNS 1"
)


class Bench:
    """A scope on a fake world, spoken to without sockets."""

    def __init__(self, world: FakeWorld | None = None, *, seed: int = 3) -> None:
        self.world = world or FakeWorld()
        self.laboratory = Laboratory(self.world, seed=seed)
        self.scope = self.laboratory.scope
        assert isinstance(self.scope, KeysightScope)
        self.tell(SETUP)

    def ask(self, message: str) -> str:
        reply = self.scope.execute(message.encode())
        assert reply is not None, message
        return reply.decode("latin-1")

    def tell(self, message: str) -> None:
        assert self.scope.execute(message.encode()) is None
        assert self.ask("SYST:ERR?").startswith("+0"), message

    def error(self) -> int:
        return int(self.ask("SYST:ERR?").split(",")[0])

    def single(self) -> None:
        self.tell(":SING")
        assert self.ask("*OPC?") == "1"

    def data(self, channel: int) -> NDArray[np.uint8]:
        reply = self.scope.execute(f":WAV:SOUR CHAN{channel};DATA?".encode())
        assert reply is not None
        assert reply[:2] == b"#8"
        assert len(reply) == 10 + int(reply[2:10])
        return np.frombuffer(reply[10:], dtype=np.uint8)

    def volts(self, channel: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return times from the trigger and volts, scaled as the preamble says."""
        codes = self.data(channel)
        fields = [float(field) for field in self.ask(":WAV:PRE?").split(",")]
        assert fields[2] == len(codes)
        times_s = (np.arange(len(codes)) - fields[6]) * fields[4] + fields[5]
        return times_s, (codes - fields[9]) * fields[7] + fields[8]


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.mark.parametrize("seed", range(1, 9))
@pytest.mark.parametrize("scale_v", [0.05, 0.1, 0.5])
def test_plateaus_lie_within_the_data_sheet(seed: int, scale_v: float) -> None:
    bench = Bench(seed=seed)
    bench.tell(f":CHAN1:SCAL {scale_v};:CHAN3:DISP 1;SCAL {scale_v};:TRIG:SOUR CHAN4;LEV 1.5")
    bench.single()
    full_scale_v = 8 * scale_v
    limit_v = 0.02 * full_scale_v + 0.1 * scale_v + 2e-3
    amplifier_v = 0.005 * 0.2 + 1e-3
    for channel, high_v, wiring_v in ((1, 0.2, amplifier_v), (3, 0.02, 0.003 * 0.02)):
        times_s, volts = bench.volts(channel)
        plateau = volts[(times_s % 0.01 > 0.001) & (times_s % 0.01 < 0.0045)]
        rest = volts[(times_s % 0.01 > 0.006) & (times_s % 0.01 < 0.0095)]
        assert abs(plateau.mean() - high_v) < limit_v + wiring_v
        assert abs(rest.mean()) < limit_v + wiring_v
        assert 0.1 * full_scale_v / 256 < rest.std() < 1.0 * full_scale_v / 256 + 2e-4


def test_gain_errors_differ_between_ranges_and_units() -> None:
    seen = set[float]()
    for seed in (1, 2):
        scope = Bench(seed=seed).scope
        for scale_v in (0.02, 0.1, 0.5):
            settings = scope.settings.channels[1]
            settings.scale_v = scale_v
            seen.add(round(scope.inputs[1].gain(settings) / 10, 5))
    assert len(seen) == 6
    assert all(0.97 < gain < 1.03 for gain in seen)


def test_the_trigger_is_at_time_zero() -> None:
    bench = Bench(FakeWorld(period_ns=1_000_000, tau_s=8e-6))
    bench.tell(":TIM:RANG 1E-4;:CHAN2:DISP OFF;:CHAN3:DISP OFF;:CHAN1:SCAL 0.05")
    bench.single()
    times_s, volts = bench.volts(1)
    before, after = volts[times_s < -20e-6], volts[times_s > 40e-6]
    level_v = 0.1
    crossing_s = times_s[np.flatnonzero((volts[:-1] < level_v) & (volts[1:] >= level_v))]
    slope_v_per_s = 0.1 / 8e-6
    level_error_v = 0.1 * 0.05 + 0.02 * 0.4 + 0.1 * 0.05 + 2e-3
    assert abs(before.mean()) < 0.02
    assert after.mean() == pytest.approx(0.2, abs=0.02)
    assert np.abs(crossing_s).max() < level_error_v / slope_v_per_s + 1e-6


@pytest.mark.parametrize("position", ["POS 0.02", "REF LEFT;POS 0", "REF RIGH;POS 0"])
def test_time_before_the_trigger_follows_position_and_reference(
    bench: Bench, position: str
) -> None:
    bench.tell(f":TIM:{position};:TRIG:EDGE:SLOP NEG")
    bench.single()
    times_s, volts = bench.volts(1)
    starts = {"POS 0.02": -0.03, "REF LEFT;POS 0": -0.01, "REF RIGH;POS 0": -0.09}
    assert times_s[0] == pytest.approx(starts[position])
    assert volts[np.searchsorted(times_s, -1e-3)] > 0.15
    assert volts[np.searchsorted(times_s, 1e-3)] < 0.05


def test_a_record_after_the_trigger_only(bench: Bench) -> None:
    bench.tell(":TIM:REF LEFT;POS 0.5")
    bench.single()
    times_s, volts = bench.volts(1)
    assert times_s[0] == pytest.approx(0.49)
    expected = (times_s + 2e-5) % 0.01 < 0.005
    settled = np.abs((times_s + 2e-5) % 0.005 - 0.0025) < 0.002
    assert np.array_equal((volts > 0.1)[settled], expected[settled])


def test_a_record_fetched_twice_is_the_same_and_a_new_one_is_not(bench: Bench) -> None:
    bench.single()
    first = bench.data(1)
    bench.data(2)
    assert np.array_equal(first, bench.data(1))
    bench.tell(":WAV:POIN 10000")
    assert np.array_equal(bench.data(1), first[::10])
    bench.tell(":WAV:POIN 100000")
    bench.single()
    second = bench.data(1)
    assert len(first) == len(second)
    assert (first != second).mean() > 0.1


def test_channels_keep_the_settings_of_their_record(bench: Bench) -> None:
    bench.single()
    _, before = bench.volts(1)
    bench.tell(":CHAN1:SCAL 1;OFFS 2")
    _, after = bench.volts(1)
    assert np.array_equal(before, after)


def test_without_a_trigger_opc_gives_up_with_an_error(bench: Bench) -> None:
    bench.tell(":TRIG:EDGE:LEV 0.39;:SING")
    start_ns = bench.world.now_ns
    assert bench.scope.execute(b"*OPC?") is None
    assert bench.error() == -365
    assert (bench.world.now_ns - start_ns) / 1e9 == pytest.approx(60, abs=0.1)
    assert bench.ask(":OPER:COND?") == f"+{0x28}"
    assert bench.scope.execute(b":WAV:DATA?") is None
    assert bench.error() == -230
    bench.tell(":TRIG:FORC")
    assert bench.ask("*OPC?;:OPER:COND?;:TER?") == "1;+0;+1"


def test_status_follows_the_acquisition(bench: Bench) -> None:
    bench.tell(":TRIG:EDGE:SLOP POS;LEV 0.39;:SING")
    assert bench.ask(":OPER:COND?;:AER?;:TER?") == "+8;+0;+0"
    bench.laboratory.time.advance_by(60_000_000)
    assert bench.ask(":OPER:COND?;:AER?;:AER?;:RST?") == "+40;+1;+0;SING"
    bench.tell(":STOP")
    assert bench.ask(":OPER:COND?;:RST?") == "+0;STOP"


def test_somebody_else_s_wait_triggers_the_armed_scope(bench: Bench) -> None:
    bench.tell(":SING")
    bench.laboratory.time.advance_by(10_000_000_000)
    assert bench.ask(":TER?;:OPER:COND?") == "+1;+0"
    record = bench.scope.acquisition.record
    assert record is not None
    assert record.trigger_ns < 200_000_000
    assert bench.world.kept_since_ns is None


def test_automatic_sweep_and_run_take_records_by_themselves(bench: Bench) -> None:
    bench.tell(":TRIG:SWE AUTO;:TRIG:EDGE:LEV 0.39;:RUN")
    bench.laboratory.time.advance_by(1_000_000_000)
    first = bench.data(1)
    bench.laboratory.time.advance_by(1_000_000_000)
    assert not np.array_equal(first, bench.data(1))
    assert bench.ask(":RST?") == "RUN"


def test_digitize_waits_and_switches_its_channels_on(bench: Bench) -> None:
    bench.tell(":CHAN3:DISP OFF;:DIG CHAN1,CHAN3")
    assert len(bench.data(3)) == 100_000
    bench.scope.execute(b":TRIG:EDGE:LEV 0.39;:DIG")
    assert bench.error() == -365
    assert bench.ask(":RST?") == "STOP"


def test_a_channel_that_was_off_has_no_data(bench: Bench) -> None:
    bench.single()
    assert bench.scope.execute(b":WAV:SOUR CHAN3;PRE?") is None
    assert bench.error() == -221


def test_clipped_samples_are_rail_codes_and_never_zero() -> None:
    bench = Bench(FakeWorld(high_v=0.1, low_v=-0.1))
    bench.tell(":CHAN1:SCAL 0.1;:TRIG:EDGE:LEV 0")
    bench.single()
    codes = bench.data(1)
    assert (codes.min(), codes.max()) == (1, 255)


def test_peak_detect_shows_a_spike_that_samples_miss() -> None:
    world = FakeWorld(high_v=0.02, low_v=0.0, period_ns=10_000_000, tau_s=1e-6)
    bench = Bench(world)
    bench.tell(":TIM:RANG 1;:WAV:POIN 1000;:ACQ:TYPE PEAK")
    bench.single()
    codes = bench.data(1)
    fields = [float(field) for field in bench.ask(":WAV:PRE?").split(",")]
    low, high = (codes[0::2] - 128.0) * fields[7], (codes[1::2] - 128.0) * fields[7]
    assert fields[1] == 1
    assert 2 * len(low) * fields[4] == pytest.approx(1.0)
    assert (high > low).all()
    assert np.median(high - low) < 0.03
    assert (high - low).max() > 0.15


def test_high_resolution_lowers_the_noise(bench: Bench) -> None:
    bench.tell(":WAV:FORM WORD;BYT LSBF;:ACQ:TYPE HRES")
    bench.single()
    reply = bench.scope.execute(b":WAV:SOUR CHAN1;DATA?")
    assert reply is not None
    words = np.frombuffer(reply[10:], dtype="<u2")
    fields = [float(field) for field in bench.ask(":WAV:PRE?").split(",")]
    volts = (words - fields[9]) * fields[7] + fields[8]
    times_s = np.arange(len(volts)) * fields[4] + fields[5]
    rest = volts[(times_s % 0.01 > 0.006) & (times_s % 0.01 < 0.009)]
    assert rest.std() < 0.2 * 0.8 / 256
    assert volts.max() == pytest.approx(0.2, abs=0.03)


def test_words_ascii_and_signed_bytes_agree_with_unsigned_bytes(bench: Bench) -> None:
    bench.tell(":WAV:POIN 1000")
    bench.single()
    _, volts = bench.volts(1)
    bench.tell(":WAV:FORM WORD")
    big = bench.scope.execute(b":WAV:DATA?")
    fields = [float(field) for field in bench.ask(":WAV:PRE?").split(",")]
    assert big is not None
    words = np.frombuffer(big[10:], dtype=">u2")
    assert (words - fields[9]) * fields[7] + fields[8] == pytest.approx(volts, abs=1e-9)
    bench.tell(":WAV:FORM ASC")
    text = bench.ask(":WAV:DATA?")[10:]
    assert [float(value) for value in text.split(",")] == pytest.approx(volts, abs=1e-6)
    bench.tell(":WAV:FORM BYTE;UNS 0")
    signed = bench.data(1).view(np.int8)
    fields = [float(field) for field in bench.ask(":WAV:PRE?").split(",")]
    assert fields[9] == 0
    assert signed * fields[7] + fields[8] == pytest.approx(volts, abs=1e-9)


def test_a_c_coupling_lets_a_plateau_droop() -> None:
    bench = Bench(FakeWorld(period_ns=240_000_000))
    bench.tell(":CHAN1:COUP AC;:TIM:RANG 0.5;:TRIG:EDGE:LEV 0.05")
    bench.single()
    times_s, volts = bench.volts(1)
    early = volts[(times_s > 0.002) & (times_s < 0.004)].mean()
    late = volts[(times_s > 0.1) & (times_s < 0.115)].mean()
    assert late < 0.2 * early


def test_memory_is_shared_by_channel_pairs(bench: Bench) -> None:
    bench.tell(":CHAN2:DISP OFF;:TIM:RANG 1")
    assert bench.ask(":ACQ:POIN?") == "+2000000"
    bench.tell(":TIM:RANG 0.8")
    assert bench.ask(":ACQ:POIN?;SRAT?") == "+4000000;+5.00000000E+06"
    bench.tell(":CHAN2:DISP ON")
    assert bench.ask(":ACQ:POIN?;SRAT?") == "+1600000;+2.00000000E+06"


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (":CHAN1:SCAL 10", -222), (":CHAN1:OFFS 3", -222), (":CHAN5:SCAL 1", -114),
        (":TIM:RANG 1000", -222), (":TRIG:EDGE:LEV 99", -222), (":TRIG:EDGE:SLOP UP", -224),
        (":CHAN1:IMP FIFT", -241), (":WAV:POIN 5", -222), (":ACQ:TYPE WEIRD", -224),
    ],
)  # fmt: skip
def test_illegal_settings_are_refused(bench: Bench, message: str, code: int) -> None:
    before = bench.ask(":CHAN1:SCAL?;OFFS?;:TIM:RANG?;:TRIG:LEV?;SLOP?;:WAV:POIN?;:ACQ:TYPE?")
    assert bench.scope.execute(message.encode()) is None
    assert bench.error() == code
    after = bench.ask(":CHAN1:SCAL?;OFFS?;:TIM:RANG?;:TRIG:LEV?;SLOP?;:WAV:POIN?;:ACQ:TYPE?")
    assert before == after


def test_the_probe_factor_scales_everything(bench: Bench) -> None:
    bench.tell(":CHAN1:PROB 10")
    assert float(bench.ask(":CHAN1:SCAL?")) == pytest.approx(1.0)
    bench.tell(":CHAN1:SCAL 2.5;:TRIG:EDGE:LEV 1")
    bench.single()
    assert bench.volts(1)[1].max() == pytest.approx(2.0, abs=0.5)
    assert float(bench.ask(":MEAS:VPP? CHAN1")) == pytest.approx(2.0, abs=0.7)


@pytest.mark.parametrize("fault", sorted(INSTRUMENT_FAULTS))
def test_every_fault_of_an_instrument_can_be_fitted(fault: str) -> None:
    laboratory = Laboratory(FakeWorld(), seed=1, bench_faults=[fault, "X06"])
    assert laboratory.scope.execute(b"*IDN?") is not None


def _plateau(fault: str) -> float:
    bench = Bench()
    INSTRUMENT_FAULTS[fault]().fit(bench.laboratory)
    bench.tell(":TRIG:EDGE:SOUR CHAN4;LEV 1.5")
    bench.single()
    times_s, volts = bench.volts(1)
    return float(volts[(times_s > 1e-3) & (times_s < 4e-3)].mean())


def test_faults_do_what_they_say() -> None:
    assert _plateau("X01") == pytest.approx(0.02, abs=0.02)
    assert _plateau("X02") == pytest.approx(0.02, abs=0.02)
    assert _plateau("X10") == pytest.approx(0.4, abs=0.01)
    assert _plateau("X13") < 0.19
    assert _plateau("X28") == pytest.approx(0.24, abs=0.02)


def test_a_stale_record_never_changes() -> None:
    bench = Bench()
    INSTRUMENT_FAULTS["X16"]().fit(bench.laboratory)
    bench.single()
    first = bench.data(1)
    bench.single()
    assert np.array_equal(first, bench.data(1))


def test_a_dead_trigger_and_a_short_block() -> None:
    bench = Bench()
    INSTRUMENT_FAULTS["X15"]().fit(bench.laboratory)
    bench.tell(":SING")
    bench.laboratory.time.advance_by(1_000_000_000)
    assert bench.ask(":TER?") == "+0"
    INSTRUMENT_FAULTS["X22"]().fit(bench.laboratory)
    bench.tell(":TRIG:FORC")
    bench.ask("*OPC?")
    reply = bench.scope.execute(b":WAV:DATA?")
    assert reply is not None
    assert len(reply) == 10 + int(reply[2:10]) - 32


def test_a_million_samples_take_little_time(bench: Bench) -> None:
    bench.tell(":CHAN2:DISP OFF;:TIM:RANG 1;:WAV:POIN 1000000")
    bench.single()
    start_s = time.process_time()
    assert len(bench.data(1)) == 1_000_000
    assert time.process_time() - start_s < 0.5
