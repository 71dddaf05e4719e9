"""The session order before the device: error queues, load paths, zero, transfer, known voltage.

Every step is journalled as it is made. A step that fails is a fault of the bench (FixtureError),
found with the device isolated, so that it can never be read as the device's failure.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from bench.errors import FixtureError, ReadingOverload
from bench.judge import MultimeterAccuracy
from bench.record.schema import SelfTestStep
from bench.station.acquisition import Acquirer, Shot
from bench.station.fixture import LEAD_LOOP, Fixture
from bench.station.scales import Label
from instruments.roles import Instrument, Multimeter

__all__ = ["MeasuredPath", "SelfTest", "lead_loop_problem", "meter_range_ohm"]

OHMS_APERTURE_S: Final = 0.1
VOLTS_APERTURE_S: Final = 0.1
ZERO_READINGS: Final = 10
"""Nine degrees of freedom: the zero's scatter is a part of every direct current's uncertainty."""
OPEN_ABOVE_OHM: Final = 1e6
"""The scope's 10 MΩ input is always across an open path."""

OPEN_RANGE_OHM: Final = 1e6
METER_RANGE_V: Final = 0.1
THERMAL_V: Final = 16.5e-6
"""Thermal voltages of the relays, beside what the meter's data sheet allows its zero (3.5 µV for a
6.5-digit meter: 20 µV together). Proposed."""

LEAD_RANGE_OHM: Final = 100.0
LEAD_LIMIT_OHM: Final = 5.0
"""Two leads of a metre, two clips, four wires."""

CHECK_VOLTAGE_V: Final = 4.0
CHECK_TOLERANCE: Final = 0.05
"""Scope ±2 % of full scale on a half-used range, ÷10 divider 1 %."""

CHECK_FULL_SCALE_V: Final = 10.0
LEAST_DIVIDER: Final = 0.05
"""Behind a greater division the scope's own offset is a part of the known voltage: it is taken out."""
_METER_RANGES_OHM: Final = (100.0, 1e3, 10e3, 100e3, 1e6)
_RANGE_HEADROOM: Final = 1.15


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredPath:
    """One load path as the meter found it: ohms between the electrodes."""

    nominal_ohm: float
    measured_ohm: float


