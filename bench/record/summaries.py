"""Runs read by their summaries: what comparison and history need, without the journals."""

from __future__ import annotations

from pathlib import Path

import msgspec

from bench.errors import FileFormatError, UsageError

__all__ = [
    "SUMMARY_NAME",
    "Row",
    "RunSummary",
    "decode_summary",
    "read_summary",
    "run_folders",
]

SUMMARY_NAME = "summary.json"


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
    attempt: int = 1


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
    golden: bool = False
    """A run of the station's golden unit: it watches the bench and counts in no yield."""

    @property
    def bench_kind(self) -> str:
        """``simulated`` or ``real``: the two are never mixed."""
        return "simulated" if self.simulated else "real"


def run_folders(path: Path) -> list[Path]:
    """Return a run folder, or those in a folder, by name; raises UsageError where there is none."""
    if (path / SUMMARY_NAME).is_file():
        return [path]
    found = sorted(file.parent for file in path.glob(f"*/{SUMMARY_NAME}"))
    if not found:
        raise UsageError(
            f"{path}: expected a run folder or a folder of run folders, "
            f"found no {SUMMARY_NAME} in it or one level below"
        )
    return found


def read_summary(folder: Path) -> RunSummary:
    """Read a run's summary; raises FileFormatError."""
    path = folder / SUMMARY_NAME
    try:
        return decode_summary(path.read_bytes())
    except (OSError, msgspec.MsgspecError) as error:
        raise FileFormatError(f"{path}: not the summary of a run ({error})") from error


def decode_summary(data: bytes) -> RunSummary:
    """Read a summary's bytes; raises msgspec.MsgspecError."""
    return msgspec.json.decode(data, type=RunSummary)
