"""``bench run``: a pytest command line, and the verdict as an exit code."""

from __future__ import annotations

import argparse
import contextlib
import shutil
import sys
from pathlib import Path
from typing import Final

import pytest

from bench.challenge import require_known_faults
from bench.cli.run_options import add_run_options
from bench.cli.run_text import run_text
from bench.errors import BenchError
from bench.plain_text import plain
from bench.plugin.decidability import require_decidable
from bench.plugin.hooks import DECIDABLE, REFUSED, RUN, SETTINGS
from bench.plugin.run import Run
from bench.plugin.settings import PLANS, RunSettings, settings_from
from bench.plugin.start import require_release_record
from bench.record import create_run_folder, load_run, summary_bytes
from bench.record.closing import close_died_runs
from bench.store import forward_pending, mark_pending
from reports import write_reports

__all__ = ["add_arguments", "execute", "pytest_words", "run"]

ROOT: Final = Path(__file__).parents[2]

EXIT_OF_VERDICT: Final = {"PASS": 0, "FAIL": 1, "INCOMPLETE": 14, "ERROR": 10}
NOT_CONFIRMED_EXIT: Final = 13
INTERRUPTED_EXIT: Final = 130

_QUIET: Final = (
    "-qq", "--no-header", "--no-summary", "--tb=short", "--show-capture=no",
    "-p", "no:cacheprovider", "--assert=plain", "-o", "console_output_style=classic", "-W", "default",
)  # fmt: skip
"""pytest's own terminal output gives way to our progress line."""


class _Bridge:
    """Hands the resolved settings to the plugin and the plugin's run back."""

    def __init__(self, settings: RunSettings) -> None:
        self._settings = settings
        self._config: pytest.Config | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Give the settings to the plugin before anything asks for them."""
        config.stash[SETTINGS] = self._settings
        config.stash[DECIDABLE] = self._settings.plan in PLANS
        self._config = config

    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str]:
        """Keep pytest's dots off the progress line."""
        return report.outcome, "", ""

    @property
    def refused(self) -> BenchError | None:
        """Why the plan was refused after its tests were collected: nothing was opened."""
        return None if self._config is None else self._config.stash.get(REFUSED, None)

    @property
    def run(self) -> Run | None:
        """The run, where the tests were collected at all."""
        return None if self._config is None else self._config.stash.get(RUN, None)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``bench run``."""
    add_run_options(parser)
    parser.add_argument("--json", action="store_true", help="print summary.json on stdout")
    parser.add_argument(
        "--record", action="store_true",
        help="write what goes over every instrument's line into the run folder (docs/recording.md)",
    )  # fmt: skip
    parser.add_argument(
        "--release-record", action="store_true",
        help="refuse unless serial, firmware and UDI are given and this bench is at a clean commit",
    )  # fmt: skip
    parser.add_argument(
        "--golden", action="store_true",
        help="the unit is this station's golden unit: the run watches the bench and counts in no yield",
    )  # fmt: skip


def run(arguments: argparse.Namespace) -> int:
    """Run the plan, print its result, return the exit code of its verdict."""
    require_known_faults(arguments.twin_fault)
    settings = settings_from(arguments, root=ROOT)
    if settings.release_record:
        require_release_record(settings)
    exit_code, folder = execute(settings, arguments.pytest)
    _forward(settings)
    if folder is None:
        return exit_code
    record = load_run(folder)
    if arguments.json:
        sys.stdout.write(summary_bytes(record).decode("utf-8"))
    else:
        sys.stdout.write(plain(run_text(record, folder)))
    return exit_code


def execute(settings: RunSettings, extra: list[str]) -> tuple[int, Path | None]:
    """Run pytest on the plan; return the exit code and the run folder, if there is one."""
    words = pytest_words(settings, extra)
    if settings.plan in PLANS:
        require_decidable(settings)
    for died in close_died_runs(settings.folder.parent, render=_render):
        sys.stderr.write(f"bench: {died}: this run had died; closed as aborted\n")
    _forward(settings)
    create_run_folder(settings.folder)
    if settings.store is not None:
        mark_pending(settings.folder)
    if sys.stderr.isatty():
        sys.stderr.write(f"pytest {' '.join(words)}\n")
    bridge = _Bridge(settings)
    with contextlib.redirect_stdout(sys.stderr):
        status = _pytest(words, bridge)
    finished = bridge.run
    if bridge.refused is not None:
        shutil.rmtree(settings.folder)
    if finished is None:
        return int(status) or pytest.ExitCode.NO_TESTS_COLLECTED, None
    for trouble in filter(None, (str(finished.record_failure or ""), finished.report_failure)):
        sys.stderr.write(plain(f"bench: {trouble}\n"))
    return _exit_code(finished, int(status)), finished.folder


def _pytest(words: list[str], bridge: _Bridge) -> int:
    """Run pytest; a log file that cannot be written is no traceback."""
    try:
        return pytest.main(words, plugins=[bridge])
    except OSError as error:
        if bridge.refused is not None:
            sys.stderr.write(f"bench: {bridge.refused}\n")
            return bridge.refused.exit_code
        if bridge.run is None:
            raise
        where = error.filename or bridge.run.folder
        bridge.run.report_failure = f"{where}: cannot be written ({error.strerror})"
        return pytest.ExitCode.OK


def _forward(settings: RunSettings) -> None:
    """Store what has ended and is not stored yet; what goes wrong changes nothing of the run."""
    if settings.store is None:
        return
    try:
        filled = forward_pending(settings.folder.parent, settings.store)
    except KeyboardInterrupt:
        sys.stderr.write("bench: store: interrupted; the next start goes on\n")
        return
    for problem in filled.problems:
        sys.stderr.write(f"bench: {problem}\n")
    if filled.waiting:
        sys.stderr.write(
            f"bench: {filled.waiting} runs wait in {settings.folder.parent}, nothing of them is "
            "lost; the next start stores them\n"
        )


def _render(folder: Path) -> None:
    write_reports(folder, load_run(folder))


def pytest_words(settings: RunSettings, extra: list[str]) -> list[str]:
    """Return the pytest command line of a run."""
    folder = settings.folder
    return [
        *settings.test_paths,
        *_QUIET,
        "-c", str(ROOT / "pyproject.toml"),
        "--rootdir", str(ROOT),
        "-p", "bench.plugin.hooks",
        f"--html={folder / 'log.html'}",
        "--self-contained-html",
        f"--css={ROOT / 'reports' / 'templates' / 'log.css'}",
        f"--junit-xml={folder / 'junit.xml'}",
        *extra,
    ]  # fmt: skip


def _exit_code(finished: Run, status: int) -> int:
    """13 over 130 over the verdict; pytest's own usage and internal errors keep their meaning."""
    record = finished.record()
    if not record.safe_state.confirmed and finished.touched_bench:
        return NOT_CONFIRMED_EXIT
    if finished.interrupted or status == pytest.ExitCode.INTERRUPTED:
        return INTERRUPTED_EXIT
    if status in (pytest.ExitCode.INTERNAL_ERROR, pytest.ExitCode.USAGE_ERROR):
        return status
    if finished.record_failure is not None:
        return finished.record_failure.exit_code
    return finished.failure_exit_code or EXIT_OF_VERDICT[record.verdict]
