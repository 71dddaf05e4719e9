"""``bench sign``: a signature over a finished run, in its journal."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bench.cli.passphrase import read_passphrase
from bench.errors import UsageError
from bench.record.signature import MEANINGS, load_private_key, sign_run
from bench.record.verification import verify_run

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``bench sign``."""
    parser.add_argument("folder", metavar="RUN", type=Path, help="run folder")
    parser.add_argument("--key", metavar="FILE", type=Path, required=True, help="private key")
    parser.add_argument("--name", required=True, help="printed name of who signs")
    parser.add_argument("--role", required=True, help="in which role, such as safety engineer")
    parser.add_argument("--meaning", required=True, choices=MEANINGS, help="what it means")


def run(arguments: argparse.Namespace) -> int:
    """Sign the run; raises UsageError where its folder was altered: nobody signs that unseen."""
    folder: Path = arguments.folder
    if not arguments.name.strip() or not arguments.role.strip():
        raise UsageError("--name and --role: expected text, found nothing")
    findings = verify_run(folder).findings
    if findings:
        raise UsageError(f"{folder}: not signed, since `bench verify` finds: {findings[0]}")
    key = load_private_key(arguments.key, passphrase=read_passphrase("passphrase of the key: "))
    signature = sign_run(
        folder, key, name=arguments.name, role=arguments.role, meaning=arguments.meaning
    )
    said = signature.statement
    sys.stdout.write(
        f"{folder}: {said.meaning} by {said.name}, {said.role}, {said.at}, key {signature.key}\n"
        f"  over {said.journal_lines} journal lines, head {said.journal_sha256}\n"
    )
    return 0
