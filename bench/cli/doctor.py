"""``bench doctor``: is this bench ready? Settings with their origin, identity, calibration, fixture."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import msgspec

from bench.cli.run import ROOT
from bench.cli.run_options import add_bench_options
from bench.errors import BenchError, CalibrationOverdue
from bench.plugin.run import Run, RunFailed
from bench.plugin.settings import settings_from
from bench.record import load_run

__all__ = ["add_arguments", "run"]

State = Literal["ok", "warn", "fail", "info"]

NOT_READY_EXIT: Final = 10
_LOW_DISK_BYTES: Final = 2_000_000_000
"""A release run stores some hundred megabytes of codes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Finding:
    state: State
    name: str
    detail: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``bench doctor``."""
    add_bench_options(parser)
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    parser.set_defaults(plan="release", out=None)


def run(arguments: argparse.Namespace) -> int:
    """Open the bench up to the device, leave it safe, and say what was found."""
    with tempfile.TemporaryDirectory(prefix="bench-doctor-") as temporary:
        arguments.out = str(Path(temporary) / "run")
        settings = settings_from(arguments, root=ROOT)
        session = Run(settings, planned=(), selected=())
        failure: BenchError | None = None
        with session:
            try:
                session.open()
            except RunFailed as error:
                cause = error.__cause__
                failure = cause if isinstance(cause, BenchError) else BenchError(str(error))
        findings = [
            *_settings(dict(settings.origins)),
            *_machine(),
            *_bench(session.folder, failure),
        ]
    _print(findings, as_json=arguments.json)
    if isinstance(failure, CalibrationOverdue):
        return failure.exit_code
    return NOT_READY_EXIT if any(f.state == "fail" for f in findings) else 0


def _settings(origins: dict[str, tuple[str, str]]) -> Iterator[_Finding]:
    for name, (value, origin) in origins.items():
        yield _Finding(state="info", name=f"setting {name}", detail=f"{value or '-'}  ({origin})")


def _machine() -> Iterator[_Finding]:
    yield _Finding(state="info", name="python", detail=sys.version.split()[0])
    free = shutil.disk_usage(".").free
    yield _Finding(
        state="ok" if free > _LOW_DISK_BYTES else "warn",
        name="disk space",
        detail=f"{free / 1e9:.1f} GB free here",
    )
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    yield _Finding(
        state="ok" if chromium else "info",
        name="browser for PDF",
        detail=chromium or "none found: print the report from any browser instead",
    )


def _bench(folder: Path, failure: BenchError | None) -> Iterator[_Finding]:
    record = load_run(folder)
    for part in record.equipment:
        yield _Finding(
            state="ok" if part.calibrated else "warn",
            name=f"{part.role} identity",
            detail=f"{part.manufacturer} {part.model}, serial {part.serial}, {part.firmware}; "
            f"calibration: {part.calibration_status}",
        )
    for step in record.self_test:
        value = "" if step.value is None else f"{step.value:.6g} {step.unit}  "
        yield _Finding(
            state="ok" if step.passed else "fail", name=step.name, detail=f"{value}{step.detail}"
        )
    if failure is not None:
        yield _Finding(state="fail", name="bench", detail=str(failure))
    else:
        device = record.device
        yield _Finding(
            state="ok",
            name="device",
            detail=f"{device.model}, serial {device.serial}, firmware {device.firmware}",
        )
    yield _Finding(
        state="ok" if record.safe_state.confirmed else "fail",
        name="safe state",
        detail="; ".join(f"{step.name}: {step.detail}" for step in record.safe_state.steps),
    )


def _print(findings: list[_Finding], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(msgspec.to_builtins(findings), indent=1) + "\n")
        return
    for finding in findings:
        sys.stdout.write(f"{finding.state:5} {finding.name}: {finding.detail}\n")
