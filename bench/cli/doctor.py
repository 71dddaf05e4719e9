"""``bench doctor``: is this bench ready? Settings with their origin, identity, calibration, fixture."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from bench.cli.doctor_checks import Finding, connection_tree, firmware, interlock, machine
from bench.cli.run import ROOT
from bench.cli.run_options import add_bench_options
from bench.errors import (
    BenchError,
    CalibrationOverdue,
    DeviceLinkError,
    IdentityMismatch,
    InstrumentTimeout,
    NotConnected,
)
from bench.plugin.run import Run, RunFailed
from bench.plugin.settings import settings_from
from bench.record import load_run
from bench.station.bench import Bench
from bench.station.configuration import Station

__all__ = ["add_arguments", "run"]

NOT_READY_EXIT: Final = 10
_RUNS: Final = "runs"


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
            device = [*_network(session.bench), *_device(session.bench)]
        findings = [
            *_settings(dict(settings.origins)),
            *machine(Path(_RUNS if settings.station is None else settings.station.runs_folder)),
            *_connections(settings.station, failure),
            *_bench(session.folder, failure),
            *device,
        ]
    _print(findings, as_json=arguments.json)
    if isinstance(failure, CalibrationOverdue):
        return failure.exit_code
    return NOT_READY_EXIT if any(f.state == "fail" for f in findings) else 0


def _settings(origins: dict[str, tuple[str, str]]) -> Iterator[Finding]:
    for name, (value, origin) in origins.items():
        yield Finding(state="info", name=f"setting {name}", detail=f"{value or '-'}  ({origin})")


def _connections(station: Station | None, failure: BenchError | None) -> Iterator[Finding]:
    """Show every connection where one of them is what failed."""
    unreached = isinstance(failure, NotConnected | InstrumentTimeout | IdentityMismatch)
    if station is not None and (unreached or isinstance(failure, DeviceLinkError)):
        yield connection_tree(station)


def _network(bench: Bench | None) -> Iterator[Finding]:
    """Say why nobody looked at the measuring device, where nobody did; its steps say the rest."""
    network = None if bench is None else bench.measuring_device.network
    if network is not None and not network.points and not network.problem:
        yield Finding(
            state="n/a",
            name="measuring device",
            detail=f"not verified: {network.not_verified}",
            remedy="leakage rows will say so, LKG-008 is NOT TESTED (docs/your-bench.md, the fixture)",
        )


def _device(bench: Bench | None) -> Iterator[Finding]:
    """Ask a device that was reached for its state and its battery."""
    if bench is None:
        return
    try:
        status = bench.treatment.link.status()
    except BenchError as error:
        remedy = "switch the device on; see docs/your-device.md"
        yield Finding(state="warn", name="device state", detail=str(error), remedy=remedy)
        return
    faults = ", ".join(sorted(status.faults))
    yield Finding(
        state="warn" if faults or status.battery_low else "ok",
        name="device state",
        detail=f"{status.state.value}, battery {status.battery_v:.2f} V"
        + (f", faults {faults}" if faults else ""),
        remedy="clear the faults, charge or replace the battery" if faults else "",
    )


def _bench(folder: Path, failure: BenchError | None) -> Iterator[Finding]:
    record = load_run(folder)
    for part in record.equipment:
        yield Finding(
            state="ok" if part.calibrated else "warn",
            name=f"{part.role} identity",
            detail=f"{part.manufacturer} {part.model}, serial {part.serial}, {part.firmware}; "
            f"calibration: {part.calibration_status}",
            remedy=""
            if part.calibrated
            else "calibrate it, or give calibration_due in the station file",
        )
        yield firmware(part, simulated=record.simulated)
    for step in record.self_test:
        value = "" if step.value is None else f"{step.value:.6g} {step.unit}  "
        yield Finding(
            state="ok" if step.passed else "fail",
            name=step.name,
            detail=f"{value}{step.detail}",
            remedy="" if step.passed else _after(failure),
        )
    yield interlock()
    if failure is not None:
        yield Finding(
            state="fail",
            name="bench",
            detail=str(failure),
            remedy="mend this, then run `bench doctor` again; docs/your-bench.md, step 4",
        )
    else:
        device = record.device
        yield Finding(
            state="ok",
            name="device",
            detail=f"{device.model}, serial {device.serial}, firmware {device.firmware}",
        )
    yield Finding(
        state="ok" if record.safe_state.confirmed else "fail",
        name="safe state",
        detail="; ".join(f"{step.name}: {step.detail}" for step in record.safe_state.steps),
        remedy=""
        if record.safe_state.confirmed
        else "switch the supply off by hand, open the path, then `bench safe`",
    )


def _after(failure: BenchError | None) -> str:
    """Return what the failure itself says to do: what stands behind its last semicolon."""
    return "" if failure is None else str(failure).rpartition(";")[2].strip()


def _print(findings: list[Finding], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(msgspec.to_builtins(findings), indent=1) + "\n")
        return
    for finding in findings:
        detail = finding.detail.replace("\n", "\n      ")
        sys.stdout.write(f"{finding.state:5} {finding.name}: {detail}\n")
        if finding.remedy:
            sys.stdout.write(f"      -> {finding.remedy}\n")
