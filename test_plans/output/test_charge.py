"""Charge and direct current: what a treatment leaves behind."""

from __future__ import annotations

import pytest

from bench.plugin import Bench, Check
from bench.station import measurands


@pytest.mark.requirement("OUT-008")
@pytest.mark.full_scope
def test_direct_current_is_as_declared(
    bench: Bench, check: Check, level: int, load_ohm: float
) -> None:
    output = bench.steady(level=level, load_ohm=load_ohm)
    repetition = measurands.repetition(output, timebase_ppm=bench.timebase_ppm)
    bench.run(level=level, load_ohm=load_ohm)
    reading = bench.direct.of_cycles(repetition)
    bench.treatment.must_run()
    check(
        "OUT-008", "dc", measurands.direct_current(reading),
        level=level, load_ohm=load_ohm,
    )  # fmt: skip


@pytest.mark.requirement("OUT-018")
def test_phase_charge_is_at_most_as_declared(bench: Bench, check: Check, load_ohm: float) -> None:
    level = bench.profile.highest_level
    output = bench.steady(level=level, load_ohm=load_ohm)
    for polarity in output.polarities:
        charge = measurands.phase_charge(output, polarity)
        check("OUT-018", "phase_charge", charge, level=level, load_ohm=load_ohm, polarity=polarity)


@pytest.mark.requirement("OUT-019")
def test_net_charge_of_a_pulse_is_as_declared(bench: Bench, check: Check, load_ohm: float) -> None:
    level = bench.profile.highest_level
    output = bench.steady(level=level, load_ohm=load_ohm)
    for polarity in output.pulse_polarities:
        charge = measurands.net_charge_per_pulse(output, polarity)
        check(
            "OUT-019", "net_charge_per_pulse", charge,
            level=level, load_ohm=load_ohm, polarity=polarity,
        )  # fmt: skip


@pytest.mark.requirement("OUT-020")
def test_net_charge_of_a_polarity_cycle_vanishes(
    bench: Bench, check: Check, level: int, load_ohm: float
) -> None:
    charge = measurands.net_charge_per_cycle(bench.steady(level=level, load_ohm=load_ohm))
    check("OUT-020", "net_charge_per_cycle", charge, level=level, load_ohm=load_ohm)


@pytest.mark.requirement("OUT-021")
def test_polarities_are_symmetric(bench: Bench, check: Check, level: int, load_ohm: float) -> None:
    output = bench.steady(level=level, load_ohm=load_ohm)
    check("OUT-021", "symmetry", measurands.symmetry(output), level=level, load_ohm=load_ohm)
    check(
        "OUT-021", "duration_symmetry", measurands.duration_symmetry(output),
        level=level, load_ohm=load_ohm,
    )  # fmt: skip
