"""One analogue channel of the simulated scope, from the fixture's node to the ADC's codes.

Errors are drawn once for each unit and vertical range, within what the family's
:class:`~bench.twin.scope_body.ScopeBody` allows.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bench.twin.interface import Node, SegmentTable
from bench.twin.noise import NoiseTable
from bench.twin.sampling import (
    Grid,
    averages,
    extremes,
    high_pass,
    low_pass,
    piece_counts,
    samples,
)
from bench.twin.scope_body import ScopeBody

__all__ = ["AnalogueInput", "ChannelSettings", "FixtureInput", "fixture_inputs"]

CODES = 256
CENTRE_CODE = 128
_AC_CORNER_HZ = 10.0
_MAINS_HZ = 50.0
_BANDWIDTH_LIMIT_HZ = 20e6
_POLE_MATTERS = 20.0
"""A pole whose time constant is shorter than the sample interval by this factor is left out."""
_LUT_PER_CODE = 64


def _steady() -> float:
    return 1.0


@dataclass(slots=True)
class ChannelSettings:
    """What the user sets. ``scale_bnc_v`` and ``offset_bnc_v`` are at the connector."""

    body: ScopeBody = field(default_factory=ScopeBody)

    displayed: bool = True
    scale_bnc_v: float = 5.0
    offset_bnc_v: float = 0.0
    coupling: str = "DC"
    probe: float = 1.0
    bandwidth_limited: bool = False
    inverted: bool = False
    units: str = "VOLT"
    impedance: str = "ONEM"
    label: str = ""

    @property
    def scale_v(self) -> float:
        """Volts per division at the probe's tip."""
        return self.scale_bnc_v * self.probe

    @scale_v.setter
    def scale_v(self, value: float) -> None:
        self.scale_bnc_v = value / self.probe

    @property
    def range_v(self) -> float:
        """Full scale at the probe's tip."""
        return self.scale_v * self.body.vertical_divisions

    @range_v.setter
    def range_v(self, value: float) -> None:
        self.scale_v = value / self.body.vertical_divisions

    @property
    def offset_v(self) -> float:
        """Volts at the probe's tip that lie in the middle of the screen."""
        return self.offset_bnc_v * self.probe

    @offset_v.setter
    def offset_v(self, value: float) -> None:
        self.offset_bnc_v = value / self.probe

    @property
    def raised_v(self) -> float:
        """How far the trace is shifted upwards, as some families count their offset."""
        return -self.offset_v

    @raised_v.setter
    def raised_v(self, value: float) -> None:
        self.offset_v = -value

    @property
    def code_v(self) -> float:
        """Volts at the probe's tip of one code of eight bits."""
        return self.scale_v / self.body.codes_per_division


@dataclass(frozen=True, slots=True, kw_only=True)
class FixtureInput:
    """What the fixture puts on a channel's connector: ``gain * node + offset_v``, one pole."""

    node: Node
    gain: float
    offset_v: float = 0.0
    pole_hz: float | None = None


def fixture_inputs(seed: int) -> dict[int, FixtureInput]:
    """Return the wiring of docs/laboratory.md with this fixture's own errors.

    CH1 amplifier × 10, ±0.5 %, 500 kHz; CH2 shunt; CH3 divider ÷ 10, ±0.3 %; CH4 sync.
    """
    generator = np.random.default_rng([seed, 0xF1])
    gain_1, offset_1, gain_3 = generator.uniform(-1, 1, 3)
    return {
        1: FixtureInput(
            node="shunt",
            gain=10 * (1 + 0.005 * gain_1),
            offset_v=1e-3 * offset_1,
            pole_hz=500e3,
        ),
        2: FixtureInput(node="shunt", gain=1.0),
        3: FixtureInput(node="electrode", gain=0.1 * (1 + 0.003 * gain_3)),
        4: FixtureInput(node="sync", gain=1.0),
    }


