"""Probabilities, guard bands and budgets against suncal (Sandia), which was written without us.

suncal is under the GPL: it is a tool of the tests and nothing of the product imports it.
"""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from bench.judge import Basis, Limit, Rule, evaluate, guard_band, normal, probability_of_conformity

risk = pytest.importorskip("suncal.risk", reason="suncal is not installed: pip install suncal")
suncal = pytest.importorskip("suncal")


@settings(deadline=None)
@given(
    value=st.floats(80.0, 120.0),
    u=st.floats(0.05, 10.0),
    low=st.floats(70.0, 99.0),
    width=st.floats(1.0, 60.0),
)
def test_probability_of_conformity(value, u, low, width):
    limit = Limit(
        quantity="amplitude",
        basis=Basis.DECLARED,
        low=low,
        high=low + width,
        unit="µA",
        rule=Rule.SIMPLE,
    )
    theirs = risk.specific_risk(stats.norm(value, u), low, low + width)
    assert probability_of_conformity(value, u, limit) == pytest.approx(
        1.0 - theirs.total, abs=1e-12
    )


@pytest.mark.parametrize("u", [2.0, 3.0, 5.0])
def test_guard_band_of_five_per_cent_specific_risk(u):
    low, high = 50.0, 150.0
    theirs = risk.guardband.specific(stats.norm(100.0, u), low, high, 0.05)
    ours = guard_band(Rule.GUARDED_95, standard_uncertainty=u, expanded_uncertainty=None)
    assert ours == pytest.approx(theirs[0], rel=1e-3)


@pytest.mark.parametrize("readings", [3, 5, 10, 30])
def test_budget_of_a_charge_over_a_shunt(readings):
    """Voltage over resistance times duration, the voltage from a few readings."""
    ours = evaluate(
        "phase charge",
        "C",
        [
            normal("voltage", 2e-4, value=0.04, degrees_of_freedom=readings - 1, source="readings"),
            normal("shunt", 0.05, value=100.0, source="four-wire ohms"),
            normal("duration", 2e-9, value=2e-5, source="time base"),
        ],
        lambda voltage, shunt, duration: voltage / shunt * duration,
    )
    model = suncal.Model("v/r*t")
    model.var("v").measure(0.04).typeb(unc=2e-4, k=1, degf=readings - 1)
    model.var("r").measure(100.0).typeb(unc=0.05, k=1)
    model.var("t").measure(2e-5).typeb(unc=2e-9, k=1)
    theirs = model.calculate_gum()
    assert ours.value == pytest.approx(theirs.expected["f1"], rel=1e-12)
    assert ours.standard_uncertainty == pytest.approx(theirs.uncertainty["f1"], rel=1e-9)
    assert ours.degrees_of_freedom == pytest.approx(theirs.degf["f1"], rel=1e-9)
    assert math.isfinite(ours.expanded_uncertainty)
