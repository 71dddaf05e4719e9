"""The truth port: exact currents for the coverage tool, and out of every plan's reach."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest

from bench.cli.main import main
from bench.errors import ConfigurationError
from bench.station.configuration import load_station
from bench.twin.truth import WitnessedWorld
from tests.twin.fake_world import FakeWorld

ROOT = Path(__file__).parents[2]


def test_what_an_instrument_sees_is_written_down_with_the_true_shunt():
    log = io.StringIO()
    world = FakeWorld()
    world.fixture = type("Fixture", (), {"values": type("Values", (), {"shunt_ohm": 100.02})})
    witnessed = WitnessedWorld(world, log)
    witnessed.keep_trace(0)
    witnessed.advance_to(10_000_000)

    seen = witnessed.trace("shunt", 1_000_000, 9_000_000)

    line = json.loads(log.getvalue())
    assert ("record", "shunt", 100.02) == (line["what"], line["node"], line["shunt_ohm"])
    assert (1_000_000, seen.stop_ns) == (line["start_ns"], line["stop_ns"])
    assert np.array_equal(seen.level_v, line["level_v"])
    assert np.array_equal(seen.weights_v, line["weights_v"])


@pytest.mark.parametrize("section", ["simulation", "station", "instruments.scope", "device"])
def test_a_station_file_cannot_name_it(tmp_path, section):
    text = (ROOT / "examples" / "station.toml").read_text(encoding="utf-8")
    if section == "simulation":
        text += '\n[simulation]\nclock = "127.0.0.1:1"\ntruth = "truth.jsonl"\n'
    else:
        text = text.replace(f"[{section}]", f'[{section}]\ntruth = "truth.jsonl"', 1)
    path = tmp_path / "station.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="truth"):
        load_station(path)


@pytest.mark.parametrize("verb", ["run", "twin", "challenge", "plan", "doctor"])
def test_no_verb_of_the_command_line_offers_it(verb, capsys):
    with pytest.raises(SystemExit):
        main([verb, "--help"])
    assert "truth" not in capsys.readouterr().out


def test_nothing_outside_the_twin_speaks_of_it():
    """No module of the bench, no plan and no environment variable opens the port."""
    folders = ("bench", "instruments", "reports", "test_plans")
    for path in (p for folder in folders for p in (ROOT / folder).rglob("*.py")):
        if "twin" in path.relative_to(ROOT).parts and path.parent.name == "twin":
            continue
        assert "--truth" not in path.read_text(encoding="utf-8"), path
        assert "WitnessedWorld" not in path.read_text(encoding="utf-8"), path
