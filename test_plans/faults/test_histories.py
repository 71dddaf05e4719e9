"""What must end the output does so whatever the session has been through before."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bench.plugin import Bench, Check
from bench.station import fault_measurands, measurands
from bench.station.histories import History
from bench.station.reactions import Layers

LOAD_OHM = 2000.0
LAYERS = {"hardware": "FLT-022", "firmware": "FLT-023"}

pytestmark = pytest.mark.full_scope


@pytest.fixture(params=list(History), ids=[history.name.lower() for history in History])
def history(request: pytest.FixtureRequest, bench: Bench) -> Iterator[History]:
    """Every session of the test goes through this first."""
    with bench.histories.done(request.param):
        yield request.param


def phase_s(bench: Bench, history: History) -> float:
    return bench.phases_s(1, history)[0]


@pytest.mark.requirement("FLT-017")
def test_stop_ends_the_output_after(bench: Bench, check: Check, history: History) -> None:
    level = bench.profile.highest_level
    reaction = bench.reactions.user_stop(
        level=level, load_ohm=LOAD_OHM, phase_s=phase_s(bench, history)
    )
    latency = measurands.worst_latency([reaction], bench.timebase_ppm)
    check("FLT-017", "shutdown", latency, level=level, load_ohm=LOAD_OHM, after=history)


@pytest.mark.requirement("FLT-001")
def test_contact_loss_ends_the_output_after(bench: Bench, check: Check, history: History) -> None:
    level, load_ohm = bench.profile.highest_level, bench.profile.loads_ohm[-1]
    reaction = bench.reactions.contact_loss(
        level=level, load_ohm=load_ohm, phase_s=phase_s(bench, history)
    )
    latency = measurands.worst_latency([reaction], bench.timebase_ppm)
    check("FLT-001", "shutdown", latency, level=level, load_ohm=load_ohm, after=history)


@pytest.mark.requirement("FLT-009")
def test_charger_ends_the_output_after(bench: Bench, check: Check, history: History) -> None:
    level = bench.profile.highest_level
    reaction = bench.reactions.charger(
        level=level, load_ohm=LOAD_OHM, phase_s=phase_s(bench, history)
    )
    bench.fixture.unplug_charger()
    latency = measurands.worst_latency([reaction], bench.timebase_ppm)
    check("FLT-009", "shutdown", latency, level=level, load_ohm=LOAD_OHM, after=history)


@pytest.mark.requirement("FLT-022", "FLT-023")
def test_overcurrent_ends_after(bench: Bench, check: Check, history: History) -> None:
    protection = bench.profile.protection
    limits_s = (protection.overcurrent_hardware_s, protection.overcurrent_firmware_s)
    both: tuple[Layers, ...] = ("hardware", "firmware")
    for layers, limit_s in zip(both, limits_s, strict=True):
        reaction = bench.reactions.overcurrent(
            layers=layers, load_ohm=500.0, phase_s=phase_s(bench, history), limit_s=limit_s
        )
        bench.treatment.restart()
        latency = measurands.worst_latency(
            [reaction], bench.timebase_ppm,
            pauses=layers == "firmware", least_s=bench.reactions.undecided_s(layers),
        )  # fmt: skip
        check(LAYERS[layers], "shutdown", latency, load_ohm=500.0, after=history)


@pytest.mark.requirement("FLT-006")
def test_direct_current_fault_ends_after(bench: Bench, check: Check, history: History) -> None:
    for polarity in bench.injections.polarities:
        reaction = bench.injections.dc_fault(
            polarity=polarity, load_ohm=LOAD_OHM, phase_s=phase_s(bench, history)
        )
        bench.treatment.restart()
        latency = measurands.worst_latency([reaction], bench.timebase_ppm)
        check(
            "FLT-006", "shutdown", latency,
            load_ohm=LOAD_OHM, polarity=polarity, after=history,
        )  # fmt: skip


@pytest.mark.requirement("FLT-012")
def test_hung_firmware_ends_the_output_after(bench: Bench, check: Check, history: History) -> None:
    reaction = bench.injections.hang("hang_main", load_ohm=500.0, phase_s=phase_s(bench, history))
    latency = measurands.worst_latency([reaction], bench.timebase_ppm)
    check("FLT-012", "shutdown", latency, load_ohm=500.0, after=history)


@pytest.mark.requirement("FLT-015")
def test_over_temperature_ends_the_output_late_in_a_session(bench: Bench, check: Check) -> None:
    with bench.histories.done(History.LATE):
        rise = bench.injections.temperature_rise(load_ohm=LOAD_OHM)
    temperature = fault_measurands.cut_off_temperature(rise)
    check("FLT-015", "cut_off_temperature", temperature, load_ohm=LOAD_OHM, after=History.LATE)
