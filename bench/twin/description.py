"""The unit description: the JSON from which a simulated unit is built, read strictly."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, cast

__all__ = [
    "BoostDescription",
    "DescriptionError",
    "Envelope",
    "FaultEntry",
    "FirmwareSettings",
    "InstrumentNames",
    "ModeDescription",
    "OutputDescription",
    "SkinDescription",
    "SkinSection",
    "UnitDescription",
    "WaveformDescription",
]

SCHEMA = 1
MOST_SECTIONS = 6
"""Of the network in place of skin."""


class DescriptionError(ValueError):
    """A unit description cannot be built; names the key, what was expected and what was found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Slow modulation of the pulses' amplitude; ``depth`` 1 takes it down to zero."""

    rate_hz: float
    depth: float
    shape: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeDescription:
    """One mode: repetition rates that follow one another; a single one lasts for ever."""

    rates_hz: tuple[float, ...]
    """At least one."""
    durations_s: tuple[float, ...] = ()

    @property
    def steady(self) -> bool:
        """Whether one rate lasts for ever."""
        return len(self.rates_hz) == 1


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveformDescription:
    """The pulses as the firmware makes them."""

    kind: str
    pulse_duration_s: float
    repetition_rate_hz: float
    inter_phase_gap_s: float = 0.0
    pulses_per_train: int = 1
    train_gap_s: float = 0.0
    envelope: Envelope | None = None
    modes: tuple[ModeDescription, ...] = ()
    """In the order of the firmware's modes; empty where all are as the rate above."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoostDescription:
    """A temporary higher output that the user asks for."""

    current_ua: float
    duration_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputDescription:
    """What the output stage regulates, and its levels."""

    regulation: str
    compliance_v: float
    levels_ua: tuple[float, ...] = ()
    levels_v: tuple[float, ...] = ()
    source_ohm: float | None = None
    blocking_uf: float | None = None
    """A capacitor in series with the output, where there is one."""
    boost: BoostDescription | None = None
    second_dc_ua: float | None = None
    """Where a limiter of direct current stands beside the firmware's, what it lets pass."""

    def table_ua(self) -> tuple[float, ...]:
        """Return the levels as short-circuit current, microamperes."""
        if self.regulation == "current":
            return self.levels_ua
        return tuple(volts / (self.source_ohm or 1.0) * 1e6 for volts in self.levels_v)


@dataclass(frozen=True, slots=True, kw_only=True)
class SkinSection:
    """A resistance with a capacitance across it."""

    ohm: float
    farad: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SkinDescription:
    """The fixture's network in place of skin: a resistance, then sections in series."""

    series_ohm: float = 1e3
    sections: tuple[SkinSection, ...] = (SkinSection(ohm=20e3, farad=100e-9),)


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmwareSettings:
    """What the firmware was configured with at the factory."""

    session_s: float
    ramp_s: float
    stop_ramp_s: float
    resume_window_s: float
    contact_on_ohm: float
    contact_off_ohm: float
    contact_debounce_s: float
    overcurrent_ua: float
    dc_threshold_ua: float
    dc_window_s: float
    watchdog_s: float
    battery_low_v: float
    battery_cutoff_v: float
    over_temperature_c: float
    charge_inhibit: bool
    link_timeout_s: float | None = None
    modes: tuple[str, ...] = ("standard",)


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultEntry:
    """One fault to fit: an id of ours or ``path/file.py:Class``; severity low, middle or high."""

    spec: str
    severity: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentNames:
    """Which family stands in each role of the laboratory (``bench/twin/dialects.py``)."""

    scope: str = "keysight-3000x"
    dmm: str = "keysight-34465a"
    switch: str = "keysight-daq970a"
    supply: str = "keysight-e36312a"
    generator: str = "keysight-33511b"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitDescription:
    """Everything that makes one simulated unit."""

    schema: int
    model: str
    serial: str
    hardware: str
    firmware: str
    seed: int
    waveform: WaveformDescription
    output: OutputDescription
    firmware_settings: FirmwareSettings
    build: str = ""
    udi: str = ""
    unlock_key: str = "MCB-TEST"
    faults: tuple[FaultEntry, ...] = ()
    bench_faults: tuple[str, ...] = ()
    skin: SkinDescription = SkinDescription()
    instruments: InstrumentNames = InstrumentNames()
    transports: tuple[str, ...] = ()
    """How an instrument is reached, ``role=transport``."""
    fixture: str = "microampere"
    """Of what order the currents are that the fixture was built for."""

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> UnitDescription:
        """Read the JSON object; raises DescriptionError for anything unknown, missing or wrong."""
        description = cast("UnitDescription", _read(cls, raw, "unit description"))
        _check(description)
        return description


_NESTED: dict[str, type] = {
    "WaveformDescription": WaveformDescription,
    "OutputDescription": OutputDescription,
    "FirmwareSettings": FirmwareSettings,
    "InstrumentNames": InstrumentNames,
    "SkinDescription": SkinDescription,
    "Envelope": Envelope,
    "Envelope | None": Envelope,
    "BoostDescription | None": BoostDescription,
}


