"""Requirements, tests and faults: no orphan in any direction."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

from bench.challenge import load_faults
from bench.challenge.matrix import FAULT_FILE
from bench.requirements import load_catalogue

PLANS = Path(__file__).parents[2] / "test_plans"
KNOWN = {row.id for row in load_catalogue()}


def marked() -> Iterator[tuple[str, str]]:
    """Every requirement that a test is marked with, and where."""
    for path in PLANS.rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.requirement":
                for argument in node.args:
                    yield ast.literal_eval(argument), f"{path.name}:{node.lineno}"


def test_every_marker_names_a_known_requirement() -> None:
    assert [] == [(name, where) for name, where in marked() if name not in KNOWN]


def test_every_requirement_has_a_test() -> None:
    assert KNOWN == {name for name, _ in marked()}


def test_every_fault_names_known_requirements_of_the_release_plan() -> None:
    catalogue = load_catalogue()
    for entry in load_faults().values():
        assert set(entry.requirements) | set(entry.also) <= KNOWN, entry.id
        assert any("release" in catalogue[name].plans for name in entry.requirements), entry.id


def test_every_requirement_is_challenged_by_a_fault_or_named_with_its_reason() -> None:
    reasons = tomllib.loads(FAULT_FILE.read_text(encoding="utf-8"))["unchallenged"]
    challenged = {r for entry in load_faults().values() for r in (*entry.requirements, *entry.also)}
    assert KNOWN == challenged | set(reasons)
    assert set() == challenged & set(reasons)
    assert all(reasons.values())


def test_every_safety_fault_is_demanded_of_the_safety_plan() -> None:
    """Faults of hazard S3 and S4 must be caught by a requirement that the safety plan has."""
    catalogue = load_catalogue()
    missing = [
        entry.id
        for entry in load_faults().values()
        if {"S3", "S4"} & set(entry.hazard.replace("-", " ").replace("(", " ").split())
        and not any("safety" in catalogue[name].plans for name in entry.requirements)
    ]
    assert [] == missing
