"""The current ceiling, on everything that the whole run has captured."""

from __future__ import annotations

import pytest

from bench.plugin import Bench, Check
from bench.station import measurands


@pytest.mark.closing
@pytest.mark.requirement("OUT-004")
def test_no_record_exceeds_the_current_ceiling(bench: Bench, check: Check) -> None:
    watch = bench.ceiling
    check(
        "OUT-004", "ceiling", measurands.worst_current(watch.outside_a, watch),
        records=watch.captures,
    )  # fmt: skip
    for quantity, found, unit in (
        ("excursion_charge", watch.excursion_c, "C"),
        ("excursion_duration", watch.excursion_s, "s"),
        ("excursion_sum", watch.excursion_sum_c, "C"),
    ):
        check("OUT-004", quantity, measurands.excursion(found, unit), records=watch.captures)
