"""The station file: what stands on the bench, how it is wired, and by which rules it judges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal, cast

from bench.judge import Rule
from bench.profile import DEFAULT_SKINS, SkinNetwork, skin_network
from bench.quantity import QuantityError
from bench.station.corrections import Correction
from bench.station.equipment import (
    DeviceEntry,
    InstrumentEntry,
    LoadEntry,
    ReferenceEntry,
    ScopeChannel,
    ScopeChannels,
    ShuntEntry,
    SupplyOutputs,
)
from bench.station.fixture import DRY_LOADS_OHM, LEAD_LOOP, LEAKAGE_RELAYS
from bench.station.settings import Setting, resolve
from bench.strict_toml import Table, read_toml

__all__ = [
    "OPTIONAL_RELAYS",
    "OPTIONAL_ROLES",
    "RELAYS",
    "ROLES",
    "CalibrationPolicy",
    "InstrumentEntry",
    "LoadEntry",
    "Setting",
    "Station",
    "load_station",
    "local_day",
    "overdue",
    "resolve",
]

CalibrationPolicy = Literal["block", "mark"]
"""What an overdue calibration does: no run, or a run whose report says so."""

ROLES: Final = ("scope", "dmm", "switch", "supply")
OPTIONAL_ROLES: Final = ("generator",)
"""A station may lack these: what needs them is then NOT TESTED."""

RELAYS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "load_500": 101,
        "load_2k": 102,
        "load_10k": 103,
        "load_skin": 104,
        "load_rc": 105,
        "load_short": 106,
        "contact": 107,
        "device": 108,
        "reference": 109,
        "reverse": 110,
        "check_voltage": 111,
        "measuring_device": 112,
        "charger": 113,
        "battery": 114,
        "dmm_shunt": 115,
        "dmm_electrode": 116,
        "sync_link": 117,
        "dmm_measuring_device": 118,
        "dmm_battery": 119,
        "load_open": 120,
        **{name: 201 + k for k, name in enumerate(DRY_LOADS_OHM)},
        LEAD_LOOP: 207,
        **{name: 208 + k for k, name in enumerate(LEAKAGE_RELAYS)},
    }
)
"""Relay names, with the channels of the simulated laboratory. Source: docs/laboratory.md."""

OPTIONAL_RELAYS: Final = frozenset({*DRY_LOADS_OHM, LEAD_LOOP, *LEAKAGE_RELAYS})
"""A station may lack these: what needs them is then NOT TESTED."""

DEFAULT_TIMEOUT_S: Final = 5.0
_SETTINGS: Final = ("profile", "requirements", "operator", "out")
"""Settings that a station file may give, below the command line and the environment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """A station as its file describes it."""

    name: str
    simulated: bool
    path: Path | None
    sha256: str
    instruments: Mapping[str, InstrumentEntry]
    scope_channels: ScopeChannels
    relays: Mapping[str, int]
    loads: tuple[LoadEntry, ...]
    shunt: ShuntEntry
    skin: SkinNetwork
    """What the fixture has in place of skin, behind ``load_skin``."""
    reference: ReferenceEntry
    supply_outputs: SupplyOutputs
    device: DeviceEntry
    clock: str | None
    """Address of the virtual clock; None on hardware."""
    rules: Mapping[str, Rule]
    """Decision rules by requirement id, group or the rule that they replace."""
    calibration_policy: CalibrationPolicy
    environment: Mapping[str, str]
    runs_folder: str
    """Folder of the run folders, where no ``out`` says otherwise."""
    laboratory: str
    address: str
    settings: Mapping[str, str]
    """What the file says of profile, operator, out and the store; see :func:`bench.station.settings.resolve`."""

    @property
    def operator(self) -> str:
        """Who operates the station, as the file says."""
        return self.settings.get("operator", "")

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where a run of this station reaches something that no other run may use meanwhile."""
        return (*(entry.resource for entry in self.instruments.values()), self.device.url)

    def calibrated(self, role: str, on: date | None = None) -> bool:
        """Return whether an instrument's calibration is in force on a day (today by default).

        Without a due date an instrument of a real station is not calibrated: nothing shows that
        it ever was. A simulated one needs none.
        """
        due = self.instruments[role].calibration_due
        return self.simulated if due is None else due >= (on or local_day())

    def calibration_status(self, role: str, on: date | None = None) -> str:
        """Return an instrument's calibration status in words for a day (today by default)."""
        entry = self.instruments[role]
        if entry.calibration_due is None:
            return "simulated, nothing to calibrate" if self.simulated else "no due date given"
        late = entry.calibration_due < (on or local_day())
        certificate = f", certificate {entry.calibration_certificate}"
        status = "overdue since" if late else "valid until"
        named = certificate if entry.calibration_certificate else ""
        return f"{status} {entry.calibration_due.isoformat()}{named}"


