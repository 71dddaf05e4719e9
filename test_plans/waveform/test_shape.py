"""Trains, duty, jitter, edges: how the pulses look and how they follow each other."""

from __future__ import annotations

from functools import partial

import pytest

from bench.plugin import Bench, Check
from bench.station import edges
from bench.station.boost import boost_amplitude, boost_duration
from bench.station.measurands import (
    amplitude,
    farthest_amplitude,
    farthest_duration,
    shape,
    trains,
)
from bench.station.modulated import envelope_depth, envelope_rate
from bench.station.programmes import played
from bench.station.steady_output import SteadyOutput


def highest(bench: Bench) -> SteadyOutput:
    return bench.steady(level=bench.profile.highest_level, load_ohm=bench.profile.loads_ohm[0])


@pytest.mark.requirement("OUT-023")
def test_trains_are_as_declared(bench: Bench, check: Check) -> None:
    if "trains" not in bench.profile.features:
        return
    output = highest(bench)
    level, load_ohm = output.level, output.load_ohm
    check(
        "OUT-023",
        "pulses_per_train",
        trains.pulses_per_train(output),
        level=level,
        load_ohm=load_ohm,
    )
    lasting = trains.train_duration(output, timebase_ppm=bench.timebase_ppm)
    check("OUT-023", "train_duration", lasting, level=level, load_ohm=load_ohm)
    check(
        "OUT-023",
        "duty",
        trains.duty(output, timebase_ppm=bench.timebase_ppm),
        level=level,
        load_ohm=load_ohm,
    )


@pytest.mark.requirement("OUT-023")
def test_every_mode_plays_its_rates(bench: Bench, check: Check) -> None:
    level, load_ohm = bench.profile.highest_level, bench.profile.loads_ohm[0]
    for mode, steps in bench.profile.mode_steps.items():
        output = bench.programmes.record(mode, level=level, load_ohm=load_ohm)
        found = played(output, steps, timebase_ppm=bench.timebase_ppm)
        check.fact(
            "OUT-023", "order of the steps", holds=found.in_order, mode=mode,
            found=", ".join(f"{hz:g} Hz" for hz in found.order) or "no step",
            waveforms=output.evidence,
        )  # fmt: skip
        for seen in found.steps:
            rate_hz, duration_s = seen.step.rate_hz, seen.step.duration_s
            where = {"mode": mode, "step_hz": rate_hz}
            check(
                "OUT-023", "mode_rate", seen.rate, reference=rate_hz, level=level,
                load_ohm=load_ohm, **where,
            )  # fmt: skip
            if seen.duration is not None:
                check(
                    "OUT-023", "step_duration", seen.duration, reference=duration_s, level=level,
                    load_ohm=load_ohm, **where,
                )  # fmt: skip


@pytest.mark.requirement("OUT-023")
def test_envelope_is_as_deep_and_as_fast_as_declared(bench: Bench, check: Check) -> None:
    if "envelope" not in bench.profile.features:
        return
    level, load_ohm = bench.profile.highest_level, bench.profile.loads_ohm[0]
    output = bench.modulated.record(level=level, load_ohm=load_ohm)
    check("OUT-023", "envelope_depth", envelope_depth(output), level=level, load_ohm=load_ohm)
    rate = envelope_rate(output, timebase_ppm=bench.timebase_ppm)
    check("OUT-023", "envelope_rate", rate, level=level, load_ohm=load_ohm)


@pytest.mark.requirement("OUT-005", "OUT-006", "OUT-031")
@pytest.mark.full_scope
@pytest.mark.parametrize("end", ["lowest", "highest"])
def test_pulses_of_every_mode_are_as_declared(bench: Bench, check: Check, end: str) -> None:
    level = bench.profile.levels[0].number if end == "lowest" else bench.profile.highest_level
    load_ohm, timebase_ppm = bench.profile.loads_ohm[0], bench.timebase_ppm
    declared_a = bench.profile.current_ua(level, load_ohm) * 1e-6
    for mode, steps in bench.profile.mode_steps.items():
        output = bench.programmes.record(mode, level=level, load_ohm=load_ohm)
        here = partial(check, level=level, load_ohm=load_ohm, mode=mode)
        for polarity in output.polarities:
            current = farthest_amplitude(output, polarity, declared_a=declared_a)
            here("OUT-005", "amplitude", current, polarity=polarity, pulse="farthest")
            lasting = farthest_duration(output, polarity, timebase_ppm=timebase_ppm)
            here("OUT-006", "pulse_duration", lasting, polarity=polarity, pulse="farthest")
        found = played(output, steps, timebase_ppm=timebase_ppm)
        here("OUT-031", "defective_pulses", found.defects, pulses=found.pulses)


