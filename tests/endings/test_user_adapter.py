"""A device that speaks through the user's own adapter is made safe by the guardian as any other."""

from __future__ import annotations

import signal

import pytest

from bench.profile import load_profile
from bench.station.simulation import launch_twin, unit_description
from tests.endings.plans import start
from tests.station_files import station_file

ADAPTER = """
import os
from bench.device import open_link

class Told:
    def __init__(self, link):
        self._link = link

    def __getattr__(self, name):
        if name == "stop":
            with open(r"{mark}", "a") as marks:
                marks.write(f"{{os.getppid()}} ")
        return getattr(self._link, name)

def MyDevice(url, *, clock, unlock_key):
    return Told(open_link(url, clock=clock, unlock_key=unlock_key))
"""


@pytest.mark.long
def test_a_killed_run_is_stopped_through_the_users_adapter(tmp_path):
    mark = tmp_path / "stops"
    (tmp_path / "mine.py").write_text(ADAPTER.format(mark=mark))
    unit = unit_description(
        load_profile("ref-alt-400"), serial="S1", firmware="1.0.0", udi="", seed=1
    )
    with launch_twin(unit, event_log=tmp_path / "log") as twin:
        station = station_file(tmp_path, twin.addresses)
        adapter = f'[device]\nadapter = "{tmp_path / "mine.py"}:MyDevice"'
        station.write_text(station.read_text().replace("[device]", adapter))
        ending = start(tmp_path, "time.sleep(600)", words=["--station", str(station)])
        stops = mark.read_text() if mark.exists() else ""
        ending.process.kill()

        assert -signal.SIGKILL == ending.wait()
        ending.wait_for_end()
        assert "aborted" == ending.outcome()
        assert len(mark.read_text()) > len(stops), "the guardian never called the adapter's stop"
        ending.require_safe_and_kept()