def overdue(station: Station, on: date) -> tuple[str, ...]:
    """Return a line for each instrument whose calibration was due before ``on``."""
    lines: list[str] = []
    for role, entry in station.instruments.items():
        if not station.calibrated(role, on):
            who = f"{role} {entry.model} {entry.serial}".strip()
            due = entry.calibration_due
            lines.append(f"{who} was due on {due}" if due else f"{who} has no calibration_due")
    return tuple(lines)


def load_station(path: Path) -> Station:
    """Read a station file.

    Raises ConfigurationError, one line with file, line and key, for anything unknown, missing, of
    a wrong type or of a wrong unit.
    """
    root = read_toml(path, kind="station file")
    head = root.table("station")
    simulation = root.table("simulation", optional=True)
    clock = simulation.text("clock") if "simulation" in root else None
    scope = root.table("scope")
    relays = _relays(root.table("relays"))
    station = Station(
        name=head.text("name"),
        simulated=clock is not None,
        path=path,
        sha256=root.source.sha256,
        instruments=_instruments(root.table("instruments"), simulated=clock is not None),
        scope_channels=_channels(scope.table("channels")),
        relays=relays,
        loads=_loads(root.table("loads"), relays),
        shunt=_shunt(root.table("shunt")),
        skin=_skin(root.table("skin", optional=True)),
        reference=_reference(root.table("reference")),
        supply_outputs=_outputs(root.table("supply")),
        device=_device(root.table("device")),
        clock=clock,
        rules=_rules(root.table("rules", optional=True)),
        calibration_policy=_policy(root.table("calibration", optional=True)),
        environment=_free_texts(root.table("environment", optional=True)),
        runs_folder=head.text("store", "runs"),
        laboratory=head.text("laboratory", ""),
        address=head.text("address", ""),
        settings=MappingProxyType(
            {
                **{name: head.text(name) for name in _SETTINGS if name in head},
                **_store(root.table("store", optional=True)),
            }
        ),
    )
    head.finish()
    simulation.finish()
    scope.finish()
    root.finish()
    return station


def local_day() -> date:
    """Return today where the bench stands: due dates are calendar days of the place."""
    return datetime.now().astimezone().date()


def _instruments(table: Table, *, simulated: bool) -> Mapping[str, InstrumentEntry]:
    roles = (*ROLES, *(role for role in OPTIONAL_ROLES if role in table))
    entries = {role: _instrument(table.table(role), role, simulated=simulated) for role in roles}
    table.finish()
    return MappingProxyType(entries)


def _instrument(table: Table, role: str, *, simulated: bool) -> InstrumentEntry:
    entry = InstrumentEntry(
        role=role,
        resource=table.text("resource"),
        model=table.text("model", *([""] if simulated else [])),
        serial=table.text("serial", ""),
        calibration_due=table.day("calibration_due", None),
        calibration_certificate=table.text("calibration_certificate", ""),
        timeout_s=table.quantity("timeout", "s", DEFAULT_TIMEOUT_S, above=0),
        corrections=_corrections(table.table("corrections", optional=True), role),
    )
    table.finish()
    return entry


def _corrections(table: Table, role: str) -> tuple[Correction, ...]:
    """Read the corrections of a certificate, one table for each range, named by its full scale."""
    if table.names and role != "dmm":
        raise table.problem(
            f"{table.dotted()}: expected corrections of the multimeter only, found some of the "
            f"{role}; scope ranges are transferred from the multimeter at every session"
        )
    return tuple(_correction(table.table(name), name) for name in table.names)


def _correction(table: Table, name: str) -> Correction:
    unit = "ohm" if name.endswith("ohm") else "V"
    gain = table.stated("gain", "ppm")
    offset = table.stated("offset", unit)
    if gain.half_width <= 0:
        raise table.problem(
            f"{table.dotted('gain')}: expected a correction with its uncertainty, such as "
            f"'20 ppm ± 8 ppm', found {table.data.get('gain')!r}",
            "gain",
        )
    table.finish()
    return Correction(
        unit=unit,
        full_scale=table.parse("range", name, unit),
        gain=gain.value * 1e-6,
        gain_expanded=gain.half_width * 1e-6,
        offset=offset.value,
        offset_expanded=offset.half_width,
    )


def _channels(table: Table) -> ScopeChannels:
    channels = ScopeChannels(
        amplitude=_current_channel(table.table("amplitude")),
        transient=_current_channel(table.table("transient")),
        electrode=_voltage_channel(table.table("electrode")),
        sync=_voltage_channel(table.table("sync")),
    )
    table.finish()
    taken: dict[int, str] = {}
    for name in ("amplitude", "transient", "electrode", "sync"):
        number = cast("ScopeChannel", getattr(channels, name)).channel
        if number in taken:
            raise table.problem(
                f"scope.channels.{name}: expected a channel of its own, "
                f"found channel {number}, which {taken[number]!r} has",
                name,
            )
        taken[number] = name
    return channels


