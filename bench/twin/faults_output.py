"""Faults of the analogue output, of the battery and of the leads. Numbers: the fault catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from bench.twin.fault_kinds import Fault, Fitting, graded, three
from bench.twin.virtual_time import NS_PER_S

if TYPE_CHECKING:
    from bench.twin.unit import Unit

__all__ = ["OUTPUT_FAULTS"]

_CATALOGUE_COMPLIANCE_V = 20.0
"""The catalogue gives compliance for a 20 V device; others are scaled."""
_CORRUPT_ENTRY = 3
_LEAD_OPEN_S = (1e-3, 50e-3)


def _gain(unit: Unit, value: float) -> None:
    unit.source.gain = value


def _dc(unit: Unit, value: float) -> None:
    unit.source.dc_ua = value


def _gain_negative(unit: Unit, value: float) -> None:
    unit.source.gain_negative = value


def _corrupt_level(unit: Unit, factor: float) -> None:
    table = unit.memory.level_table_ua
    table[min(_CORRUPT_ENTRY, len(table) - 1)] *= factor


def _output_resistance(unit: Unit, ohm: float) -> None:
    unit.source.output_resistance_ohm = ohm


def _compliance(unit: Unit, value: float) -> None:
    scale = unit.description.output.compliance_v / _CATALOGUE_COMPLIANCE_V
    unit.rail.compliance_v = value * scale


def _gain_below_1k(unit: Unit, value: float) -> None:
    unit.source.gain_below_1k_ohm = value


def _open_leg(polarity: int, one_in: int = 1) -> Fitting:
    def fit(unit: Unit) -> None:
        unit.bridge.open_leg = polarity
        unit.bridge.open_one_in = one_in

    return fit


def _stuck_leg(polarity: int, *, seconds: float = float("inf"), factor: float = 1.0) -> Fitting:
    def fit(unit: Unit) -> None:
        unit.bridge.stuck = polarity
        unit.bridge.stuck_for_s = seconds
        unit.bridge.stuck_factor = factor

    return fit


def _rise_time(unit: Unit, microseconds: float) -> None:
    unit.source.rise_time_constant_us = microseconds


def _shoot_through(unit: Unit, microseconds: float) -> None:
    unit.bridge.shoot_through_us = microseconds


def _damping(unit: Unit, value: float) -> None:
    unit.source.damping = value


def _oscillation(unit: Unit, microamperes: float) -> None:
    unit.source.oscillation_ua = microamperes


def _mains(unit: Unit, microamperes: float) -> None:
    unit.charger.mains_ua = microamperes


def _common_mode(unit: Unit, microamperes: float) -> None:
    unit.charger.common_mode_ua = microamperes


def _capacitance(unit: Unit, nanofarad: float) -> None:
    unit.output.capacitance_nf = nanofarad


def _converter(unit: Unit, bits: float) -> None:
    unit.source.bits = int(bits)


def _tempco(unit: Unit, ppm_per_k: float) -> None:
    unit.source.tempco_ppm_per_k = ppm_per_k


def _noise(unit: Unit, microamperes: float) -> None:
    unit.source.noise_ua = microamperes


def _frequency(unit: Unit, ppm: float) -> None:
    unit.oscillator.ppm = ppm


def _battery_gain(unit: Unit, per_volt: float) -> None:
    unit.source.gain_per_battery_v = per_volt


def _late_cutoff(unit: Unit) -> None:
    unit.battery.cutoff_late_v = 0.05


def _no_cutoff(unit: Unit) -> None:
    unit.battery.cutoff_dead = True
    unit.rail.droop_v_per_v *= 20.0


def _no_cutoff_and_weak(unit: Unit) -> None:
    _no_cutoff(unit)
    unit.source.gain_per_battery_v = 0.5


def _leakage(unit: Unit, microamperes: float) -> None:
    unit.source.leakage_ua = microamperes


def _slow_bleed(factor: float) -> Fitting:
    def fit(unit: Unit) -> None:
        unit.output.bleed_ohm *= factor

    return fit


def _no_bleed(unit: Unit) -> None:
    unit.output.bleed_ohm = 1e12
    unit.output.capacitance_nf = 10.0


def _intermittent_lead(unit: Unit, per_second: float) -> None:
    """Open the lead at random instants; the time between two is exponential."""

    def wait() -> None:
        unit.timeline.after(float(unit.random.exponential(1.0 / per_second)), break_open)

    def break_open() -> None:
        unit.lead_contact(closed=False)
        duration_s = float(unit.random.uniform(*_LEAD_OPEN_S))
        unit.timeline.schedule(unit.timeline.now_ns + round(duration_s * NS_PER_S), make_good)

    def make_good() -> None:
        unit.lead_contact(closed=True)
        wait()

    wait()


OUTPUT_FAULTS: Mapping[str, type[Fault]] = {
    "A01": three("A01", _gain, 1.08, 1.25, 2.0),
    "A02": three("A02", _gain, 0.93, 0.75, 0.3),
    "A03": three("A03", _dc, 0.5, 5.0, 50.0),
    "A04": three("A04", _gain_negative, 1.02, 1.1, 1.5),
    "A07": three("A07", _corrupt_level, 1.05, 1.3, 0.3),
    "A09": three("A09", _output_resistance, 1e6, 100e3, 20e3),
    "A11": three("A11", _compliance, 8.0, 4.2, 3.0),
    "A12": three("A12", _compliance, 21.0, 30.0, 60.0),
    "A13": three("A13", _gain_below_1k, 1.03, 1.2, 2.0),
    "A14": graded("A14", low=_open_leg(-1, 10), middle=_open_leg(-1), high=_open_leg(1)),
    "A15": graded(
        "A15",
        low=_stuck_leg(-1, seconds=1.0),
        middle=_stuck_leg(1),
        high=_stuck_leg(-1, factor=2.0),
    ),
    "A16": three("A16", _shoot_through, 1.0, 20.0, 200.0),
    "A18": three("A18", _rise_time, 50.0, 300.0, 3000.0),
    "A19": three("A19", _damping, 0.6, 0.4, 0.15),
    "A20": three("A20", _capacitance, 4.0, 47.0, 1000.0),
    "A21": three("A21", _oscillation, 5.0, 40.0, 200.0),
    "A23": three("A23", _mains, 0.3, 5.0, 50.0),
    "A24": three("A24", _converter, 7, 4, 3),
    "A25": three("A25", _tempco, 500.0, 10_000.0, 30_000.0),
    "A26": three("A26", _noise, 1.0, 8.0, 20.0),
    "T01": three("T01", _frequency, 2_000.0, 30_000.0, 200_000.0),
    "B01": graded("B01", low=_late_cutoff, middle=_no_cutoff, high=_no_cutoff_and_weak),
    "B04": three("B04", _battery_gain, 0.02, 0.15, 0.30),
    "O01": three("O01", _leakage, 0.05, 0.5, 5.0),
    "O02": graded("O02", low=_slow_bleed(10.0), middle=_slow_bleed(100.0), high=_no_bleed),
    "O03": three("O03", _common_mode, 1.0, 20.0, 200.0),
    "I01": three("I01", _intermittent_lead, 1e-4, 1e-3, 3e-2),
}