class SelfTest:
    """Proves the fixture with the device isolated."""

    def __init__(
        self,
        *,
        fixture: Fixture,
        dmm: Multimeter,
        accuracy: MultimeterAccuracy,
        acquirer: Acquirer,
        record: Callable[[SelfTestStep], None],
    ) -> None:
        self._fixture = fixture
        self._dmm = dmm
        self._accuracy = accuracy
        self._acquirer = acquirer
        self._record = record

    def error_queues(self, instruments: Mapping[str, Instrument]) -> None:
        """Every instrument's error queue must be empty after its reset."""
        for role, instrument in instruments.items():
            errors = instrument.drain_errors()
            detail = "; ".join(f"{code} {text}" for code, text in errors)
            self.judge(
                SelfTestStep(
                    name=f"{role}: error queue", passed=not errors, detail=detail or "empty"
                ),
                remedy=f"send *CLS to {instrument.resource_name} and see what causes it",
            )

    def shunt(self, *, expected_ohm: float, tolerance: float) -> float:
        """Measure the shunt; return its ohms."""
        self._fixture.isolate_device()
        self._fixture.close("dmm_shunt")
        ohm = self._ohms("shunt", expected_ohm)
        self._fixture.open("dmm_shunt")
        self._judge_ohm("shunt", ohm, expected_ohm, tolerance)
        return ohm

    def open_path(self) -> None:
        """With every load open the path must be open: a stuck load relay is found here."""
        self._fixture.isolate_device()
        self._fixture.close("contact", "dmm_electrode")
        ohm = read_ohm(self._dmm, OPEN_RANGE_OHM)
        beyond = math.isinf(ohm)
        self.judge(
            SelfTestStep(
                name="path with all loads open",
                passed=ohm >= OPEN_ABOVE_OHM,
                value=None if beyond else ohm,
                unit="Ω",
                low=OPEN_ABOVE_OHM,
                detail="beyond the meter's range" if beyond else "",
            ),
            remedy="a load relay is stuck closed: exchange it before testing a device",
        )

    def load(self, nominal_ohm: float, *, expected_ohm: float, tolerance: float) -> MeasuredPath:
        """Measure one load path, device isolated; call after :meth:`open_path`."""
        name = f"load {nominal_ohm:g} Ω"
        self._fixture.select_load(nominal_ohm)
        ohm = self._ohms(name, expected_ohm)
        self._judge_ohm(name, ohm, expected_ohm, tolerance)
        return MeasuredPath(nominal_ohm=nominal_ohm, measured_ohm=ohm)

    def lead_loop(self) -> None:
        """Both electrode leads must be whole, where the fixture can tell (relay ``lead_loop``)."""
        problem = lead_loop_problem(self._fixture, self._dmm)
        known = self._fixture.has(LEAD_LOOP)
        self.judge(
            SelfTestStep(
                name="electrode leads, force and sense wires",
                passed=not problem,
                detail=problem or ("" if known else f"not tested: no relay {LEAD_LOOP!r}"),
            ),
            remedy="a lead or clip between fixture and device is open: exchange it",
        )

    def release_path(self) -> None:
        """Open the path and the meter's relay after the loads were measured."""
        self._fixture.isolate_device()
        self._fixture.open("dmm_electrode")

    def meter_zero(self) -> tuple[float, ...]:
        """Read the meter's zero over the shunt without current; return the readings in volts."""
        self._fixture.isolate_device()
        self._fixture.close("dmm_shunt")
        self._dmm.configure_dc_voltage(range_v=METER_RANGE_V, aperture_s=VOLTS_APERTURE_S)
        limit_v = THERMAL_V + self._accuracy.voltage_limit_v(0.0, range_v=METER_RANGE_V)
        readings_v = self._dmm.read(ZERO_READINGS)
        zero_v = float(np.mean(readings_v))
        self.judge(
            SelfTestStep(
                name="meter zero over the shunt",
                passed=abs(zero_v) <= limit_v,
                value=zero_v * 1e6,
                unit="µV",
                low=-limit_v * 1e6,
                high=limit_v * 1e6,
            ),
            remedy="let the meter warm up; look for a ground loop or a leaking device relay",
        )
        self._fixture.open("dmm_shunt")
        return tuple(float(reading) for reading in readings_v)

    def electrode_channel(self) -> None:
        """The electrode-voltage channel must read a voltage that the meter knows."""
        self._fixture.check_voltage(CHECK_VOLTAGE_V)
        self._fixture.close("dmm_electrode")
        self._dmm.configure_dc_voltage(range_v=10.0, aperture_s=VOLTS_APERTURE_S)
        known_v = float(self._dmm.read()[0])
        shot = Shot(
            title="known voltage",
            full_scale={Label.ELECTRODE: CHECK_FULL_SCALE_V},
            duration_s=0.02,
            points=1000,
        )
        self._acquirer.configure(shot)
        seen_v = self._electrode_v(shot)
        self._fixture.reference_off()
        if self._acquirer.scales.view(Label.ELECTRODE).sensitivity < LEAST_DIVIDER:
            seen_v -= self._electrode_v(shot)
        self._fixture.open("dmm_electrode")
        self.judge(
            SelfTestStep(
                name="electrode-voltage channel on a known voltage",
                passed=abs(seen_v - known_v) <= CHECK_TOLERANCE * CHECK_VOLTAGE_V,
                value=seen_v,
                unit="V",
                low=known_v - CHECK_TOLERANCE * CHECK_VOLTAGE_V,
                high=known_v + CHECK_TOLERANCE * CHECK_VOLTAGE_V,
            ),
            remedy="check the ÷10 divider, its probe factor and the channel's coupling",
        )

    def _electrode_v(self, shot: Shot) -> float:
        """Return the mean of the electrode channel as it is set up, in volts at the electrode."""
        waveform = self._acquirer.force(shot)[Label.ELECTRODE]
        mean_v = float(np.mean(waveform.codes, dtype=np.float64)) * waveform.gain + waveform.offset
        return mean_v / self._acquirer.scales.view(Label.ELECTRODE).sensitivity

    def _ohms(self, name: str, expected_ohm: float) -> float:
        range_ohm = meter_range_ohm(expected_ohm)
        self._dmm.configure_resistance(range_ohm=range_ohm, aperture_s=OHMS_APERTURE_S)
        try:
            return float(self._dmm.read()[0])
        except ReadingOverload:
            self.judge(
                SelfTestStep(
                    name=name, passed=False, unit="Ω", detail=f"above the {range_ohm:g} Ω range"
                ),
                remedy=f"expected {expected_ohm:g} Ω: a relay does not close, or a lead or the "
                "fuse of the meter is open",
            )
            raise

    def _judge_ohm(self, name: str, ohm: float, expected_ohm: float, tolerance: float) -> None:
        self.judge(
            SelfTestStep(
                name=name,
                passed=abs(ohm - expected_ohm) <= tolerance * expected_ohm,
                value=ohm,
                unit="Ω",
                low=expected_ohm * (1 - tolerance),
                high=expected_ohm * (1 + tolerance),
            ),
            remedy=_suspects(name, too_low=ohm < expected_ohm),
        )

    def judge(self, step: SelfTestStep, remedy: str) -> None:
        """Journal a step; raise FixtureError where it did not pass."""
        self._record(
            step if step.passed else replace(step, detail=f"{step.detail} {remedy}".strip())
        )
        if step.passed:
            return
        found = "no reading" if step.value is None else f"{step.value:.6g} {step.unit}"
        wanted = _wanted(step)
        raise FixtureError(f"self-test: {step.name}: {found}{wanted}; {remedy}")


