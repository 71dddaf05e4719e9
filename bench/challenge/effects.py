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
from bench.requirements import limits

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
CHARGED_RATIO: Final = 4.2 / 3.7
CREST: Final = math.sqrt(2.0)
"""Of a sine: its peak over its r.m.s. value."""


def exceeds(fault: str, value: float | None, profile: Profile) -> bool:
    """Return whether a fault with this parameter breaks a limit of the profile."""
    effect = EFFECTS.get(fault)
    return True if effect is None or value is None else effect(profile, value)


def _upper(
    profile: Profile,
    requirement: str,
    quantity: str,
    *,
    level: int | None = None,
    reference: float | None = None,
) -> float:
    """Return the strictest upper limit that the catalogue gives a device, in the limit's unit."""
    found = limits(requirement, quantity, profile, level=level, reference=reference)
    return min((each.high for each in found if each.high is not None), default=math.inf)


def _share(profile: Profile, requirement: str, quantity: str) -> float:
    """Return by what share a quantity may exceed what it is compared with."""
    return _upper(profile, requirement, quantity, reference=1.0) - 1.0


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


def _shoot_through(profile: Profile, through_us: float) -> bool:
    """Both switches of a leg conduct: half the rail drives the smallest load meanwhile.

    It shows as an overshoot however short it is, as a spike's charge, and it is an excursion.
    """
    level_ua = _highest_ua(profile)
    peak_ua = profile.output.compliance_v / 2.0 / profile.loads_ohm[0] * 1e6
    spike_nc = (peak_ua - level_ua) * through_us * 1e-3
    overshoot_pct = (peak_ua / level_ua - 1.0) * 100.0
    return (
        overshoot_pct > _upper(profile, "OUT-034", "overshoot")
        or spike_nc > _upper(profile, "OUT-034", "spike_charge")
        or spike_nc > _upper(profile, "FLT-025", "excursion_charge")
    )


def _ringing(profile: Profile, damping: float) -> bool:
    """Second-order step: overshoot exp(-πζ/√(1-ζ²))."""
    overshoot_pct = 100.0 * math.exp(-math.pi * damping / math.sqrt(1.0 - damping**2))
    return overshoot_pct > _upper(profile, "OUT-034", "overshoot")


def _capacitance(profile: Profile, nanofarad: float) -> bool:
    return nanofarad * profile.output.compliance_v > _upper(profile, "FLT-025", "excursion_charge")


def _mains(profile: Profile, rms_ua: float) -> bool:
    """What the mains drives through the load while the output is off, by either requirement."""
    return rms_ua > min(
        _upper(profile, "LKG-002", "residual_ac"), _upper(profile, "LKG-007", "off_state_ac")
    )


def _plateau(profile: Profile, rms_ua: float) -> bool:
    return any(
        rms_ua > _upper(profile, "OUT-032", "plateau_noise", level=level.number)
        for level in profile.levels
    )


def _rise(profile: Profile, time_constant_us: float) -> bool:
    """From 10 to 90 % of an exponential: ln 9 time constants."""
    return math.log(9.0) * time_constant_us > _upper(profile, "OUT-034", "transition_duration")


def _jitter(profile: Profile, rms_us: float) -> bool:
    jitter_pct = rms_us * 1e-6 * profile.waveform.repetition_rate_hz * 100.0
    return jitter_pct > _upper(profile, "OUT-030", "period_jitter")


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
    return per_volt * away_v > _share(profile, "OUT-028", "amplitude")


def _relative(tolerance: Callable[[Profile], Tolerance]) -> Effect:
    """Return the effect of a factor on something with a relative tolerance."""

    def effect(profile: Profile, factor: float) -> bool:
        return abs(factor - 1.0) > tolerance(profile).relative

    return effect


def _late_cut_off(profile: Profile, late_v: float) -> bool:
    found = limits("FLT-011", "battery_cutoff", profile)
    lowest_v = max((each.low for each in found if each.low is not None), default=0.0)
    return profile.protection.battery_cutoff_v - late_v < lowest_v


EFFECTS: Final[Mapping[str, Effect]] = MappingProxyType(
    {
        "A01": _gain,
        "A02": _gain,
        "A03": _direct,
        "A04": _gain_negative,
        "A05": _skew,
        "A07": _entry,
        "A08": lambda p, s: s > p.timers.start_delay_s,
        "A09": _output_resistance,
        "A11": _low_compliance,
        "A12": _high_compliance,
        "A13": _low_load_gain,
        "A16": _shoot_through,
        "A18": _rise,
        "A19": _ringing,
        "A20": _capacitance,
        "A21": lambda p, ua: _plateau(p, ua / CREST),
        "A23": _mains,
        "A24": _coarse,
        "A25": lambda p, ppm: ppm * 1e-6 * SELF_HEATING_K > _share(p, "OUT-027", "amplitude"),
        "A26": _plateau,
        "T01": lambda p, ppm: ppm * 1e-6 > p.tolerance.repetition_rate.relative,
        "T03": _jitter,
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
        "P13": lambda p, factor: factor - 1.0 > _share(p, "FLT-026", "link_loss"),
        "B01": _late_cut_off,
        "B04": _battery,
        "B05": lambda p, factor: abs(factor - 1.0) > _share(p, "FLT-027", "battery"),
        "O01": lambda p, ua: ua > p.output.off_state_ua,
        "O02": lambda p, nf: (
            nf * 1e-3 * p.output.compliance_v > _upper(p, "FLT-028", "residual_charge")
        ),
        "O03": lambda p, ua: ua > _upper(p, "LKG-005", "patient_leakage"),
        "C02": lambda p, s: s > _upper(p, "FLT-027", "age"),
        "C06": lambda _p, stall_s: stall_s > 0.0,
        "I01": _events,
        "I03": lambda p, s: s < p.timers.session_s,
    }
)
