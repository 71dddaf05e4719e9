"""The first steps of docs/your-bench.md as they are written there, on a simulated rack of other makes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.profile import load_profile
from bench.station.simulated_instruments import SimulatedInstruments
from bench.station.simulation import launch_twin, unit_description

ROOT = Path(__file__).parents[2]
RACK = SimulatedInstruments(
    scope="rohde-schwarz-rtb2000",
    dmm="keithley-2000",
    switch="keithley-2700",
    supply="rigol-dp832a",
)


def bench(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bench", *words]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )


def completed(proposal: str, *, device: str, clock: str) -> str:
    """Return the station file as step 3 completes it."""
    example = (ROOT / "examples" / "station.toml").read_text(encoding="utf-8")
    rest = example[example.index("[scope.channels") :]
    lines = [
        f'link = "{device}"' if line.startswith("link = ") else line for line in rest.splitlines()
    ]
    return "\n".join((proposal, *lines, "", "[simulation]", f'clock = "{clock}"', ""))


@pytest.mark.long
def test_a_station_file_from_the_document_opens_a_bench_that_is_ready(tmp_path):
    unit = unit_description(
        load_profile("ref-alt-400"), serial="SIM-0001", firmware="1.0.0", udi="", seed=1,
        instruments=RACK,
    )  # fmt: skip
    with launch_twin(unit) as twin:
        sockets = [
            twin.addresses.resources[role]["socket"].split("::")[2]
            for role in ("scope", "dmm", "switch", "supply", "generator")
        ]
        hosts = [word for port in sockets for word in ("--host", f"127.0.0.1:{port}")]
        found = bench("list", "--discover", *hosts)
        assert found.returncode == 0
        assert "Traceback" not in found.stderr
        station = tmp_path / "my-station.toml"
        text = completed(found.stdout, device=twin.addresses.device, clock=twin.addresses.clock)
        station.write_text(text, encoding="utf-8")
        asked = bench("doctor", "--station", str(station), "--json")
        assert asked.returncode == 0, asked.stdout
        states = {finding["name"]: finding["state"] for finding in json.loads(asked.stdout)}
        assert "fail" not in states.values()
        planned = bench("plan", "safety", "--station", str(station))
        assert planned.returncode == 0
        assert "min on hardware" in planned.stdout
