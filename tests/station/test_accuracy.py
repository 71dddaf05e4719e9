"""Which data sheets a station's budgets rest on, before and after it is opened."""

from pathlib import Path

import pytest

from bench.errors import ConfigurationError, UsageError
from bench.station.accuracy import accuracy_of_models, planned_accuracy
from bench.station.configuration import load_station
from bench.station.simulated_instruments import SIMULATED_MODELS, SimulatedInstruments
from bench.twin.description import InstrumentNames
from bench.twin.dialects import DMMS, GENERATORS, SCOPES, SUPPLIES, SWITCHES

EXAMPLE = Path(__file__).parents[2] / "examples" / "station.toml"


def test_the_simulated_laboratory_is_what_a_plan_takes_it_for():
    roles = {
        "scope": SCOPES,
        "dmm": DMMS,
        "switch": SWITCHES,
        "supply": SUPPLIES,
        "generator": GENERATORS,
    }
    answers = {
        role: {name: dialect.identity.split(",")[1] for name, dialect in dialects.items()}
        for role, dialects in roles.items()
    }
    assert SIMULATED_MODELS == answers
    assert InstrumentNames() == InstrumentNames(**SimulatedInstruments().names())


@pytest.mark.parametrize("role", ["scope", "dmm"])
def test_every_family_of_the_simulated_laboratory_has_an_accuracy_table(role):
    for name in SIMULATED_MODELS[role]:
        planned_accuracy(None, simulated=SimulatedInstruments(**{role: name}))


def test_a_family_that_is_none_is_named_with_those_that_are():
    with pytest.raises(UsageError, match=r"--scope keysight: .*did you mean keysight-3000x"):
        SimulatedInstruments(scope="keysight")


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
