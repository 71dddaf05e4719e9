"""Reading a profile from its file, strictly; a profile that contradicts itself is refused."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, cast

from bench.errors import ProfileError
from bench.profile.lint import lint
from bench.profile.parts import (
    Boost,
    CurrentClass,
    Envelope,
    EnvelopeShape,
    Kind,
    Level,
    ModeStep,
    Output,
    Protection,
    Regulation,
    Sheet,
    TableRow,
    Timers,
    Tolerances,
    Waveform,
)
from bench.profile.profile import Profile, Provenance
from bench.profile.skin import DEFAULT_SKINS, SkinNetwork, skin_network
from bench.quantity import QuantityError, Tolerance
from bench.strict_toml import Table, read_toml

__all__ = ["load_profile", "profile_names", "profile_path"]

SHIPPED: Final = Path(__file__).with_name("profiles")
MARKS: Final = ("V", "V2", "R", "R?", "D", "P")
"""Verified, verified in a secondary source, recalled, recalled unsurely, derived, proposed."""

LEAST_CHANGE: Final = 1.2
"""Ratio of two rates that follow one another: nearer ones cannot be told from a clock that is off."""

DEFAULT_UNLOCK_KEY: Final = "MCB-TEST"
_DEFAULT_SOURCE: Final = "no source given"


def profile_names() -> tuple[str, ...]:
    """Return the names of the shipped profiles."""
    return tuple(sorted(path.stem for path in SHIPPED.glob("*.toml")))


def profile_path(name_or_file: str | Path) -> Path:
    """Return the file of a shipped profile, or the given file.

    Raises ProfileError where it is neither.
    """
    path = Path(name_or_file)
    if path.suffix == ".toml" or path.exists():
        return path
    shipped = profile_names()
    if str(name_or_file) in shipped:
        return SHIPPED / f"{name_or_file}.toml"
    near = difflib.get_close_matches(str(name_or_file), shipped, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise ProfileError(
        f"profile {str(name_or_file)!r}: expected a .toml file or one of {', '.join(shipped)}{hint}"
    )


def load_profile(name_or_file: str | Path) -> Profile:
    """Read and lint a profile by its name or file.

    Raises ProfileError, one line with file, line and key, for anything unknown, missing, of a
    wrong unit or in contradiction with the rest.
    """
    root = read_toml(profile_path(name_or_file), kind="profile", error=ProfileError)
    profile = _profile(root)
    root.finish()
    for finding in lint(profile):
        keys = (int(part) if part.isdigit() else part for part in finding.key.split("."))
        raise root.source.problem(finding.text, *keys)
    return profile


def _profile(root: Table) -> Profile:
    identity = root.table("profile")
    wave = _waveform(root.table("waveform"))
    output = _output(root.table("output"))
    profile = Profile(
        id=identity.text("id"),
        title=identity.text("title"),
        modelled_on=identity.text("modelled_on", ""),
        model=identity.text("model"),
        hardware=identity.text("hardware", ""),
        modes=identity.texts("modes", ("standard",)),
        mode_steps=_modes(root, identity.texts("modes", ("standard",))),
        unlock_key=identity.text("unlock_key", DEFAULT_UNLOCK_KEY),
        waveform=wave,
        output=output,
        sheet=_sheet(root.table("sheet", optional=True)),
        timers=_timers(root.table("timers")),
        protection=_protection(root.table("protection")),
        tolerance=_tolerances(root.table("tolerance")),
        provenance=_provenance(root),
        declared=_declared(root),
        sha256=root.source.sha256,
        path=cast("Path", root.source.path),
    )
    identity.finish()
    return profile


def _modes(root: Table, known: tuple[str, ...]) -> Mapping[str, tuple[ModeStep, ...]]:
    """Return what is declared of modes; the first, and any without a table, is as [waveform] says."""
    table = root.table("modes", optional=True)
    found: dict[str, tuple[ModeStep, ...]] = {}
    for name in table.names:
        if name not in known[1:]:
            raise table.problem(
                f"modes.{name}: expected one of profile.modes after the first "
                f"({', '.join(known[1:]) or 'there is none'}), found {name!r}",
                name,
            )
        found[name] = _mode(table.table(name), name)
    return MappingProxyType(found)


def _mode(table: Table, name: str) -> tuple[ModeStep, ...]:
    if "repetition_rate" in table:
        rate_hz = table.quantity("repetition_rate", "Hz", above=0)
        table.finish()
        return (ModeStep(rate_hz=rate_hz, duration_s=None),)
    steps: list[ModeStep] = []
    for row in table.tables("sequence"):
        steps.append(
            ModeStep(
                rate_hz=row.quantity("rate", "Hz", above=0),
                duration_s=row.quantity("duration", "s", above=0),
            )
        )
        row.finish()
    rates = [step.rate_hz for step in steps]
    if len(set(rates)) != len(rates) or len(rates) < 2:
        raise table.problem(
            f"modes.{name}.sequence: expected two steps or more, each with a rate of its own, "
            f"found {', '.join(f'{hz:g} Hz' for hz in rates) or 'none'}",
        )
    for before, after in zip(rates, rates[1:] + rates[:1], strict=True):
        if not max(before, after) / min(before, after) >= LEAST_CHANGE:
            raise table.problem(
                f"modes.{name}.sequence: expected rates that follow one another to differ by "
                f"{LEAST_CHANGE - 1.0:.0%} or more, found {before:g} Hz and {after:g} Hz",
            )
    table.finish()
    return tuple(steps)


def _waveform(table: Table) -> Waveform:
    kind = cast("Kind", table.choice("kind", ("alternating", "biphasic", "monophasic")))
    wave = Waveform(
        kind=kind,
        pulse_duration_s=table.quantity("pulse_duration", "s", above=0),
        repetition_rate_hz=table.quantity("repetition_rate", "Hz", above=0),
        inter_phase_gap_s=table.quantity("inter_phase_gap", "s", 0.0, minimum=0),
        pulses_per_train=table.integer("pulses_per_train", 1, minimum=1),
        train_gap_s=table.quantity("train_gap", "s", 0.0, minimum=0),
        symmetric=table.flag("symmetric", default=kind != "monophasic"),
        envelope=_envelope(table.table("envelope")) if "envelope" in table else None,
    )
    table.finish()
    return wave


def _envelope(table: Table) -> Envelope:
    envelope = Envelope(
        rate_hz=table.quantity("rate", "Hz", above=0),
        depth=table.quantity("depth", "1", above=0),
        shape=cast("EnvelopeShape", table.choice("shape", ("square", "sine"))),
    )
    table.finish()
    return envelope


def _output(table: Table) -> Output:
    regulation = cast("Regulation", table.choice("regulation", ("current", "voltage")))
    loads = table.quantities("loads", "ohm")
    if not loads or list(loads) != sorted(set(loads)) or loads[0] <= 0:
        raise table.problem("output.loads: expected ascending resistances above zero", "loads")
    source_ohm = table.optional("source_resistance", "ohm")
    current_class = cast(
        "CurrentClass", table.choice("current_class", ("microampere", "milliampere"), "microampere")
    )
    output = Output(
        regulation=regulation,
        current_class=current_class,
        levels=_levels(table, regulation, loads[0], source_ohm),
        indicator=table.flag("indicator", default=False),
        off_level=table.flag("off_level", default=False),
        loads_ohm=loads,
        table=tuple(_row(row) for row in table.tables("table")),
        source_ohm=source_ohm,
        compliance_v=table.quantity("compliance", "V", above=0),
        electrode_area_cm2=table.quantity("electrode_area", "cm2", above=0),
        ceiling_ua=table.quantity("ceiling", "uA", above=0),
        excursion_charge_nc=table.quantity("excursion_charge", "nC", above=0),
        excursion_duration_s=table.quantity("excursion_duration", "s", above=0),
        excursion_sum_uc=table.quantity("excursion_sum", "uC", above=0),
        off_state_ua=table.quantity("off_state", "uA", above=0),
        contact_sense_ua=table.quantity("contact_sense_peak", "uA", above=0),
        contact_sense_uc_per_s=table.quantity("contact_sense_charge", "uC/s", above=0),
        skin=_skin(table, current_class),
        blocking_uf=table.optional("blocking_capacitance", "uF"),
        boost=_boost(table.table("boost")) if "boost" in table else None,
    )
    table.finish()
    return output


def _skin(table: Table, current_class: CurrentClass) -> SkinNetwork:
    try:
        return skin_network(table.text("skin", DEFAULT_SKINS[current_class]))
    except QuantityError as error:
        raise table.problem(f"output.skin: {error}", "skin") from error


def _levels(
    table: Table, regulation: Regulation, smallest_load_ohm: float, source_ohm: float | None
) -> tuple[Level, ...]:
    """Return the driven levels; voltages are open-circuit, behind the source resistance."""
    unit = "uA" if regulation == "current" else "V"
    values = table.quantities("levels", unit)
    if not values or min(values) <= 0:
        raise table.problem(
            "output.levels: expected at least one level, each above zero; "
            "an off position is declared with off_level = true",
            "levels",
        )
    if regulation == "current":
        return tuple(Level(number=n, current_ua=ua) for n, ua in enumerate(values, start=1))
    if source_ohm is None:
        raise table.problem(
            "output.source_resistance: expected for voltage regulation, found none; "
            "add the source resistance behind which the levels are declared",
            "regulation",
        )
    return tuple(
        Level(number=n, current_ua=1e6 * volts / (smallest_load_ohm + source_ohm), voltage_v=volts)
        for n, volts in enumerate(values, start=1)
    )


def _boost(table: Table) -> Boost:
    boost = Boost(
        current_ua=table.quantity("current", "uA", above=0),
        duration_s=table.quantity("duration", "s", above=0),
    )
    table.finish()
    return boost


def _row(table: Table) -> TableRow:
    row = TableRow(
        load_ohm=table.quantity("load", "ohm", above=0),
        current_ua=table.quantity("current", "uA", above=0),
        voltage_mv=table.quantity("voltage", "mV", above=0),
    )
    table.finish()
    return row


def _sheet(table: Table) -> Sheet:
    sheet = Sheet(
        phase_charge_uc=table.optional("phase_charge", "uC"),
        net_charge_per_pulse_uc=table.optional("net_charge_per_pulse", "uC"),
        net_charge_per_cycle_uc=table.optional("net_charge_per_cycle", "uC"),
        rms_current_ua=table.optional("rms_current", "uA"),
        average_current_ua=table.optional("average_current", "uA"),
        duty=table.optional("duty", "1"),
        rms_current_density_ma_per_cm2=table.optional("rms_current_density", "mA/cm2"),
        power_density_w_per_cm2=table.optional("power_density", "W/cm2"),
        pulse_energy_uj=table.optional("pulse_energy", "uJ"),
    )
    table.finish()
    return sheet


def _timers(table: Table) -> Timers:
    timers = Timers(
        session_s=table.quantity("session", "s", above=0),
        ramp_s=table.quantity("ramp", "s", minimum=0),
        start_delay_s=table.quantity("start_delay", "s", above=0),
        stop_s=table.quantity("stop", "s", above=0),
        stop_ramp_s=table.quantity("stop_ramp", "s", 0.0, minimum=0),
        contact_loss_s=table.quantity("contact_loss", "s", above=0),
        contact_debounce_s=table.quantity("contact_debounce", "s", minimum=0),
        charge_s=table.quantity("charge", "s", above=0),
        resume_window_s=table.quantity("resume_window", "s", minimum=0),
        watchdog_s=table.quantity("watchdog", "s", above=0),
        link_timeout_s=table.optional("link_timeout", "s"),
    )
    table.finish()
    return timers


def _protection(table: Table) -> Protection:
    protection = Protection(
        overcurrent_ua=table.quantity("overcurrent", "uA", above=0),
        overcurrent_s=table.quantity("overcurrent_time", "s", above=0),
        overcurrent_hardware_s=table.quantity("overcurrent_hardware_time", "s", above=0),
        overcurrent_firmware_s=table.quantity("overcurrent_firmware_time", "s", above=0),
        fault_current_ua=table.quantity("fault_current", "uA", above=0),
        fault_charge_uc=table.quantity("fault_charge", "uC", above=0),
        contact_on_ohm=table.quantity("contact_on", "ohm", above=0),
        contact_off_ohm=table.quantity("contact_off", "ohm", above=0),
        dc_threshold_ua=table.quantity("dc_threshold", "uA", above=0),
        dc_window_s=table.quantity("dc_window", "s", above=0),
        dc_limit_ua=table.optional("dc_second_limiter", "uA"),
        over_temperature_c=table.quantity("over_temperature", "degC"),
        battery_nominal_v=table.quantity("battery_nominal", "V", above=0),
        battery_low_v=table.quantity("battery_low", "V", above=0),
        battery_cutoff_v=table.quantity("battery_cutoff", "V", above=0),
        charge_inhibit=table.flag("charge_inhibit"),
        layers=table.texts("layers", ()),
        injections=table.texts("injections", ()),
    )
    table.finish()
    return protection


def _tolerances(table: Table) -> Tolerances:
    tolerances = Tolerances(
        amplitude=table.tolerance("amplitude", "uA"),
        pulse_duration=table.tolerance("pulse_duration", "us"),
        repetition_rate=table.tolerance("repetition_rate", "Hz"),
        load_regulation=table.tolerance("load_regulation", "uA"),
        symmetry=table.tolerance("symmetry", "uA", Tolerance()),
        dc=table.tolerance("dc", "uA"),
        phase_charge=table.tolerance("phase_charge", "uC"),
        net_charge_per_pulse=table.tolerance("net_charge_per_pulse", "uA"),
        net_charge_per_cycle=table.tolerance("net_charge_per_cycle", "uA", Tolerance()),
        overcurrent=table.tolerance("overcurrent", "uA"),
        session=table.tolerance("session", "s"),
        ramp=table.tolerance("ramp", "s"),
        compliance=table.tolerance("compliance", "V"),
        contact=table.tolerance("contact", "ohm"),
    )
    table.finish()
    return tolerances


_DECLARING: Final = ("waveform", "modes", "output", "sheet", "timers", "protection", "tolerance")


def _declared(root: Table) -> Mapping[str, str]:
    """Return every declared figure as written, by its dotted key."""
    found: dict[str, str] = {}
    for name in _DECLARING:
        _collect(name, root.data.get(name, {}), found)
    return MappingProxyType(found)


def _collect(key: str, value: Any, found: dict[str, str]) -> None:
    if isinstance(value, dict):
        for name, inner in cast("dict[str, Any]", value).items():
            _collect(f"{key}.{name}", inner, found)
    elif isinstance(value, list):
        found[key] = ", ".join(_plain(item) for item in cast("list[Any]", value))
    else:
        found[key] = _plain(value)


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        inner = cast("dict[str, Any]", value)
        return " / ".join(str(item) for item in inner.values())
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _provenance(root: Table) -> Mapping[str, Provenance]:
    """Return the provenance of every declared figure.

    An entry ``"output" = "P: why"`` speaks for everything below ``output`` that has no entry of
    its own; ``"*"`` for the rest. A figure without any is recorded as proposed, source unknown.
    """
    table = root.table("provenance", optional=True)
    entries = {key: _mark(table, key) for key in table.names}
    declared = _declared(root)
    for key in entries:
        if key != "*" and not any(f"{name}.".startswith(f"{key}.") for name in declared):
            near = difflib.get_close_matches(key, list(declared), n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise table.problem(f"provenance: nothing declared under {key!r}{hint}", key)
    return MappingProxyType({key: _nearest_entry(key, entries) for key in declared})


def _mark(table: Table, key: str) -> Provenance:
    mark, _, source = table.text(key).partition(":")
    if mark.strip() not in MARKS:
        raise table.problem(
            f"provenance.{key}: expected '<mark>: <source>' with a mark of {', '.join(MARKS)}, "
            f"found {table.text(key)!r}",
            key,
        )
    return Provenance(mark=mark.strip(), source=source.strip() or _DEFAULT_SOURCE)


def _nearest_entry(key: str, entries: Mapping[str, Provenance]) -> Provenance:
    parts = key.split(".")
    for length in range(len(parts), 0, -1):
        entry = entries.get(".".join(parts[:length]))
        if entry is not None:
            return entry
    return entries.get("*", Provenance(mark="P", source=_DEFAULT_SOURCE))
