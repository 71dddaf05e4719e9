"""``bench report``: the reports of a run rendered again from its folder alone, or of many runs together."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from bench.errors import UsageError
from bench.record import load_run, load_waveform, read_journal
from bench.record.run_folder import JOURNAL_NAME, WAVEFORM_FOLDER
from bench.record.schema import RunRecord
from bench.record.seal import file_sha256, first_seal_of, seal_run
from bench.record.signature import signatures_of
from bench.record.summaries import run_folders
from bench.waveform import Waveform
from reports import render_run, report_problems, write_reports
from reports.challenge_proof import read_challenge
from reports.choice import DEFAULT_CAP
from reports.export import FORMATS, export
from reports.pdf import print_pdf
from reports.run_report import REPORT_NAME
from reports.safety import render_safety

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``bench report``."""
    parser.add_argument("folders", metavar="RUN", type=Path, nargs="+", help="run folder")
    parser.add_argument(
        "--safety", action="store_true",
        help="one safety report across the runs: hazards, protections, fault reactions, single faults",
    )  # fmt: skip
    parser.add_argument(
        "--challenge", metavar="FILE", type=Path,
        help="with --safety: what `bench challenge PLAN --json` printed, as the proof of the plan",
    )  # fmt: skip
    parser.add_argument(
        "--out", metavar="DIR", type=Path, default=Path("safety"),
        help="with --safety: folder of the report (default safety)",
    )  # fmt: skip
    parser.add_argument("--pdf", action="store_true", help="also print the page to report.pdf")
    parser.add_argument(
        "--export", action="append", default=[], choices=list(FORMATS), metavar="FORMAT",
        help=f"also write the results as {', '.join(FORMATS)}; repeatable",
    )  # fmt: skip
    parser.add_argument(
        "--figures", type=int, default=DEFAULT_CAP, metavar="N",
        help=f"draw at most N figures (default {DEFAULT_CAP})",
    )  # fmt: skip


def run(arguments: argparse.Namespace) -> int:
    """Render ``report.html`` and ``summary.json`` again; print the path of each file made.

    What record or page lack goes to stderr, a line each; it stands in the report too.
    """
    if arguments.safety:
        return _safety(arguments)
    if arguments.figures < 0:
        raise UsageError(f"--figures {arguments.figures}: expected 0 or more")
    if len(arguments.folders) > 1 or arguments.challenge is not None:
        raise UsageError(
            "expected one run folder; several runs, or --challenge, go with --safety into one report"
        )
    folder: Path = arguments.folders[0]
    record = replace(load_run(folder), signatures=signatures_of(folder))
    path = _write(folder, record, figure_cap=arguments.figures)
    for problem in report_problems(folder, record):
        sys.stderr.write(f"incomplete: {problem}\n")
    sys.stdout.write(f"{path}\n")
    for kind in dict.fromkeys(arguments.export):
        sys.stdout.write(f"{export(record, folder, kind)}\n")
    if arguments.pdf:
        sys.stdout.write(f"{print_pdf(path, folder / 'report.pdf')}\n")
    seal_run(folder, reason="bench report")
    return 0


def _safety(arguments: argparse.Namespace) -> int:
    """Write the safety report of all runs; print the path of each file made."""
    folders = [folder for path in arguments.folders for folder in run_folders(path)]
    proof = None if arguments.challenge is None else read_challenge(arguments.challenge)
    stores = [folder / WAVEFORM_FOLDER for folder in folders]

    def load(sha256: str) -> Waveform:
        store = next((path for path in stores if (path / f"{sha256}.npz").exists()), stores[0])
        return load_waveform(store, sha256)

    page = render_safety([load_run(folder) for folder in folders], load, challenge=proof)
    out: Path = arguments.out
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / "safety.html").write_text(page, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--out {out}: cannot be written ({error.strerror})") from error
    sys.stdout.write(f"{out / 'safety.html'}\n")
    if arguments.pdf:
        sys.stdout.write(f"{print_pdf(out / 'safety.html', out / 'safety.pdf')}\n")
    return 0


def _write(folder: Path, record: RunRecord, *, figure_cap: int) -> Path:
    """Write the reports; a page that differs from the page first issued says what it replaces."""
    path = write_reports(folder, record, figure_cap=figure_cap)
    first = first_seal_of(REPORT_NAME, read_journal(folder / JOURNAL_NAME))
    if first is None or file_sha256(path) == first.sha256:
        return path
    amends = (
        f"It replaces the report issued at {first.at}, SHA-256 {first.sha256}, of the same record."
    )
    return render_run(folder, replace(record, amends=amends), figure_cap=figure_cap)