@pytest.mark.requirement("OUT-029")
def test_boost_is_as_declared_and_ends_by_itself(bench: Bench, check: Check) -> None:
    level, load_ohm = bench.profile.levels[0].number, bench.profile.loads_ohm[0]
    found = bench.boosts.of(level=level, load_ohm=load_ohm)
    lasting = boost_duration(found, timebase_ppm=bench.timebase_ppm)
    check("OUT-029", "boost_duration", lasting, level=level, load_ohm=load_ohm)
    for polarity in found.boosted.polarities:
        where = {"polarity": polarity}
        current = boost_amplitude(found, polarity)
        check("OUT-029", "boost_amplitude", current, level=level, load_ohm=load_ohm, **where)
        after = amplitude(found.after, polarity)
        check("OUT-029", "amplitude", after, level=level, load_ohm=load_ohm, **where)


@pytest.mark.requirement("OUT-030")
def test_pulses_keep_their_period(bench: Bench, check: Check, level: int) -> None:
    output = bench.steady(level=level, load_ohm=bench.profile.loads_ohm[0])
    jitter = trains.period_jitter(output, timebase_ppm=bench.timebase_ppm)
    check("OUT-030", "period_jitter", jitter, level=level, load_ohm=output.load_ohm)


@pytest.mark.requirement("OUT-034")
@pytest.mark.full_scope
def test_edges_are_fast_and_do_not_ring(bench: Bench, check: Check) -> None:
    output = highest(bench)
    resistive = bench.fast_records.of(output)
    records = [resistive]
    if bench.profile.output.regulation == "current":
        records.append(bench.fast_records.of(output, relay="load_rc"))
    level, load_ohm = output.level, output.load_ohm
    slowest = edges.transition_duration(resistive, timebase_ppm=bench.timebase_ppm)
    check("OUT-034", "transition_duration", slowest, level=level, load_ohm=load_ohm)
    check("OUT-034", "overshoot", edges.edge_overshoot(records), level=level, load_ohm=load_ohm)
    check("OUT-034", "spike_charge", edges.spike_charge(records), level=level, load_ohm=load_ohm)


@pytest.mark.requirement("OUT-024")
def test_pulses_have_the_declared_shape(bench: Bench, check: Check, level: int) -> None:
    output = bench.steady(level=level, load_ohm=bench.profile.loads_ohm[0])
    load_ohm = output.load_ohm
    found = shape.pulse_shape(output)
    check("OUT-024", "shape_deviation", found, level=level, load_ohm=load_ohm, of="pulse")
    envelope = shape.envelope_shape(output)
    if envelope is not None:
        check("OUT-024", "shape_deviation", envelope, level=level, load_ohm=load_ohm, of="envelope")
    overshoot = edges.edge_overshoot([output])
    check("OUT-024", "overshoot", overshoot, level=level, load_ohm=load_ohm)


@pytest.mark.requirement("OUT-032")
@pytest.mark.full_scope
def test_plateaus_are_quiet_into_a_capacitive_load(bench: Bench, check: Check) -> None:
    if bench.profile.output.regulation != "current":
        return
    levels = {bench.profile.levels[0].number, bench.profile.highest_level}
    for level in sorted(levels):
        output = bench.steady(level=level, load_ohm=bench.profile.loads_ohm[0])
        record = bench.fast_records.of(output, relay="load_rc")
        for polarity in record.polarities:
            noise = shape.noise_of_plateau(record, polarity)
            check(
                "OUT-032", "plateau_noise", noise, level=level, load="10 kΩ with 100 nF",
                polarity=polarity,
            )  # fmt: skip


@pytest.mark.requirement("OUT-032")
def test_plateaus_are_quiet(bench: Bench, check: Check, level: int, load_ohm: float) -> None:
    output = bench.steady(level=level, load_ohm=load_ohm)
    for polarity in output.polarities:
        noise = shape.noise_of_plateau(output, polarity)
        check("OUT-032", "plateau_noise", noise, level=level, load_ohm=load_ohm, polarity=polarity)
    pause = shape.noise_of_pause(output)
    if pause is not None:
        check("OUT-032", "plateau_noise", pause, level=level, load_ohm=load_ohm, of="pause")
