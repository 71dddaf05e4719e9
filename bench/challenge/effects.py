"""Whether a fault's effect exceeds what the profile allows: computed from profile and parameter.

A fault whose effect stays inside the declared tolerances is no defect of the unit: a plan that does
not report it has missed nothing (``below_limit``). A fault without a number here has an effect that
no tolerance covers (a dead protection, a latch that does not latch): it always exceeds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from bench.profile import Profile
from bench.quantity import Tolerance

__all__ = ["EFFECTS", "Effect", "exceeds"]

Effect = Callable[[Profile, float], bool]
"""Called with the profile and the fault's parameter; whether a limit is exceeded."""

CATALOGUE_COMPLIANCE_V: Final = 20.0
"""The fault table gives compliance for a 20 V device; other devices' are scaled."""
TABLE_FULL_SCALE_UA: Final = 640.0
OPEN_OHM: Final = 2e6
"""The load of an open contact in the fixture. Source: docs/laboratory.md."""
SELF_HEATING_K: Final = 6.0
OBSERVED_PULSES: Final = 30_000
"""Source: OUT-031."""
CERTAIN_EVENTS: Final = 3.0
"""An event expected this often is seen at least once in 95 % of the runs: 1 - exp(-3)."""
CATALOGUE_LIMITS: Final = MappingProxyType(
    {
        "drift": 0.10, "battery": 0.10, "jitter": 0.005, "noise": 0.05, "overshoot": 0.10,
        "rms_leakage_ua": 100.0, "case_leakage_ua": 100.0, "residual_uc": 0.1,
        "transition_us": 250.0, "noise_floor_ua": 3.0, "telemetry_battery": 0.02, "age_s": 1.0,
        "link": 0.10, "level_delay_s": 1.0,
    }
)  # fmt: skip
"""Figures of the catalogue that are no declaration's: OUT-027, -028, -030, -032, -034, LKG-002, -005,
FLT-026, -027, -028; ``level_delay_s`` is the start delay's."""
CHARGED_RATIO: Final = 4.2 / 3.7


def exceeds(fault: str, value: float | None, profile: Profile) -> bool:
    """Return whether a fault with this parameter breaks a limit of the profile."""
    effect = EFFECTS.get(fault)
    return True if effect is None or value is None else effect(profile, value)


def _currents_ua(profile: Profile) -> list[float]:
    return [level.current_ua for level in profile.levels]


def _highest_ua(profile: Profile) -> float:
    return max(_currents_ua(profile))


def _beyond(tolerance: Tolerance, nominal: float, error: float) -> bool:
    return abs(error) > tolerance.half_width(nominal)


def _gain(profile: Profile, gain: float) -> bool:
    tolerance = profile.tolerance.amplitude
    return any(_beyond(tolerance, ua, (gain - 1.0) * ua) for ua in _currents_ua(profile))


def _direct(profile: Profile, dc_ua: float) -> bool:
    lowest = min(_currents_ua(profile))
    mean_ua = dc_ua * profile.waveform.duty
    if mean_ua > profile.tolerance.dc.half_width(profile.dc_ua(1, profile.loads_ohm[0])):
        return True
    return _asymmetric(profile, lowest, 2.0 * dc_ua)


def _asymmetric(profile: Profile, level_ua: float, difference_ua: float) -> bool:
    symmetry = profile.tolerance.symmetry
    return profile.waveform.symmetric and _beyond(symmetry, level_ua, difference_ua)


def _gain_negative(profile: Profile, gain: float) -> bool:
    if profile.waveform.kind == "monophasic":
        return False
    highest = _highest_ua(profile)
    difference = abs(gain - 1.0) * highest
    direct = difference * profile.waveform.duty / 2.0
    return direct > profile.tolerance.dc.half_width(0.0) or _asymmetric(
        profile, highest, difference
    )


def _skew(profile: Profile, share: float) -> bool:
    direct = share * _highest_ua(profile) * profile.waveform.duty / 2.0
    duration_us = profile.waveform.pulse_duration_s * 1e6
    if _beyond(profile.tolerance.pulse_duration, duration_us, share * duration_us):
        return True
    two_signs = profile.waveform.kind != "monophasic"
    return two_signs and direct > profile.tolerance.dc.half_width(0.0)


def _entry(profile: Profile, factor: float) -> bool:
    currents = _currents_ua(profile)
    ua = currents[min(3, len(currents) - 1)]
    return _beyond(profile.tolerance.amplitude, ua, (factor - 1.0) * ua)


def _output_resistance(profile: Profile, ohm: float) -> bool:
    small, large = profile.loads_ohm[0], profile.loads_ohm[-1]
    ratio = (ohm + small) / (ohm + large)
    highest = _highest_ua(profile)
    if profile.output.regulation == "voltage":
        return True
    return _beyond(profile.tolerance.load_regulation, highest, (1.0 - ratio) * highest)


def _low_compliance(profile: Profile, catalogue_v: float) -> bool:
    volts = catalogue_v / CATALOGUE_COMPLIANCE_V * profile.output.compliance_v
    load_ohm = profile.loads_ohm[-1]
    nominal_ua = profile.current_ua(profile.highest_level, load_ohm)
    short_ua = nominal_ua - volts / load_ohm * 1e6
    return short_ua > profile.tolerance.amplitude.half_width(nominal_ua)


def _high_compliance(profile: Profile, catalogue_v: float) -> bool:
    volts = catalogue_v / CATALOGUE_COMPLIANCE_V * profile.output.compliance_v
    declared = profile.output.compliance_v
    return _beyond(profile.tolerance.compliance, declared, volts - declared)


