"""Faults of the protections and of what they rest on. Numbers: the fault catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from bench.twin.fault_kinds import Fault, Fitting, graded, three

if TYPE_CHECKING:
    from bench.twin.unit import Unit

__all__ = ["PROTECTION_FAULTS"]

_UNREPORTED = frozenset({"OC_HW", "OPEN", "WDT", "SELF"})
"""One of three kinds of fault is not reported."""


def _comparator_dead(unit: Unit) -> None:
    unit.hardware_overcurrent.dead = True


def _overcurrent_dead(unit: Unit) -> None:
    unit.hardware_overcurrent.dead = True
    unit.firmware_overcurrent.dead = True


def _filter(unit: Unit, microseconds: float) -> None:
    unit.hardware_overcurrent.filter_us = microseconds


def _threshold(unit: Unit, factor: float) -> None:
    unit.hardware_overcurrent.threshold_factor = factor
    unit.firmware_overcurrent.threshold_factor = factor


def _auto_restart(unit: Unit, seconds: float) -> None:
    unit.latch.auto_restart_s = seconds


def _reports_some(unit: Unit) -> None:
    unit.firmware.reports_faults = lambda name: name not in _UNREPORTED


def _reports_none(unit: Unit) -> None:
    unit.firmware.reports_faults = lambda _name: False


def _says_run(unit: Unit) -> None:
    _reports_none(unit)
    unit.firmware.hides_fault_state = True


def _slow_watchdog(unit: Unit) -> None:
    unit.watchdog.factor = 2.0


def _dead_watchdog(unit: Unit) -> None:
    unit.watchdog.dead = True


def _resumes(level: str) -> Fitting:
    def fit(unit: Unit) -> None:
        unit.watchdog.resumes_output = level

    return fit


def _no_link_watchdog(unit: Unit) -> None:
    unit.firmware.link_timeout_factor = float("inf")


def _link_timeout(unit: Unit, factor: float) -> None:
    unit.firmware.link_timeout_factor = factor


def _cold(kelvin: float) -> Fitting:
    def fit(unit: Unit) -> None:
        unit.thermistor.error_k = kelvin

    return fit


def _thermistor_open(unit: Unit) -> None:
    unit.thermistor.open = True


def _brown_out_dead(above_v: float) -> Fitting:
    def fit(unit: Unit) -> None:
        unit.brown_out.dead_above_v = above_v

    return fit


def _no_second_limiter(unit: Unit) -> None:
    unit.output.blocking_uf = None
    unit.charge_limiter.dead = True


PROTECTION_FAULTS: Mapping[str, type[Fault]] = {
    "P01": graded("P01", middle=_comparator_dead, high=_overcurrent_dead),
    "P02": three("P02", _filter, 60.0, 1_000.0, 50_000.0),
    "P03": graded("P03", middle=_comparator_dead, high=_comparator_dead),
    "P04": three("P04", _threshold, 1.1, 1.3, 3.0),
    "P05": three("P05", _threshold, 0.95, 0.8, 0.6),
    "P06": three("P06", _auto_restart, 60.0, 5.0, 0.5),
    "P08": graded("P08", low=_reports_some, middle=_reports_none, high=_says_run),
    "P09": graded("P09", low=_slow_watchdog, middle=_dead_watchdog, high=_dead_watchdog),
    "P10": graded("P10", low=_resumes("lowest"), middle=_resumes("old"), high=_resumes("highest")),
    "P12": graded("P12", middle=_no_link_watchdog, high=_no_link_watchdog),
    "P13": three("P13", _link_timeout, 1.05, 2.0, 10.0),
    "P15": graded("P15", middle=_no_second_limiter, high=_no_second_limiter),
    "P16": graded("P16", low=_cold(3.0), middle=_cold(15.0), high=_thermistor_open),
    "B03": graded("B03", middle=_brown_out_dead(2.0), high=_brown_out_dead(0.0)),
}
