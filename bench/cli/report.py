"""``bench report``: the reports of a run, rendered again from its folder alone."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bench.record import load_run, summary_bytes
from reports import render_run, report_problems

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``bench report``."""
    parser.add_argument("folder", metavar="RUN", type=Path, help="run folder")


def run(arguments: argparse.Namespace) -> int:
    """Render ``report.html`` and ``summary.json`` again; print the report's path.

    What record or page lack goes to stderr, a line each; it stands in the report too.
    """
    record = load_run(arguments.folder)
    (arguments.folder / "summary.json").write_bytes(summary_bytes(record))
    path = render_run(arguments.folder, record)
    for problem in report_problems(arguments.folder, record):
        sys.stderr.write(f"incomplete: {problem}\n")
    sys.stdout.write(f"{path}\n")
    return 0
