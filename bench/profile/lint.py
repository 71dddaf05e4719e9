"""Contradictions inside a profile: what is declared twice must agree, what bounds must bound.

Source: formulae of the declared sheet, FDA-PMS-1999 Att. II s.3, at the highest level.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from bench.profile.declaration import Declaration
from bench.profile.parts import TableRow
from bench.quantity import written

__all__ = ["Finding", "lint", "table_inconsistency_pct"]

ROUNDING: Final = 0.01
"""Declared figures agree within 1 %: three significant digits, rounded at the worst place."""

CLASS_CEILING_UA: Final = {"microampere": 1000.0, "milliampere": 100_000.0}
"""Microcurrent: 1 mA at most. Source: scope of this bench, 10 to 1000 µA; 100 mA for stimulators is the
largest current that its fixture of docs/laboratory.md carries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One contradiction at a declared key."""

    key: str
    text: str


def lint(profile: Declaration) -> tuple[Finding, ...]:
    """Return every contradiction of a profile; none where it is consistent."""
    return tuple(finding for check in _CHECKS for finding in check(profile))


def table_inconsistency_pct(profile: Declaration) -> float:
    """Return the largest |V - I R| / V of the declared table, in percent (OUT-003)."""
    return max((100.0 * _inconsistency(row) for row in profile.output.table), default=0.0)


def _inconsistency(row: TableRow) -> float:
    return abs(row.voltage_mv - row.current_ua * row.load_ohm / 1e3) / row.voltage_mv


def _differ(declared: float, computed: float) -> bool:
    return abs(declared - computed) > ROUNDING * max(abs(declared), abs(computed))


def _says(key: str, *, expected: str, found: str, remedy: str) -> Finding:
    return Finding(key=key, text=f"{key}: expected {expected}, found {found}; {remedy}")


def _table(profile: Declaration) -> Iterator[Finding]:
    for index, row in enumerate(profile.output.table):
        key = f"output.table.{index}"
        load = written(row.load_ohm, "ohm")
        if _inconsistency(row) > ROUNDING:
            yield _says(
                f"{key}.voltage",
                expected=f"V = I R = {written(row.current_ua * row.load_ohm / 1e3, 'mV')} at {load}",
                found=written(row.voltage_mv, "mV"),
                remedy="correct the voltage, the current or the load",
            )
        if row.load_ohm not in profile.loads_ohm:
            yield _says(
                f"{key}.load",
                expected="one of output.loads",
                found=load,
                remedy="add the load to output.loads or remove the row",
            )
        computed_ua = profile.current_ua(profile.highest_level, row.load_ohm)
        if _differ(row.current_ua, computed_ua):
            yield _says(
                f"{key}.current",
                expected=f"{written(round(computed_ua, 2), 'uA')} of the highest level at {load}",
                found=written(row.current_ua, "uA"),
                remedy="correct the row or output.levels",
            )
    missing = [
        ohm for ohm in profile.loads_ohm if ohm not in {r.load_ohm for r in profile.output.table}
    ]
    if missing:
        yield _says(
            "output.table",
            expected="a row for each of output.loads",
            found=f"none for {', '.join(written(ohm, 'ohm') for ohm in missing)}",
            remedy="add [[output.table]] with load, current and voltage",
        )


def _sheet(profile: Declaration) -> Iterator[Finding]:
    top, load = profile.highest_level, profile.loads_ohm[0]
    sheet, area = profile.sheet, profile.output.electrode_area_cm2
    rms_ua = profile.rms_current_ua(top, load)
    watts = (rms_ua * 1e-6) ** 2 * load
    pulse_s = profile.waveform.on_time_per_pulse_s
    rows: Sequence[tuple[str, float | None, float, str, str]] = (
        ("phase_charge", sheet.phase_charge_uc, profile.phase_charge_uc(top, load),
         "uC", "current x pulse duration"),
        ("net_charge_per_pulse", sheet.net_charge_per_pulse_uc,
         profile.net_charge_per_pulse_uc(top, load), "uC", "the sum of the phases' charges"),
        ("net_charge_per_cycle", sheet.net_charge_per_cycle_uc,
         _net_charge_per_cycle_uc(profile), "uC", "the sum over one polarity cycle"),
        ("rms_current", sheet.rms_current_ua, rms_ua, "uA", "current x square root of duty"),
        ("average_current", sheet.average_current_ua, profile.average_current_ua(top, load),
         "uA", "current x duty"),
        ("duty", sheet.duty, profile.waveform.duty, "1", "driven time / total time"),
        ("rms_current_density", sheet.rms_current_density_ma_per_cm2, rms_ua / 1e3 / area,
         "mA/cm2", "r.m.s. current / electrode area"),
        ("power_density", sheet.power_density_w_per_cm2, watts / area,
         "W/cm2", "r.m.s. current squared x load / electrode area"),
        ("pulse_energy", sheet.pulse_energy_uj,
         1e6 * (profile.current_ua(top, load) * 1e-6) ** 2 * load * pulse_s,
         "uJ", "current squared x load x pulse duration"),
    )  # fmt: skip
    for name, declared, computed, unit, formula in rows:
        if declared is not None and _differ(declared, computed):
            yield _says(
                f"sheet.{name}",
                expected=f"{written(float(f'{computed:.4g}'), unit)} ({formula} at {load:g} ohm)",
                found=written(declared, unit),
                remedy="correct it or what it follows from",
            )


def _net_charge_per_cycle_uc(profile: Declaration) -> float:
    if profile.waveform.kind == "monophasic":
        return profile.net_charge_per_pulse_uc(profile.highest_level, profile.loads_ohm[0])
    return 0.0


def _waveform(profile: Declaration) -> Iterator[Finding]:
    wave = profile.waveform
    driven_s = wave.pulse_extent_s
    if driven_s > wave.pulse_period_s:
        yield _says(
            "waveform.pulse_duration",
            expected=f"at most the pulse period of {written(1e3 * wave.pulse_period_s, 'ms')}",
            found=f"{written(1e3 * driven_s, 'ms')} per pulse (duty {driven_s / wave.pulse_period_s:.3g})",
            remedy="shorten the pulse or lower the repetition rate",
        )
    if wave.symmetric and wave.kind == "monophasic":
        yield _says(
            "waveform.symmetric",
            expected="false for a monophasic waveform, whose net charge is not zero",
            found="true",
            remedy="set symmetric = false",
        )
    if wave.envelope is not None and wave.envelope.depth > 1:
        yield _says(
            "waveform.envelope.depth",
            expected="at most 100 %",
            found=written(100 * wave.envelope.depth, "%"),
            remedy="correct the depth",
        )


def _levels(profile: Declaration) -> Iterator[Finding]:
    output = profile.output
    currents = [level.current_ua for level in output.levels]
    if any(after <= before for before, after in pairwise(currents)):
        yield _says(
            "output.levels",
            expected="ascending levels",
            found=", ".join(written(round(ua, 2), "uA") for ua in currents),
            remedy="sort them; level 1 is the lowest",
        )
    class_ua = CLASS_CEILING_UA[output.current_class]
    if output.ceiling_ua > class_ua:
        yield _says(
            "output.ceiling",
            expected=f"at most {written(class_ua, 'uA')}, the class of {output.current_class} devices",
            found=written(output.ceiling_ua, "uA"),
            remedy='lower it, or declare output.current_class = "milliampere"',
        )
    if max(currents) > output.ceiling_ua:
        yield _says(
            "output.levels",
            expected=f"at most output.ceiling = {written(output.ceiling_ua, 'uA')}",
            found=written(round(max(currents), 2), "uA"),
            remedy="lower the level or raise the ceiling",
        )
    yield from _compliance(profile)
    yield from _boost(profile)


def _boost(profile: Declaration) -> Iterator[Finding]:
    boost = profile.output.boost
    if boost is None:
        return
    highest_ua = profile.level(profile.highest_level).current_ua
    most_ua = min(profile.output.ceiling_ua, profile.protection.overcurrent_ua)
    if not highest_ua < boost.current_ua < most_ua:
        yield _says(
            "output.boost.current",
            expected=f"between the highest level of {written(highest_ua, 'uA')} and the ceiling "
            f"or the overcurrent threshold, {written(most_ua, 'uA')}",
            found=written(boost.current_ua, "uA"),
            remedy="correct the boost, the ceiling or the threshold",
        )


def _compliance(profile: Declaration) -> Iterator[Finding]:
    output, largest = profile.output, profile.loads_ohm[-1]
    top = profile.level(profile.highest_level)
    needed_v = top.voltage_v or top.current_ua * 1e-6 * largest
    what = "the open-circuit voltage" if top.voltage_v else f"I R at {written(largest, 'ohm')}"
    if output.compliance_v < needed_v * (1 - 1e-9):
        yield _says(
            "output.compliance",
            expected=f"at least {written(needed_v, 'V')}, {what} of the highest level",
            found=written(output.compliance_v, "V"),
            remedy="raise the compliance, or drop the level or the load",
        )


def _protection(profile: Declaration) -> Iterator[Finding]:
    protection, wave, tolerance = profile.protection, profile.waveform, profile.tolerance
    top, load = profile.highest_level, profile.loads_ohm[0]
    highest_ua = profile.current_ua(top, load)
    bounds: Sequence[tuple[str, float, float, str, str]] = (
        ("protection.overcurrent", protection.overcurrent_ua,
         highest_ua + tolerance.amplitude.half_width(highest_ua),
         "uA", "the highest level with its tolerance"),
        ("protection.fault_current", protection.fault_current_ua, protection.overcurrent_ua,
         "uA", "protection.overcurrent"),
        ("protection.dc_window", protection.dc_window_s, 2 * wave.half_cycle_s,
         "s", "two half-cycles of the polarity"),
        ("protection.dc_threshold", protection.dc_threshold_ua,
         profile.dc_ua(top, load) + tolerance.dc.half_width(profile.dc_ua(top, load)),
         "uA", "the declared d.c. component with its tolerance"),
        ("protection.contact_off", protection.contact_off_ohm, protection.contact_on_ohm,
         "ohm", "protection.contact_on"),
        ("protection.contact_on", protection.contact_on_ohm, profile.loads_ohm[-1],
         "ohm", "the largest declared load"),
        ("protection.battery_low", protection.battery_low_v, protection.battery_cutoff_v,
         "V", "protection.battery_cutoff"),
        ("protection.battery_nominal", protection.battery_nominal_v, protection.battery_low_v,
         "V", "protection.battery_low"),
        ("timers.session", profile.timers.session_s, profile.timers.ramp_s,
         "s", "timers.ramp"),
        ("timers.stop", profile.timers.stop_s, profile.timers.stop_ramp_s,
         "s", "timers.stop_ramp"),
        ("timers.contact_loss", profile.timers.contact_loss_s, profile.timers.contact_debounce_s,
         "s", "timers.contact_debounce"),
    )  # fmt: skip
    for key, found, least, unit, what in bounds:
        if found < least * (1 - 1e-9):
            yield _says(
                key,
                expected=f"at least {written(least, unit)}, {what}",
                found=written(found, unit),
                remedy="correct one of the two",
            )


def _tolerances(profile: Declaration) -> Iterator[Finding]:
    tolerance, wave = profile.tolerance.by_name, profile.waveform
    needed = {
        "amplitude": True,
        "pulse_duration": True,
        "repetition_rate": True,
        "load_regulation": True,
        "dc": True,
        "net_charge_per_pulse": True,
        "session": True,
        "symmetry": wave.symmetric,
        "net_charge_per_cycle": wave.kind != "monophasic",
    }
    for name, wanted in needed.items():
        declared = tolerance[name]
        if wanted and declared.half_width(1.0) <= 0:
            yield _says(
                f"tolerance.{name}",
                expected="a tolerance above zero",
                found=str(declared),
                remedy="declare it, e.g. '±5 %, at least 2 uA'",
            )


_CHECKS: Final[tuple[Callable[[Declaration], Iterator[Finding]], ...]] = (
    _waveform,
    _levels,
    _table,
    _sheet,
    _protection,
    _tolerances,
)