def _suspects(name: str, *, too_low: bool) -> str:
    """Return what to look for where a resistance is not what the station file says."""
    if too_low and name == "shunt":
        found = "something lies across it (a second earth lead, a stuck relay)"
    elif too_low:
        found = "another load's relay is stuck closed"
    else:
        found = "a contact is worn or a resistor has drifted"
    return f"{found}, the meter is on another function or out of calibration, or the station file is wrong"


def read_ohm(dmm: Multimeter, range_ohm: float) -> float:
    """Return one reading of ohms; infinite where it lies beyond the range."""
    dmm.configure_resistance(range_ohm=range_ohm, aperture_s=OHMS_APERTURE_S)
    try:
        return float(dmm.read()[0])
    except ReadingOverload:
        return math.inf


def lead_loop_problem(fixture: Fixture, dmm: Multimeter) -> str:
    """Measure the loop of both electrode leads; return what is wrong with it, or nothing."""
    if not fixture.has(LEAD_LOOP):
        return ""
    fixture.open("dmm_shunt", "dmm_electrode")
    fixture.close(LEAD_LOOP)
    ohm = read_ohm(dmm, LEAD_RANGE_OHM)
    fixture.open(LEAD_LOOP)
    if ohm <= LEAD_LIMIT_OHM:
        return ""
    return f"the electrode leads have {ohm:.3g} Ω, expected at most {LEAD_LIMIT_OHM:g} Ω"


def meter_range_ohm(expected_ohm: float) -> float:
    """Return the range on which the meter reads a resistance of the fixture."""
    return next(
        (r for r in _METER_RANGES_OHM if expected_ohm <= r * _RANGE_HEADROOM),
        _METER_RANGES_OHM[-1],
    )


def _wanted(step: SelfTestStep) -> str:
    match step.low, step.high:
        case float(low), float(high):
            return f", expected {low:.6g} to {high:.6g} {step.unit}"
        case float(low), None:
            return f", expected at least {low:.6g} {step.unit}"
        case None, float(high):
            return f", expected at most {high:.6g} {step.unit}"
        case _:
            return f" ({step.detail})" if step.detail else ""
