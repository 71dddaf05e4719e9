"""Every declared figure that a limit can refer to, by name, with its unit.

Requirements name a nominal; they never read a declaration's fields themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from bench.profile.declaration import Declaration

__all__ = ["NOMINALS", "Nominal"]

RESIDUAL_UC: Final = 0.1
"""Charge that a stopped output may keep, of a microcurrent device. Source: FLT-028, proposed."""

OFF_STATE_SHARE: Final = 0.02
"""Share of the highest level that an off state may never exceed. Source: LKG-007, proposed."""

SHORTEST_DC_TRIP_S: Final = 0.1
"""A d.c. fault ends within this time or two half-cycles. Source: FLT-006, proposed."""


@dataclass(frozen=True, slots=True)
class Nominal:
    """How a figure follows from a declaration; ``unit`` is that of the returned number."""

    unit: str
    value: Callable[[Declaration, int, float], float]
    """Called with the declaration, the level's number and the load in ohms."""


def _declared(unit: str, value: Callable[[Declaration], float]) -> Nominal:
    """Return a figure that is the same at every level and load."""

    def at_any(declared: Declaration, _level: int, _load_ohm: float) -> float:
        return value(declared)

    return Nominal(unit, at_any)


def _highest_ua(declared: Declaration) -> float:
    return declared.current_ua(declared.highest_level, declared.loads_ohm[0])


def _highest_into_load_ua(declared: Declaration, _level: int, load_ohm: float) -> float:
    return declared.current_ua(declared.highest_level, load_ohm)


def _smallest_load_ua(declared: Declaration, level: int, _load_ohm: float) -> float:
    return declared.current_ua(level, declared.loads_ohm[0])


def _voltage_v(declared: Declaration, level: int, load_ohm: float) -> float:
    return declared.current_ua(level, load_ohm) * 1e-6 * load_ohm


def _load_ratio(declared: Declaration, level: int, load_ohm: float) -> float:
    return declared.current_ua(level, load_ohm) / declared.current_ua(level, declared.loads_ohm[0])


def _boost_ua(declared: Declaration, _level: int, _load_ohm: float) -> float:
    return declared.output.boost.current_ua if declared.output.boost else 0.0


def _on_time_per_cycle_s(declared: Declaration) -> float:
    wave = declared.waveform
    return wave.on_time_per_pulse_s * wave.pulses_per_polarity_cycle


def _dc_trip_s(declared: Declaration) -> float:
    return max(SHORTEST_DC_TRIP_S, 2.0 * declared.waveform.half_cycle_s)


NOMINALS: Final[Mapping[str, Nominal]] = MappingProxyType(
    {
        "one": _declared("1", lambda _: 1.0),
        "current": Nominal("uA", Declaration.current_ua),
        "current at the smallest load": Nominal("uA", _smallest_load_ua),
        "highest current": _declared("uA", _highest_ua),
        "highest current into the load": Nominal("uA", _highest_into_load_ua),
        "off current": _declared("uA", lambda p: p.off_a * 1e6),
        "residual charge": _declared("uC", lambda p: RESIDUAL_UC * p.scale),
        "off-state share": _declared("uA", lambda p: OFF_STATE_SHARE * _highest_ua(p)),
        "boost current": Nominal("uA", _boost_ua),
        "boost duration": _declared(
            "s", lambda p: p.output.boost.duration_s if p.output.boost else 0.0
        ),
        "dc threshold": _declared("uA", lambda p: p.protection.dc_threshold_ua),
        "voltage": Nominal("V", _voltage_v),
        "load ratio": Nominal("1", _load_ratio),
        "pulse duration": _declared("s", lambda p: p.waveform.pulse_duration_s),
        "repetition rate": _declared("Hz", lambda p: p.waveform.repetition_rate_hz),
        "duty": _declared("1", lambda p: p.waveform.duty),
        "envelope depth": _declared(
            "1", lambda p: p.waveform.envelope.depth if p.waveform.envelope else 0.0
        ),
        "envelope rate": _declared(
            "Hz", lambda p: p.waveform.envelope.rate_hz if p.waveform.envelope else 0.0
        ),
        "pulses per train": _declared("pulses", lambda p: float(p.waveform.pulses_per_train)),
        "train duration": _declared("s", lambda p: p.waveform.train_s),
        "dc": Nominal("uA", Declaration.dc_ua),
        "average current": Nominal("uA", Declaration.average_current_ua),
        "phase charge": Nominal("uC", Declaration.phase_charge_uc),
        "summed phase charge": Nominal("uC", Declaration.summed_phase_charge_uc),
        "net charge per pulse": Nominal("uC", Declaration.net_charge_per_pulse_uc),
        "on-time per pulse": _declared("s", lambda p: p.waveform.on_time_per_pulse_s),
        "on-time per cycle": _declared("s", _on_time_per_cycle_s),
        "compliance": _declared("V", lambda p: p.output.compliance_v),
        "ceiling": _declared("uA", lambda p: p.output.ceiling_ua),
        "excursion charge": _declared("nC", lambda p: p.output.excursion_charge_nc),
        "excursion duration": _declared("s", lambda p: p.output.excursion_duration_s),
        "excursion sum": _declared("uC", lambda p: p.output.excursion_sum_uc),
        "off-state current": _declared("uA", lambda p: p.output.off_state_ua),
        "contact-sense current": _declared("uA", lambda p: p.output.contact_sense_ua),
        "contact-sense charge": _declared("uC/s", lambda p: p.output.contact_sense_uc_per_s),
        "session": _declared("s", lambda p: p.timers.session_s),
        "ramp": _declared("s", lambda p: p.timers.ramp_s),
        "start delay": _declared("s", lambda p: p.timers.start_delay_s),
        "stop": _declared("s", lambda p: p.timers.stop_s),
        "contact loss": _declared("s", lambda p: p.timers.contact_loss_s),
        "charge": _declared("s", lambda p: p.timers.charge_s),
        "resume window": _declared("s", lambda p: p.timers.resume_window_s),
        "watchdog": _declared("s", lambda p: p.timers.watchdog_s),
        "link timeout": _declared("s", lambda p: p.timers.link_timeout_s or 0.0),
        "overcurrent": _declared("uA", lambda p: p.protection.overcurrent_ua),
        "overcurrent time": _declared("s", lambda p: p.protection.overcurrent_s),
        "hardware overcurrent time": _declared("s", lambda p: p.protection.overcurrent_hardware_s),
        "firmware overcurrent time": _declared("s", lambda p: p.protection.overcurrent_firmware_s),
        "fault current": _declared("uA", lambda p: p.protection.fault_current_ua),
        "fault charge": _declared("uC", lambda p: p.protection.fault_charge_uc),
        "contact-on resistance": _declared("ohm", lambda p: p.protection.contact_on_ohm),
        "contact-off resistance": _declared("ohm", lambda p: p.protection.contact_off_ohm),
        "dc trip": _declared("s", _dc_trip_s),
        "over-temperature": _declared("degC", lambda p: p.protection.over_temperature_c),
        "battery cut-off": _declared("V", lambda p: p.protection.battery_cutoff_v),
    }
)
