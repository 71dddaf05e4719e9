"""What a healthy unit is: whatever its seed, it keeps what its profile declares and its ranges hold it."""

from __future__ import annotations

import json

import pytest

from bench.judge import scope_accuracy
from bench.profile import load_profile, profile_names
from bench.station.ranges import RangeChoice
from bench.station.simulation import unit_description
from bench.twin.description import UnitDescription
from bench.twin.spreads import draw_unit

SEEDS = range(200)
PROPOSED_SYMMETRY = 0.10
"""Of the amplitude: the tighter limit of OUT-021 on the lowest levels."""


def drawn(name, seed):
    described = unit_description(
        load_profile(name), serial="S", firmware="1", udi="", seed=seed
    )  # fmt: skip
    return draw_unit(UnitDescription.read(json.loads(json.dumps(described))))


@pytest.mark.parametrize("name", profile_names())
def test_direct_current_leaves_the_lowest_level_symmetric(name):
    profile = load_profile(name)
    lowest_ua = min(profile.current_ua(profile.levels[0].number, ohm) for ohm in profile.loads_ohm)
    if profile.output.regulation == "current":
        for seed in SEEDS:
            unit = drawn(name, seed)
            error_ua = 2 * abs(unit.dc_ua) + abs(unit.gain_negative - 1.0) * lowest_ua
            assert error_ua < 0.7 * PROPOSED_SYMMETRY * lowest_ua * profile.scale


@pytest.mark.parametrize("name", profile_names())
@pytest.mark.parametrize("model", ["DSO-X 3024A", "DHO804", "SDS804X HD"])
def test_a_level_fits_its_range_whatever_the_zero_of_the_scope(name, model):
    profile, accuracy = load_profile(name), scope_accuracy(model)
    ranges = RangeChoice(profile=profile)
    for level in profile.levels:
        full_scale_a = ranges.level_a(level.number)
        largest_a = max(profile.current_ua(level.number, ohm) for ohm in profile.loads_ohm) * 1e-6
        division_a = full_scale_a / accuracy.divisions
        zero_a = accuracy.offset_div * division_a + accuracy.offset_v * 1e-3 * profile.scale
        assert 1.05 * largest_a + zero_a < full_scale_a / 2
