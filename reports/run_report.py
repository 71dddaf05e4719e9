"""Writes a run's report into its folder."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from bench.record import load_waveform, summary_bytes
from bench.record.schema import RunRecord
from bench.record.summaries import SUMMARY_NAME
from reports.choice import DEFAULT_CAP
from reports.completeness import findings, integrity_items
from reports.completeness.finding import Finding, State
from reports.compliance import render_compliance
from reports.page_check import page_problems

__all__ = ["REPORT_NAME", "render_run", "report_problems", "write_reports"]

REPORT_NAME = "report.html"


def write_reports(folder: Path, record: RunRecord, *, figure_cap: int = DEFAULT_CAP) -> Path:
    """Write what people and machines read of ``record``: ``summary.json``, and the page, whose path returns."""
    (folder / SUMMARY_NAME).write_bytes(summary_bytes(record))
    return render_run(folder, record, figure_cap=figure_cap)


def render_run(folder: Path, record: RunRecord, *, figure_cap: int = DEFAULT_CAP) -> Path:
    """Write ``report.html`` of ``record`` into the run folder; return its path.

    The waveforms are read from ``folder/waveforms`` and checked against their names; one that is
    missing or altered is named in the report. An interrupted write leaves the former report.
    """
    load = partial(load_waveform, folder / "waveforms")
    items = _findings(folder, record)
    text = render_compliance(record, load, figure_cap=figure_cap, findings=items)
    temporary = folder / f".{REPORT_NAME}.part"
    temporary.write_text(text, encoding="utf-8")
    return temporary.replace(folder / REPORT_NAME)


def report_problems(folder: Path, record: RunRecord) -> list[str]:
    """Return what the run's report lacks, one line each: of the record, and of the page as made."""
    missing = [
        f"{requirement} {finding.item}: {finding.found}"
        for requirement, finding in _findings(folder, record)
        if finding.state is State.MISSING
    ]
    return [*missing, *page_problems((folder / REPORT_NAME).read_text("utf-8"), record)]


def _findings(folder: Path, record: RunRecord) -> list[tuple[str, Finding]]:
    intact = [("REC-008", item) for item in integrity_items(folder / "waveforms", record)]
    return sorted([*findings(record), *intact], key=lambda pair: pair[0])
