"""What ends the output ends it in every mode."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bench.plugin import Bench, Check
from bench.station import measurands
from bench.station.reactions import Reaction

LOAD_OHM = 2000.0

pytestmark = pytest.mark.full_scope


def modes(bench: Bench, requirement: str) -> Iterator[tuple[str, float]]:
    """Yield the name of each mode, and an instant within a polarity cycle in s."""
    for mode in bench.profile.mode_steps:
        (phase_s,) = bench.phases_s(1, f"{requirement}/{mode}")
        yield mode, phase_s


def judge(
    bench: Bench, check: Check, requirement: str, found: Reaction, *, mode: str, load_ohm: float
) -> None:
    latency = measurands.worst_latency([found], bench.timebase_ppm)
    level = bench.profile.highest_level
    check(requirement, "shutdown", latency, level=level, load_ohm=load_ohm, mode=mode)


@pytest.mark.requirement("FLT-017")
def test_stop_ends_the_output_in_every_mode(bench: Bench, check: Check) -> None:
    level = bench.profile.highest_level
    for mode, phase_s in modes(bench, "FLT-017"):
        with bench.treatment.in_mode(mode):
            found = bench.reactions.user_stop(level=level, load_ohm=LOAD_OHM, phase_s=phase_s)
        judge(bench, check, "FLT-017", found, mode=mode, load_ohm=LOAD_OHM)


@pytest.mark.requirement("FLT-001")
def test_contact_loss_ends_the_output_in_every_mode(bench: Bench, check: Check) -> None:
    level, load_ohm = bench.profile.highest_level, bench.profile.loads_ohm[-1]
    for mode, phase_s in modes(bench, "FLT-001"):
        with bench.treatment.in_mode(mode):
            found = bench.reactions.contact_loss(level=level, load_ohm=load_ohm, phase_s=phase_s)
        judge(bench, check, "FLT-001", found, mode=mode, load_ohm=load_ohm)


@pytest.mark.requirement("FLT-009")
def test_charger_ends_the_output_in_every_mode(bench: Bench, check: Check) -> None:
    level = bench.profile.highest_level
    for mode, phase_s in modes(bench, "FLT-009"):
        with bench.treatment.in_mode(mode):
            found = bench.reactions.charger(level=level, load_ohm=LOAD_OHM, phase_s=phase_s)
            bench.fixture.unplug_charger()
        judge(bench, check, "FLT-009", found, mode=mode, load_ohm=LOAD_OHM)
