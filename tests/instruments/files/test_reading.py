"""Recorded waveforms of several makes, whole and broken."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.errors import FileFormatError
from bench.measure import summarise_channel
from bench.waveform import Waveform
from instruments.files import dump, load, read_waveforms
from instruments.files.quantised import quantise
from tests.instruments.files.makers import keysight_bin, lecroy_trc

CAPTURES = Path(
    os.environ.get("BENCH_CAPTURES", Path(__file__).parents[4] / "shared" / "data" / "captures")
)
captures = pytest.mark.skipif(not CAPTURES.is_dir(), reason=f"no captures of others in {CAPTURES}")


def waveform(codes):
    return Waveform(
        codes=codes,
        gain=0.5,
        offset=-3.0,
        t0_s=-1e-3,
        sample_interval_s=1e-6,
        channel="CH1",
        unit="A",
    )


def isf(codes, *, width=2, order="MSB", kind="RI", extra=""):
    letter = {"RI": "i", "RP": "u"}[kind]
    data = codes.astype(f"{'>' if order == 'MSB' else '<'}{letter}{width}").tobytes()
    header = (
        f":WFMPRE:NR_PT {codes.size};:WFMPRE:BYT_NR {width};BIT_NR {8 * width};ENCDG BINARY;"
        f'BN_FMT {kind};BYT_OR {order};WFID "Ch3, DC coupling, 1.0V/div";PT_FMT Y;{extra}'
        'XINCR 1.0E-6;XZERO -1.0E-3;PT_OFF 0;YUNIT "V";YMULT 0.01;YOFF 10;YZERO 0.5;'
        f":CURVE #{len(str(len(data)))}{len(data)}"
    )
    return header.encode() + data


def written(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(("width", "order"), [(1, "MSB"), (2, "MSB"), (2, "LSB")])
@pytest.mark.parametrize("kind", ["RI", "RP"])
def test_isf_values_follow_the_preamble(tmp_path, width, order, kind):
    codes = np.array([0, 10, 110, 5, 90] * 20)
    (found,) = read_waveforms(
        written(tmp_path, "a.isf", isf(codes, width=width, order=order, kind=kind))
    )
    assert found.values() == pytest.approx((codes - 10) * 0.01 + 0.5)
    assert ("CH3", "V", -1e-3, 1e-6) == (
        found.channel, found.unit, found.t0_s, found.sample_interval_s
    )  # fmt: skip


def test_cut_off_isf_says_where_and_how_much(tmp_path):
    path = written(tmp_path, "cut.isf", isf(np.arange(100))[:-50])
    with pytest.raises(
        FileFormatError, match=r"cut\.isf, offset \d+.*expected 200 bytes, found 150"
    ):
        read_waveforms(path)


def test_envelope_isf_is_refused(tmp_path):
    data = isf(np.arange(100)).replace(b"PT_FMT Y", b"PT_FMT ENV")
    with pytest.raises(FileFormatError, match="envelope"):
        read_waveforms(written(tmp_path, "e.isf", data))


TEXTS = {
    "tektronix": "Model,MDO4104C\nSample Interval,1e-06\nVertical Units,V,V\n,,\nLabel,,\n"
    "TIME,CH1,CH2\n",
    "keysight": "x-axis,1,2\nsecond,Volt,Volt\n",
    "siglent": "Record Length,Analog:50\nSample Interval,Analog:0.000001\nSource,CH1,CH2\n"
    "Second,Volt,Volt\n",
    "rohde": "in s,CH1 in V,CH2 in V\n",
    "plain": "time_s,ch1_v,ch2_v\n",
    "brackets": "Time (s),CH1 (V),CH2 [V]\n",
    "bare": "",
}


def rows(scale=1.0, mark=",", decimal="."):
    lines = [
        mark.join(f"{value:.6g}" for value in (k * 1e-6 * scale, 0.5 * (k % 5), 3 - 0.25 * (k % 3)))
        for k in range(50)
    ]
    return "\n".join(lines).replace(".", decimal) + "\n"


@pytest.mark.parametrize("maker", TEXTS)
def test_text_of_each_maker_gives_the_same_channels(tmp_path, maker):
    first, second = read_waveforms(written(tmp_path, "a.csv", TEXTS[maker] + rows()))
    assert first.values() == pytest.approx([0.5 * (k % 5) for k in range(50)])
    assert second.values() == pytest.approx([3 - 0.25 * (k % 3) for k in range(50)])
    assert first.sample_interval_s == pytest.approx(1e-6)
    assert ("V", "V") == (first.unit, second.unit)


def test_prefixes_of_time_and_value_are_understood(tmp_path):
    text = "Time;Channel A;Channel B\n(ms);(mV);(uA)\n\n" + rows(1e3, ";", ",")
    first, second = read_waveforms(written(tmp_path, "pico.csv", text))
    assert first.sample_interval_s == pytest.approx(1e-6)
    assert first.values()[1] == pytest.approx(0.5e-3)
    assert ("A", pytest.approx(3e-6)) == (second.unit, second.values()[0])


def test_rigol_text_without_instants_uses_start_and_increment(tmp_path):
    body = "\n".join(f"{k},{k % 4},," for k in range(40))
    text = "X,CH1,Start,Increment\nSequence,Volt,-1.0e-03,2.0e-06\n" + body
    (found,) = read_waveforms(written(tmp_path, "r.csv", text))
    assert (-1e-3, 2e-6, "CH1") == (found.t0_s, found.sample_interval_s, found.channel)
    assert found.values() == pytest.approx([k % 4 for k in range(40)])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"\n\n , \n", "no rows"),
        (b"hello\nworld\n", "expected a row of numbers"),
        (b"t,v\n0,1\n1e-6,oops\n2e-6,3\n", r"line 3, column 2: expected a number, found 'oops'"),
        (b"t,v\n0,1\n1e-6,nan\n2e-6,3\n", r"line 3, column 2"),
        (b"t,v\n0,1\n1,2\n2,3\n50,1\n", "even grid"),
        (b"t,v\n3,1\n2,2\n1,3\n", "rising"),
        (b"v\n1\n2\n3\n", "no sample interval"),
        (b"PK\x03\x04broken", "NPZ"),
        (b"\x00\x01\x02\x03" * 50, "RigolWFM"),
    ],
)
def test_broken_files_say_what_is_wrong(tmp_path, content, message):
    with pytest.raises(FileFormatError, match=message) as caught:
        read_waveforms(written(tmp_path, "bad.dat", content))
    assert "bad.dat" in str(caught.value)


def test_missing_file_is_a_format_error(tmp_path):
    with pytest.raises(FileFormatError, match="cannot be read"):
        read_waveforms(tmp_path / "none.csv")


def test_own_archive_comes_back_as_it_was(tmp_path):
    original = waveform(np.arange(-50, 50, dtype=np.int8))
    (found,) = read_waveforms(written(tmp_path, "own.npz", dump(original)))
    assert np.array_equal(original.codes, found.codes)
    assert (original.gain, original.unit) == (found.gain, found.unit)
    assert dump(found) == dump(load(dump(original)))


def test_plain_archives_by_time_or_interval(tmp_path):
    values = 1e-4 * np.tile([0.0, 1.0, 0.0, -1.0], 25)
    for timebase in ({"t": np.arange(100) * 1e-6}, {"dt": 1e-6}, {"fs": 1e6}):
        buffer = io.BytesIO()
        np.savez(buffer, i=values, **timebase)
        (found,) = read_waveforms(written(tmp_path, "a.npz", buffer.getvalue()))
        assert ("A", pytest.approx(1e-6)) == (found.unit, found.sample_interval_s)
        assert found.values() == pytest.approx(values)


def test_pickled_archives_are_refused(tmp_path):
    buffer = io.BytesIO()
    np.savez(buffer, t=np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(FileFormatError):
        read_waveforms(written(tmp_path, "p.npz", buffer.getvalue()))


@settings(deadline=None, max_examples=50)
@given(
    gain=st.floats(1e-9, 1e3),
    offset=st.floats(-100, 100),
    codes=st.lists(st.integers(-128, 127), min_size=2, max_size=300),
)
def test_printed_values_give_back_their_codes(gain, offset, codes):
    codes = np.array([*codes, min(codes), min(codes) + 1])  # two neighbours show the step
    found = quantise(codes * gain + offset * gain)
    if np.ptp(codes) == 0:
        return
    assert found.exact
    finer = round(gain / found.gain)  # 1, or more where few levels follow each other without noise
    assert np.array_equal(finer * np.diff(codes), np.diff(found.codes))


def test_values_on_no_grid_are_quantised_finely():
    values = np.random.default_rng(1).normal(0.0, 1.0, 5000)
    found = quantise(values)
    assert not found.exact
    assert np.abs(found.codes * found.gain + found.offset - values).max() < np.ptp(values) / 60_000


def test_two_states_far_apart_do_not_hide_the_converters_step():
    codes = np.concatenate((np.arange(0, 200), np.arange(5000, 5200)))
    values = (np.float32(1e-4) * codes - np.float32(0.25)).astype(np.float32).astype(np.float64)
    found = quantise(values)
    assert found.exact
    assert found.gain == pytest.approx(1e-4, rel=1e-6)


def three_levels():
    phase = np.arange(10_000) % 1000
    return ((phase >= 250) & (phase < 450)) * 1.0 - ((phase >= 450) & (phase < 650))


def test_the_few_levels_of_a_calculated_record_are_states_and_no_single_codes():
    values = 0.4 * three_levels()
    found = quantise(values)
    assert found.codes * found.gain + found.offset == pytest.approx(values, abs=1e-12)
    assert np.ptp(found.codes) > 100


def test_a_converter_that_toggles_between_neighbouring_codes_stays_so():
    noise = np.rint(np.random.default_rng(2).normal(0.0, 0.4, 10_000))
    assert quantise(0.01 * noise).gain == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"YMULT 0.01", b"YMULT 0.00"),
        (b"YMULT 0.01", b"YMULT nan"),
        (b"XINCR 1.0E-6", b"XINCR 0"),
        (b"XINCR 1.0E-6", b"XINCR -1E-6"),
        (b"XINCR 1.0E-6", b"XINCR inf"),
    ],
)
def test_a_scale_that_no_record_can_have_is_a_format_error(tmp_path, old, new):
    data = isf(np.arange(100)).replace(old, new)
    with pytest.raises(FileFormatError, match=r"e\.isf.*damaged"):
        read_waveforms(written(tmp_path, "e.isf", data))


def square(*, noise=0.003):
    t = np.arange(20_000)
    return 0.1 + 0.5 * ((t % 1000) >= 700) + np.random.default_rng(1).normal(0.0, noise, t.size)


def vendor():
    pytest.importorskip("RigolWFM.wfm", reason="the extra `vendor` is not installed")


def test_keysight_capture_keeps_its_resolution_and_is_not_clipped(tmp_path):
    vendor()
    values = square()
    path = written(tmp_path, "k.bin", keysight_bin({"1": values, "2": -values}))
    first, second = read_waveforms(path)
    assert np.abs(first.values() - values).max() < np.ptp(values) / 60_000
    assert np.abs(second.values() + values).max() < np.ptp(values) / 60_000
    found = summarise_channel(first)
    assert not found.analysis.clipped
    assert found.frequency_hz == pytest.approx(1000.0, rel=1e-4)
    assert found.duty_factor == pytest.approx(0.3, abs=1e-4)


def test_lecroy_capture_gives_its_own_codes_back(tmp_path):
    vendor()
    codes = np.rint(square() / 1e-4).astype(np.int16)
    path = written(tmp_path, "l.trc", lecroy_trc(codes, gain=1e-4, offset=0.25))
    (found,) = read_waveforms(path)
    assert np.abs(found.values() - (codes * 1e-4 - 0.25)).max() < 1e-6
    assert "codes restored" in found.instrument


@pytest.mark.parametrize("kept", [200, 3000])
@pytest.mark.parametrize("maker", ["keysight", "lecroy"])
def test_a_cut_off_capture_is_one_line(tmp_path, maker, kept):
    vendor()
    data = {
        "keysight": keysight_bin({"1": square()}),
        "lecroy": lecroy_trc(np.rint(square() / 1e-4), gain=1e-4, offset=0.0),
    }[maker]
    with pytest.raises(FileFormatError, match="RigolWFM can read") as caught:
        read_waveforms(written(tmp_path, "cut.bin", data[:kept]))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text", ['<?xml version="1.0"?>\n<Database></Database>', "$PublicInfo\nFormatVersion 1.0\n"]
)
def test_makers_text_headers_are_no_tables(tmp_path, text):
    with pytest.raises(FileFormatError, match="RigolWFM"):
        read_waveforms(written(tmp_path, "meta.bin", text))


@captures
def test_strangers_isf_and_csv_of_one_record_agree():
    (isf_,) = read_waveforms(CAPTURES / "tek0000CH2.isf")
    csv = read_waveforms(CAPTURES / "RTC.csv")[1]
    assert np.abs(isf_.values() - csv.values()).max() < 1e-12
    one, other = summarise_channel(isf_), summarise_channel(csv)
    assert one.frequency_hz == pytest.approx(100e3, rel=1e-3)
    assert [state.level for state in one.states] == pytest.approx([0.0, 5.0], abs=0.06)
    assert (one.pulse_count, one.frequency_hz) == (other.pulse_count, other.frequency_hz)
    assert one.pulse_duration_s.median == other.pulse_duration_s.median


@captures
def test_strangers_rigol_capture_agrees_with_the_scopes_screen():
    pytest.importorskip("RigolWFM.wfm", reason="the extra `vendor` is not installed")
    second = read_waveforms(CAPTURES / "DS1054Z-CH1UartCH2SquareCh3SineCH4Off.wfm")[1]
    found = summarise_channel(second)
    assert found.frequency_hz == pytest.approx(1000.0, rel=1e-4)
    assert found.pulse_duration_s.median == pytest.approx(500.0e-6, rel=2e-4)
