"""One side of a comparison: the runs of one firmware, each unit by its latest run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bench.errors import FileFormatError, UsageError

__all__ = ["Row", "RunSummary", "Side", "load_side"]

_SUMMARY = "summary.json"


class Row(msgspec.Struct, frozen=True):
    """One measurement of a summary; values in ``unit``, margin in % of the allowed range."""

    id: str
    requirements: tuple[str, ...]
    value: float | None
    unit: str
    expanded_uncertainty: float | None
    coverage_factor: float | None
    low: float | None
    high: float | None
    verdict: str
    margin_pct: float | None
    waveforms: tuple[str, ...] = ()


class _Device(msgspec.Struct, frozen=True):
    serial: str
    firmware: str


class RunSummary(msgspec.Struct, frozen=True):
    """What a comparison needs of ``summary.json``."""

    run_id: str
    plan: str
    simulated: bool
    verdict: str
    device: _Device
    profile: str
    station: str
    started_at: str
    measurements: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """The runs of one firmware, by serial number of the unit."""

    name: str
    firmware: str
    runs: Mapping[str, RunSummary]
    folders: Mapping[str, Path]
    earlier_runs: int
    """Runs that are not used because the unit was run again later."""

    @property
    def simulated(self) -> bool:
        """Whether any run was simulated."""
        return any(run.simulated for run in self.runs.values())

    @property
    def stations(self) -> frozenset[str]:
        """Where the runs were made."""
        return frozenset(run.station for run in self.runs.values())


def load_side(path: Path) -> Side:
    """Read a run folder, or a folder of run folders; raises UsageError and FileFormatError.

    All runs of a side are of one profile, one plan and one firmware.
    """
    folders = [path] if (path / _SUMMARY).is_file() else _folders_in(path)
    runs: dict[str, RunSummary] = {}
    where: dict[str, Path] = {}
    for folder in folders:
        run = _read(folder / _SUMMARY)
        serial = run.device.serial
        if serial not in runs or run.started_at > runs[serial].started_at:
            runs[serial], where[serial] = run, folder
    _require_one(path, "firmware", {run.device.firmware for run in runs.values()})
    _require_one(path, "profile", {run.profile for run in runs.values()})
    _require_one(path, "plan", {run.plan for run in runs.values()})
    return Side(
        name=str(path),
        firmware=next(iter(runs.values())).device.firmware,
        runs=runs,
        folders=where,
        earlier_runs=len(folders) - len(runs),
    )


def _folders_in(path: Path) -> list[Path]:
    found = sorted(file.parent for file in path.glob(f"*/{_SUMMARY}"))
    if not found:
        raise UsageError(
            f"{path}: expected a run folder or a folder of run folders, "
            f"found no {_SUMMARY} in it or one level below"
        )
    return found


def _read(path: Path) -> RunSummary:
    try:
        return msgspec.json.decode(path.read_bytes(), type=RunSummary)
    except (OSError, msgspec.MsgspecError) as error:
        raise FileFormatError(f"{path}: not the summary of a run ({error})") from error


def _require_one(path: Path, what: str, found: set[str]) -> None:
    if len(found) > 1:
        raise UsageError(
            f"{path}: expected runs of one {what}, found {', '.join(sorted(found))}; "
            "give each side a folder of its own"
        )
