"""The line that an operator watches: which test, the last value and margin, the time left.

On a terminal one line that is rewritten; elsewhere one line for each test that does not pass.
"""

from __future__ import annotations

import re
import shutil
import sys
import time
from typing import TextIO

import msgspec
import pytest

from bench.plain_text import plain
from bench.record.schema import MeasurementRecord

__all__ = ["Progress", "measurement_text"]

_ERASE = "\r\x1b[2K"
_GOOD = ("PASS", "CONDITIONAL PASS", "RECORDED", "NOT APPLICABLE")


class Progress:
    """A pytest plugin that reports to ``stream`` (stderr: stdout carries results alone)."""

    def __init__(self, *, total: int, stream: TextIO | None = None) -> None:
        self._total = total
        self._done = 0
        self._started_s = time.monotonic()
        self._stream = stream or sys.stderr
        self._live = self._stream.isatty()
        self._last = ""

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Show the test that starts."""
        self._show(_short(nodeid))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Show the worst row of the test that ended; keep a line of what did not pass."""
        rows = [
            msgspec.json.decode(str(value), type=MeasurementRecord)
            for name, value in report.user_properties
            if name == "measurement"
        ]
        if report.when == "call" and rows:
            worst = min(rows, key=lambda row: 1e9 if row.margin_pct is None else row.margin_pct)
            self._last = measurement_text(worst)
        if report.failed:
            bad = [row for row in rows if row.verdict not in _GOOD]
            self._line(f"{'FAIL ' if bad else 'ERROR'} {_short(report.nodeid)}")
            for row in bad:
                self._line(f"      {measurement_text(row)}")
            if not bad:
                self._line(f"      {_first_line(report)}")
        if report.when == "teardown":
            self._done += 1
            self._show(_short(report.nodeid))

    def pytest_sessionfinish(self) -> None:
        """Clear the live line."""
        if self._live:
            self._stream.write(_ERASE)
            self._stream.flush()

    def _show(self, test: str) -> None:
        if not self._live:
            return
        width = shutil.get_terminal_size().columns
        left = self._left()
        text = f"[{self._done}/{self._total}] {test}  {self._last}{left}"
        self._stream.write(_ERASE + plain(text)[: width - 1])
        self._stream.flush()

    def _line(self, text: str) -> None:
        self._stream.write((_ERASE if self._live else "") + plain(text) + "\n")
        self._stream.flush()

    def _left(self) -> str:
        if self._done < 3:
            return ""
        elapsed_s = time.monotonic() - self._started_s
        return f"  about {elapsed_s / self._done * (self._total - self._done):.0f} s left"


def measurement_text(row: MeasurementRecord) -> str:
    """Return a row as one short line: requirement, value, margin, verdict or reason."""
    if row.value is None:
        return f"{row.requirements[0]} {row.quantity}: {row.verdict}: {row.reason}"
    spread = f" ± {row.expanded_uncertainty:.2g}" if row.expanded_uncertainty else ""
    margin = "" if row.margin_pct is None else f", margin {_rounded(row.margin_pct)} %"
    return (
        f"{row.requirements[0]} {row.quantity}: {row.value:.5g}{spread} {row.unit}{margin}: "
        f"{row.verdict}"
    )


def _rounded(margin_pct: float) -> str:
    """Return a margin as a whole number; a small one keeps two digits, with its sign."""
    small = 0.0 < abs(margin_pct) < 10.0
    return f"{margin_pct:.2g}" if small else f"{margin_pct:.0f}"


def _short(nodeid: str) -> str:
    return nodeid.rpartition("::")[2].removeprefix("test_").replace("_", " ")


def _first_line(report: pytest.TestReport) -> str:
    """Return what went wrong, without the name of the exception's class."""
    crash = getattr(report.longrepr, "reprcrash", None)
    line = str(getattr(crash, "message", report.longrepr)).splitlines()[0]
    return re.sub(r"^bench\.errors\.\w+: ", "", line)
