"""The ceilings of IEC 60601-2-10 have teeth: a stimulator that breaks one fails in its requirement."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

STIMULATORS = Path(__file__).with_name("stimulators.py")


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("unit", "requirement", "quantity", "ceiling"),
    [
        ("TooMuchCurrent", "OUT-012", "rms_current", 50.0),
        ("TooMuchEnergy", "OUT-013", "pulse_energy", 300.0),
        ("TooMuchVoltage", "OUT-014", "open_circuit_voltage", 500.0),
    ],
)
def test_a_unit_beyond_a_ceiling_fails_with_its_number(
    tmp_path: Path, unit: str, requirement: str, quantity: str, ceiling: float
) -> None:
    command = [
        sys.executable, "-m", "bench", "run", "release", "--profile", "ref-ems-50",
        "--twin-seed", "3", "--twin-fault", f"{STIMULATORS}:{unit}", "--out", str(tmp_path / "run"),
        "--", "-k", "ratings or open_circuit",
    ]  # fmt: skip
    subprocess.run(command, capture_output=True, check=False, timeout=500)
    summary = json.loads((tmp_path / "run" / "summary.json").read_text(encoding="utf-8"))
    rows = [
        row
        for row in summary["measurements"]
        if requirement in row["requirements"] and row["quantity"] == quantity
    ]
    assert rows
    for row in rows:
        assert row["verdict"] == "FAIL", row
        assert row["high"] == ceiling
        assert row["value"] > ceiling
