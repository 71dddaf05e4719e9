"""A simulated device that has its battery and can be spoken to."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pyvisa

from bench.clock import TwinClock
from bench.profile import load_profile
from bench.station.simulation import RunningTwin, launch_twin, unit_description


@contextlib.contextmanager
def powered_device() -> Iterator[tuple[RunningTwin, TwinClock]]:
    """Yield a simulated bench whose device is switched on, and its clock."""
    unit = unit_description(
        load_profile("ref-alt-400"), serial="S-1", firmware="1.0.0", udi="", seed=1
    )
    with launch_twin(unit) as running:
        manager = pyvisa.ResourceManager("@py")
        supply, switch = (
            manager.open_resource(name)
            for name in (running.addresses.supply, running.addresses.switch)
        )
        supply.query("VOLT 3.7,(@1);:OUTP ON,(@1);*OPC?")
        switch.query("ROUT:CLOS (@114,102,107,108);:ROUT:DONE?")
        clock = TwinClock(running.addresses.clock)
        clock.sleep(2.0)
        yield running, clock
        clock.close()
        manager.close()
