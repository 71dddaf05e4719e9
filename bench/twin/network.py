"""Linear RC networks solved exactly: nodal equations, modes, closed-form solutions.

The device is a current source with conductance between its poles ``P`` and ``N``, its output
capacitor across them; everything else is the fixture's :class:`Wiring`. The source's own
bandwidth is one more state, ``lag``, the current that flows towards its target.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, pi, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.twin.exponentials import Term, bound, integral, value

__all__ = [
    "GROUND", "ROWS", "Branch", "Capacitor", "Resistor", "Solution", "System", "ToneSource", "Wiring",
]  # fmt: skip

GROUND = "G"
ROWS = (
    "shunt", "electrode", "measuring", "output_v", "source_a", "terminal_a", "lag_a",
)  # fmt: skip
"""What every solution tells: volts of S, E and M to G, the device's own output, its currents."""

_STRAY_S = 1e-12
"""Conductance to ground (1 TΩ) of what would float without it."""
_SNAP = 1e-18
"""A mode smaller than this (V, A) is over: the state is then bitwise its steady value."""
_NOISE_HZ = 1_000.0
"""Frequency at which the device's noise current is turned into volts."""
_CACHE_SIZE = 4096
_KEPT = 16
"""Instants of a solution whose state is kept: the same pulses ask for the same ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resistor:
    """A resistance between two nodes."""

    a: str
    b: str
    ohm: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacitor:
    """A capacitance between two nodes; alone it discharges through ``bleed_ohm``."""

    name: str
    a: str
    b: str
    farad: float
    bleed_ohm: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Wiring:
    """The fixture as it is wired now; one object for one set of contacts (compared by identity).

    ``injections`` are the nodes into which the fixture's own sources push current (out of G).
    """

    resistors: tuple[Resistor, ...]
    capacitors: tuple[Capacitor, ...]
    injections: tuple[str, ...] = ()


class ToneSource(NamedTuple):
    """A sinusoidal current into one node and out of another; peak amperes, cosine of virtual time."""

    hz: float
    peak_a: float
    into: str
    out_of: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """The device's output branch: ``i = [lag] + constant - conductance * v``."""

    capacitance_f: float
    conductance_s: float
    lag_s: float
    lagged: bool


