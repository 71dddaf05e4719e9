"""The resistances at which contact begins and ends."""

from __future__ import annotations

import pytest

from bench.plugin import Bench, Check
from bench.station.contact_thresholds import contact_threshold


@pytest.mark.requirement("FLT-021")
@pytest.mark.full_scope
def test_contact_thresholds_are_as_declared(bench: Bench, check: Check) -> None:
    on, off = bench.contact_thresholds.search()
    level = bench.profile.highest_level
    check("FLT-021", "contact_on", contact_threshold(on, starts=True), level=level)
    check("FLT-021", "contact_off", contact_threshold(off, starts=False), level=level)
    begins, ends = on.contact_ohm, off.open_ohm
    check.fact(
        "FLT-021", "hysteresis", holds=begins is not None and ends is not None and ends > begins,
        found=f"contact at {begins or 0:.0f} Ω, none at {ends or 0:.0f} Ω",
    )  # fmt: skip
    check.fact(
        "FLT-021", "no chatter behind a threshold", holds=on.changes == 0 and off.changes == 0,
        found=f"{on.changes} and {off.changes} changes of state",
    )  # fmt: skip