@dataclass(slots=True)
class AnalogueInput:
    """One channel with its wiring and its own errors.

    The fields after ``wiring`` are how bench faults reach in: ``attenuation`` a probe that divides
    although the scope does not know it, ``forced_coupling`` a stuck coupling relay, ``drift_v`` an
    offset that wandered, ``stuck_range_v`` a range relay that does not follow, ``slow_pole_hz`` a
    badly compensated probe, ``gain_factor`` a channel out of calibration, ``gain_drift`` one that
    warms up, ``pickup_v`` mains on the connector (peak), ``coarse_codes`` a range so much too wide.
    """

    number: int
    seed: int
    wiring: FixtureInput
    body: ScopeBody = field(default_factory=ScopeBody)
    attenuation: float = 1.0
    forced_coupling: str | None = None
    drift_v: float = 0.0
    stuck_range_v: float | None = None
    slow_pole_hz: float | None = None
    gain_factor: float = 1.0
    gain_drift: Callable[[], float] = _steady
    pickup_v: float = 0.0
    coarse_codes: int = 1
    _noise: NoiseTable = field(init=False)
    _tables: dict[int, NDArray[np.float32]] = field(
        init=False, default_factory=dict[int, "NDArray[np.float32]"]
    )

    def __post_init__(self) -> None:
        self._noise = NoiseTable(self.seed * 8 + self.number)

    def gain(self, settings: ChannelSettings) -> float:
        """Return displayed volts over volts at the node, all errors included."""
        sign = -1.0 if settings.inverted else 1.0
        connector = self.wiring.gain / self.attenuation
        return (
            sign
            * connector
            * settings.probe
            * self.gain_factor
            * self.gain_drift()
            * (1 + self._gain_error(settings))
        )

    def offset(self, settings: ChannelSettings) -> float:
        """Return the displayed volts at zero volts on the node."""
        draws = self._draws(settings)
        sign = -1.0 if settings.inverted else 1.0
        body = self.body
        error_v = body.offset_divisions * settings.scale_bnc_v * draws[1] + body.offset_v * draws[2]
        error_v += body.offset_relative * settings.offset_bnc_v * draws[3] + self.drift_v
        wired_v = self.wiring.offset_v / self.attenuation * (1 + self._gain_error(settings))
        return sign * (wired_v + error_v) * settings.probe

    def delay_s(self) -> float:
        """Return the delay of the channel's poles for whoever compares with a level."""
        poles = [hz for hz in (self.wiring.pole_hz, self.slow_pole_hz) if hz is not None]
        return sum(1 / (2 * math.pi * hz) for hz in poles)

    def code_numbers(
        self,
        table: SegmentTable,
        grid: Grid,
        settings: ChannelSettings,
        *,
        kind: str,
        stream: int,
        step: int,
        oversampling: float,
    ) -> NDArray[np.float32]:
        """Return the record on the ADC's scale before it is rounded, shape (count,).

        ``kind`` is NORM, PEAK (minimum and maximum in turn, two values an interval of the grid),
        HRES or AVER; ``step`` says of how many acquired samples one is taken; ``oversampling`` is
        the number of conversions in each interval of the grid.
        """
        table = self._filtered(table, settings, grid.interval_s / step)
        scale = self.gain(settings) / settings.code_v
        shift = CENTRE_CODE + (self.offset(settings) - settings.offset_v) / settings.code_v
        sigma = self._sigma(table, grid, settings, abs(scale))
        if kind == "PEAK":
            return self._peaks(table, grid, scale, shift, sigma, stream, oversampling)
        resolution_v = 1e-3 / abs(scale)
        if kind == "HRES":
            values = averages(table, grid)
            sigma = sigma / math.sqrt(max(oversampling, 1.0))
        else:
            values = samples(table, grid, resolution_v=resolution_v)
            if kind == "AVER":
                sigma = sigma / math.sqrt(max(oversampling, 1.0))
        values *= scale
        values += shift
        deviates = self._noise.deviates(stream=stream, first=0, step=step, count=grid.count)
        deviates *= sigma
        deviates += values.astype(np.float32)
        if self.pickup_v:
            deviates += self._pickup(grid, settings).astype(np.float32)
        if self.coarse_codes > 1:
            coarse = np.float32(self.coarse_codes)
            deviates = np.rint(deviates / coarse).astype(np.float32) * coarse
        return self._clipped(deviates, settings)

    def _pickup(self, grid: Grid, settings: ChannelSettings) -> NDArray[np.float64]:
        """Return the mains on the connector, in codes."""
        times_s = grid.origin_ns * 1e-9 + grid.offset_s + grid.interval_s * np.arange(grid.count)
        peak = self.pickup_v * settings.probe / settings.code_v
        return peak * np.sin(2 * np.pi * _MAINS_HZ * times_s)

    def quantised(self, codes: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Return the eight-bit codes of a record, non-linearity included."""
        index = (codes * _LUT_PER_CODE).astype(np.int32)
        return self._transfer_table()[np.clip(index, 0, CODES * _LUT_PER_CODE - 1)]

    def fractional(self, codes: NDArray[np.float32], steps: int) -> NDArray[np.float64]:
        """Return codes with ``steps`` values to each of the eight bits', non-linearity included."""
        bent = codes + self.nonlinearity(codes)
        return np.clip(np.rint(bent * steps) / steps, self.body.lowest_code, self.body.highest_code)

    def nonlinearity(self, codes: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the ADC's integral non-linearity in codes, smooth."""
        generator = np.random.default_rng([self.seed, self.number, 0x1A])
        phases = generator.uniform(0, 2 * np.pi, 3)
        shares = generator.dirichlet((2.0, 2.0, 1.0))
        angle = 2 * np.pi * np.asarray(codes, dtype=np.float64) / CODES
        waves = sum(
            share * np.sin(order * angle + phase)
            for share, order, phase in zip(shares, (1, 2, 5), phases, strict=True)
        )
        return self.body.nonlinearity_lsb * np.asarray(waves)

    def _transfer_table(self) -> NDArray[np.uint8]:
        key = (self.seed, self.number, self.body)
        table = _TRANSFER_TABLES.get(key)
        if table is None:
            fine = (np.arange(CODES * _LUT_PER_CODE) + 0.5) / _LUT_PER_CODE
            shifted = fine + self.nonlinearity(fine.astype(np.float32))
            table = np.clip(
                np.floor(shifted + 0.5), self.body.lowest_code, self.body.highest_code
            ).astype(np.uint8)
            _TRANSFER_TABLES[key] = table
        return table

    def _filtered(
        self, table: SegmentTable, settings: ChannelSettings, interval_s: float
    ) -> SegmentTable:
        limit = _BANDWIDTH_LIMIT_HZ if settings.bandwidth_limited else None
        for corner_hz in (self.wiring.pole_hz, self.slow_pole_hz, limit):
            if corner_hz and interval_s < _POLE_MATTERS / (2 * math.pi * corner_hz):
                table = low_pass(table, corner_hz)
        if (self.forced_coupling or settings.coupling) == "AC":
            table = high_pass(table, _AC_CORNER_HZ)
        return table

    def _sigma(
        self, table: SegmentTable, grid: Grid, settings: ChannelSettings, scale: float
    ) -> NDArray[np.float32] | np.float32:
        """Return the noise in codes: one number, or one a sample where the device's changes."""
        own = math.hypot(
            self.body.noise_lsb, self.body.noise_floor_v * settings.probe / settings.code_v
        )
        sigmas = np.hypot(table.noise_v * scale, own)
        if sigmas.max() - sigmas.min() < 1e-3:
            return np.float32(sigmas.max())
        _, counts = piece_counts(table, grid)
        return np.repeat(sigmas.astype(np.float32), counts)

    def _peaks(
        self,
        table: SegmentTable,
        grid: Grid,
        scale: float,
        shift: float,
        sigma: NDArray[np.float32] | np.float32,
        stream: int,
        oversampling: float,
    ) -> NDArray[np.float32]:
        low, high = (values * scale + shift for values in extremes(table, grid))
        if scale < 0:
            low, high = high, low
        # The extreme of M normal deviates lies near sqrt(2 ln M), spread by about its inverse.
        reach = math.sqrt(2 * math.log(max(oversampling, 2.0)))
        pairs = np.empty(2 * grid.count, dtype=np.float32)
        spread = self._noise.deviates(stream=stream, first=0, step=1, count=2 * grid.count) / reach
        pairs[0::2] = low - sigma * (reach + 0.5 * spread[0::2])
        pairs[1::2] = high + sigma * (reach + 0.5 * spread[1::2])
        return pairs

    def _clipped(
        self, codes: NDArray[np.float32], settings: ChannelSettings
    ) -> NDArray[np.float32]:
        if self.stuck_range_v is None:
            return codes
        half = min(self.stuck_range_v * settings.probe / settings.code_v / 2, CODES / 2)
        outside = np.abs(codes - CENTRE_CODE) > half
        codes[outside] = np.where(codes[outside] > CENTRE_CODE, CODES, 0)
        return codes

    def _gain_error(self, settings: ChannelSettings) -> float:
        common = np.random.default_rng([self.seed, self.number, 0x6A]).uniform(-1, 1)
        return (
            self.body.gain_common * float(common) + self.body.gain_range * self._draws(settings)[0]
        )

    def _draws(self, settings: ChannelSettings) -> list[float]:
        """Return this range's gain and offset draws and the channel's own two, each ±1."""
        step = round(3 * math.log10(settings.scale_bnc_v) + 30)
        ranged = np.random.default_rng([self.seed, self.number, step]).uniform(-1, 1, 2)
        fixed = np.random.default_rng([self.seed, self.number, 0x0F]).uniform(-1, 1, 2)
        return [*ranged.tolist(), *fixed.tolist()]


_TRANSFER_TABLES: dict[tuple[int, int, ScopeBody], NDArray[np.uint8]] = {}