class Solution:
    """x(t) and every row of :data:`ROWS` from one state on, while nothing is switched."""

    __slots__ = (
        "_bounds",
        "_charges",
        "_modes",
        "_states",
        "_terms",
        "corners",
        "levels",
        "noise_v",
        "rates",
        "steady",
        "system",
        "tones",
        "weights",
    )

    def __init__(
        self,
        system: System,
        x: tuple[float, ...],
        u: tuple[float, ...],
        noise_a: float,
        tones: tuple[ToneSource, ...],
    ) -> None:
        steady = system.steady @ u
        modes = system.inverse @ (np.array(x) - steady)
        self.system = system
        self.rates = system.rates
        self.steady: list[float] = steady.tolist()
        self._modes: list[float] = modes.tolist()
        self.levels: NDArray[np.float64] = system.rows_x @ steady + system.rows_u @ u
        self.weights: NDArray[np.float64] = system.rows_modes * modes
        self.noise_v: NDArray[np.float64] = system.noise_ohm * noise_a
        self.tones = tuple((tone.hz, tone.peak_a * system.tone_gain(tone)) for tone in tones)
        """What sinusoidal sources add to each row once they are settled: frequency, amplitudes."""
        self._terms: dict[int, list[Term]] = {}
        self._bounds: dict[int, float] = {}
        self._states: dict[float, tuple[float, ...]] = {}
        self._charges: dict[tuple[int, float], float] = {}
        self.corners: dict[tuple[object, ...], float | None] = {}
        """Where regimes end, kept by whoever worked it out."""

    def state(self, elapsed_s: float) -> tuple[float, ...]:
        """Return x after ``elapsed_s``; finished modes leave no trace, so states repeat bitwise."""
        known = self._states.get(elapsed_s)
        if known is None:
            if len(self._states) >= _KEPT:
                self._states.clear()
            known = self._states[elapsed_s] = self._state(elapsed_s)
        return known

    def _state(self, elapsed_s: float) -> tuple[float, ...]:
        live = [
            (k, part)
            for k, (mode, rate) in enumerate(zip(self._modes, self.rates, strict=True))
            if abs(part := mode * exp(rate * elapsed_s)) >= _SNAP
        ]
        shapes = self.system.shapes
        return tuple(
            level + sum(shapes[i][k] * part for k, part in live)
            for i, level in enumerate(self.steady)
        )

    def terms(self, row: int) -> list[Term]:
        """Return one row as terms of :mod:`bench.twin.exponentials`."""
        terms = self._terms.get(row)
        if terms is None:
            weights: list[float] = self.weights[row].tolist()
            terms = [(float(self.levels[row]), 0.0), *zip(weights, self.rates, strict=True)]
            self._terms[row] = terms
        return terms

    def value(self, row: int, elapsed_s: float) -> float:
        """Return one row after ``elapsed_s``."""
        return value(self.terms(row), elapsed_s)

    def integral(self, row: int, elapsed_s: float) -> float:
        """Return the integral of one row over the first ``elapsed_s``."""
        key = (row, elapsed_s)
        known = self._charges.get(key)
        if known is None:
            if len(self._charges) >= _KEPT:
                self._charges.clear()
            known = self._charges[key] = integral(self.terms(row), elapsed_s)
        return known

    def bound(self, row: int) -> float:
        """Return what the magnitude of one row never exceeds."""
        known = self._bounds.get(row)
        if known is None:
            known = self._bounds[row] = bound(self.terms(row))
        return known


class System:
    """One wiring with one device branch: matrices and modes, worked out once."""

    __slots__ = (
        "_branch", "_solutions", "_tone_gains", "_wiring", "capacitors", "inverse", "noise_ohm",
        "rates", "rows_modes", "rows_u", "rows_x", "shapes", "steady",
    )  # fmt: skip

    def __init__(self, wiring: Wiring, branch: Branch) -> None:
        output = Capacitor(
            name="output", a="P", b="N", farad=branch.capacitance_f, bleed_ohm=float("inf")
        )
        self.capacitors = (output, *wiring.capacitors)
        self._wiring, self._branch = wiring, branch
        self._tone_gains: dict[tuple[float, str, str], NDArray[np.complex128]] = {}
        self._solutions: dict[tuple[object, ...], Solution] = {}
        nodes = _nodes(wiring, self.capacitors)
        gains = _node_equations(wiring, branch, self.capacitors, nodes)
        rows = _rows(gains, nodes, branch, len(self.capacitors))
        states = 1 + len(self.capacitors)
        self.rows_x, self.rows_u = _split(rows, states)
        derivative = _derivative(gains, branch, self.capacitors, len(nodes))
        self._modes_of(derivative[:, :states], derivative[:, states:])
        self.noise_ohm = _noise_gain(derivative, rows, states)

    def _modes_of(self, a: NDArray[np.float64], b: NDArray[np.float64]) -> None:
        shapes, inverse, rates = _eigen(a, self.capacitors)
        self.rates: tuple[float, ...] = tuple(rates.tolist())
        self.shapes: list[list[float]] = shapes.tolist()
        self.inverse = inverse
        self.rows_modes = self.rows_x @ shapes
        self.steady = -np.linalg.solve(a, b)

    def tone_gain(self, tone: ToneSource) -> NDArray[np.complex128]:
        """Return every row per ampere of a sinusoidal source, settled."""
        key = (tone.hz, tone.into, tone.out_of)
        known = self._tone_gains.get(key)
        if known is None:
            known = self._tone_gains[key] = _tone_rows(
                self._wiring, self._branch, self.capacitors, tone
            )
        return known

    def solve(
        self,
        x: tuple[float, ...],
        u: tuple[float, ...],
        noise_a: float,
        tones: tuple[ToneSource, ...] = (),
    ) -> Solution:
        """Return the solution from state ``x`` under inputs ``u``, the same object if known.

        ``u`` is (lag target, device constant, one current per injection), all amperes.
        """
        key = (x, u, noise_a, tones)
        known = self._solutions.get(key)
        if known is None:
            if len(self._solutions) >= _CACHE_SIZE:
                self._solutions.clear()
            known = self._solutions[key] = Solution(self, x, u, noise_a, tones)
        return known


