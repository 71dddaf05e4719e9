"""What ends the output ends it in every mode."""

from __future__ import annotations

import pytest

from bench.plugin import Bench, Check
from bench.station import measurands

LOAD_OHM = 2000.0

pytestmark = pytest.mark.full_scope


@pytest.mark.requirement("FLT-017")
def test_stop_ends_the_output_in_every_mode(bench: Bench, check: Check) -> None:
    level = bench.profile.highest_level
    for mode in bench.profile.mode_steps:
        (phase_s,) = bench.phases_s(1, f"FLT-017/{mode}")
        with bench.treatment.in_mode(mode):
            found = bench.reactions.user_stop(level=level, load_ohm=LOAD_OHM, phase_s=phase_s)
        latency = measurands.worst_latency([found], bench.timebase_ppm)
        check("FLT-017", "shutdown", latency, level=level, load_ohm=LOAD_OHM, mode=mode)


@pytest.mark.requirement("FLT-001")
def test_contact_loss_ends_the_output_in_every_mode(bench: Bench, check: Check) -> None:
    level, load_ohm = bench.profile.highest_level, bench.profile.loads_ohm[-1]
    for mode in bench.profile.mode_steps:
        (phase_s,) = bench.phases_s(1, f"FLT-001/{mode}")
        with bench.treatment.in_mode(mode):
            found = bench.reactions.contact_loss(level=level, load_ohm=load_ohm, phase_s=phase_s)
        latency = measurands.worst_latency([found], bench.timebase_ppm)
        check("FLT-001", "shutdown", latency, level=level, load_ohm=load_ohm, mode=mode)


@pytest.mark.requirement("FLT-009")
def test_charger_ends_the_output_in_every_mode(bench: Bench, check: Check) -> None:
    level = bench.profile.highest_level
    for mode in bench.profile.mode_steps:
        (phase_s,) = bench.phases_s(1, f"FLT-009/{mode}")
        with bench.treatment.in_mode(mode):
            found = bench.reactions.charger(level=level, load_ohm=LOAD_OHM, phase_s=phase_s)
            bench.fixture.unplug_charger()
        latency = measurands.worst_latency([found], bench.timebase_ppm)
        check("FLT-009", "shutdown", latency, level=level, load_ohm=LOAD_OHM, mode=mode)
