"""Records over the transports: blocks with two line feeds behind them, and with text before them."""

from __future__ import annotations

import pytest

from bench.clock import TwinClock
from bench.twin.description import InstrumentNames
from bench.twin.laboratory import Laboratory
from instruments import open_oscilloscope
from tests.twin.fake_world import FakeWorld
from tests.twin.serving import Served

POINTS = 60_000


@pytest.mark.parametrize("family", ["siglent-sds800xhd", "siglent-sds1000xe", "rigol-dho800"])
def test_records_come_whole_over_every_transport(family):
    served = Served(Laboratory(FakeWorld(), seed=3, instruments=InstrumentNames(scope=family)))
    clock = TwinClock(str(served.addresses["clock"]))
    try:
        for transport in ("hislip", "socket", "vxi11"):
            resource = served.addresses["resources"]["scope"][transport]
            scope = open_oscilloscope(resource, clock=clock)
            scope.reset()
            scope.configure_channel(1, volts_per_division=0.075)
            scope.configure_timebase(duration_s=0.012, before_trigger_s=0.002, points=POINTS)
            scope.configure_edge_trigger(channel=1, level_v=0.1, slope="rising")
            for _ in range(2):  # what is left of a block would spoil the next exchange
                scope.arm_single()
                assert clock.wait_until(
                    lambda scope=scope: scope.acquisition_state() == "complete", timeout_s=5.0
                )
                record = scope.fetch((1,), points=POINTS)[1]
                assert POINTS / 2 <= record.record_length <= 2 * POINTS
                assert record.values().max() == pytest.approx(0.2, abs=0.02)
            scope.close()
    finally:
        clock.close()
        served.stop()
