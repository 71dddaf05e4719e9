"""The record without current says where a range's zero lies: beside the line through both currents."""

from dataclasses import replace

import numpy as np
import pytest

from bench.errors import FixtureError
from bench.judge import scope_accuracy
from bench.station.direct_current import Shunt
from bench.station.scales import ChannelView, Label, Scales
from bench.station.transfer import RangePlan, Transfer
from bench.waveform import Waveform

SHUNT = Shunt(ohm=100.0, relative_uncertainty=1e-4, source="test", zero_readings_v=(0.0,) * 10)
PLAN = RangePlan(label=Label.CURRENT, full_scale_a=2.56e-3)
CODE_V, CODES_PER_DIVISION = 10e-3, 32.0
VIEW = ChannelView(label=Label.CURRENT, channel=1, sensitivity=1e3, unit="A")


class Bench:
    """Fixture, meter and scope in one; ``bend_codes`` is what the converter adds at mid-screen."""

    codes_per_division = CODES_PER_DIVISION

    def __init__(self, *, bend_codes: float, leak_ua: float = 0.0) -> None:
        self.current_ua, self.bend_codes, self.leak_ua = 0.0, bend_codes, leak_ua

    def reference_current(self, current_ua: float) -> None:
        self.current_ua = current_ua

    def reference_off(self) -> None:
        self.current_ua = self.leak_ua

    def read(self):
        return np.array([self.current_ua * 1e-6 * SHUNT.ohm])

    def force(self, shot):
        codes = self.current_ua * 1e-6 * VIEW.sensitivity / CODE_V
        codes += self.bend_codes * (abs(self.current_ua) < 100.0)
        noise = np.random.default_rng(1).normal(0.0, 0.6, 20_000)
        record = Waveform(
            codes=np.rint(codes + noise).astype(np.int8), gain=CODE_V, offset=0.0, t0_s=0.0,
            sample_interval_s=1e-6, channel="CH1", unit="V",
        )  # fmt: skip
        return dict.fromkeys(shot.full_scale, record)

    def __getattr__(self, _name):
        return lambda *_, **__: None


def transferred(bench):
    scales = Scales([VIEW], accuracy=scope_accuracy("DSO-X 3024A"))
    Transfer(
        fixture=bench, dmm=bench, acquirer=bench, shunt=SHUNT, ranges=[PLAN]
    ).opening(scales)  # fmt: skip
    (scale,) = scales
    return scale


def test_the_rest_of_a_range_is_what_it_shows_without_current():
    scale = transferred(Bench(bend_codes=-0.6))
    assert scale.zero_v == pytest.approx(0.0, abs=0.05 * CODE_V)
    assert scale.rest == pytest.approx(-0.6 * CODE_V / VIEW.sensitivity, rel=0.05)
    assert 0.0 == replace(scale, rest_v=0.0).rest


def test_a_current_with_the_reference_off_is_no_zero():
    with pytest.raises(FixtureError, match="with the reference off"):
        transferred(Bench(bend_codes=0.0, leak_ua=40.0))
