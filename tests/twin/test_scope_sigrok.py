"""The simulated DS1000Z read by sigrok-cli, a client that shares nothing with this project."""

from __future__ import annotations

import re
import shutil
import subprocess

import numpy as np
import pytest

from bench.clock import TwinClock
from bench.twin.description import InstrumentNames
from bench.twin.laboratory import Laboratory
from instruments import open_oscilloscope
from tests.twin.fake_world import FakeWorld
from tests.twin.serving import Served

SIGROK = shutil.which("sigrok-cli")
SCREEN_POINTS = 1200
MEMORY_POINTS = 12_000
_SAMPLE = re.compile(r"^CH1: (-?[\d.]+) ([mµ]?)V$", re.MULTILINE)
_SCALE = {"": 1.0, "m": 1e-3, "µ": 1e-6}

pytestmark = pytest.mark.skipif(SIGROK is None, reason="sigrok-cli is not installed")


@pytest.mark.parametrize("volts_per_division", [0.05, 0.125])
def test_sigrok_reads_the_record_that_the_driver_reads(volts_per_division):
    laboratory = Laboratory(FakeWorld(), seed=3, instruments=InstrumentNames(scope="rigol-ds1000z"))
    served = Served(laboratory)
    try:
        resource = served.addresses["resources"]["scope"]["socket"]
        record = read_by_the_driver(served, resource, volts_per_division)
        laboratory.scope.acquisition.deaf = True  # sigrok sends :RUN; the record must stay
        found_v = read_by_sigrok(resource)
    finally:
        served.stop()
    assert record.record_length == MEMORY_POINTS
    assert found_v.size == SCREEN_POINTS
    # The screen shows every tenth sample of the memory, printed by sigrok in whole codes.
    codes = np.rint(found_v / record.gain)
    assert np.array_equal(codes, np.rint(record.values()[::10] / record.gain))
    assert np.ptp(codes) > 40


def read_by_the_driver(served: Served, resource: str, volts_per_division: float):
    """Take one shot of the whole screen and read its memory."""
    clock = TwinClock(str(served.addresses["clock"]))
    scope = open_oscilloscope(resource, clock=clock)
    try:
        scope.reset()
        scope.configure_channel(1, volts_per_division=volts_per_division)
        scope.configure_timebase(duration_s=0.012, before_trigger_s=0.002, points=MEMORY_POINTS)
        scope.configure_edge_trigger(channel=1, level_v=0.1, slope="rising")
        scope.arm_single()
        assert clock.wait_until(lambda: scope.acquisition_state() == "complete", timeout_s=5.0)
        record = scope.fetch((1,), points=MEMORY_POINTS)[1]
        served.laboratory.scope.execute(b":TRIG:SWE NORM")
    finally:
        scope.close()
        clock.close()
    return record


def read_by_sigrok(resource: str) -> np.ndarray:
    """Return one frame; the client's own exit code is of no use, it fails at its clean-up."""
    port = resource.split("::")[2]
    done = subprocess.run(
        [str(SIGROK), "-d", f"rigol-ds:conn=tcp-raw/127.0.0.1/{port}", "--frames", "1", "-C", "CH1",
         "-O", "analog"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )  # fmt: skip
    return np.array(
        [float(number) * _SCALE[prefix] for number, prefix in _SAMPLE.findall(done.stdout)]
    )
