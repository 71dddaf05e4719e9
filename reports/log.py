"""The engineering log ``log.html``: what this bench adds to pytest-html 4.2.

The runner attaches what it has to say to the ``user_properties`` of the item or of a phase's report:
``("measurement", JSON of the row)``, ``("evidence", text)`` and ``("figure", drawing of
reports.plot)``. This plugin shows it, evidence of setup and teardown
included, which pytest-html by itself drops. Style sheet: :data:`LOG_STYLESHEET`, for ``--css``.
"""

from __future__ import annotations

from collections.abc import Generator
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any, Protocol

import pytest

from bench.record.schema import MeasurementRecord
from reports.log_rows import (
    HEADERS,
    evidence_block,
    figure_block,
    measurement_cells,
    measurement_from_json,
    measurement_table,
)
from reports.verdicts import worst_of
from reports.wording import SIMULATED_NOTICE

__all__ = ["LOG_STYLESHEET", "LogPlugin"]

LOG_STYLESHEET = Path(__file__).parent / "templates" / "log.css"
_ROW_LIMIT = 2000
"""Rows that the log's script redraws in about a second; passes beyond it are left out."""

Properties = list[tuple[str, object]]


class _Titled(Protocol):
    """What pytest-html hands over before it writes the title."""

    title: str


class LogPlugin:
    """Columns, evidence and head of ``log.html`` for one run."""

    def __init__(
        self,
        *,
        product: str,
        run_id: str,
        simulated: bool,
        report_href: str = "report.html",
        row_limit: int = _ROW_LIMIT,
    ) -> None:
        self._title = f"{product} · {run_id}"
        self._simulated = simulated
        self._report_href = report_href
        self._row_limit = row_limit
        self._passed_rows = 0
        self._started = _utc_now()
        self._properties: dict[str, Properties] = {}
        self._requirements: dict[str, list[str]] = {}
        self._failed_teardown: set[str] = set()

    @pytest.hookimpl(wrapper=True, tryfirst=True)  # outermost: after others have attached theirs
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Show what each phase attached, setup and teardown included, and each piece once."""
        report = yield
        self._requirements[item.nodeid] = [
            str(name) for mark in item.iter_markers("requirement") for name in mark.args
        ]
        known = self._properties.setdefault(item.nodeid, [])
        shown = {id(piece) for piece in known}
        fresh = [piece for piece in report.user_properties if id(piece) not in shown]
        known.extend(fresh)
        earlier: list[dict[str, Any]] = getattr(report, "extras", [])
        blocks = [_html_extra(block) for block in _blocks(fresh)]
        extended: Any = report  # pytest-html reads an attribute that TestReport does not declare
        extended.extras = [*earlier, *blocks]
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember a failed teardown until the test's row is made."""
        if report.when == "teardown" and report.failed:
            self._failed_teardown.add(report.nodeid)

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_report_title(self, report: _Titled) -> None:
        """Name the product and the run."""
        report.title = self._title

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_header(self, cells: list[str]) -> None:
        """Put our columns after the test's name; the links column gives way to the evidence."""
        del cells[3:]
        cells[2:2] = HEADERS

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_row(self, report: pytest.TestReport, cells: list[str]) -> None:
        """Fill our columns with the worst row of the test; escape its name."""
        if report.when == "call" and report.outcome == "passed":
            self._passed_rows += 1
            if self._passed_rows > self._row_limit:
                del cells[:]
                return
        seen = [] if report.when == "teardown" else self._properties.get(report.nodeid, [])
        requirements = self._requirements.get(report.nodeid, [])
        del cells[3:]
        cells[0] = self._result_cell(report, cells[0])
        cells[1] = f'<td class="col-testId">{escape(_name(report))}</td>'
        cells[2:2] = measurement_cells(_measurements(seen), requirements=requirements)

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_html(self, report: pytest.TestReport, data: list[str]) -> None:
        """Leave out the captured text of passes."""
        if report.outcome == "passed":
            del data[:]

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_summary(self, prefix: list[str]) -> None:
        """Say what this is, when it was, and where the report is."""
        if self._simulated:
            prefix.append(f'<p class="simulated">{escape(SIMULATED_NOTICE)}</p>')
        href = escape(self._report_href, quote=True)
        prefix.append(
            f"<p>Engineering log. The rows of this log need JavaScript; the report of this run reads "
            f'without: <a href="{href}">{href}</a>.</p>'
            f"<p>Started {self._started}, written {_utc_now()}.</p>"
        )
        left_out = self._passed_rows - self._row_limit
        if left_out > 0:
            prefix.append(
                f"<p>{left_out} passed rows beyond {self._row_limit} are left to the report.</p>"
            )

    def _result_cell(self, report: pytest.TestReport, cell: str) -> str:
        """Return the result's cell; a test whose teardown failed is an error, whatever it found."""
        if report.nodeid in self._failed_teardown and report.outcome == "passed":
            return '<td class="col-result">Error</td>'
        return cell


def _utc_now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _name(report: pytest.TestReport) -> str:
    return report.nodeid if report.when == "call" else f"{report.nodeid}::{report.when}"


def _html_extra(content: str) -> dict[str, str | None]:
    """Return a pytest-html extra that is put into the row's foldout as it is."""
    return {
        "name": None,
        "format_type": "html",
        "content": content,
        "mime_type": None,
        "extension": None,
    }


def _measurements(properties: Properties) -> list[MeasurementRecord]:
    rows: list[MeasurementRecord] = []
    for name, value in properties:
        if name == "measurement":
            try:
                rows.append(measurement_from_json(str(value)))
            except ValueError:
                continue  # shown as text among the evidence
    return rows


def _blocks(properties: Properties) -> list[str]:
    """Return the foldout's blocks: all rows, then evidence and figures in the order they came."""
    rows = _measurements(properties)
    blocks = [measurement_table(rows)] if rows else []
    for name, value in properties:
        if name == "evidence":
            blocks.append(evidence_block(str(value)))
        elif name == "figure" and _wants_figures(rows):
            blocks.append(figure_block(str(value)))
        elif name == "measurement" and not _is_measurement(str(value)):
            blocks.append(evidence_block(f"unreadable measurement: {value}"))
    return blocks


def _wants_figures(rows: list[MeasurementRecord]) -> bool:
    """Return whether a drawing helps: not where every row of the phase passed."""
    worst = worst_of(rows)
    return worst is None or worst.verdict != "PASS"


def _is_measurement(text: str) -> bool:
    try:
        measurement_from_json(text)
    except ValueError:
        return False
    return True
