"""The network solution against closed forms and against scipy's stiff integrator."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from bench.twin.analogue import OUTPUT, TERMINAL, Analogue, Drive
from bench.twin.network import GROUND, Capacitor, Resistor, Wiring
from bench.twin.virtual_time import NS_PER_S, Timeline

RELAY_OHM, PROBE_OHM, SHUNT_OHM = 0.1, 10e6, 100.0
SHUNT = 0
STEP_S = 0.5e-3

OFF = Drive(
    on=False,
    target_a=0.0,
    output_s=1.0 / 22.5e6,
    rail_v=20.0,
    on_ohm=200.0,
    bleed_s=1e-6,
    leak_a=0.0,
    noise_a=0.0,
    lag_s=8e-6,
    capacitance_f=1e-9,
)


def wired(load: list[Resistor], capacitors: tuple[Capacitor, ...] = ()) -> Wiring:
    fixed = [
        Resistor(a="P", b="E", ohm=RELAY_OHM),
        Resistor(a="N", b=GROUND, ohm=RELAY_OHM),
        Resistor(a="E", b=GROUND, ohm=PROBE_OHM),
        Resistor(a="S", b=GROUND, ohm=SHUNT_OHM),
    ]
    return Wiring(resistors=(*fixed, *load), capacitors=capacitors)


def skin(series_ohm: float, parallel_ohm: float, farad: float) -> Wiring:
    load = [Resistor(a="E", b="K", ohm=series_ohm), Resistor(a="K", b="S", ohm=parallel_ohm)]
    return wired(load, (Capacitor(name="skin", a="K", b="S", farad=farad, bleed_ohm=parallel_ohm),))


class Bench:
    """An analogue world that is stepped by hand."""

    def __init__(self, wiring: Wiring, drive: Drive = OFF) -> None:
        self.timeline = Timeline()
        self.analogue = Analogue(self.timeline, wiring, drive)

    def advance(self, seconds: float) -> None:
        stop_ns = self.timeline.now_ns + round(seconds * NS_PER_S)
        while (corner_ns := self.analogue.corner_ns) is not None and corner_ns <= stop_ns:
            self.timeline.now_ns = corner_ns
            self.analogue.pass_corner()
        self.timeline.now_ns = stop_ns


def test_step_into_a_resistor_follows_the_two_time_constants() -> None:
    drive = OFF._replace(on=True, target_a=4e-4, output_s=0.0)
    load_ohm = 1900.0 + SHUNT_OHM
    bench = Bench(wired([Resistor(a="E", b="S", ohm=1900.0)]))
    bench.analogue.set_drive(drive)
    path_ohm = 1.0 / (1.0 / load_ohm + 1.0 / PROBE_OHM) + 2 * RELAY_OHM
    tau_s, lag_s = path_ohm * 1e-9, 8e-6
    for t in (1e-6, 5e-6, 2e-5, 1e-4):
        bench.advance(t - bench.timeline.now_ns / NS_PER_S)
        rise = 1.0 - (lag_s * math.exp(-t / lag_s) - tau_s * math.exp(-t / tau_s)) / (lag_s - tau_s)
        assert bench.analogue.value(OUTPUT) == pytest.approx(4e-4 * path_ohm * rise, rel=1e-8)


def test_finished_transients_leave_the_steady_state_bitwise() -> None:
    bench = Bench(wired([Resistor(a="E", b="S", ohm=400.0)]))
    bench.analogue.set_drive(OFF._replace(on=True, target_a=4e-4))
    bench.advance(6e-3)
    settled = bench.analogue.state()
    bench.advance(6e-3)
    assert bench.analogue.state() == settled


def test_open_output_stops_at_the_rail() -> None:
    bench = Bench(wired([]))
    bench.analogue.set_drive(OFF._replace(on=True, target_a=4e-4))
    bench.advance(6e-3)
    assert bench.analogue.regime == "high"
    assert bench.analogue.value(OUTPUT) == pytest.approx(20.0, rel=1e-4)


def test_hot_connect_peaks_at_the_rail_over_the_load() -> None:
    bench = Bench(wired([]), OFF._replace(rail_v=12.0))
    bench.analogue.set_drive(OFF._replace(on=True, target_a=4e-4, rail_v=12.0))
    bench.advance(6e-3)
    loaded = wired([Resistor(a="E", b="S", ohm=400.0)])
    bench.analogue.set_wiring(loaded, ())
    peak_a = bench.analogue.value(SHUNT) / SHUNT_OHM
    assert peak_a == pytest.approx(24.0e-3, rel=2e-3)
    bench.advance(5e-6)
    assert bench.analogue.value(SHUNT) / SHUNT_OHM < 0.02 * peak_a


def test_charge_of_a_pulse_is_current_times_duration() -> None:
    bench = Bench(wired([Resistor(a="E", b="S", ohm=400.0)]))
    bench.analogue.take_charge()
    bench.analogue.set_drive(OFF._replace(on=True, target_a=4e-4, output_s=0.0))
    bench.advance(6e-3)
    bench.analogue.set_drive(OFF)
    bench.advance(6.5e-3)
    assert bench.analogue.take_charge() == pytest.approx(2.4e-6, rel=1e-5)


SKINS = {"wet": (1_000.0, 20_000.0, 100e-9), "dry": (2_000.0, 60_000.0, 50e-9)}


@pytest.mark.parametrize("name", SKINS)
def test_pulses_into_skin_agree_with_a_stiff_integrator(name: str) -> None:
    series_ohm, parallel_ohm, farad = SKINS[name]
    bench = Bench(skin(series_ohm, parallel_ohm, farad))
    x = np.zeros(3)
    phases = [(4e-4, 6e-3), (None, 6.5e-3), (-4e-4, 6e-3), (None, 6.5e-3)]
    clipped = False
    for target_a, duration_s in phases:
        drive = OFF if target_a is None else OFF._replace(on=True, target_a=target_a)
        if target_a is None:
            x[0] = _terminal_a(x, bench.analogue.drive, series_ohm)[1]
        bench.analogue.set_drive(drive)
        instants = np.arange(1, round(duration_s / STEP_S) + 1) * STEP_S
        solved = _integrate(x, drive, (series_ohm, parallel_ohm, farad), instants)
        for k in range(len(instants)):
            bench.advance(STEP_S)
            clipped |= bench.analogue.regime in {"high", "low"}
            expected_a = _terminal_a(solved[:, k], drive, series_ohm)[0]
            assert bench.analogue.value(TERMINAL) == pytest.approx(expected_a, abs=1e-10)
        x = solved[:, -1].copy()
    assert clipped == (name == "dry")


def _terminal_a(x: np.ndarray, drive: Drive, series_ohm: float) -> tuple[float, float]:
    """Return the current into the fixture and the current of the source."""
    lag_a, output_v, skin_v = x
    load_s = 1.0 / (series_ohm + SHUNT_OHM)
    both_s = 1.0 / PROBE_OHM + load_s
    terminal_a = (output_v * both_s - skin_v * load_s) / (1.0 + 2 * RELAY_OHM * both_s)
    if not drive.on:
        return terminal_a, lag_a - output_v * drive.bleed_s + drive.leak_a
    wanted_a = lag_a - output_v * drive.output_s
    low_a = (-drive.rail_v - output_v) / drive.on_ohm
    return terminal_a, min(max(wanted_a, low_a), (drive.rail_v - output_v) / drive.on_ohm)


def _integrate(
    x: np.ndarray, drive: Drive, load: tuple[float, float, float], instants: np.ndarray
) -> np.ndarray:
    series_ohm, parallel_ohm, farad = load

    def slope(_t: float, y: np.ndarray) -> list[float]:
        terminal_a, source_a = _terminal_a(y, drive, series_ohm)
        electrode_v = y[1] - 2 * RELAY_OHM * terminal_a
        skin_a = terminal_a - electrode_v / PROBE_OHM
        return [
            (drive.target_a - y[0]) / drive.lag_s,
            (source_a - terminal_a) / drive.capacitance_f,
            (skin_a - y[2] / parallel_ohm) / farad,
        ]

    solved = solve_ivp(
        slope, (0.0, instants[-1]), x, "Radau", t_eval=instants, rtol=1e-10, atol=1e-13
    )
    return solved.y