_LISTED: dict[str, type] = {
    "FaultEntry": FaultEntry,
    "ModeDescription": ModeDescription,
    "SkinSection": SkinSection,
}


def _read(kind: type, raw: object, where: str) -> object:
    if not isinstance(raw, Mapping):
        raise DescriptionError(f"{where}: expected an object, found {type(raw).__name__}")
    given = cast("Mapping[str, object]", raw)
    known = {field.name: field for field in fields(kind)}
    for key in given:
        if key not in known:
            raise DescriptionError(f"{where}: unknown key {key!r}{_nearest(key, list(known))}")
    values: dict[str, object] = {}
    for name, field in known.items():
        if name in given:
            values[name] = _convert(str(field.type), given[name], f"{where}.{name}")
        elif field.default is MISSING:
            raise DescriptionError(f"{where}: key {name!r} is missing")
    return kind(**values)


def _nearest(key: str, known: list[str]) -> str:
    near = difflib.get_close_matches(key, known, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(known)}"


def _convert(declared: str, raw: object, where: str) -> object:
    if declared.endswith("| None") and raw is None:
        return None
    if declared in _NESTED:
        return _read(_NESTED[declared], raw, where)
    if declared.startswith("tuple["):
        return _sequence(declared, raw, where)
    return _scalar(declared.removesuffix(" | None"), raw, where)


def _sequence(declared: str, raw: object, where: str) -> tuple[object, ...]:
    if raw is None:
        return ()
    if not isinstance(raw, (list, tuple)):
        raise DescriptionError(f"{where}: expected a list, found {type(raw).__name__}")
    items = list(cast("list[object]", raw))
    inner = declared.removeprefix("tuple[").removesuffix(", ...]")
    kind = _LISTED.get(inner)
    if kind is not None:
        return tuple(_read(kind, item, f"{where}[{k}]") for k, item in enumerate(items))
    return tuple(_scalar(inner, item, f"{where}[{k}]") for k, item in enumerate(items))


def _scalar(declared: str, raw: object, where: str) -> object:
    number = isinstance(raw, (int, float)) and not isinstance(raw, bool)
    if declared == "float" and number:
        return float(cast("float", raw))
    if declared == "int" and number and float(cast("float", raw)).is_integer():
        return int(cast("float", raw))
    if declared == "str" and isinstance(raw, str):
        return raw
    if declared == "bool" and isinstance(raw, bool):
        return raw
    raise DescriptionError(f"{where}: expected {declared}, found {raw!r}")


def _check(unit: UnitDescription) -> None:
    wave, output = unit.waveform, unit.output
    _demand(unit.schema == SCHEMA, f"schema: expected {SCHEMA}, found {unit.schema}")
    _one_of("waveform.kind", wave.kind, ("alternating", "biphasic", "monophasic"))
    _one_of("output.regulation", output.regulation, ("current", "voltage"))
    if wave.envelope is not None:
        _one_of("waveform.envelope.shape", wave.envelope.shape, ("square", "sine"))
    phases = 2 if wave.kind == "biphasic" else 1
    driven_s = phases * wave.pulse_duration_s + (phases - 1) * wave.inter_phase_gap_s
    _demand(wave.pulse_duration_s > 0, "waveform.pulse_duration_s: expected more than zero")
    _demand(wave.repetition_rate_hz > 0, "waveform.repetition_rate_hz: expected more than zero")
    _demand(
        driven_s * wave.repetition_rate_hz < 1.0,
        f"waveform: {driven_s:g} s driven do not fit a pulse period of "
        f"{1.0 / wave.repetition_rate_hz:g} s",
    )
    for k, mode in enumerate(wave.modes):
        fits = len(mode.rates_hz) == 1 or len(mode.rates_hz) == len(mode.durations_s)
        _demand(
            bool(mode.rates_hz) and fits and min(mode.rates_hz) > 0,
            f"waveform.modes[{k}]: expected a rate, or several with a duration each",
        )
    _one_of("fixture", unit.fixture, ("microampere", "milliampere"))
    _demand(wave.pulses_per_train >= 1, "waveform.pulses_per_train: expected at least 1")
    key = "levels_ua" if output.regulation == "current" else "levels_v"
    _demand(bool(getattr(output, key)), f"output.{key}: expected at least one level, found none")
    if output.regulation == "voltage":
        _demand(
            output.source_ohm is not None and output.source_ohm > 0,
            f"output.source_ohm: expected ohms for a voltage output, found {output.source_ohm}",
        )
    _demand(output.compliance_v > 0, "output.compliance_v: expected more than zero")
    values = [
        unit.skin.series_ohm,
        *(v for one in unit.skin.sections for v in (one.ohm, one.farad)),
    ]
    _demand(
        1 <= len(unit.skin.sections) <= MOST_SECTIONS and min(values) > 0,
        f"skin: expected 1 to {MOST_SECTIONS} sections, every value more than zero",
    )


def _one_of(where: str, found: str, known: tuple[str, ...]) -> None:
    _demand(found in known, f"{where}: expected one of {', '.join(known)}, found {found!r}")


def _demand(condition: bool, message: str) -> None:
    if not condition:
        raise DescriptionError(f"unit description: {message}")
