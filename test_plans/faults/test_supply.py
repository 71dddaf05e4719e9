"""The supply: gone and back, dips, an emptying battery."""

from __future__ import annotations

import pytest

from bench.device.link import DeviceState
from bench.plugin import Bench, Check
from bench.station import change_measurands

LOAD_OHM = 2000.0
OFF = (DeviceState.IDLE, DeviceState.OFF)

WIDTHS_S = (0.01, 0.1, 1.0, 10.0)
"""Interruptions. Source: FLT-010."""
DEPTHS_V = (3.3, 2.8, 2.4, 2.2, 1.8, 1.2, 0.5)
DIP_WIDTHS_S = (0.1, 0.5)
"""Grid of dips: above the cut-off, below it, around and below where logic loses its state."""


@pytest.mark.requirement("FLT-010")
@pytest.mark.parametrize("width_s", WIDTHS_S)
@pytest.mark.full_scope
def test_output_is_off_when_power_returns(bench: Bench, check: Check, width_s: float) -> None:
    found = bench.supply_events.interruption(width_s=width_s, load_ohm=LOAD_OHM)
    current = change_measurands.record_current(found.after_a, found.after, samples=50)
    check("FLT-010", "residual_current", current, load_ohm=LOAD_OHM, width_s=width_s)
    check.fact(
        "FLT-010", "state after the interruption", holds=found.state in OFF,
        found=found.state.value, width_s=width_s,
    )  # fmt: skip


@pytest.mark.requirement("FLT-011")
@pytest.mark.full_scope
def test_battery_warns_before_it_cuts_off(bench: Bench, check: Check) -> None:
    load_ohm, level = 500.0, bench.profile.highest_level
    found = bench.supply_events.run_down(load_ohm=load_ohm)
    warned, ended = found.warning, found.cut_off
    check.fact(
        "FLT-011", "warning above the cut-off",
        holds=warned is not None and ended is not None and warned.volts > ended.volts,
        found=f"warning at {'none' if warned is None else f'{warned.volts:.3f} V'}, "
        f"cut-off at {'none' if ended is None else f'{ended.volts:.3f} V'}",
    )  # fmt: skip
    check("FLT-011", "battery_cutoff", change_measurands.battery_cut_off(found))
    declared_a = bench.profile.current_ua(level, load_ohm) * 1e-6
    for polarity in bench.polarities:
        amplitude = change_measurands.last_amplitude(
            found, polarity, declared_a=declared_a, profile=bench.profile
        )
        check("FLT-011", "amplitude", amplitude, level=level, load_ohm=load_ohm, polarity=polarity)
    after = change_measurands.record_current(found.after_a, found.after, samples=50)
    if ended is not None:
        check("FLT-011", "residual_current", after, load_ohm=load_ohm)


@pytest.mark.requirement("FLT-011")
@pytest.mark.full_scope
def test_empty_battery_starts_nothing(bench: Bench, check: Check) -> None:
    answer, flowing = bench.supply_events.start_when_empty(load_ohm=LOAD_OHM)
    check.fact(
        "FLT-011", "START on an empty battery", holds=answer != "accepted", found=answer,
    )  # fmt: skip
    current = change_measurands.record_current(flowing[0], flowing[1], samples=50)
    check("FLT-011", "residual_current", current, load_ohm=LOAD_OHM, battery="empty")


@pytest.mark.requirement("FLT-032")
@pytest.mark.parametrize("depth_v", DEPTHS_V)
@pytest.mark.full_scope
def test_supply_dip_leaves_the_output_off_or_right(
    bench: Bench, check: Check, depth_v: float
) -> None:
    level = bench.profile.highest_level
    for width_s in DIP_WIDTHS_S:
        dip = bench.supply_events.dip(depth_v=depth_v, width_s=width_s, load_ohm=LOAD_OHM)
        largest = change_measurands.record_current(dip.largest_a, dip.capture)
        check(
            "FLT-032", "transition_current", largest,
            level=level, load_ohm=LOAD_OHM, depth_v=depth_v, width_s=width_s,
        )  # fmt: skip
        if not dip.delivering:
            tail = change_measurands.record_current(dip.tail_a, dip.tail, samples=50)
            check(
                "FLT-032", "residual_current", tail,
                load_ohm=LOAD_OHM, depth_v=depth_v, width_s=width_s,
            )  # fmt: skip
            continue
        for polarity in bench.polarities:
            amplitude = change_measurands.dip_amplitudes(dip, polarity, bench.profile)
            check(
                "FLT-032", "amplitude", amplitude,
                level=level, load_ohm=LOAD_OHM, polarity=polarity, depth_v=depth_v, width_s=width_s,
            )  # fmt: skip
