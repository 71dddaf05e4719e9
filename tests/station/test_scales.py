"""What the zero of a scope range may be: half a division, or what its data sheet allows."""

from __future__ import annotations

import pytest

from bench.judge import scope_accuracy
from bench.station.scales import ChannelView, Label, Scale

VIEW = ChannelView(label=Label.CURRENT, channel=1, sensitivity=1e3, unit="A")


@pytest.mark.parametrize(
    ("volts_per_division", "zero_v", "believed"),
    [
        (0.1, 0.049, True),
        (0.1, 0.051, False),
        (3e-3, 2.2e-3, True),  # 0.1 div + 2 mV
        (3e-3, 2.4e-3, False),
    ],
)
def test_a_zero_is_believed_within_half_a_division_or_the_data_sheet(
    volts_per_division: float, zero_v: float, *, believed: bool
) -> None:
    accuracy = scope_accuracy("DSO-X 3024A")
    scale = Scale(
        label=Label.CURRENT,
        volts_per_division=volts_per_division,
        sensitivity=1e3,
        zero_v=zero_v,
        noise_v=0.0,
        accuracy=accuracy,
    )
    assert (scale.problem(VIEW, accuracy) is None) is believed
