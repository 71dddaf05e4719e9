"""The network solution against ngspice: another program, other mathematics, the same circuits.

Runs where ngspice is installed (``.ci/run`` installs it). The circuits are written out from the very
wiring that the twin solves; tolerances and what was found stand in docs/twin.md.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from bench.profile import SKINS
from bench.twin.analogue import Analogue, Drive
from bench.twin.network import GROUND, Capacitor, Resistor, Wiring
from bench.twin.virtual_time import NS_PER_S, Timeline

NGSPICE = shutil.which("ngspice")
pytestmark = pytest.mark.skipif(NGSPICE is None, reason="ngspice is not installed")

SHUNT_OHM, PROBE_OHM, CABLE_F, RELAY_OHM = 100.0, 10e6, 100e-12, 0.1
EDGE_S = 1e-9
"""ngspice's sources need a slope; the twin's step lies at its middle."""
NEAR_EDGE_S = 20e-6
LAG_OHM = 1e3

DEVICE = Drive(
    on=True, target_a=0.0, output_s=1.0 / 22.5e6, rail_v=12.0, on_ohm=200.0, bleed_s=1e-6,
    leak_a=0.0, noise_a=0.0, lag_s=8e-6, capacitance_f=1e-9,
)  # fmt: skip
BIPHASIC = ((0.0, 4e-4), (25e-3, -4e-4))
"""±400 µA, 25 ms a phase: from when on which current is aimed at."""
STEP_S = {"very-dry": 0.25e-6}
"""Where the output is clipped hardest ngspice needs smaller steps at the corner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One circuit, what is driven through it, and how finely ngspice goes through it."""

    load: Sequence[Resistor]
    capacitors: Sequence[Capacitor] = ()
    stages: Sequence[tuple[float, float]] = BIPHASIC
    stop_s: float = 0.05
    step_s: float = 0.5e-6
    capacitance_f: float = 1e-9
    connects_s: float | None = None
    """When the load's contact closes; None: it is closed from the start."""

    @property
    def edges_s(self) -> list[float]:
        """Instants at which something is switched."""
        return [at_s for at_s, _ in self.stages] + [
            at_s for at_s in (self.connects_s,) if at_s is not None
        ]

    def wiring(self, *, connected: bool) -> Wiring:
        """Return the fixture: probe, cable, shunt, and the load behind its contact."""
        resistors = [
            Resistor(a="P", b="E", ohm=RELAY_OHM),
            Resistor(a="N", b=GROUND, ohm=RELAY_OHM),
            Resistor(a="E", b=GROUND, ohm=PROBE_OHM),
            Resistor(a="S", b=GROUND, ohm=SHUNT_OHM),
            *self.load,
        ]
        if connected:
            resistors.append(Resistor(a="E", b="L", ohm=RELAY_OHM))
        cable = Capacitor(name="cable", a="E", b=GROUND, farad=CABLE_F, bleed_ohm=PROBE_OHM)
        return Wiring(resistors=tuple(resistors), capacitors=(cable, *self.capacitors))


def skin(name: str) -> Case:
    """Return the biphasic pulses into a network in place of skin."""
    network = SKINS[name]
    nodes = [f"K{k}" for k in range(len(network.sections))] + ["S"]
    load = [Resistor(a="L", b="K0", ohm=network.series_ohm)]
    capacitors: list[Capacitor] = []
    for k, one in enumerate(network.sections):
        load.append(Resistor(a=nodes[k], b=nodes[k + 1], ohm=one.ohm))
        capacitors.append(
            Capacitor(name=f"skin{k}", a=nodes[k], b=nodes[k + 1], farad=one.farad, bleed_ohm=1e9)
        )
    return Case(load=load, capacitors=capacitors, step_s=STEP_S.get(name, 0.5e-6))


MEASURING = Case(  # IEC 60601-1 figure 12, in series with the shunt
    load=[Resistor(a="L", b="S", ohm=1e3), Resistor(a="L", b="M", ohm=10e3)],
    capacitors=[Capacitor(name="measuring", a="M", b="S", farad=15e-9, bleed_ohm=1e9)],
)
HOT_CONNECT = Case(
    load=[Resistor(a="L", b="S", ohm=400.0)], stages=((0.0, 4e-4),), stop_s=1.2e-3,
    step_s=0.1e-6, connects_s=1e-3, capacitance_f=10e-9,
)  # fmt: skip


