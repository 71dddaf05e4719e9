"""What the device shows: whether it needs an output indicator, its states, its timer's range."""

from __future__ import annotations

import pytest

from bench.judge import Verdict
from bench.plugin import Bench, Check
from bench.station import indicators

LOADS_OHM = (500.0, 2000.0)
"""On either side of the standard's 1 kΩ, for which the fixture has no load."""


@pytest.mark.requirement("IND-001")
def test_output_needs_no_indicator(bench: Bench, check: Check) -> None:
    level = bench.profile.highest_level
    outputs = [bench.steady(level=level, load_ohm=load_ohm) for load_ohm in LOADS_OHM]
    need = indicators.need_of_indicator(outputs)
    if need.needed and bench.profile.output.indicator:
        found = f"{need.text}; the profile declares one, that it lights must be inspected"
        check.recorded("IND-001", "output indicator", found=found)
        return
    verdict = Verdict.NOT_TESTED if need.needed else Verdict.NOT_APPLICABLE
    reason = f"{need.text}; whether one is fitted must be inspected" if need.needed else need.text
    check.undecided("IND-001", "output indicator", verdict=verdict, reason=reason)


@pytest.mark.requirement("IND-002")
def test_reported_state_agrees_in_every_state(bench: Bench, check: Check) -> None:
    for seen in bench.indicators.in_every_state():
        check.fact(
            "IND-002", "indicators", holds=seen.agrees, state=seen.name,
            found=seen.text, waveforms=tuple(seen.capture.hashes.values()),
        )  # fmt: skip


@pytest.mark.requirement("IND-003")
def test_timer_range_is_as_declared(bench: Bench, check: Check) -> None:
    for limit in bench.indicators.timer_limits():
        check.fact("IND-003", limit.name, holds=limit.holds, found=limit.text)
