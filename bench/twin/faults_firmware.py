"""Faults of the firmware: levels, timing, timers, contact, charging. Numbers: the fault catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from bench.twin.fates import ExtraPulses, Jitter, MissingPulses
from bench.twin.fault_kinds import Fault, FaultError, Fitting, graded, three

if TYPE_CHECKING:
    from bench.twin.unit import Unit

__all__ = ["FIRMWARE_FAULTS"]

_PAST_THE_TABLE = 2.0
"""What lies behind the level table, against the highest level."""


def _skew(unit: Unit, value: float) -> None:
    unit.firmware.delivery.phase_skew = value


def _next_level(*, only_lowest: bool = False, past_the_end: bool = False) -> Fitting:
    def fit(unit: Unit) -> None:
        def current(level: int) -> float:
            table = unit.memory.level_table_ua
            if only_lowest and level != 1:
                return table[level - 1]
            if level < len(table):
                return table[level]
            return table[-1] * (_PAST_THE_TABLE if past_the_end else 1.0)

        unit.firmware.level_current = current

    return fit


def _level_latency(unit: Unit, seconds: float) -> None:
    unit.firmware.level_latency_s = seconds


def _jitter(unit: Unit, microseconds: float) -> None:
    unit.firmware.delivery.fates.append(Jitter(unit.random, microseconds * 1e-6))


def _missing(unit: Unit, probability: float) -> None:
    unit.firmware.delivery.fates.append(MissingPulses(unit.random, probability))


def _extra(unit: Unit, probability: float) -> None:
    unit.firmware.delivery.fates.append(ExtraPulses(unit.random, probability))


def _shallow_envelope(unit: Unit, factor: float) -> None:
    waveform = unit.firmware.delivery.waveform
    if waveform.envelope is None:
        raise FaultError("fault T08: this unit's waveform has no envelope")
    envelope = replace(waveform.envelope, depth=waveform.envelope.depth * factor)
    unit.firmware.delivery.waveform = replace(waveform, envelope=envelope)


def _next_mode(unit: Unit) -> None:
    unit.firmware.mode_offset = 1


def _skips_step(number: int) -> Fitting:
    def fit(unit: Unit) -> None:
        unit.firmware.delivery.skips_step = number

    return fit


def _ramp(unit: Unit, factor: float) -> None:
    unit.firmware.delivery.ramp_factor = factor


def _stop_ramp(unit: Unit, seconds: float) -> None:
    unit.firmware.stop_ramp_s = seconds


def _timer(unit: Unit, factor: float) -> None:
    """The independent timer is derived from the same count, so it is as late."""
    unit.firmware.timer.factor = factor
    unit.firmware.backstop.factor = factor


def _no_timer(unit: Unit) -> None:
    unit.firmware.timer.never = True
    unit.firmware.backstop.never = True


def _boot_glitch(seconds: float, level: int) -> Fitting:
    def fit(unit: Unit) -> None:
        unit.firmware.boot_glitch = (seconds, level)

    return fit


def _output_at_boot(unit: Unit) -> None:
    unit.firmware.output_at_boot = True


def _charger_latency(unit: Unit, seconds: float) -> None:
    unit.charger.latency_s = seconds


def _charger_dead_running(unit: Unit) -> None:
    unit.charger.dead_running = True


def _charger_dead(unit: Unit) -> None:
    unit.charger.dead = True


def _contact_stuck(
    value: Literal["closed", "open"], *, below_ohm: float = float("inf"), above_ohm: float = 0.0
) -> Fitting:
    def fit(unit: Unit) -> None:
        unit.contact.stuck = value
        unit.contact.stuck_closed_below_ohm = below_ohm
        unit.contact.stuck_open_above_ohm = above_ohm

    return fit


def _contact_latency(unit: Unit, seconds: float) -> None:
    unit.contact.latency_s = seconds


def _contact_threshold(unit: Unit, factor: float) -> None:
    unit.contact.threshold_factor = factor


def _probe(unit: Unit, microamperes: float) -> None:
    unit.contact.probe_ua = microamperes


def _rollover(unit: Unit, seconds: float) -> None:
    unit.firmware.rollover_s = seconds


FIRMWARE_FAULTS: Mapping[str, type[Fault]] = {
    "A05": three("A05", _skew, 0.01, 0.1, 0.5),
    "A06": graded(
        "A06",
        low=_next_level(only_lowest=True),
        middle=_next_level(),
        high=_next_level(past_the_end=True),
    ),
    "A08": three("A08", _level_latency, 0.1, 3.0, float("inf")),
    "T03": three("T03", _jitter, 20.0, 200.0, 2000.0),
    "T04": three("T04", _missing, 1e-4, 1e-3, 1e-2),
    "T05": three("T05", _extra, 1e-4, 1e-3, 1e-2),
    "T06": graded("T06", middle=_next_mode, high=_next_mode),
    "T07": graded("T07", middle=_skips_step(-1), high=_skips_step(0)),
    "T08": three("T08", _shallow_envelope, 0.8, 0.5, 0.0),
    "R01": three("R01", _ramp, 0.5, 0.25, 0.0),
    "R02": three("R02", _ramp, 0.85, 0.5, 0.1),
    "R05": three("R05", _stop_ramp, 0.05, 0.5, 5.0),
    "F01": graded(
        "F01", low=lambda unit: _timer(unit, 1.03), middle=lambda unit: _timer(unit, 2.0),
        high=_no_timer,
    ),
    "F02": three("F02", _timer, 1.03, 1.1, 3.3),
    "F05": graded(
        "F05", low=_boot_glitch(50e-6, 1), middle=_boot_glitch(5e-3, 1), high=_output_at_boot
    ),
    "F06": graded(
        "F06", low=_boot_glitch(20e-6, 3), middle=_boot_glitch(200e-6, 3), high=_boot_glitch(2e-3, 3)
    ),
    "F07": graded(
        "F07", low=lambda unit: _charger_latency(unit, 0.5), middle=_charger_dead_running,
        high=_charger_dead,
    ),
    "F08": three("F08", _charger_latency, 0.3, 1.0, 10.0),
    "F09": graded(
        "F09", low=_contact_stuck("closed", below_ohm=1e6), middle=_contact_stuck("closed"),
        high=_contact_stuck("closed"),
    ),
    "F10": graded(
        "F10", low=_contact_stuck("open", above_ohm=5e3), middle=_contact_stuck("open"),
        high=_contact_stuck("open"),
    ),
    "F11": three("F11", _contact_latency, 0.3, 2.0, 10.0),
    "F13": three("F13", _contact_threshold, 0.8, 0.3, 3.0),
    "F14": three("F14", _probe, 3.0, 12.0, 50.0),
    "I03": three("I03", _rollover, 2147.483648, 65.536, 12.0),
}  # fmt: skip