def _nodes(wiring: Wiring, capacitors: tuple[Capacitor, ...]) -> dict[str, int]:
    names = {"P", "N", "E", "S", "M", *wiring.injections}
    for part in (*wiring.resistors, *capacitors):
        names |= {part.a, part.b}
    return {name: i for i, name in enumerate(sorted(names - {GROUND}))}


def _node_equations(
    wiring: Wiring, branch: Branch, capacitors: tuple[Capacitor, ...], nodes: dict[str, int]
) -> NDArray[np.float64]:
    """Return node volts and capacitor amperes (rows) per state and input (columns).

    A capacitor is a voltage source whose value is its state; columns are lag, capacitors, lag
    target (nothing), device constant, injections.
    """
    size = len(nodes) + len(capacitors)
    matrix = np.zeros((size, size))
    for node in _floating(wiring, nodes):
        matrix[nodes[node], nodes[node]] = _STRAY_S
    for part in wiring.resistors:
        _stamp(matrix, nodes, part.a, part.b, 1.0 / part.ohm)
    _stamp(matrix, nodes, "P", "N", branch.conductance_s)
    right = np.zeros((size, 3 + len(capacitors) + len(wiring.injections)))
    for j, part in enumerate(capacitors):
        for node, sign in ((part.a, 1.0), (part.b, -1.0)):
            if node in nodes:
                matrix[nodes[node], len(nodes) + j] = sign
                matrix[len(nodes) + j, nodes[node]] = sign
        right[len(nodes) + j, 1 + j] = 1.0
    for column, weight in ((0, float(branch.lagged)), (2 + len(capacitors), 1.0)):
        right[nodes["P"], column] = weight
        right[nodes["N"], column] = -weight
    for k, node in enumerate(wiring.injections):
        right[nodes[node], 3 + len(capacitors) + k] = 1.0
    return np.asarray(np.linalg.solve(matrix, right), dtype=np.float64)


def _tone_rows(
    wiring: Wiring, branch: Branch, capacitors: tuple[Capacitor, ...], tone: ToneSource
) -> NDArray[np.complex128]:
    """Return the rows per ampere by nodal analysis at the tone's frequency."""
    nodes = _nodes(wiring, capacitors)
    for name in (tone.into, tone.out_of):
        if name != GROUND:
            nodes.setdefault(name, len(nodes))
    real = np.zeros((len(nodes), len(nodes)))
    imaginary = np.zeros_like(real)
    for node in _floating(wiring, nodes):
        real[nodes[node], nodes[node]] = _STRAY_S
    for part in wiring.resistors:
        _stamp(real, nodes, part.a, part.b, 1.0 / part.ohm)
    _stamp(real, nodes, "P", "N", branch.conductance_s)
    for part in capacitors:
        _stamp(imaginary, nodes, part.a, part.b, 2.0 * pi * tone.hz * part.farad)
    current = np.zeros(len(nodes))
    for name, sign in ((tone.into, 1.0), (tone.out_of, -1.0)):
        if name in nodes:
            current[nodes[name]] += sign
    volts = np.linalg.solve(real + 1j * imaginary, current)
    output = volts[nodes["P"]] - volts[nodes["N"]]
    source = -branch.conductance_s * output
    own = 1.0 if (tone.into, tone.out_of) == ("P", "N") else 0.0
    terminal = own + source - 2j * pi * tone.hz * branch.capacitance_f * output
    return np.array([*(volts[nodes[n]] for n in ("S", "E", "M")), output, source, terminal, 0.0])


