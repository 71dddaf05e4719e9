"""Direct current while nothing is delivered, in every state that delivers nothing."""

from __future__ import annotations

import pytest

from bench.plugin import Bench, Check
from bench.station import measurands

LOAD_OHM = 2000.0


@pytest.mark.requirement("LKG-007")
def test_idle_device_leaks_no_direct_current(bench: Bench, check: Check) -> None:
    bench.treatment.make_idle()
    bench.treatment.connect(LOAD_OHM)
    current = measurands.residual_current(bench.residual_current())
    check("LKG-007", "off_state_dc", current, load_ohm=LOAD_OHM, state="idle")


@pytest.mark.requirement("LKG-007")
@pytest.mark.full_scope
def test_paused_device_leaks_no_direct_current(bench: Bench, check: Check) -> None:
    bench.run(level=bench.profile.highest_level, load_ohm=LOAD_OHM)
    bench.treatment.link.pause()
    bench.clock.sleep(bench.profile.timers.stop_s)
    current = measurands.residual_current(bench.residual_current())
    check("LKG-007", "off_state_dc", current, load_ohm=LOAD_OHM, state="paused")


@pytest.mark.requirement("LKG-007")
@pytest.mark.full_scope
def test_charging_device_leaks_no_direct_current(bench: Bench, check: Check) -> None:
    bench.treatment.make_idle()
    bench.treatment.connect(LOAD_OHM)
    bench.fixture.prepare_charger()
    bench.fixture.plug_charger()
    bench.clock.sleep(bench.profile.timers.charge_s)
    current = measurands.residual_current(bench.residual_current())
    check("LKG-007", "off_state_dc", current, load_ohm=LOAD_OHM, state="charging")


@pytest.mark.requirement("LKG-007")
@pytest.mark.full_scope
def test_device_that_is_off_leaks_no_direct_current(bench: Bench, check: Check) -> None:
    bench.treatment.make_idle()
    bench.treatment.connect(LOAD_OHM)
    bench.treatment.link.power_off()
    bench.clock.sleep(bench.profile.timers.stop_s)
    current = measurands.residual_current(bench.residual_current())
    check("LKG-007", "off_state_dc", current, load_ohm=LOAD_OHM, state="off")
    bench.treatment.link.power_on()
