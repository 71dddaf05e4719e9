"""``bench safe``: on a running bench, by whatever can be read of a station file."""

from __future__ import annotations

import pytest

from bench.clock import TwinClock
from bench.device import open_link
from bench.device.link import DeviceState
from bench.profile import load_profile
from bench.station.rescue import rescue
from bench.station.simulation import launch_twin, unit_description
from instruments import open_generator, open_load_switch, open_supply

ADAPTER = """
from bench.device import open_link

def MyDevice(url, *, clock, unlock_key):
    open(r"{mark}", "w").close()
    return open_link(url.replace("mine", "tcp"), clock=clock, unlock_key=unlock_key)
"""

STATION = """
[station]
name = "broken
[store]
url = "postgresql://u:s3cret@h/x"
[instruments.switch]
resource = "{switch}"   # a comment
model = 7 "
[instruments.supply]
resource = '{supply}'
[instruments.dmm]
resource = "{dmm}"
[instruments.generator]
resource = "{generator}"
[device]
link = "{device}"
{adapter}
[simulation]
clock = "{clock}"
[[[
"""


@pytest.fixture
def delivering():
    """A simulated bench whose device has its supply and runs into a load."""
    description = unit_description(
        load_profile("ref-alt-400"), serial="S1", firmware="1.0.0", udi="", seed=1
    )
    with launch_twin(description) as twin:
        at = twin.addresses
        clock = TwinClock(at.clock)
        switch, supply, generator = (
            open_load_switch(at.switch, clock=clock), open_supply(at.supply, clock=clock),
            open_generator(at.generator, clock=clock),
        )  # fmt: skip
        generator.switch_output(on=True)
        supply.configure_output(1, voltage_v=3.7, current_limit_a=0.5)
        supply.switch_output(1, on=True)
        switch.close_channels([102, 107, 108, 114])
        clock.sleep(3.0)
        link = open_link(at.device, clock=clock, unlock_key="")
        link.set_level(3)
        link.start(60.0)
        clock.sleep(5.0)
        assert DeviceState.RUN == link.status().state
        for one in (link, switch, supply, generator, clock):
            one.close()
        yield at


@pytest.mark.parametrize("adapted", [False, True])
def test_a_broken_station_file_is_enough(tmp_path, delivering, adapted):
    mark = tmp_path / "mark"
    (tmp_path / "mine.py").write_text(ADAPTER.format(mark=mark))
    at = delivering
    text = STATION.format(
        switch=at.switch, supply=at.supply, generator=at.generator, dmm=at.dmm, clock=at.clock,
        device=at.device.replace("tcp", "mine") if adapted else at.device,
        adapter=f'adapter = "{tmp_path / "mine.py"}:MyDevice"' if adapted else "",
    )  # fmt: skip
    (tmp_path / "station.toml").write_text(text)

    record = rescue(tmp_path / "station.toml", None)

    assert record.confirmed, record
    steps = {step.name: step for step in record.steps}
    assert "no device link" not in steps["device stopped"].detail
    assert steps["check source off"].detail == "the generator reports its output off"
    assert adapted == mark.exists()
    assert "s3cret" not in repr(record)
