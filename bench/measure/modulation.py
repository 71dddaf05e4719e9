"""A declared slow modulation of the pulses' amplitude, laid over what a record shows.

Where the amplitude is a function of time, one number for all pulses has no sense: each is compared
with what is declared for its own instant. When the modulation begins is not declared; its phase is
the one that fits the record best.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bench.measure.pulses import PulseTable

__all__ = ["FittedModulation", "Modulation", "SeenModulation", "fit_modulation", "seen_modulation"]

_Array = NDArray[np.float64]

_PHASES: Final = 120
"""At which the declared modulation is laid over the pulses; the best is refined."""
_RATES: Final = 13
_NEAR: Final = 0.03
"""Share of the declared rate within which a running clock may have it; how far it is off is a
question of its own."""
_REFINED: Final = 11
_SLOWEST, _FASTEST = 0.25, 4.0
"""Where a rate is sought, over the declared one."""
_STEP_TURNS: Final = 0.1
_FINEST_TURNS: Final = 1e-4
"""Steps of the sought rate, in turns over the record: first and last."""
_FEWEST: Final = 4
_EDGE_TURNS: Final = 0.04
"""Pulses so near to a step of a square may stand on either side of it."""
_FLAT: Final = 0.02
"""A depth below this is no modulation, but the scatter of the amplitudes: it has no rate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Modulation:
    """A square or a cosine: 1 at the crest, ``1 - depth`` in the trough."""

    rate_hz: float
    depth: float
    square: bool

    def wave(self, turns: _Array) -> _Array:
        """Return 1 at the crest, 0 in the trough; crests begin (square) or lie at whole turns."""
        turn = turns % 1.0
        if self.square:
            return np.asarray(turn < 0.5, dtype=np.float64)
        return np.asarray(0.5 + 0.5 * np.cos(2.0 * np.pi * turn), dtype=np.float64)

    def shares(self, turns: _Array) -> _Array:
        """Return the declared amplitudes over that of the crest."""
        return 1.0 - self.depth * (1.0 - self.wave(turns))


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedModulation:
    """A declared modulation at the phase and height that fit a record best."""

    modulation: Modulation
    """Its rate as the record has it, near the declared one."""
    phase: float
    """Turns at t = 0."""
    height: float
    """Amplitude of the crest."""
    deviation: float
    """Root mean square difference over the height."""

    def turns(self, times_s: _Array) -> _Array:
        """Return how many periods have passed."""
        return self.modulation.rate_hz * times_s + self.phase

    def shares(self, times_s: _Array) -> _Array:
        """Return the declared share of the crest at instants; NaN where it steps just then."""
        turns = self.turns(times_s)
        shares = self.modulation.shares(turns)
        if self.modulation.square:
            away = np.abs(2.0 * turns - np.rint(2.0 * turns)) / 2.0
            shares = np.where(away < _EDGE_TURNS, np.nan, shares)
        return shares


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenModulation:
    """Depth and rate of the modulation that a record shows, whatever is declared."""

    depth: float
    depth_uncertainty: float
    """Standard uncertainty, from the residuals."""
    rate_hz: float | None
    """None where nothing is modulated."""
    rate_uncertainty_hz: float


def fit_modulation(
    pulses: PulseTable, declared: Modulation, *, height: float | None = None
) -> FittedModulation | None:
    """Fit a declared modulation to the magnitudes of whole pulses; None for fewer than four.

    ``height`` is that of the crest where it is known: a record shorter than a period does not tell
    it. The rate is sought near the declared one where the record holds a period and more.
    """
    starts, tops = _amplitudes(pulses)
    if tops.size < _FEWEST:
        return None
    origin_s = float(starts[0])
    turns = (starts - origin_s) * declared.rate_hz
    near = np.linspace(-_NEAR, _NEAR, _RATES) if turns[-1] >= 1.0 else np.zeros(1)
    step, phase_step = _NEAR / _RATES * 2.0, 1.0 / _PHASES
    phases = np.linspace(0.0, 1.0, _PHASES, endpoint=False, dtype=np.float64)
    found = _best(declared, turns, tops, near, phases, height)
    near = found[1] + step * np.linspace(-1, 1, _REFINED) if near.size > 1 else near
    finer = np.asarray(found[2] + phase_step * np.linspace(-1, 1, _REFINED), dtype=np.float64)
    squares, drift, phase, top = _best(declared, turns, tops, near, finer, height)
    rate_hz = declared.rate_hz * (1.0 + drift)
    return FittedModulation(
        modulation=Modulation(rate_hz=rate_hz, depth=declared.depth, square=declared.square),
        phase=phase - rate_hz * origin_s,
        height=top,
        deviation=float(np.sqrt(squares)) / top,
    )


