"""What ``bench measure`` prints for people and for machines, and how it says no."""

import json
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from bench.cli.main import main
from bench.cli.measure import engineering


@pytest.fixture
def csv(tmp_path):
    """Return a two-channel export: 1 kHz biphasic of 400 mV, and a level that never moves."""
    t = np.arange(10_000)
    phase = t % 1000
    pulse = 0.4 * (((phase >= 250) & (phase < 450)) * 1.0 - ((phase >= 450) & (phase < 650)))
    rows = [f"{k * 1e-6:.6f},{v:.3f},{0.1:.3f}" for k, v in zip(t, pulse, strict=True)]
    path = tmp_path / "scope.csv"
    path.write_text("x-axis,1,2\nsecond,Volt,Volt\n" + "\n".join(rows) + "\n")
    return path


def test_every_channel_is_printed(csv, capsys):
    assert main(["measure", str(csv)]) == 0
    printed = capsys.readouterr().out
    assert "pulses               10 (20 phases), to both sides of 0 V" in printed
    assert "frequency            1 kHz\n" in printed
    assert "no complete pulse in this record" in printed


def test_json_holds_the_numbers_of_the_chosen_channel(csv, capsys):
    assert main(["measure", str(csv), "--json", "--channel", "1"]) == 0
    (channel,) = json.loads(capsys.readouterr().out)["channels"]
    assert channel["frequency_hz"] == pytest.approx(1000.0)
    assert channel["pulse_duration_s"]["median"] == pytest.approx(200e-6, abs=0.5e-6)
    assert channel["amplitude"]["median"] == pytest.approx(0.4)
    assert channel["rms"] == pytest.approx(0.4 * np.sqrt(0.4), rel=1e-3)


def test_two_states_are_given_where_there_are_two(csv, tmp_path, capsys):
    assert main(["measure", str(csv), "--bilevel"]) == 0
    printed = capsys.readouterr().out
    assert "two states           none: the record has 3" in printed
    assert "two states           none: the record has 1" in printed
    rows = [f"{k * 1e-6:.6f},{0.4 * (k % 100 < 30):.3f}" for k in range(1000)]
    square = tmp_path / "square.csv"
    square.write_text("x-axis,1\nsecond,Volt\n" + "\n".join(rows) + "\n")
    assert main(["measure", str(square), "--bilevel", "--json"]) == 0
    (channel,) = json.loads(capsys.readouterr().out)["channels"]
    assert pytest.approx([0.002, 0.398]) == channel["bilevel_states"]


def test_a_level_that_never_moves_shows_no_noise(csv, capsys):
    assert main(["measure", str(csv), "--channel", "2"]) == 0
    assert "noise                4.4615 µV r.m.s." in capsys.readouterr().out


def test_plot_draws_every_channel(csv, tmp_path):
    target = tmp_path / "picture.svg"
    assert main(["measure", str(csv), "--plot", str(target)]) == 0
    drawn = ET.parse(target).getroot()
    assert drawn.tag.endswith("svg")
    assert len(drawn.findall(".//{*}path")) + len(drawn.findall(".//{*}polyline")) >= 2


@pytest.mark.parametrize(
    "content", [b"", b"\x00\x01\x02" * 500, b"time,volt\n1,2\n", b"PK\x03\x04"]
)
def test_a_file_that_is_no_record_is_one_line_and_exit_code_4(tmp_path, capsys, content):
    path = tmp_path / "bad.bin"
    path.write_bytes(content)
    assert main(["measure", str(path)]) == 4
    caught = capsys.readouterr()
    assert caught.out == ""
    assert len(caught.err.strip().splitlines()) == 1
    assert "bad.bin" in caught.err


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (999.996e-6, "s", "1 ms"),
        (999.98e-6, "s", "999.98 µs"),
        (-0.0999996, "V", "-100 mV"),
        (0.0, "V", "0 V"),
        (12.345678, "%", "12.35 %"),
    ],
)
def test_rounding_never_prints_a_thousand_of_the_smaller_prefix(value, unit, text):
    assert text == engineering(value, unit)
