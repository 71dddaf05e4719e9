"""Which data sheets a station's budgets rest on, before and after it is opened."""

from pathlib import Path

import pytest

from bench.errors import ConfigurationError
from bench.station.accuracy import SIMULATED_MODELS, accuracy_of_models, planned_accuracy
from bench.station.configuration import load_station
from bench.twin.laboratory import Laboratory
from tests.twin.fake_world import FakeWorld

EXAMPLE = Path(__file__).parents[2] / "examples" / "station.toml"


def test_the_simulated_laboratory_is_what_a_plan_takes_it_for():
    laboratory = Laboratory(FakeWorld(), seed=1)
    answers = {
        "scope": laboratory.scope.identity.split(",")[1],
        "dmm": laboratory.dmm.identity.split(",")[1],
    }
    assert SIMULATED_MODELS == answers


def test_a_station_file_names_the_models_before_anything_is_opened(tmp_path):
    text = EXAMPLE.read_text(encoding="utf-8").replace('model = "34465A"', 'model = "34470A"')
    path = tmp_path / "station.toml"
    path.write_text(text, encoding="utf-8")
    found = planned_accuracy(load_station(path))
    assert ("34470A", "DSO-X 3024A") == (found.multimeter.model, found.scope.model)


def test_a_simulated_station_without_models_is_the_simulated_laboratory(tmp_path):
    text = EXAMPLE.read_text(encoding="utf-8") + '\n[simulation]\nclock = "127.0.0.1:1"\n'
    lines = [line for line in text.splitlines() if not line.startswith("model = ")]
    path = tmp_path / "station.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    assert planned_accuracy(load_station(path)) == planned_accuracy(load_station(EXAMPLE))


def test_an_instrument_that_answers_without_a_table_names_station_and_role():
    with pytest.raises(ConfigurationError, match=r"station lab, instruments\.dmm: .*'34460A'"):
        accuracy_of_models(dmm="34460A", scope="DSO-X 3024A", station="lab")