def exact_a(case: Case, instants_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the shunt's current as the twin solves it."""
    timeline = Timeline()
    connected = case.connects_s is None
    device = DEVICE._replace(capacitance_f=case.capacitance_f)
    analogue = Analogue(timeline, case.wiring(connected=connected), device)
    switched: list[tuple[float, Callable[[], None]]] = [
        (at_s, lambda a=target_a: analogue.set_drive(device._replace(target_a=a)))
        for at_s, target_a in case.stages
    ]
    if case.connects_s is not None:
        loaded = case.wiring(connected=True)
        switched.append((case.connects_s, lambda: analogue.set_wiring(loaded, ())))
    found = np.empty(len(instants_s))

    def advance(to_s: float) -> None:
        stop_ns = round(to_s * NS_PER_S)
        while (corner_ns := analogue.corner_ns) is not None and corner_ns <= stop_ns:
            timeline.now_ns = corner_ns
            analogue.pass_corner()
        timeline.now_ns = stop_ns

    for k, instant_s in enumerate(instants_s):
        while switched and switched[0][0] <= instant_s:
            at_s, switch = switched.pop(0)
            advance(at_s)
            switch()
        advance(float(instant_s))
        elapsed_s = instant_s - analogue.start_ns / NS_PER_S
        found[k] = analogue.solution.value(0, elapsed_s) / SHUNT_OHM
    return found


def spice_a(case: Case, folder: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return ngspice's own instants and the shunt's current there."""
    netlist = folder / "case.cir"
    netlist.write_text(_netlist(case, folder / "out.txt"), encoding="ascii")
    assert NGSPICE is not None
    done = subprocess.run(
        [NGSPICE, "-b", str(netlist)], capture_output=True, text=True, timeout=120, check=False
    )
    assert (folder / "out.txt").is_file(), done.stdout + done.stderr
    table = np.loadtxt(folder / "out.txt")
    return table[:, 0], table[:, 1] / SHUNT_OHM


def _netlist(case: Case, out: Path) -> str:
    wiring = case.wiring(connected=case.connects_s is None)
    lines = ["* the twin's circuit"]
    lines += [f"R{k} {_n(r.a)} {_n(r.b)} {r.ohm:.12g}" for k, r in enumerate(wiring.resistors)]
    lines += [
        f"C{k} {_n(c.a)} {_n(c.b)} {c.farad:.12g} ic=0" for k, c in enumerate(wiring.capacitors)
    ]
    lines.append(f"COUT P N {case.capacitance_f:.12g} ic=0")
    if case.connects_s is not None:
        lines += [
            (
                f"VSW ctl 0 PWL(0 0 {case.connects_s - EDGE_S / 2:.12g} 0 "
                f"{case.connects_s + EDGE_S / 2:.12g} 1)"
            ),
            "SLOAD E L ctl 0 contact",
            f".model contact sw vt=0.5 vh=0 ron={RELAY_OHM} roff=1e13",
        ]
    # The lag is a resistor and a capacitor at 1 V per mA; the output clips it to what the rail drives.
    points, before_a = ["0 0"], 0.0
    for at_s, target_a in case.stages:
        points += [
            f"{at_s + 1e-12:.12g} {before_a * 1e3:g}",
            f"{at_s + EDGE_S:.12g} {target_a * 1e3:g}",
        ]
        before_a = target_a
    lines += [
        f"VT target 0 PWL({' '.join(points[1:] if case.stages[0][0] == 0.0 else points)})",
        f"RLAG target lag {LAG_OHM}",
        f"CLAG lag 0 {DEVICE.lag_s / LAG_OHM:.12g} ic=0",
        ("BOUT N P I=min(max(V(lag)*1e-3-V(P,N)*"
        f"{DEVICE.output_s:.12g},(-{DEVICE.rail_v}-V(P,N))/{DEVICE.on_ohm}),"
        f"({DEVICE.rail_v}-V(P,N))/{DEVICE.on_ohm})"),
        ".options reltol=1e-6 abstol=1e-13 vntol=1e-9 chgtol=1e-18",
        f".tran {case.step_s:g} {case.stop_s:g} 0 {case.step_s:g} uic",
        ".control", "set numdgt=12", "run", f"wrdata {out} v(S)", "quit", ".endc", ".end",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _n(node: str) -> str:
    return "0" if node == GROUND else node


def differences_a(case: Case, folder: Path) -> tuple[NDArray[np.float64], NDArray[np.bool_], float]:
    """Return ngspice less the twin, which instants are away from edges, and the largest current."""
    instants_s, theirs = spice_a(case, folder)
    keep = np.flatnonzero(np.diff(instants_s, prepend=-1.0) > 0)[
        :: max(1, len(instants_s) // 60_000)
    ]
    for edge_s in case.edges_s:  # within the slope of a source nobody is right
        keep = keep[np.abs(instants_s[keep] - edge_s) > 2 * EDGE_S]
    instants_s, theirs = instants_s[keep], theirs[keep]
    ours = exact_a(case, instants_s)
    away = np.ones(len(instants_s), dtype=bool)
    for edge_s in case.edges_s:
        away &= ~((instants_s >= edge_s) & (instants_s < edge_s + NEAR_EDGE_S))
    return theirs - ours, away, float(np.max(np.abs(ours)))


@pytest.mark.parametrize("name", SKINS)
def test_pulses_into_skin_agree(name: str, tmp_path: Path) -> None:
    difference_a, away, _ = differences_a(skin(name), tmp_path)
    rms_na = 1e9 * float(np.sqrt(np.mean(difference_a**2)))
    worst_na = 1e9 * float(np.max(np.abs(difference_a[away])))
    print(f"{name}: {rms_na:.3g} nA rms overall, {worst_na:.3g} nA at most away from edges")
    assert rms_na < 10.0
    assert worst_na < 100.0


def test_pulses_into_the_measuring_device_agree(tmp_path: Path) -> None:
    difference_a, away, _ = differences_a(MEASURING, tmp_path)
    print(f"measuring: {1e9 * float(np.max(np.abs(difference_a[away]))):.3g} nA away from edges")
    assert 1e9 * float(np.max(np.abs(difference_a[away]))) < 100.0


def test_a_hot_connect_agrees_within_a_ten_thousandth_of_its_peak(tmp_path: Path) -> None:
    difference_a, _, peak_a = differences_a(HOT_CONNECT, tmp_path)
    assert peak_a == pytest.approx(24e-3, rel=0.02)
    worst = float(np.max(np.abs(difference_a))) / peak_a
    print(f"hot connect: {worst:.2g} of the peak")
    assert worst < 1e-4
