"""Overcurrent: each protection layer alone and both together, and what passes meanwhile."""

from __future__ import annotations

import pytest

from bench.device.link import DeviceState
from bench.errors import DeviceRefused
from bench.plugin import Bench, Check
from bench.station import measurands
from bench.station.reactions import Layers, Reaction

WATCH_LATCH_S = 120.0
"""Twice the longest automatic restart that is plausible: a minute."""

LOAD_OHM = 500.0
LAYERS: tuple[Layers, ...] = ("hardware", "firmware")
ABOVE_THRESHOLD = 1.2
"""Of the declared threshold, which may lie 15 % higher: in either polarity this trips."""
EVENLY = (0.05, 0.3, 0.55, 0.8)
"""Of a polarity cycle: early in either train of alternating pulses, and late."""


def provoke(
    bench: Bench, layers: Layers, limit_s: float, purpose: str, phases: int
) -> list[Reaction | None]:
    reactions = []
    for phase_s in bench.phases_s(phases, purpose):
        reactions.append(
            bench.reactions.overcurrent(
                layers=layers, load_ohm=LOAD_OHM, phase_s=phase_s, limit_s=limit_s
            )
        )
        bench.treatment.restart()
    return reactions


@pytest.mark.requirement("FLT-004", "FLT-005")
@pytest.mark.full_scope
def test_overcurrent_is_switched_off(bench: Bench, check: Check, phases: int) -> None:
    limit_s = bench.profile.protection.overcurrent_firmware_s
    reactions = provoke(bench, "both", limit_s, "FLT-004", phases)
    latency = measurands.worst_latency(
        reactions, bench.timebase_ppm, least_s=bench.reactions.undecided_s("both")
    )
    check("FLT-004", "shutdown", latency, load_ohm=LOAD_OHM, phases=phases)
    check("FLT-005", "fault_peak", measurands.worst_peak(reactions), load_ohm=LOAD_OHM)
    check("FLT-005", "fault_charge", measurands.worst_charge(reactions), load_ohm=LOAD_OHM)


@pytest.mark.requirement("FLT-022")
@pytest.mark.full_scope
def test_overcurrent_is_switched_off_by_the_hardware_alone(
    bench: Bench, check: Check, phases: int
) -> None:
    limit_s = bench.profile.protection.overcurrent_hardware_s
    reactions = provoke(bench, "hardware", limit_s, "FLT-022", phases)
    latency = measurands.worst_latency(reactions, bench.timebase_ppm, pauses=False)
    check("FLT-022", "shutdown", latency, load_ohm=LOAD_OHM, phases=phases)


@pytest.mark.requirement("FLT-023")
def test_overcurrent_is_switched_off_by_the_firmware_alone(
    bench: Bench, check: Check, phases: int
) -> None:
    limit_s = bench.profile.protection.overcurrent_firmware_s
    reactions = provoke(bench, "firmware", limit_s, "FLT-023", phases)
    latency = measurands.worst_latency(
        reactions, bench.timebase_ppm, least_s=bench.reactions.undecided_s("firmware")
    )
    check("FLT-023", "shutdown", latency, load_ohm=LOAD_OHM, phases=phases)


@pytest.mark.requirement("FLT-016")
@pytest.mark.parametrize(("layers", "fault"), [("hardware", "OC_HW"), ("firmware", "OC_FW")])
@pytest.mark.full_scope
def test_a_trip_is_latched_and_reported(
    bench: Bench, check: Check, layers: Layers, fault: str
) -> None:
    link = bench.treatment.link
    bench.reactions.overcurrent(
        layers=layers, load_ohm=LOAD_OHM, phase_s=0.0, limit_s=0.02, stop_after=False
    )
    bench.clock.sleep(WATCH_LATCH_S)
    status = link.status()
    latched = status.state is DeviceState.FAULT and status.level == 0 and fault in status.faults
    check.fact(
        "FLT-016", "state after the trip", holds=latched, cause=fault,
        found=f"{status.text}, level {status.level}, after {WATCH_LATCH_S:g} s",
    )  # fmt: skip
    try:
        link.start(bench.profile.timers.session_s)
    except DeviceRefused as refusal:
        check.fact(
            "FLT-016",
            "START after the trip",
            holds=True,
            cause=fault,
            found=f"refused: {refusal.word}",
        )
    else:
        check.fact("FLT-016", "START after the trip", holds=False, cause=fault, found="accepted")
    current = measurands.residual_current(bench.residual_current())
    check("FLT-016", "residual_current", current, load_ohm=LOAD_OHM, cause=fault)
    for poke, later in bench.latch.poked():
        check.fact(
            "FLT-016", "state after a poke",
            holds=later.state is DeviceState.FAULT and fault in later.faults,
            cause=fault, poke=poke, found=later.text,
        )  # fmt: skip
    bench.treatment.restart()


@pytest.mark.requirement("FLT-024")
@pytest.mark.parametrize("layers", LAYERS)
@pytest.mark.full_scope
def test_overcurrent_above_the_threshold_trips_in_either_polarity(
    bench: Bench, check: Check, layers: Layers
) -> None:
    protection = bench.profile.protection
    limit_s = {
        "hardware": protection.overcurrent_hardware_s, "firmware": protection.overcurrent_firmware_s
    }[layers]  # fmt: skip
    cycle_s = bench.profile.waveform.polarity_cycle_s
    reactions: list[Reaction | None] = []
    for share in EVENLY:
        reactions.append(
            bench.reactions.overcurrent(
                layers=layers, load_ohm=LOAD_OHM, phase_s=share * cycle_s, limit_s=limit_s,
                injected_ua=ABOVE_THRESHOLD * protection.overcurrent_ua,
            )
        )  # fmt: skip
        bench.treatment.restart()
    latency = measurands.worst_latency(
        reactions, bench.timebase_ppm,
        pauses=layers == "firmware", least_s=bench.reactions.undecided_s(layers),
    )  # fmt: skip
    check(
        "FLT-024", f"trip_by_{layers}", latency,
        load_ohm=LOAD_OHM, phases=len(reactions), times_threshold=ABOVE_THRESHOLD,
    )  # fmt: skip
