"""A limit that the station cannot decide is refused when the plan is made, with what would do."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

import pytest

from bench.cli.main import main
from bench.errors import ConfigurationError
from bench.plugin.decidability import require_decidable, undecidable_limits
from bench.plugin.settings import PLANS, settings_from
from bench.profile import load_profile
from bench.station.accuracy import planned_accuracy
from bench.station.predictions import Prediction

ROOT = Path(__file__).parents[2]
PROFILES = sorted(path.stem for path in (ROOT / "bench/profile/profiles").glob("*.toml"))


def settings(plan="release", **given):
    names = ["station", "profile", "serial", "firmware", "udi", "operator", "out", "twin_seed"]
    return settings_from(
        argparse.Namespace(
            plan=plan, twin_fault=[], requirements=[], **(dict.fromkeys(names) | given)
        ),
        root=ROOT,
    )


def profile_with(tmp_path, old, new, name="ref-alt-400"):
    text = (ROOT / f"bench/profile/profiles/{name}.toml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "profile.toml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return str(path)


def station_with(tmp_path, *changes):
    text = (ROOT / "examples" / "station.toml").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "station.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("name", PROFILES)
def test_every_reference_profile_is_decidable_on_the_simulated_laboratory(name):
    release = settings(profile=name)
    for plan in PLANS:
        assert () == undecidable_limits(replace(release, plan=plan)), plan


def test_a_tolerance_without_its_floor_is_refused_and_names_what_would_do(tmp_path):
    path = profile_with(tmp_path, '"±5 %, at least 4.5 uA"', '"±1 %"')
    with pytest.raises(ConfigurationError) as refusal:
        require_decidable(settings(profile=path))
    text = str(refusal.value)
    assert 12 == refusal.value.exit_code
    for part in (
        "OUT-021 symmetry",
        "level 1 into 500 Ω",
        "predicted U",
        "U below 0.8 µA",
        "[rules]",
    ):
        assert part in text


def test_the_needed_uncertainty_leaves_an_interval_and_a_little_more_does_not(tmp_path):
    path = profile_with(tmp_path, '"±5 %, at least 4.5 uA"', '"±1 %"')
    worst = undecidable_limits(settings(profile=path))[0]
    assert worst.needed < worst.expanded_uncertainty
    assert worst.needed == pytest.approx((worst.limit.high - worst.limit.low) / 2)
    assert worst.dominant


def test_simple_acceptance_has_no_guard_band_to_empty_the_interval(tmp_path):
    profile = profile_with(tmp_path, '"±5 %, at least 4.5 uA"', '"±1 %"')
    station = station_with(tmp_path, ("[rules]", '[rules]\n"OUT-021" = "simple"\n'))
    found = undecidable_limits(settings(profile=profile, station=station))
    assert not any(each.requirement == "OUT-021" for each in found)


@pytest.mark.parametrize("model", ["34401A", "MODEL 2000", "DM858", "SDM3055", "8846A"])
def test_a_meter_that_holds_no_whole_cycle_decides_direct_current_by_sweeps(tmp_path, model):
    station = station_with(tmp_path, ('model = "34465A"', f'model = "{model}"'))
    assert not undecidable_limits(settings(station=station))


def test_what_sweeps_cannot_decide_is_refused_in_the_plan(tmp_path):
    profile = profile_with(tmp_path, 'dc = "±2 uA"', 'dc = "±0.5 uA"')
    station = station_with(tmp_path, ('model = "34465A"', 'model = "34461A"'))
    found = undecidable_limits(settings(profile=profile, station=station))
    assert {("OUT-008", "dc", "repeatability")} == {
        (each.requirement, each.limit.quantity, each.dominant) for each in found
    }
    assert not undecidable_limits(settings(profile=profile))


def test_an_instrument_without_an_accuracy_table_is_refused_before_it_is_opened(tmp_path):
    station = station_with(tmp_path, ('model = "DSO-X 3024A"', 'model = "NOSUCH-1"'))
    with pytest.raises(ConfigurationError, match=r"instruments\.scope: no accuracy table"):
        undecidable_limits(settings(station=station))


@pytest.mark.parametrize("plan", ["safety", str(ROOT / "test_plans" / "leakage")])
def test_run_refuses_with_the_exit_code_of_a_configuration(tmp_path, capsys, plan):
    path = profile_with(tmp_path, 'off_state = "1 uA"', 'off_state = "0.0001 uA"')
    folder = tmp_path / "out"
    assert 12 == main(["run", plan, "--profile", path, "--out", str(folder)])
    captured = capsys.readouterr()
    assert "LKG-007 off_state_dc" in captured.err
    assert "" == captured.out
    assert not folder.exists()


def test_plan_shows_what_cannot_be_decided(tmp_path, capsys):
    path = profile_with(tmp_path, 'off_state = "1 uA"', 'off_state = "0.0001 uA"')
    assert 12 == main(["plan", "safety", "--profile", path, "--json"])
    document = json.loads(capsys.readouterr().out)
    rows = document["undecidable"]
    assert ["LKG-007"] == [row["requirement"] for row in rows]
    assert rows[0]["predicted_uncertainty"] > rows[0]["needed_uncertainty"]


def test_a_prediction_is_about_the_declared_value(tmp_path):
    profile = load_profile("ref-alt-400")
    prediction = Prediction(profile=profile, accuracy=planned_accuracy(None))
    at = {"level": 3, "load_ohm": 2000.0}
    expected = {
        "amplitude": 240e-6, "level_step": 80e-6, "load_regulation": 1.0, "pulse_duration": 6e-3,
        "repetition_rate": 80.0, "phase_charge": 1.44e-6, "symmetry": 0.0, "session": 1200.0,
    }  # fmt: skip
    found = {name: prediction.budget(name, **at).value for name in expected}
    assert expected == pytest.approx(found)
    assert prediction.budget("level_step", level=1, load_ohm=2000.0) is None
    assert prediction.budget("colour", **at) is None
