"""``bench verify``: is a run folder what its journal says? Offline, from the folder alone."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from bench.record.signature import Signature, load_public_key
from bench.record.verification import Verification, verify_run

__all__ = ["add_arguments", "run"]

ALTERED_EXIT = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``bench verify``."""
    parser.add_argument("folder", metavar="RUN", type=Path, nargs="+", help="run folder")
    parser.add_argument(
        "--key", metavar="FILE.pub", type=Path, action="append", default=[],
        help="public key that is trusted: every signature must be by one of those given",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(arguments: argparse.Namespace) -> int:
    """Print what was checked, findings to stderr; return 1 where there is any."""
    trusted = [load_public_key(path) for path in arguments.key]
    results = [(folder, verify_run(folder, trusted=trusted)) for folder in arguments.folder]
    if arguments.json:
        found = [_document(folder, verified) for folder, verified in results]
        sys.stdout.write(json.dumps({"runs": found}, indent=1, ensure_ascii=False) + "\n")
    for folder, verified in results:
        if not arguments.json:
            sys.stdout.write(_text(folder, verified, compared=bool(trusted)))
        for finding in verified.findings:
            sys.stderr.write(f"altered: {finding}\n")
    return ALTERED_EXIT if any(verified.findings for _, verified in results) else 0


def _document(folder: Path, verified: Verification) -> dict[str, object]:
    signatures = [
        {
            "name": signature.statement.name,
            "role": signature.statement.role,
            "meaning": signature.statement.meaning,
            "at": signature.statement.at,
            "key": signature.key,
            "problem": signature.problem,
        }
        for signature in verified.signatures
    ]
    return {
        "folder": str(folder),
        "intact": not verified.findings,
        "run_id": verified.run_id,
        "journal_lines": verified.lines,
        "waveforms": verified.waveforms,
        "sealed_files": verified.files,
        "signatures": signatures,
        "findings": verified.findings,
        "notes": verified.notes,
    }


def _text(folder: Path, verified: Verification, *, compared: bool) -> str:
    state = f"{len(verified.findings)} findings" if verified.findings else "intact"
    lines = [
        f"{folder}: {state}",
        (
            f"  run {verified.run_id or 'unknown'}: {verified.lines} journal lines, "
            f"{verified.waveforms} waveforms, {verified.files} sealed files, "
            f"{len(verified.signatures)} signatures"
        ),
        *(_signature(signature, compared=compared) for signature in verified.signatures),
        *(f"  note: {note}" for note in verified.notes),
    ]
    return "\n".join(lines) + "\n"


def _signature(signature: Signature, *, compared: bool) -> str:
    said = signature.statement
    known = "" if compared else " (key not compared: give --key)"
    return (
        f"  {said.meaning} by {said.name}, {said.role}, {said.at}: "
        f"{signature.problem or 'good'}, key {signature.key}{known}"
    )
