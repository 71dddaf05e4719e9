"""What a run was told, resolved once: flag, then ``BENCH_*``, then station file, then default."""

from __future__ import annotations

import argparse
import getpass
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Final

import pytest

from bench.errors import CalibrationOverdue, UsageError
from bench.profile import Profile, load_profile
from bench.record.schema import DeviceRecord
from bench.requirements import Catalogue, Requirement, load_catalogue
from bench.station.configuration import Station, load_station, local_day, overdue, resolve
from bench.station.fault_spec import split_faults
from bench.station.simulated_instruments import SIMULATED_MODELS, SimulatedInstruments
from bench.station.simulation import (
    RunningTwin,
    launch_twin,
    simulated_station,
    unit_description,
)
from bench.store import StoreAddress, store_of

__all__ = [
    "DEFAULT_PROFILE",
    "PLANS",
    "PRODUCTION",
    "RunSettings",
    "Scope",
    "add_options",
    "settings_from",
]

PRODUCTION: Final = "production"
PLANS: Final = ("release", "safety", PRODUCTION)
DEFAULT_PROFILE: Final = "ref-alt-400"
DEFAULT_FIRMWARE: Final = "1.0.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The levels and loads at which a requirement is tested in a plan."""

    levels: tuple[int, ...]
    loads_ohm: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class RunSettings:
    """Everything that decides what a run does."""

    plan: str
    profile: Profile
    catalogue: Catalogue
    station: Station | None
    """None is the simulated bench."""
    folder: Path
    run_id: str
    serial: str
    firmware: str
    udi: str
    operator: str
    twin_seed: int
    twin_faults: tuple[str, ...]
    simulated_instruments: SimulatedInstruments
    """The families that the simulated laboratory has."""
    root: Path
    origins: Mapping[str, tuple[str, str]]
    """Every setting with its value and where it came from, for ``bench doctor``."""
    store: StoreAddress | None = None
    """Where the run is kept beside its folder, once it has ended."""
    release_record: bool = False
    """Whether the run is to be kept as evidence for a release, with all that identifies it."""
    record_dialogues: bool = False
    """Write what goes over the instruments' lines into the run folder."""
    golden: bool = False
    """Whether the unit is the station's golden unit, measured to watch the bench."""

    @property
    def simulated(self) -> bool:
        """Whether any part of the bench is simulated."""
        return self.station is None or self.station.simulated

    @property
    def plan_name(self) -> str:
        """The plan's name, or the path's last part."""
        return self.plan if self.plan in PLANS else Path(self.plan).stem

    @cached_property
    def test_paths(self) -> list[str]:
        """What pytest collects."""
        return [str(self.root / "test_plans")] if self.plan in PLANS else [self.plan]

    @property
    def phase_seed(self) -> int:
        """Seed of the random phases: the unit's on the twin, else 0."""
        return self.twin_seed

    def wants(self, requirements: Iterable[str]) -> bool:
        """Whether a test of these requirements belongs to the plan and to this profile."""
        rows = [self.catalogue[requirement] for requirement in requirements]
        if self.plan in PLANS:
            rows = [row for row in rows if self.plan in row.plans]
        return any(not self.catalogue.not_applicable(row.id, self.profile) for row in rows)

    def requirements(self, planned: Iterable[tuple[str, ...]]) -> tuple[Requirement, ...]:
        """Return the requirements of the plan, or those of the planned tests for a path."""
        if self.plan in PLANS:
            return tuple(row for row in self.catalogue if self.plan in row.plans)
        wanted = {requirement for ids in planned for requirement in ids}
        return tuple(row for row in self.catalogue if row.id in wanted)

    def scope(self, requirements: Iterable[str]) -> Scope:
        """Return the levels and loads for a test of these requirements."""
        row = self.catalogue[next(iter(requirements))]
        plan = self.plan if self.plan in PLANS else "release"
        found = row.scope(plan)
        return Scope(levels=found.levels_of(self.profile), loads_ohm=found.loads_of(self.profile))

    def full_scope(self, requirements: Iterable[str]) -> bool:
        """Whether the plan tests these requirements without the production plan's cuts."""
        rows = [self.catalogue[requirement] for requirement in requirements]
        return self.plan != PRODUCTION or all(row.production_scope is None for row in rows)

    def expected_device(self) -> DeviceRecord:
        """Return the device as the operator expects it."""
        return DeviceRecord(
            model=self.profile.model,
            serial=self.serial,
            firmware=self.firmware,
            udi=self.udi,
            hardware=self.profile.hardware if self.simulated else "",
        )

    def launch_twin(self) -> RunningTwin:
        """Start the simulated bench with the unit and the faults that were asked for."""
        faults, bench_faults = split_faults(self.twin_faults)
        return launch_twin(
            unit_description(
                self.profile,
                serial=self.serial,
                firmware=self.firmware,
                udi=self.udi,
                seed=self.twin_seed,
                faults=faults,
                bench_faults=bench_faults,
                instruments=self.simulated_instruments,
            ),
            event_log=Path(log) if (log := os.environ.get("BENCH_TWIN_EVENT_LOG")) else None,
        )

    def simulated_station(self, twin: RunningTwin) -> Station:
        """Return the station that the running twin is."""
        return simulated_station(
            twin.addresses, self.profile, self.twin_seed, self.simulated_instruments
        )

    def require_calibration(self, station: Station) -> None:
        """Raise CalibrationOverdue where an instrument is past its date and the station blocks that.

        Under ``overdue = "mark"`` the run goes on, and its report makes no statement of conformity.
        """
        late = overdue(station, local_day())
        if late and station.calibration_policy == "block":
            raise CalibrationOverdue(
                f"station {station.name}: calibration overdue: {'; '.join(late)}; have it "
                "calibrated and enter the new date in the station file, or set [calibration] "
                'overdue = "mark" for a run that states no conformity'
            )

    def assumptions(self) -> tuple[str, ...]:
        """Return every figure that is only proposed or recalled, one line each."""
        limits = tuple(
            f"{row.id} {row.title}: {row.limit_text} ({row.mark})"
            for row in self.requirements(())
            if not row.mark.startswith("V")
        )
        return (*self.profile.assumptions, *limits)


