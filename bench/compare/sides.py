"""One side of a comparison: the runs of one firmware, each unit by its latest run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.decision import Verdict
from bench.errors import UsageError
from bench.record.summaries import RunSummary, read_summary, run_folders

__all__ = ["Side", "load_side"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """The runs of one firmware, by serial number of the unit."""

    name: str
    firmware: str
    runs: Mapping[str, RunSummary]
    folders: Mapping[str, Path]
    earlier_runs: int
    """Runs that are not used because the unit was run again later."""
    bench_errors: int
    """Runs that are not used because their bench was at fault: they say nothing of the unit."""

    @property
    def simulated(self) -> bool:
        """Whether the runs were simulated: all were, or none."""
        return any(run.simulated for run in self.runs.values())

    @property
    def stations(self) -> frozenset[str]:
        """Where the runs were made."""
        return frozenset(run.station for run in self.runs.values())


def load_side(path: Path) -> Side:
    """Read a run folder, or a folder of run folders; raises UsageError and FileFormatError.

    All runs of a side are of one profile, one plan and one firmware.
    """
    runs: dict[str, RunSummary] = {}
    where: dict[str, Path] = {}
    usable, bench_errors = 0, 0
    for folder in run_folders(path):
        run = read_summary(folder)
        if run.golden:
            continue  # it watches the bench and is of no firmware under comparison
        if run.verdict == Verdict.ERROR:
            bench_errors += 1
            continue
        usable += 1
        serial = run.device.serial
        if serial not in runs or run.started_at > runs[serial].started_at:
            runs[serial], where[serial] = run, folder
    if not runs:
        raise UsageError(
            f"{path}: no run to compare: the bench was at fault in all of {bench_errors} runs that are "
            "not of a golden unit; run the units again"
        )
    _require_one(path, "firmware", {run.device.firmware for run in runs.values()})
    _require_one(path, "profile", {run.profile for run in runs.values()})
    _require_one(path, "plan", {run.plan for run in runs.values()})
    _require_one(path, "kind of bench", {run.bench_kind for run in runs.values()})
    return Side(
        name=str(path),
        firmware=next(iter(runs.values())).device.firmware,
        runs=runs,
        folders=where,
        earlier_runs=usable - len(runs),
        bench_errors=bench_errors,
    )


def _require_one(path: Path, what: str, found: set[str]) -> None:
    if len(found) > 1:
        raise UsageError(
            f"{path}: expected runs of one {what}, found {', '.join(sorted(found))}; "
            "give each side a folder of its own"
        )
