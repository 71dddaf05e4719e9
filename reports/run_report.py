"""Writes a run's report into its folder."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from bench.record import load_waveform
from bench.record.schema import RunRecord
from reports.choice import DEFAULT_CAP
from reports.compliance import render_compliance

__all__ = ["REPORT_NAME", "render_run"]

REPORT_NAME = "report.html"


def render_run(folder: Path, record: RunRecord, *, figure_cap: int = DEFAULT_CAP) -> Path:
    """Write ``report.html`` of ``record`` into the run folder; return its path.

    The waveforms are read from ``folder/waveforms`` and checked against their names; one that is
    missing or altered is named in the report. An interrupted write leaves the former report.
    """
    load = partial(load_waveform, folder / "waveforms")
    text = render_compliance(record, load, figure_cap=figure_cap)
    temporary = folder / f".{REPORT_NAME}.part"
    temporary.write_text(text, encoding="utf-8")
    return temporary.replace(folder / REPORT_NAME)