def add_options(parser: pytest.Parser) -> None:
    """Let plain pytest be told what ``bench run`` is told."""
    group = parser.getgroup("bench", "microcurrent bench")
    group.addoption("--plan", default="test_plans", help="release, safety, production or a path")
    for name in ("station", "profile", "serial", "firmware", "udi", "operator", "out"):
        group.addoption(f"--{name}", default=None, help=f"see `bench run --{name}`")
    group.addoption("--requirements", action="append", help="requirement file of the user")
    for role in SIMULATED_MODELS:
        group.addoption(f"--{role}", default=None, help=f"family of the simulated {role}")
    group.addoption("--twin-seed", type=int, default=None, help="seed of the simulated unit")
    group.addoption(
        "--until-fail",
        metavar="IDS",
        default="",
        help="run the tests of these requirements first, and end the run once one of them fails",
    )
    group.addoption("--twin-fault", action="append", default=[], help="fit a fault")


def settings_from(arguments: argparse.Namespace, *, root: Path) -> RunSettings:
    """Resolve the settings; raises UsageError and ConfigurationError."""
    _require_plan(arguments.plan)
    chosen = resolve("station", flag=arguments.station)
    station = load_station(Path(chosen.value)) if chosen.value else None

    origins: dict[str, tuple[str, str]] = {}

    def setting(name: str, default: str) -> str:
        found = resolve(
            name, flag=_text(getattr(arguments, name)), station=station, default=default
        )
        origins[name] = (found.value, found.origin)
        return found.value

    profile = load_profile(setting("profile", DEFAULT_PROFILE))
    files = resolve(
        "requirements",
        flag=os.pathsep.join(arguments.requirements) if arguments.requirements else None,
        station=station,
    )
    origins["requirements"] = (files.value or "the catalogue's alone", files.origin)
    origins["station"] = (chosen.value or "simulated bench", chosen.origin)
    runs_folder = Path("runs" if station is None else station.runs_folder)
    twin_seed = _whole_number("--twin-seed", setting("twin_seed", "1"))
    simulated = station is None
    serial = setting("serial", f"SIM-{twin_seed:04d}" if simulated else "")
    folder = _folder(setting("out", ""), runs_folder, serial, arguments.plan)
    stated = resolve("store_url", station=station)
    store = store_of(
        stated.value,
        origin=stated.origin,
        default_folder=runs_folder if folder.parent == runs_folder else None,
    )
    origins["store_url"] = ("none" if store is None else store.shown, stated.origin)
    return RunSettings(
        plan=arguments.plan,
        profile=profile,
        catalogue=_catalogue(station, files.value),
        station=station,
        folder=folder,
        run_id=_run_id(serial, arguments.plan),
        serial=serial,
        firmware=setting("firmware", DEFAULT_FIRMWARE if simulated else ""),
        udi=setting("udi", ""),
        operator=setting("operator", _account()),
        twin_seed=twin_seed,
        twin_faults=tuple(arguments.twin_fault),
        simulated_instruments=_simulated_instruments(arguments, station, origins),
        root=root,
        origins=origins,
        store=store,
        release_record=bool(getattr(arguments, "release_record", False)),
        record_dialogues=bool(getattr(arguments, "record", False)),
        golden=bool(getattr(arguments, "golden", False)),
    )


