"""The analogue world between two switchings: the output stage in the fixture, as exact pieces.

The stage has four regimes. ``off``: the bridge is open, a bleed and a leakage are left. ``linear``:
the current source with its output resistance. ``high`` and ``low``: the source has met the rail and
is the rail behind the bridge's resistance. Where a regime ends is found on the closed form.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from typing import Literal, NamedTuple

from bench.twin.exponentials import Term, sign_changes, value
from bench.twin.network import ROWS, Branch, Capacitor, Solution, System, ToneSource, Wiring
from bench.twin.virtual_time import NS_PER_S, Timeline

__all__ = ["LAG", "OUTPUT", "SOURCE", "TERMINAL", "Analogue", "Drive", "Regime"]

Regime = Literal["off", "linear", "high", "low"]

OUTPUT, SOURCE, TERMINAL, LAG = (
    ROWS.index(name) for name in ("output_v", "source_a", "terminal_a", "lag_a")
)
_HORIZON_S = 1_000.0
"""How far ahead the end of a regime is looked for; every mode has died long before."""


class Drive(NamedTuple):
    """What the output stage is told to do. ``leak_a`` flows while it is off."""

    on: bool
    target_a: float
    output_s: float
    rail_v: float
    on_ohm: float
    bleed_s: float
    leak_a: float
    noise_a: float
    lag_s: float
    capacitance_f: float
    tone: ToneSource | None = None
    """What the source oscillates with while it regulates."""


class Analogue:
    """The network's state now, and the piece it is on."""

    __slots__ = (
        "_charge_c", "_corner_s", "_detached", "_systems", "_timeline", "corner_ns", "currents",
        "drive", "piece_begins", "regime", "solution", "start_ns", "tones", "wiring",
    )  # fmt: skip

    def __init__(self, timeline: Timeline, wiring: Wiring, drive: Drive) -> None:
        self._timeline = timeline
        self._systems: dict[tuple[Wiring, Branch], System] = {}
        self._detached: dict[str, tuple[float, int, float]] = {}
        self.wiring = wiring
        self.currents: tuple[float, ...] = (0.0,) * len(wiring.injections)
        self.drive = drive
        self._charge_c = 0.0
        self.corner_ns: int | None = None
        self._corner_s = 0.0
        self.piece_begins: Callable[[int, Solution], None] = _nobody
        self.tones: Callable[[], tuple[ToneSource, ...]] = _no_tones
        """Sinusoidal sources that act on the network whatever is driven."""
        self._begin((0.0,) * (2 + len(wiring.capacitors)), "off")

    @property
    def elapsed_s(self) -> float:
        """Time since the piece began."""
        return (self._timeline.now_ns - self.start_ns) / NS_PER_S

    def value(self, row: int) -> float:
        """Return one row of the solution now."""
        return self.solution.value(row, self.elapsed_s)

    def state(self) -> tuple[float, ...]:
        """Return the state now: the lag's current, the output's and the fixture's capacitors."""
        return self.solution.state(self.elapsed_s)

    def cut(self) -> None:
        """End the piece here and go on unchanged."""
        self._begin(self._end(), self.regime)

    def take_charge(self) -> float:
        """Return the charge through the sense resistor since this was last asked, coulombs."""
        so_far_c = self.solution.integral(SOURCE, self.elapsed_s)
        charge_c = self._charge_c + so_far_c
        self._charge_c = -so_far_c
        return charge_c

    def pass_corner(self) -> None:
        """Go into the regime that begins now.

        The corner lies within the nanosecond that ends now: the state is taken where it lies and
        brought to now in the new regime.
        """
        self._end()
        x = self.solution.state(self._corner_s)
        regime: Regime = "linear"
        if self.regime == "linear":
            up, down = _headroom(self.drive, x, 1.0), _headroom(self.drive, x, -1.0)
            regime = "high" if up < down else "low"
        late_s = max(0.0, self.elapsed_s - self._corner_s)
        self._begin(self._solve(x, regime).state(late_s), regime)

    def set_drive(self, drive: Drive, *, at_once: bool = False) -> None:
        """Drive differently from now on.

        Switching off leaves the current that really flows to decay with the source's bandwidth;
        ``at_once`` opens the bridge under it instead.
        """
        x = self._end()
        if self.drive.on and not drive.on:
            left_a = 0.0 if at_once else self.value(SOURCE)
            x = (left_a, *x[1:])
        elif at_once:
            x = (0.0, *x[1:])
        self.drive = drive
        self._begin(x, _regime(drive, x))

    def set_wiring(self, wiring: Wiring, currents: tuple[float, ...]) -> None:
        """Wire the fixture differently from now on; capacitors keep their charge."""
        x = self._end()
        if wiring is not self.wiring:
            x = self._carried(x, wiring)
            self.wiring = wiring
        self.currents = currents
        self._begin(x, _regime(self.drive, x))

    def resume(
        self,
        solution: Solution,
        start_ns: int,
        *,
        stage: tuple[Regime, Drive],
        charge_c: float,
    ) -> None:
        """Stand on a piece that began in the past (after cycles that were not worked through).

        ``charge_c``: what has flowed before the piece, since it was last asked for.
        """
        regime, drive = stage
        self.solution, self.start_ns, self.regime, self.drive = solution, start_ns, regime, drive
        self._charge_c = charge_c
        self._find_corner()

    def _carried(self, x: tuple[float, ...], wiring: Wiring) -> tuple[float, ...]:
        now_ns = self._timeline.now_ns
        for part, volts in zip(self.wiring.capacitors, x[2:], strict=True):
            self._detached[part.name] = (volts, now_ns, part.farad * part.bleed_ohm)
        return (*x[:2], *(self._left_on(part, now_ns) for part in wiring.capacitors))

    def _left_on(self, part: Capacitor, now_ns: int) -> float:
        volts, since_ns, tau_s = self._detached.pop(part.name, (0.0, 0, 1.0))
        return value(((volts, -1.0 / tau_s),), (now_ns - since_ns) / NS_PER_S)

    def _end(self) -> tuple[float, ...]:
        elapsed_s = self.elapsed_s
        self._charge_c += self.solution.integral(SOURCE, elapsed_s)
        return self.solution.state(elapsed_s)

    def _begin(self, x: tuple[float, ...], regime: Regime) -> None:
        self.solution = self._solve(x, regime)
        self.regime: Regime = regime
        self.start_ns = self._timeline.now_ns
        self._find_corner()
        self.piece_begins(self.start_ns, self.solution)

    def _solve(self, x: tuple[float, ...], regime: Regime) -> Solution:
        branch, target_a, constant_a = _branch(self.drive, regime)
        key = (self.wiring, branch)
        system = self._systems.get(key)
        if system is None:
            system = self._systems[key] = System(*key)
        noise_a = self.drive.noise_a if regime == "linear" else 0.0
        tones = self.tones()
        if regime == "linear" and self.drive.tone is not None:
            tones = (*tones, self.drive.tone)
        return system.solve(x, (target_a, constant_a, *self.currents), noise_a, tones)

    def _find_corner(self) -> None:
        drive = self.drive
        key = (self.regime, drive.rail_v, drive.on_ohm, drive.output_s)
        corners = self.solution.corners
        if key not in corners:
            corners[key] = _corner(self.solution, drive, self.regime)
        after_s = corners[key]
        self.corner_ns = None
        if after_s is not None:
            self._corner_s = after_s
            self.corner_ns = self.start_ns + max(1, ceil(after_s * NS_PER_S))


