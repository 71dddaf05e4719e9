"""Reports: views on a run's record. They read the record and its stored waveforms, nothing else.

The engineering log's plugin is :class:`reports.log.LogPlugin`; it stays out of this list because
it brings pytest with it.
"""

from reports.compliance import render_compliance
from reports.plot import Instant, LimitLine, Trace, figure, svg
from reports.run_report import render_run, report_problems, write_reports

__all__ = [
    "Instant",
    "LimitLine",
    "Trace",
    "figure",
    "render_compliance",
    "render_run",
    "report_problems",
    "svg",
    "write_reports",
]
