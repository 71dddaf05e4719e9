"""The station file: read strictly, with its origins and its calibration dates."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from bench.decision import Rule
from bench.errors import ConfigurationError
from bench.station.configuration import RELAYS, load_station, overdue, resolve

EXAMPLE = Path(__file__).parents[2] / "examples" / "station.toml"
TEXT = EXAMPLE.read_text(encoding="utf-8")
DUE = date(2027, 9, 30)


@pytest.fixture
def load(tmp_path):
    """Return a function that loads the example with some texts replaced."""

    def changed(*replacements):
        text = TEXT
        for old, new in replacements:
            assert old in text, old
            text = text.replace(old, new, 1)
        path = tmp_path / "station.toml"
        path.write_text(text, encoding="utf-8")
        return load_station(path)

    return changed


def refused(load, *replacements):
    with pytest.raises(ConfigurationError) as caught:
        load(*replacements)
    message = str(caught.value)
    assert "\n" not in message
    assert 12 == caught.value.exit_code
    return message


def line_of(text):
    return TEXT.splitlines().index(text) + 1


def test_the_example_is_the_laboratory_of_the_documentation():
    station = load_station(EXAMPLE)
    assert not station.simulated
    assert station.clock is None
    assert dict(RELAYS) == dict(station.relays)
    assert ["scope", "dmm", "switch", "supply", "generator"] == list(station.instruments)
    channels = station.scope_channels
    assert (1, 1000.0) == (channels.amplitude.channel, channels.amplitude.sensitivity)
    assert (2, 100.0) == (channels.transient.channel, channels.transient.sensitivity)
    assert (3, 0.1) == (channels.electrode.channel, channels.electrode.sensitivity)
    assert (4, 1.0) == (channels.sync.channel, channels.sync.sensitivity)
    assert [500.0, 2000.0, 10_000.0] == [load.nominal_ohm for load in station.loads]
    assert ["load_500", "load_2k", "load_10k"] == [load.relay for load in station.loads]
    assert [0.005] * 3 == [load.tolerance for load in station.loads]
    assert (100.0, pytest.approx(0.001)) == (station.shunt.value_ohm, station.shunt.tolerance)
    assert (1e4, 0.8, 4.0) == (
        station.reference.series_ohm,
        station.reference.low_v,
        station.reference.high_v,
    )
    assert "block" == station.calibration_policy
    assert "name of the operator" == station.operator
    assert {"temperature", "humidity"} == set(station.environment)


def test_relays_are_those_of_the_laboratory_page():
    page = (EXAMPLE.parents[1] / "docs" / "laboratory.md").read_text(encoding="utf-8")
    for name, channel in RELAYS.items():
        assert f"| {channel} | `{name}` |" in page


def test_a_clock_makes_a_station_simulated(load):
    station = load(("[calibration]", '[simulation]\nclock = "127.0.0.1:1234"\n\n[calibration]'))
    assert station.simulated
    assert "127.0.0.1:1234" == station.clock


def test_decision_rules_are_read_by_name(load):
    station = load(('# "OUT-001" = "simple"', '"OUT-001" = "simple"\nleakage = "guarded_95"'))
    assert {"OUT-001": Rule.SIMPLE, "leakage": Rule.GUARDED_95} == dict(station.rules)


def test_the_hash_follows_the_bytes(load):
    assert load_station(EXAMPLE).sha256 != load(("bench-1", "bench-2")).sha256


@pytest.mark.parametrize(
    ("old", "new", "line", "expected"),
    [
        (
            "[instruments.dmm]", "[instruments.dmmm]", "[instruments.dmm]",
            "key 'dmm' is missing in [instruments]; did you write 'dmmm' for it?",
        ),
        (
            'store = "runs"', 'stor = "runs"', 'store = "runs"',
            "unknown key 'stor' in [station]; did you mean 'store'?",
        ),
        (
            'scale = "1 mV/uA"', 'scale = "1 mV"', 'scale = "1 mV/uA"',
            ("scope.channels.amplitude.scale: expected a resistance such as '500 ohm', "
            "found '1 mV', a voltage"),
        ),
        (
            "divider = 10", 'divider = "10"', "divider = 10",
            "scope.channels.electrode.divider: expected a whole number, found '10'",
        ),
        (
            "channel = 2", "channel = 1", "[scope.channels.transient]  # shunt directly",
            "expected a channel of its own, found channel 1, which 'amplitude' has",
        ),
        (
            "dmm_shunt = 115", "dmm_shunt = 114", "dmm_shunt = 115",
            "relays.dmm_shunt: expected a relay of its own, found 114, which 'battery' has",
        ),
        (
            "[loads.load_2k]", "[loads.load_3k]", "[loads.load_2k]",
            "loads.load_3k: expected the name of a load's relay",
        ),
        (
            'value = "100.0 ohm ± 0.1 %"', 'value = "100.0 ohm"', 'value = "100.0 ohm ± 0.1 %"',
            "shunt.value: expected a value with its tolerance, such as '500 ohm ± 0.5 %'",
        ),
        (
            'highest = "4 V"', 'highest = "0.5 V"', 'highest = "4 V"',
            "reference.highest: expected more than 0.8 V, found '0.5 V'",
        ),
        (
            'timeout = "5 s"', 'timeout = "0 s"', 'timeout = "5 s"',
            "instruments.supply.timeout: expected more than 0 s, found '0 s'",
        ),
        (
            'overdue = "block"', 'overdue = "ignore"', 'overdue = "block"  # or "mark": run, and say so in the report',
            "calibration.overdue: expected one of 'block', 'mark', found 'ignore'",
        ),
        (
            '# "OUT-001" = "simple"', '"OUT-001" = "simpel"', '# "OUT-001" = "simple"',
            "found 'simpel'; did you mean 'simple'?",
        ),
        (
            'model = "34465A"', 'modell = "34465A"', 'model = "34465A"',
            "key 'model' is missing in [instruments.dmm]; did you write 'modell' for it?",
        ),
        (
            "calibration_due = 2027-09-30", 'calibration_due = "soon"', "calibration_due = 2027-09-30",
            "instruments.scope.calibration_due: expected a date, found 'soon'",
        ),
    ],
)  # fmt: skip
def test_a_bad_line_says_where_expected_and_found(load, tmp_path, old, new, line, expected):
    message = refused(load, (old, new))
    assert message.startswith(f"{tmp_path / 'station.toml'}:{line_of(line)}: ")
    assert expected in message


def test_a_missing_file_is_one_line(tmp_path):
    with pytest.raises(ConfigurationError, match="station file cannot be read"):
        load_station(tmp_path / "station.toml")


def test_calibration_is_overdue_the_day_after(load):
    station = load(("calibration_due = 2027-09-30", "calibration_due = 2027-09-29"))
    assert () == overdue(load_station(EXAMPLE), DUE)
    assert ("scope DSO-X 3024A MY50000001 was due on 2027-09-29",) == overdue(station, DUE)
    assert "overdue since 2027-09-29, certificate C-2026-0101" == station.calibration_status(
        "scope", DUE
    )
    assert "valid until 2027-09-30" == station.calibration_status("switch", DUE)


def test_no_due_date_on_hardware_is_overdue(load):
    station = load(("calibration_due = 2027-09-30\n", ""))
    assert ("scope DSO-X 3024A MY50000001 has no calibration_due",) == overdue(station, DUE)
    assert "no due date given" == station.calibration_status("scope", DUE)


def test_a_simulated_instrument_needs_no_calibration(load):
    station = load(
        ("calibration_due = 2027-09-30\n", ""),
        ("[calibration]", '[simulation]\nclock = "127.0.0.1:1"\n\n[calibration]'),
    )
    assert () == overdue(station, DUE)
    assert "simulated, nothing to calibrate" == station.calibration_status("scope", DUE)


@pytest.mark.parametrize(
    ("flag", "environment", "in_file", "value", "origin"),
    [
        ("flag", {"BENCH_OPERATOR": "env"}, True, "flag", "flag --operator"),
        (None, {"BENCH_OPERATOR": "env"}, True, "env", "BENCH_OPERATOR"),
        (None, {"BENCH_OPERATOR": ""}, True, "name of the operator", "station file"),
        (None, {}, False, "nobody", "default"),
        ("", {"BENCH_OPERATOR": "env"}, True, "", "flag --operator"),
    ],
)
def test_a_setting_comes_from_the_first_origin_that_has_it(
    flag, environment, in_file, value, origin
):
    station = load_station(EXAMPLE) if in_file else None
    found = resolve(
        "operator", flag=flag, station=station, default="nobody", environment=environment
    )
    assert (value, origin) == (found.value, found.origin)


def test_the_environment_is_the_processes_own_by_default(monkeypatch):
    monkeypatch.setenv("BENCH_TWIN_SEED", "7")
    assert ("7", "BENCH_TWIN_SEED") == (resolve("twin_seed").value, resolve("twin_seed").origin)
    assert "flag --twin-seed" == resolve("twin_seed", flag="3").origin