def _no_tones() -> tuple[ToneSource, ...]:
    return ()


def _nobody(_start_ns: int, _solution: Solution) -> None:
    """Nobody looks at the pieces."""


def _branch(drive: Drive, regime: Regime) -> tuple[Branch, float, float]:
    if regime == "off":
        return _branch_of(drive, drive.bleed_s, lagged=True), 0.0, drive.leak_a
    if regime == "linear":
        return _branch_of(drive, drive.output_s, lagged=True), drive.target_a, 0.0
    rail_a = drive.rail_v / drive.on_ohm
    branch = _branch_of(drive, 1.0 / drive.on_ohm, lagged=False)
    return branch, drive.target_a, rail_a if regime == "high" else -rail_a


def _branch_of(drive: Drive, siemens: float, *, lagged: bool) -> Branch:
    return Branch(
        capacitance_f=drive.capacitance_f, conductance_s=siemens, lag_s=drive.lag_s, lagged=lagged
    )


def _headroom(drive: Drive, x: tuple[float, ...], side: float) -> float:
    """Return how much more current the rail of that side could drive than the source wants (A)."""
    wanted_a = x[0] - drive.output_s * x[1]
    return (drive.rail_v - side * x[1]) / drive.on_ohm - side * wanted_a


def _regime(drive: Drive, x: tuple[float, ...]) -> Regime:
    if not drive.on:
        return "off"
    if _headroom(drive, x, 1.0) < 0.0:
        return "high"
    return "low" if _headroom(drive, x, -1.0) < 0.0 else "linear"


def _corner(solution: Solution, drive: Drive, regime: Regime) -> float | None:
    """Return after how long the regime ends, None if it lasts while nothing is switched."""
    if regime == "off":
        return None
    sides = (1.0, -1.0) if regime == "linear" else (1.0 if regime == "high" else -1.0,)
    sense = 1.0 if regime == "linear" else -1.0
    ends = [_first_loss(_headroom_terms(solution, drive, side, sense)) for side in sides]
    return min((end for end in ends if end is not None), default=None)


def _headroom_terms(solution: Solution, drive: Drive, side: float, sense: float) -> list[Term]:
    per_volt = sense * side * (drive.output_s - 1.0 / drive.on_ohm)
    terms = [(sense * drive.rail_v / drive.on_ohm, 0.0)]
    terms += [(per_volt * weight, rate) for weight, rate in solution.terms(OUTPUT)]
    terms += [(-sense * side * weight, rate) for weight, rate in solution.terms(LAG)]
    return terms


def _first_loss(terms: list[Term]) -> float | None:
    """Return when the sum first goes from positive to negative."""
    constant = sum(weight for weight, rate in terms if rate == 0.0)
    if constant + sum(min(weight, 0.0) for weight, rate in terms if rate) > 0.0:
        return None
    positive = value(terms, 0.0) >= 0.0
    for change_s in sign_changes(terms, 0.0, _HORIZON_S):
        if positive:
            return change_s
        positive = True
    return None
