"""``bench report``: the reports of a run, rendered again from its folder alone."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bench.record import load_run, summary_bytes
from reports import render_run

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``bench report``."""
    parser.add_argument("folder", metavar="RUN", type=Path, help="run folder")


def run(arguments: argparse.Namespace) -> int:
    """Render ``report.html`` and ``summary.json`` again; print the report's path."""
    record = load_run(arguments.folder)
    (arguments.folder / "summary.json").write_bytes(summary_bytes(record))
    sys.stdout.write(f"{render_run(arguments.folder, record)}\n")
    return 0