def _floating(wiring: Wiring, nodes: dict[str, int]) -> list[str]:
    """Return one node of every part of the network that no resistor connects to ground."""
    joined = [(part.a, part.b) for part in wiring.resistors] + [("P", "N")]
    chosen: list[str] = []
    grounded = {GROUND}
    while True:
        grown = {node for pair in joined if grounded & set(pair) for node in pair}
        if not grown <= grounded:
            grounded |= grown
            continue
        lost = sorted(set(nodes) - grounded)
        if not lost:
            return chosen
        chosen.append(lost[0])
        grounded.add(lost[0])


def _stamp(
    matrix: NDArray[np.float64], nodes: dict[str, int], a: str, b: str, siemens: float
) -> None:
    for one, other in ((a, b), (b, a)):
        if one in nodes:
            matrix[nodes[one], nodes[one]] += siemens
            if other in nodes:
                matrix[nodes[one], nodes[other]] -= siemens


def _rows(
    gains: NDArray[np.float64], nodes: dict[str, int], branch: Branch, capacitors: int
) -> NDArray[np.float64]:
    width = gains.shape[1]
    lag, output, constant = np.eye(width)[[0, 1, 1 + capacitors + 1]]
    source = branch.lagged * lag + constant - branch.conductance_s * output
    terminal = source - gains[len(nodes)]
    volts = [gains[nodes[name]] for name in ("S", "E", "M")]
    return np.array([*volts, output, source, terminal, lag])


def _split(
    rows: NDArray[np.float64], states: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return rows[:, :states].copy(), rows[:, states:].copy()


def _derivative(
    gains: NDArray[np.float64], branch: Branch, capacitors: tuple[Capacitor, ...], nodes: int
) -> NDArray[np.float64]:
    farads = np.array([part.farad for part in capacitors])
    derivative = np.zeros((1 + len(capacitors), gains.shape[1]))
    derivative[0, 0] = -1.0 / branch.lag_s
    derivative[0, 1 + len(capacitors)] = 1.0 / branch.lag_s
    derivative[1:] = gains[nodes:] / farads[:, None]
    return derivative


def _eigen(
    a: NDArray[np.float64], capacitors: tuple[Capacitor, ...]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return modes as columns, their inverse and rates.

    Scaled by the square roots of the capacitances the RC part is symmetric, so its modes are
    real; the lag drives it and is never driven by it.
    """
    root = np.array([sqrt(part.farad) for part in capacitors])
    symmetric = a[1:, 1:] * root[:, None] / root[None, :]
    rates, vectors = np.linalg.eigh(0.5 * (symmetric + symmetric.T))
    shapes = vectors / root[:, None]
    inverse = vectors.T * root[None, :]
    lag_rate = a[0, 0]
    detuning = lag_rate - rates
    # A pole that coincides with the lag is moved apart by 1 part in 1e9 of its rate.
    detuning[np.abs(detuning) < 1e-9 * abs(lag_rate)] = 1e-9 * abs(lag_rate)
    driven = (inverse @ a[1:, 0]) / detuning
    full = np.block(
        [[np.ones((1, 1)), np.zeros((1, len(rates)))], [(shapes @ driven)[:, None], shapes]]
    )
    back = np.block([[np.ones((1, 1)), np.zeros((1, len(rates)))], [-driven[:, None], inverse]])
    return full, back, np.concatenate([[lag_rate], np.minimum(rates, 0.0)])


def _noise_gain(
    derivative: NDArray[np.float64], rows: NDArray[np.float64], states: int
) -> NDArray[np.float64]:
    """Return the magnitude of each row per ampere of the device's constant input at 1 kHz."""
    a, b = derivative[:, :states], derivative[:, states + 1]
    x = np.linalg.solve(2j * np.pi * _NOISE_HZ * np.eye(states) - a, b)
    return np.abs(rows[:, :states] @ x + rows[:, states + 1])
