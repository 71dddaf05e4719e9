"""Settings of a run: what the station file says is in force."""

from __future__ import annotations

import argparse
from pathlib import Path

from bench.decision import Rule
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
