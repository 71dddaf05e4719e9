"""Settings of a run: what the station file says is in force."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from bench.decision import Rule
from bench.errors import CalibrationOverdue
from bench.plugin.settings import settings_from

ROOT = Path(__file__).parents[2]


def arguments(**given):
    names = [
        "station",
        "profile",
        "requirements",
        "serial",
        "firmware",
        "udi",
        "operator",
        "out",
        "twin_seed",
    ]
    return argparse.Namespace(plan="release", twin_fault=[], **(dict.fromkeys(names) | given))


def test_the_stations_decision_rules_are_in_force(tmp_path):
    text = (ROOT / "examples" / "station.toml").read_text(encoding="utf-8")
    path = tmp_path / "station.toml"
    path.write_text(text.replace("[rules]", '[rules]\n"OUT-001" = "simple"\n#', 1))

    ours = settings_from(arguments(station=str(path)), root=ROOT).catalogue
    plain = settings_from(arguments(), root=ROOT).catalogue

    assert (Rule.SIMPLE, Rule.ILAC_NONBINARY) == (ours.rule_of("OUT-001"), plain.rule_of("OUT-001"))


def past_due(tmp_path, policy):
    text = (ROOT / "examples" / "station.toml").read_text(encoding="utf-8")
    text = text.replace("calibration_due = 2027-09-30", "calibration_due = 2020-09-30", 1)
    text = text.replace('overdue = "block"', f'overdue = "{policy}"')
    path = tmp_path / "station.toml"
    path.write_text(text, encoding="utf-8")
    return settings_from(arguments(station=str(path)), root=ROOT)


def test_an_overdue_calibration_blocks_the_run_with_its_own_exit_code(tmp_path):
    settings = past_due(tmp_path, "block")
    with pytest.raises(
        CalibrationOverdue, match=r"scope DSO-X 3024A .* was due on 2020-09-30"
    ) as stop:
        settings.require_calibration(settings.station)
    assert 11 == stop.value.exit_code


def test_an_overdue_calibration_that_the_station_marks_lets_the_run_go_on(tmp_path):
    settings = past_due(tmp_path, "mark")
    settings.require_calibration(settings.station)
    assert not settings.station.calibrated("scope")
    assert settings.station.calibrated("dmm")
