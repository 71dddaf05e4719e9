"""The measuring device's transfer impedance from magnitudes alone, and what its budget rests on."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from bench.judge import (
    Tone,
    Transfer,
    impedance_budget,
    model_ohm,
    multimeter_accuracy,
    scope_accuracy,
)

METER, SCOPE = multimeter_accuracy("34465A"), scope_accuracy("DSO-X 3024A")


@pytest.mark.parametrize(
    ("hz", "ohm"), [(10.0, 999.95), (964.58, 707.1), (1e4, 96.01), (1e6, 0.96458)]
)
def test_the_model_is_a_low_pass_of_965_hertz(hz, ohm):
    assert model_ohm(hz) == pytest.approx(ohm, rel=1e-4)


def tone(volts: float) -> Tone:
    return Tone(amplitude_v=volts, noise_v=1e-3 * volts, samples=2000, lsb_v=volts / 64)


def budget_of(r1_ohm, r2_ohm, farad, hz, *, gains=None):
    """The budget of a network of known parts, seen through ranges of wrong gains."""
    admittance = 2j * math.pi * hz * farad
    ratio = abs(1.0 / (1.0 + admittance * r1_ohm))
    current = abs(1.0 / r2_ohm + admittance / (1.0 + admittance * r1_ohm))
    above, below = gains or (1.0, 1.0)
    output, source = tone(above * 8.0 * ratio), tone(below * 8.0)
    transfers = gains and tuple(
        Transfer(tone=one, readings_v=(volts,) * 3, range_v=10.0 if volts > 1 else 0.1)
        for one, volts in ((output, 8.0 * ratio / 2**0.5), (source, 8.0 / 2**0.5))
    )
    budget = impedance_budget(
        frequency_hz=hz, output=output, source=source, transfers=transfers,
        r1_ohm=r1_ohm, r2_ohm=r2_ohm, meter=METER, scope=SCOPE,
    )  # fmt: skip
    return budget, ratio / current / model_ohm(hz) - 1.0


@pytest.mark.parametrize("hz", [10.0, 1e3, 1e4, 1e6])
@pytest.mark.parametrize(
    ("r1_ohm", "r2_ohm", "farad"),
    [(10e3, 1e3, 15e-9), (9.5e3, 1.01e3, 15.7e-9), (10e3, 1e3, 30e-9)],
)
def test_magnitudes_give_the_impedance_of_any_such_network(r1_ohm, r2_ohm, farad, hz):
    budget, deviation = budget_of(r1_ohm, r2_ohm, farad, hz)
    assert budget.value == pytest.approx(deviation, abs=1e-9)


def test_what_two_ranges_read_wrongly_falls_out_by_their_transfers():
    budget, deviation = budget_of(10e3, 1e3, 15e-9, 1e4, gains=(0.97, 1.02))
    assert budget.value == pytest.approx(deviation, abs=1e-9)
    assert not [line for line in budget.lines if "linearity" in line.name]


def test_the_limit_of_five_per_cent_can_be_decided_where_the_signal_is_smallest():
    budget, _ = budget_of(10e3, 1e3, 15e-9, 1e6, gains=(1.0, 1.0))
    assert 0.01 < budget.expanded_uncertainty < 0.025


def test_a_meter_of_four_and_a_half_digits_cannot_decide_it():
    coarse = replace(METER, ac_voltage=(0.01, 0.001))
    small, large = tone(8e-3), tone(8.0)
    transfers = (
        Transfer(tone=small, readings_v=(5.7e-3,) * 3, range_v=0.1),
        Transfer(tone=large, readings_v=(5.7,) * 3, range_v=10.0),
    )
    budget = impedance_budget(
        frequency_hz=1e6, output=small, source=large, transfers=transfers, r1_ohm=10e3,
        r2_ohm=1e3, meter=coarse, scope=SCOPE,
    )  # fmt: skip
    assert budget.expanded_uncertainty > 0.03
    assert "multimeter" in budget.lines[0].name
