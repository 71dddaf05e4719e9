"""The release plan on every family of the simulated laboratory, one role changed at a time."""

from __future__ import annotations

import pytest

from bench.station.simulated_instruments import SIMULATED_MODELS
from tests.instruments.test_pairs import TOO_SMALL, run

PAIRS = [
    (role, name)
    for role, families in SIMULATED_MODELS.items()
    for number, name in enumerate(families)
    if (number or role == "scope") and name not in TOO_SMALL
]
"""The first family of each role is the laboratory's usual one; it is tried once, not four times."""


@pytest.mark.long
@pytest.mark.parametrize(("role", "name"), PAIRS)
def test_a_healthy_device_passes_the_release_plan_on(role, name, tmp_path):
    summary = run("release", {role: name}, tmp_path / "run")
    assert summary["verdict"] == "PASS"
    assert summary["counts"].get("FAIL", 0) == 0
