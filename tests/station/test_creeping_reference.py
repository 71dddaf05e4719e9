"""A reference that moves while the scope takes its records is the bench's fault, and is said."""

from __future__ import annotations

import numpy as np
import pytest

from bench.errors import FixtureError
from bench.station.direct_current import Shunt
from bench.station.scales import Label
from bench.station.transfer import RangePlan, Transfer
from bench.waveform import Waveform

SHUNT = Shunt(ohm=100.0, relative_uncertainty=1e-4, source="test", zero_readings_v=(0.0,) * 10)
PLAN = RangePlan(label=Label.CURRENT, full_scale_a=200e-6)


class Fixture:
    """Sends what is asked, times what it has crept to."""

    def __init__(self) -> None:
        self.current_ua = 0.0

    def reference_current(self, current_ua: float) -> None:
        self.current_ua = current_ua

    def __getattr__(self, _name):
        return lambda *_: None


class Meter:
    """Reads the shunt; the second reading of a current is ``creep`` higher."""

    def __init__(self, fixture: Fixture, creep: float) -> None:
        self.fixture, self.creep, self.readings = fixture, creep, 0

    def configure_dc_voltage(self, **_) -> None:
        pass

    def read(self):
        self.readings += 1
        factor = 1 + (self.creep if self.readings % 2 == 0 else 0.0)
        return np.array([self.fixture.current_ua * 1e-6 * SHUNT.ohm * factor])


class Acquirer:
    """Takes records of nothing."""

    codes_per_division = 32.0

    def configure(self, shot) -> None:
        pass

    def force(self, shot):
        flat = Waveform(
            codes=np.zeros(4, dtype=np.int8), gain=1e-3, offset=0.0, t0_s=0.0,
            sample_interval_s=1e-6, channel="CH1", unit="V", instrument="", acquisition_id="",
        )  # fmt: skip
        return dict.fromkeys(shot.full_scale, flat)


def measured(creep: float) -> int:
    fixture = Fixture()
    meter = Meter(fixture, creep)
    transfer = Transfer(fixture=fixture, dmm=meter, acquirer=Acquirer(), shunt=SHUNT, ranges=[PLAN])
    transfer._measure()
    return meter.readings


def test_a_reference_that_stands_still_is_read_twice_at_each_polarity():
    assert measured(0.001) == 4


@pytest.mark.parametrize("creep", [0.036, -0.02])
def test_a_reference_that_creeps_ends_the_self_test(creep):
    with pytest.raises(FixtureError, match=r"80 µA: the shunt had 8 mV before .* has not settled"):
        measured(creep)
