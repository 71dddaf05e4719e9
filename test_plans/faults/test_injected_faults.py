"""Faults that the test mode injects: direct current, hung firmware, threshold, heat, stuck timer."""

from __future__ import annotations

import pytest

from bench.plugin import Bench, Check
from bench.station import fault_measurands, measurands
from bench.station.injections import Hang, Layer

PHASES = 10
"""Random instants for each polarity and each kind of hang: twenty together."""


@pytest.mark.requirement("FLT-006")
@pytest.mark.full_scope
def test_direct_current_fault_ends_the_output(bench: Bench, check: Check) -> None:
    load_ohm = 2000.0
    for polarity in bench.injections.polarities:
        reactions = []
        for phase_s in bench.phases_s(PHASES, f"FLT-006/{polarity}"):
            reactions.append(
                bench.injections.dc_fault(polarity=polarity, load_ohm=load_ohm, phase_s=phase_s)
            )
            bench.treatment.restart()
        latency = measurands.worst_latency(reactions, bench.timebase_ppm)
        check("FLT-006", "shutdown", latency, load_ohm=load_ohm, polarity=polarity, phases=PHASES)


@pytest.mark.requirement("FLT-006")
@pytest.mark.full_scope
def test_second_limiter_alone_holds_back_direct_current(bench: Bench, check: Check) -> None:
    if "second d.c. limiter" not in bench.profile.features:
        return
    level, load_ohm = bench.profile.highest_level, 2000.0
    for polarity in bench.injections.polarities:
        if bench.profile.protection.dc_limit_ua is not None:
            (phase_s,) = bench.phases_s(1, f"FLT-006/second/{polarity}")
            reaction = bench.injections.dc_fault(
                polarity=polarity, load_ohm=load_ohm, phase_s=phase_s, first_off=True
            )
            bench.treatment.restart()
            latency = measurands.worst_latency([reaction], bench.timebase_ppm)
            check(
                "FLT-006", "shutdown_by_second_limiter", latency,
                load_ohm=load_ohm, polarity=polarity,
            )  # fmt: skip
            continue
        reading = bench.second_limiter.direct_current(
            polarity=polarity, level=level, load_ohm=load_ohm
        )
        check(
            "FLT-006", "dc_behind_second_limiter", measurands.residual_current(reading),
            level=level, load_ohm=load_ohm, polarity=polarity,
        )  # fmt: skip


@pytest.mark.requirement("FLT-012")
@pytest.mark.parametrize("hung", ["hang_main", "hang_all"])
@pytest.mark.full_scope
def test_hung_firmware_ends_the_output_for_good(bench: Bench, check: Check, hung: Hang) -> None:
    load_ohm = 500.0
    reactions = []
    for phase_s in bench.phases_s(PHASES, f"FLT-012/{hung}"):
        reactions.append(bench.injections.hang(hung, load_ohm=load_ohm, phase_s=phase_s))
        if reactions[-1].result.still_on:
            break
    latency = measurands.worst_latency(reactions, bench.timebase_ppm)
    check("FLT-012", "shutdown", latency, load_ohm=load_ohm, hung=hung, phases=len(reactions))


@pytest.mark.requirement("FLT-013")
def test_session_with_a_stuck_timer_ends_independently(bench: Bench, check: Check) -> None:
    load_ohm = 2000.0
    found = bench.injections.frozen_timer(load_ohm=load_ohm)
    check(
        "FLT-013", "session", fault_measurands.frozen_session(found),
        load_ohm=load_ohm, reference=found.session_s / 60.0,
    )  # fmt: skip


@pytest.mark.requirement("FLT-015")
@pytest.mark.full_scope
def test_over_temperature_ends_the_output(bench: Bench, check: Check) -> None:
    load_ohm = 2000.0
    rise = bench.injections.temperature_rise(load_ohm=load_ohm)
    temperature = fault_measurands.cut_off_temperature(rise)
    check("FLT-015", "cut_off_temperature", temperature, load_ohm=load_ohm)
    check.fact(
        "FLT-015", "fault reported", holds="TEMP" in rise.faults,
        found=", ".join(sorted(rise.faults)) or "none",
    )  # fmt: skip


@pytest.mark.requirement("FLT-024")
@pytest.mark.parametrize("layer", ["oc_hw", "oc_fw"])
@pytest.mark.full_scope
def test_overcurrent_threshold_is_as_declared(bench: Bench, check: Check, layer: Layer) -> None:
    load_ohm = 500.0
    rise = bench.injections.overcurrent_rise(layer=layer, load_ohm=load_ohm)
    threshold = fault_measurands.overcurrent_threshold(rise)
    check("FLT-024", "overcurrent_threshold", threshold, load_ohm=load_ohm, layer=layer)
