"""Simulated multimeters read by sigrok-cli, a client that shares nothing with this project."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from bench.twin.description import InstrumentNames
from bench.twin.laboratory import Laboratory
from instruments import open_multimeter
from tests.twin.fake_world import FakeWorld
from tests.twin.serving import Served

SIGROK = shutil.which("sigrok-cli")
_SCALE = {"": 1.0, "m": 1e-3, "µ": 1e-6, "u": 1e-6, "k": 1e3}
_READING = re.compile(r"^P1: (-?[\d.]+) ([mµuk]?)V DC$", re.MULTILINE)

pytestmark = pytest.mark.skipif(SIGROK is None, reason="sigrok-cli is not installed")


@pytest.mark.parametrize("name", ["keysight-34465a", "keysight-34401a"])
@pytest.mark.parametrize("level_v", [0.05, -0.00714])
def test_sigrok_reads_what_the_driver_reads(name, level_v):
    world = FakeWorld(high_v=level_v, low_v=level_v)
    served = Served(Laboratory(world, seed=3, instruments=InstrumentNames(dmm=name)))
    try:
        found = read_by_sigrok(served.addresses["resources"]["dmm"]["socket"])
        meter = open_multimeter(str(served.addresses["dmm"]), timeout_s=5.0)
        meter.reset()  # sigrok leaves an error: it sends MEAS, which is no command
        meter.configure_dc_voltage(range_v=0.1, aperture_s=0.2)
        expected = meter.read(3)
        meter.close()
    finally:
        served.stop()
    assert len(found) == 3
    assert found == pytest.approx(list(expected), abs=1.5e-6)


def read_by_sigrok(resource: str) -> list[float]:
    """Return three readings; the client's own exit code is of no use, it fails at its clean-up."""
    port = resource.split("::")[2]
    connection = f"scpi-dmm:conn=tcp-raw/127.0.0.1/{port}"
    done = subprocess.run(
        [str(SIGROK), "-d", connection, "--samples", "3", "-O", "analog"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return [float(number) * _SCALE[prefix] for number, prefix in _READING.findall(done.stdout)]
