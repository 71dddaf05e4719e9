"""An output that was ended stays ended: nothing starts again by itself, however late."""

from __future__ import annotations

import pytest

from bench.plugin import Bench, Check
from bench.station.rest import Quiet

pytestmark = pytest.mark.full_scope


def check_quiet(check: Check, found: Quiet, *, off_a: float) -> None:
    check.fact(
        found.requirement, "output long afterwards",
        holds=found.flowing_a <= off_a and found.state is found.expected,
        found=f"at most {found.flowing_a * 1e6:.1f} µA in {found.watched_s:g} s, "
        f"{found.state.value}",
        waveforms=tuple(found.capture.hashes.values()), after=found.cause,
    )  # fmt: skip


@pytest.mark.requirement(
    "FLT-017", "FLT-003", "FLT-008", "FLT-009", "FLT-010", "FLT-012", "FLT-016"
)
def test_nothing_starts_again_by_itself(bench: Bench, check: Check) -> None:
    for found in bench.rest_watch.ends():
        check_quiet(check, found, off_a=bench.profile.off_a)


@pytest.mark.requirement("FLT-031")
def test_idle_device_stays_idle_for_minutes(bench: Bench, check: Check) -> None:
    check_quiet(check, bench.rest_watch.idle(), off_a=bench.profile.off_a)
