"""``bench safe``: the safe state, also with a configuration that is broken."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import msgspec

from bench.station.rescue import rescue

__all__ = ["add_arguments", "run"]

NOT_CONFIRMED_EXIT = 13


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``bench safe``."""
    parser.add_argument("--station", metavar="FILE", type=Path, help="station file")
    parser.add_argument(
        "--addresses", metavar="F", type=Path, help="address file of a running `bench twin`"
    )
    parser.add_argument("--json", action="store_true", help="print the steps as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Bring the station to its safe state; 0 where it was confirmed, else 13."""
    record = rescue(arguments.station, arguments.addresses)
    if arguments.json:
        sys.stdout.write(json.dumps(msgspec.to_builtins(record), indent=1) + "\n")
    else:
        for step in record.steps:
            sys.stdout.write(f"{'ok  ' if step.passed else 'FAIL'} {step.name}: {step.detail}\n")
        sys.stdout.write("safe state " + ("confirmed\n" if record.confirmed else "NOT CONFIRMED\n"))
    return 0 if record.confirmed else NOT_CONFIRMED_EXIT
