"""Crossings that happen between two searches: a relay moves a node by a jump."""

from __future__ import annotations

from bench.twin.crossing import CrossingFinder
from tests.twin.unit_under_test import UnitUnderTest


def finder(**changed) -> CrossingFinder:
    settings = {"level_v": 1.0, "direction": "rising", "hysteresis_v": 0.1}
    return CrossingFinder(**{**settings, **changed})


def test_a_jump_between_two_searches_is_a_crossing():
    first, second = finder(), finder()
    assert not first.look(0.0)
    second.follow(first)
    assert second.look(2.0)


def test_a_search_of_another_level_or_slope_starts_afresh():
    first = finder()
    assert not first.look(0.0)
    for other in (finder(level_v=1.5), finder(direction="either")):
        other.follow(first)
        assert not other.look(2.0)


def test_a_contact_that_closes_at_the_end_of_a_wait_is_seen_in_the_next():
    """The switch unit waits just until the contact has settled: the last jump is at its end."""
    for seed in range(1, 6):
        world = UnitUnderTest(seed=seed).world
        world.keep_trace(world.now_ns)
        world.set_supply(2, voltage_v=4.0, current_limit_a=0.01, on=True)
        limit_ns = world.now_ns + 50_000_000
        assert world.advance_to_crossing("shunt", 0.02, "rising", 0.001, limit_ns) is None
        settled_ns = world.command_relay(109, closed=True)
        limits_ns = (
            *range(world.now_ns, settled_ns, 1_000_000),
            settled_ns,
            settled_ns + 1_000_000,
        )
        found = [
            world.advance_to_crossing("shunt", 0.02, "rising", 0.001, limit_ns)
            for limit_ns in limits_ns
        ]
        assert any(at_ns is not None for at_ns in found)