def _current_channel(table: Table) -> ScopeChannel:
    """A channel that sees the current: ``scale`` is volts at the scope per ampere."""
    channel = ScopeChannel(
        channel=table.integer("channel", minimum=1),
        sensitivity=table.quantity("scale", "V/A", above=0),
        unit="A",
    )
    table.finish()
    return channel


def _voltage_channel(table: Table) -> ScopeChannel:
    """A channel that sees a voltage behind a divider: 10 means a tenth at the scope."""
    divider = table.integer("divider", 1, minimum=1)
    channel = ScopeChannel(
        channel=table.integer("channel", minimum=1), sensitivity=1.0 / divider, unit="V"
    )
    table.finish()
    return channel


def _relays(table: Table) -> Mapping[str, int]:
    relays = {
        name: table.integer(name, minimum=1)
        for name in RELAYS
        if name in table or name not in OPTIONAL_RELAYS
    }
    table.finish()
    taken: dict[int, str] = {}
    for name, channel in relays.items():
        if channel in taken:
            raise table.problem(
                f"relays.{name}: expected a relay of its own, "
                f"found {channel}, which {taken[channel]!r} has",
                name,
            )
        taken[channel] = name
    return MappingProxyType(relays)


def _loads(table: Table, relays: Mapping[str, int]) -> tuple[LoadEntry, ...]:
    loads: list[LoadEntry] = []
    for name in table.names:
        if name not in relays or not name.startswith("load_"):
            known = ", ".join(relay for relay in relays if relay.startswith("load_"))
            raise table.problem(
                f"loads.{name}: expected the name of a load's relay ({known}), found {name!r}", name
            )
        loads.append(_load(table.table(name), name))
    if not loads:
        raise table.problem(
            "loads: expected at least one load such as [loads.load_500], found none"
        )
    return tuple(sorted(loads, key=lambda load: load.nominal_ohm))


def _load(table: Table, relay: str) -> LoadEntry:
    value = table.stated("value", "ohm")
    entry = LoadEntry(
        relay=relay,
        nominal_ohm=table.quantity("nominal", "ohm", above=0),
        value_ohm=value.value,
        tolerance=value.half_width / value.value if value.value else 0.0,
        measured_on=table.day("measured_on", None),
    )
    _require_tolerance(table, entry.tolerance)
    table.finish()
    return entry


def _require_tolerance(table: Table, tolerance: float) -> None:
    if tolerance <= 0:
        raise table.problem(
            f"{table.dotted('value')}: expected a value with its tolerance, "
            f"such as '500 ohm ± 0.5 %', found {table.data.get('value')!r}",
            "value",
        )


def _skin(table: Table) -> SkinNetwork:
    try:
        network = skin_network(table.text("network", DEFAULT_SKINS["microampere"]))
    except QuantityError as error:
        raise table.problem(f"skin.network: {error}", "network") from error
    table.finish()
    return network


def _shunt(table: Table) -> ShuntEntry:
    value = table.stated("value", "ohm")
    entry = ShuntEntry(
        value_ohm=value.value,
        tolerance=value.half_width / value.value if value.value else 0.0,
        measured_on=table.day("measured_on", None),
    )
    _require_tolerance(table, entry.tolerance)
    table.finish()
    return entry


def _reference(table: Table) -> ReferenceEntry:
    low_v = table.quantity("lowest", "V", above=0)
    entry = ReferenceEntry(
        series_ohm=table.quantity("series", "ohm", above=0),
        low_v=low_v,
        high_v=table.quantity("highest", "V", above=low_v),
    )
    table.finish()
    return entry


def _outputs(table: Table) -> SupplyOutputs:
    outputs = SupplyOutputs(
        battery=table.integer("battery", minimum=1),
        reference=table.integer("reference", minimum=1),
        charger=table.integer("charger", minimum=1),
    )
    table.finish()
    return outputs


def _device(table: Table) -> DeviceEntry:
    entry = DeviceEntry(
        url=table.text("link"),
        adapter=table.text("adapter", ""),
        unlock_key=table.text("unlock_key", ""),
    )
    table.finish()
    return entry


def _rules(table: Table) -> Mapping[str, Rule]:
    choices = tuple(rule.value for rule in Rule)
    return MappingProxyType({name: Rule(table.choice(name, choices)) for name in table.names})


def _store(table: Table) -> Mapping[str, str]:
    """Return the address of the store as the setting that it is, empty where none is given."""
    found = {"store_url": table.text("url")} if "url" in table else {}
    table.finish()
    return found


def _policy(table: Table) -> CalibrationPolicy:
    policy = cast("CalibrationPolicy", table.choice("overdue", ("block", "mark"), "block"))
    table.finish()
    return policy


def _free_texts(table: Table) -> Mapping[str, str]:
    return MappingProxyType({name: table.text(name) for name in table.names})