def _low_load_gain(profile: Profile, gain: float) -> bool:
    ua = _highest_ua(profile)
    error = (gain - 1.0) * ua
    tolerance = profile.tolerance
    return _beyond(tolerance.amplitude, ua, error) or _beyond(tolerance.load_regulation, ua, error)


def _ringing(_profile: Profile, damping: float) -> bool:
    """Second-order step: overshoot exp(-πζ/√(1-ζ²))."""
    return (
        math.exp(-math.pi * damping / math.sqrt(1.0 - damping**2)) > CATALOGUE_LIMITS["overshoot"]
    )


def _capacitance(profile: Profile, nanofarad: float) -> bool:
    return nanofarad * profile.output.compliance_v > profile.output.excursion_charge_nc


def _plateau(profile: Profile, rms_ua: float) -> bool:
    return any(
        rms_ua > max(CATALOGUE_LIMITS["noise"] * ua, CATALOGUE_LIMITS["noise_floor_ua"])
        for ua in _currents_ua(profile)
    )


def _coarse(profile: Profile, bits: float) -> bool:
    step_ua = TABLE_FULL_SCALE_UA / 2**bits
    tolerance = profile.tolerance.amplitude
    return any(
        _beyond(tolerance, ua, round(ua / step_ua) * step_ua - ua) for ua in _currents_ua(profile)
    )


def _events(profile: Profile, per_second: float) -> bool:
    seconds = min(OBSERVED_PULSES / profile.waveform.repetition_rate_hz, profile.timers.session_s)
    return per_second * seconds >= CERTAIN_EVENTS


def _session(profile: Profile, factor: float) -> bool:
    session_s = profile.timers.session_s
    return _beyond(profile.tolerance.session, session_s, (factor - 1.0) * session_s)


def _battery(profile: Profile, per_volt: float) -> bool:
    cell = profile.protection
    away_v = max(
        cell.battery_nominal_v * (CHARGED_RATIO - 1.0),
        cell.battery_nominal_v - cell.battery_cutoff_v,
    )
    return per_volt * away_v > CATALOGUE_LIMITS["battery"]


def _relative(tolerance: Callable[[Profile], Tolerance]) -> Effect:
    """Return the effect of a factor on something with a relative tolerance."""

    def effect(profile: Profile, factor: float) -> bool:
        return abs(factor - 1.0) > tolerance(profile).relative

    return effect


EFFECTS: Final[Mapping[str, Effect]] = MappingProxyType(
    {
        "A01": _gain,
        "A02": _gain,
        "A03": _direct,
        "A04": _gain_negative,
        "A05": _skew,
        "A07": _entry,
        "A08": lambda _p, s: s > CATALOGUE_LIMITS["level_delay_s"],
        "A09": _output_resistance,
        "A11": _low_compliance,
        "A12": _high_compliance,
        "A13": _low_load_gain,
        "A18": lambda _p, us: math.log(9.0) * us > CATALOGUE_LIMITS["transition_us"],
        "A19": _ringing,
        "A20": _capacitance,
        "A21": lambda p, ua: _plateau(p, ua / math.sqrt(2.0)),
        "A23": lambda _p, ua: ua > CATALOGUE_LIMITS["rms_leakage_ua"],
        "A24": _coarse,
        "A25": lambda _p, ppm: ppm * 1e-6 * SELF_HEATING_K > CATALOGUE_LIMITS["drift"],
        "A26": _plateau,
        "T01": lambda p, ppm: ppm * 1e-6 > p.tolerance.repetition_rate.relative,
        "T03": lambda p, us: us * 1e-6 * p.waveform.repetition_rate_hz > CATALOGUE_LIMITS["jitter"],
        "T04": lambda _p, share: share * OBSERVED_PULSES >= CERTAIN_EVENTS,
        "T05": lambda _p, share: share * OBSERVED_PULSES >= CERTAIN_EVENTS,
        "R02": _relative(lambda p: p.tolerance.ramp),
        "R05": lambda p, s: s > p.timers.stop_s,
        "F01": _session,
        "F02": _session,
        "F08": lambda p, s: s > p.timers.charge_s,
        "F09": lambda _p, ohm: ohm > OPEN_OHM,
        "F10": lambda p, ohm: ohm < p.loads_ohm[-1],
        "F11": lambda p, s: s > p.timers.contact_loss_s,
        "F13": _relative(lambda p: p.tolerance.contact),
        "F14": lambda p, ua: ua > p.output.contact_sense_ua,
        "P02": lambda p, us: us * 1e-6 > p.protection.overcurrent_hardware_s,
        "P04": _relative(lambda p: p.tolerance.overcurrent),
        "P05": _relative(lambda p: p.tolerance.overcurrent),
        "P13": lambda _p, factor: factor - 1.0 > CATALOGUE_LIMITS["link"],
        "B04": _battery,
        "B05": lambda _p, factor: abs(factor - 1.0) > CATALOGUE_LIMITS["telemetry_battery"],
        "O01": lambda p, ua: ua > p.output.off_state_ua,
        "O02": lambda p, nf: nf * 1e-3 * p.output.compliance_v > CATALOGUE_LIMITS["residual_uc"],
        "O03": lambda _p, ua: ua > CATALOGUE_LIMITS["case_leakage_ua"],
        "C02": lambda _p, s: s > CATALOGUE_LIMITS["age_s"],
        "I01": _events,
        "I03": lambda p, s: s < p.timers.session_s,
    }
)
