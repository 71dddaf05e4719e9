"""What the zero of a scope range may be: half a division, or what scope and amplifier allow."""

from __future__ import annotations

import pytest

from bench.judge import scope_accuracy
from bench.station.scales import ChannelView, Label, Scale


@pytest.mark.parametrize(
    ("label", "volts_per_division", "zero_v", "believed"),
    [
        (Label.CURRENT, 0.1, 0.049, True),
        (Label.CURRENT, 0.1, 0.051, False),
        (Label.CURRENT, 3e-3, 3.2e-3, True),  # 0.1 div + 2 mV, and 1 mV of the amplifier
        (Label.CURRENT, 3e-3, 3.4e-3, False),
        (Label.TRANSIENT, 3e-3, 2.2e-3, True),
        (Label.TRANSIENT, 3e-3, 2.4e-3, False),
    ],
)
def test_a_zero_is_believed_within_half_a_division_or_the_data_sheets(
    label: Label, volts_per_division: float, zero_v: float, *, believed: bool
) -> None:
    accuracy = scope_accuracy("DSO-X 3024A")
    scale = Scale(
        label=label,
        volts_per_division=volts_per_division,
        sensitivity=1e3,
        zero_v=zero_v,
        noise_v=0.0,
        accuracy=accuracy,
    )
    view = ChannelView(label=label, channel=1, sensitivity=1e3, unit="A")
    assert (scale.problem(view, accuracy) is None) is believed
