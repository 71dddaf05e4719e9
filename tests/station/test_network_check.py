"""The measuring device held against its model, on the simulated laboratory over its real sockets."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from bench.clock import TwinClock
from bench.judge import multimeter_accuracy
from bench.profile import load_profile
from bench.requirements import load_catalogue
from bench.station.configuration import RELAYS
from bench.station.network_check import FREQUENCIES_HZ
from bench.station.network_proof import not_checked
from bench.station.residual import Residual, leakage_current, residual_ac, residual_dc
from bench.station.simulated_instruments import SimulatedInstruments
from bench.station.simulation import launch_twin, simulated_station, unit_description
from bench.station.station import OpenStation
from bench.stopwatch import Stopwatch
from bench.twin.fixture import FixtureValues
from instruments import open_generator

PROFILE = load_profile("ref-alt-400")
LIMITS = load_catalogue().limits("LKG-008", "impedance_deviation", PROFILE)
OHM, FARAD = 11e3, 15e-9


@pytest.fixture
def station():
    """Return a function that opens a station whose device is isolated, with faults of its bench."""
    opened = []

    def start(*faults, seed=1, generator="keysight-33511b", without=(), dmm="keysight-34465a"):
        families = SimulatedInstruments(generator=generator, dmm=dmm)
        description = unit_description(
            PROFILE, serial="S", firmware="1", udi="", seed=seed, bench_faults=faults,
            instruments=families,
        )  # fmt: skip
        twin = launch_twin(description)
        whole = simulated_station(twin.addresses, PROFILE, seed, families)
        configuration = replace(
            whole,
            instruments={k: v for k, v in whole.instruments.items() if k not in without},
            relays={k: v for k, v in whole.relays.items() if k not in without},
        )
        steps = []
        station = OpenStation(
            configuration, stopwatch=Stopwatch(), on_action=lambda: None, store=lambda _: "sha",
            record=lambda _, data: steps.append(data),
        )  # fmt: skip
        opened.append((station, twin))
        station.connect()
        station.prepare()
        station.check_network(LIMITS)
        return station, [step for step in steps if "measuring device" in getattr(step, "name", "")]

    yield start
    for one, twin in opened:
        one.close()
        twin.close()


def true_deviation(seed: int, hz: float) -> float:
    """What the parts of the simulated fixture give, as drawn from its seed."""
    values = FixtureValues(np.random.default_rng([seed, 4]), ())
    load_ohm, series_ohm = values.measuring_load_ohm, values.measuring_ohm
    omega = 2 * math.pi * hz
    found = load_ohm / math.hypot(1.0, omega * values.measuring_f * (series_ohm + load_ohm))
    return found / (1e3 / math.hypot(1.0, omega * FARAD * OHM)) - 1.0


def source_is_on(opened) -> bool:
    """Ask the generator over a session of its own."""
    clock = TwinClock(opened.configuration.clock)
    own = open_generator(opened.configuration.instruments["generator"].resource, clock=clock)
    try:
        return own.output_is_on()
    finally:
        own.close()
        clock.close()


@pytest.mark.parametrize(("seed", "generator"), [(1, "keysight-33511b"), (2, "siglent-sdg1032x")])
def test_a_healthy_network_is_found_as_it_is_within_its_uncertainty(station, seed, generator):
    opened, steps = station(seed=seed, generator=generator)
    proof = opened.network
    assert (proof.problem, proof.note) == ("", "")
    assert [point.frequency_hz for point in proof.points] == list(FREQUENCIES_HZ)
    assert all(step.passed for step in steps) and len(steps) == len(FREQUENCIES_HZ)
    for point in proof.points:
        expanded = point.deviation.expanded_uncertainty
        assert expanded < 0.02
        error = point.deviation.value - true_deviation(seed, point.frequency_hz)
        assert abs(error) <= expanded, point.frequency_hz
        assert point.deviation.waveforms
    assert not source_is_on(opened)
    assert not [name for name in RELAYS if opened.fixture.closed(name)]


@pytest.mark.parametrize(
    ("fault", "words", "points"),
    [
        ("X29", "from its model at 1 MHz", len(FREQUENCIES_HZ)),
        ("X30", "an open circuit through relay 'dmm_measuring_device'", 0),
    ],
)
def test_a_network_that_is_wrong_is_the_bench_s_fault(station, fault, words, points):
    opened, steps = station(fault)
    assert words in opened.network.problem
    assert points == len(opened.network.points)
    assert not all(step.passed for step in steps)
    with pytest.raises(Exception, match="measuring device"):
        opened.network.must_be_usable()


@pytest.mark.parametrize(
    ("missing", "words"),
    [("generator", "no check source"), ("check_source", "no relay 'check_source'")],
)
def test_without_source_or_relay_nothing_is_verified_and_it_is_said(station, missing, words):
    opened, steps = station(without=(missing,))
    assert words in opened.network.note
    assert (opened.network.problem, opened.network.points, steps) == ("", (), [])
    opened.network.must_be_usable()


def test_a_meter_that_cannot_decide_leaves_it_undecided(station):
    opened, steps = station(dmm="siglent-sdm3045x")
    assert opened.network.problem == ""
    assert "at 1 MHz" in opened.network.note
    assert all(step.passed for step in steps)
    assert ["not decided" in step.detail for step in steps] == [False] * 5 + [True]


def test_what_was_read_through_an_unverified_network_says_so():
    residual = Residual(
        dc_v=(1e-5,) * 3, ac_v=(1e-5,) * 3, range_v=0.1, accuracy=multimeter_accuracy("34465A"),
        note=not_checked("no check source").note,
    )  # fmt: skip
    for found in (residual_dc(residual), residual_ac(residual), leakage_current(residual)):
        assert found.reason == "measuring device not verified: no check source"


def run(folder, *words):
    command = [sys.executable, "-m", "bench", "run", "safety", "--out", str(folder), *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    return done, json.loads((folder / "summary.json").read_text(encoding="utf-8"))


@pytest.mark.timeout(130)
def test_a_wrong_network_makes_leakage_an_error_and_no_device_fails(tmp_path):
    done, found = run(
        tmp_path / "run", "--twin-fault", "X29", "--", "-k", "over_frequency or idle_device"
    )
    assert (done.returncode, found["verdict"]) == (10, "ERROR"), done.stderr
    verdicts = {row["id"]: row["verdict"] for row in found["requirements"]}
    assert (verdicts["LKG-001"], verdicts["LKG-008"]) == ("ERROR", "ERROR")
    others = [row for row in found["measurements"] if row["requirements"] == ["LKG-007"]]
    assert {row["verdict"] for row in others} == {"PASS"}
    assert not [row for row in found["measurements"] if "FAIL" in row["verdict"]]
    rows = [row for row in found["measurements"] if row["requirements"] == ["LKG-008"]]
    assert len(rows) == len(FREQUENCIES_HZ)
    assert "check source off" in {step["name"] for step in found["safe_state"]["steps"]}