def seen_modulation(pulses: PulseTable, declared: Modulation) -> SeenModulation | None:
    """Return depth and rate of a modulation of the declared shape; None for fewer than four pulses.

    The rate is sought around the declared one, by ever finer steps. The record should hold two
    periods or more.
    """
    starts, tops = _amplitudes(pulses)
    if tops.size < _FEWEST:
        return None
    starts = starts - starts[0]
    span_s = float(starts[-1])
    step_hz = _STEP_TURNS / span_s
    rates = np.arange(_SLOWEST * declared.rate_hz, _FASTEST * declared.rate_hz, step_hz)
    while True:
        fits = [_line(declared, starts * rate_hz, tops) for rate_hz in rates]
        at = int(np.argmin([fit[2] for fit in fits]))
        if step_hz * span_s <= _FINEST_TURNS:
            break
        rates = rates[at] + step_hz * np.linspace(-1.0, 1.0, _REFINED)
        step_hz *= 2.0 / (_REFINED - 1)
    crest, trough, variance = fits[at]
    modulated = crest - trough > _FLAT * crest
    rate_hz = float(rates[at])
    if declared.square:  # its steps are known to a pulse
        uncertain_hz = rate_hz / (starts.size - 1) / np.sqrt(3.0)
    else:
        uncertain_hz = _sine_uncertainty(starts, crest - trough, variance)
    return SeenModulation(
        depth=1.0 - trough / crest,
        depth_uncertainty=float(2.0 * np.sqrt(variance / tops.size)) / crest,
        rate_hz=rate_hz if modulated else None,
        rate_uncertainty_hz=uncertain_hz if modulated else 0.0,
    )


def _sine_uncertainty(starts: _Array, swing: float, variance: float) -> float:
    """Return the standard uncertainty of a sinusoid's rate.

    Cramér-Rao bound for an amplitude A in noise: √6 σ / (π T A √N).
    """
    amplitude = max(swing / 2.0, np.finfo(np.float64).tiny)
    return float(np.sqrt(6.0 * variance / starts.size) / (np.pi * starts[-1] * amplitude))


def _best(
    declared: Modulation,
    turns: _Array,
    tops: _Array,
    near: _Array,
    phases: _Array,
    height: float | None,
) -> tuple[float, float, float, float]:
    """Return mean square difference, relative drift of the rate, phase and height that fit best."""
    found: list[tuple[float, float, float, float]] = []
    for drift in near:
        shares = declared.shares(turns * (1.0 + drift) + phases[:, np.newaxis])
        own = shares @ tops / (shares * shares).sum(axis=1)
        heights = own if height is None else np.full(phases.size, height)
        squares = ((tops - heights[:, np.newaxis] * shares) ** 2).mean(axis=1)
        at = int(np.argmin(squares))
        found.append((float(squares[at]), float(drift), float(phases[at]), float(heights[at])))
    return min(found)


def _line(declared: Modulation, turns: _Array, tops: _Array) -> tuple[float, float, float]:
    """Return crest, trough and residual variance of the amplitudes over the best phase."""
    if not declared.square:
        angle = 2.0 * np.pi * turns
        terms = np.stack((np.ones_like(turns), np.cos(angle), np.sin(angle)), axis=1)
        solution, *_ = np.linalg.lstsq(terms, tops, rcond=None)
        swing = float(np.hypot(solution[1], solution[2]))
        variance = float(np.mean((tops - terms @ solution) ** 2))
        return float(solution[0]) + swing, float(solution[0]) - swing, variance
    waves = declared.wave(turns + np.arange(_PHASES)[:, np.newaxis] / _PHASES)
    counts = waves.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        crests = waves @ tops / counts
        troughs = (1.0 - waves) @ tops / (tops.size - counts)
    levels = np.where(waves > 0.0, crests[:, np.newaxis], troughs[:, np.newaxis])
    variances = np.nan_to_num(((tops - levels) ** 2).mean(axis=1), nan=np.inf)
    variances[~(crests >= troughs)] = np.inf
    at = int(np.argmin(variances))
    if not np.isfinite(variances[at]):
        return float(tops.mean()), float(tops.mean()), float(tops.var())
    return float(crests[at]), float(troughs[at]), float(variances[at])


def _amplitudes(pulses: PulseTable) -> tuple[_Array, _Array]:
    """Return starts and magnitudes of the whole pulses."""
    whole = pulses.whole()
    known = ~np.isnan(whole.top) & ~np.isnan(whole.start_s)
    return whole.start_s[known], np.abs(whole.top[known])