def _simulated_instruments(
    arguments: argparse.Namespace, station: Station | None, origins: dict[str, tuple[str, str]]
) -> SimulatedInstruments:
    """Return the families of the simulated laboratory; a station file has instruments of its own."""
    default = SimulatedInstruments().names()
    found = {
        role: resolve(role, flag=_text(getattr(arguments, role, None)), default=default[role])
        for role in default
    }
    if station is not None:
        for role, setting in found.items():
            if setting.origin.startswith("flag"):
                raise UsageError(
                    f"--{role} {setting.value}: chooses a simulated instrument, and the station "
                    f"{station.name} has its own; leave out --station or --{role}"
                )
        return SimulatedInstruments()
    origins |= {role: (setting.value, setting.origin) for role, setting in found.items()}
    return SimulatedInstruments(**{role: setting.value for role, setting in found.items()})


def _catalogue(station: Station | None, files: str) -> Catalogue:
    """Return the requirements with the user's files over them, under the station's rules.

    ``files`` are paths with the system's path separator between them.
    """
    paths = [Path(text) for text in files.split(os.pathsep) if text]
    if station is None:
        return load_catalogue(*paths)
    return load_catalogue(*paths, rules=station.rules, station=str(station.path or station.name))


def _require_plan(plan: str) -> None:
    if plan not in PLANS and not Path(plan.partition("::")[0]).exists():
        raise UsageError(
            f"plan {plan!r}: expected one of {', '.join(PLANS)} or the path of a plan; "
            "nothing is at that path"
        )


def _whole_number(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise UsageError(f"{name}: expected a whole number, found {text!r}") from None


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _account() -> str:
    """Return the account under which the run is started: who tested, where nobody says it."""
    try:
        return f"account {getpass.getuser()}"
    except (OSError, KeyError):
        return ""


def _run_id(serial: str, plan: str) -> str:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    return f"{stamp}-{_slug(serial) or 'unknown'}-{_slug(Path(plan).stem)}"


def _folder(out: str, runs_folder: Path, serial: str, plan: str) -> Path:
    return Path(out) if out else runs_folder / _run_id(serial, plan)


def _slug(text: str) -> str:
    """Return a text that is safe as a part of a file name."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", text).strip("._")[:60]
