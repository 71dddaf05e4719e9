"""A report on paper: its page printed by Chromium, or by WeasyPrint where that is what there is."""

from __future__ import annotations

import importlib
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from bench.errors import BenchError, UsageError

__all__ = ["find_chromium", "print_pdf"]

_BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_TIMEOUT_S: Final = 120.0
_TAGGED_ROWS: Final = 2000
"""Table rows up to which the PDF carries its structure for screen readers and links to raw records: they
take more than half of the printing time. Text is complete either way."""
_RECORD_LINK: Final = re.compile(r'<a href="#raw-[^"]*">([^<]*)</a>')
_QUIET: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--disable-sync",
    "--no-pdf-header-footer",
)
_TAGGED: Final = ("--generate-pdf-document-outline",)
_UNTAGGED: Final = ("--disable-pdf-tagging",)
"""The page is our own and holds no script; the sandbox cannot start for root in a container."""


def find_chromium() -> str | None:
    """Return the path of a Chromium on this computer, or None."""
    return next((path for name in _BROWSERS if (path := shutil.which(name))), None)


def print_pdf(page: Path, target: Path) -> Path:
    """Print ``page`` to ``target``; raises UsageError where nothing can, BenchError where it fails.

    An interrupted print leaves a former file as it was.
    """
    temporary = target.with_name(f".{target.name}.part")
    chromium = find_chromium()
    try:
        if chromium is not None:
            _by_chromium(chromium, page, temporary)
        else:
            _by_weasyprint(page, temporary)
        return temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def _by_chromium(chromium: str, page: Path, target: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="bench-pdf-") as temporary:
        text = page.read_text("utf-8", errors="replace")
        tags, printed = _TAGGED, page
        if text.count("<tr") > _TAGGED_ROWS:
            tags, printed = _UNTAGGED, Path(temporary) / page.name
            printed.write_text(_RECORD_LINK.sub(r"\1", text), encoding="utf-8")
        command = [chromium, *_QUIET, *tags, f"--user-data-dir={temporary}/profile"]
        command += [f"--print-to-pdf={target.resolve()}", printed.resolve().as_uri()]
        _run(command, chromium)
    if not target.is_file() or not target.stat().st_size:
        raise BenchError(f"{chromium}: ended without a PDF of {page}; open the page and print it")


def _run(command: Sequence[str], chromium: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, timeout=_TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BenchError(f"{chromium}: {error}; the HTML report is complete without it") from error
    if done.returncode:
        last = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        raise BenchError(f"{chromium}: exit code {done.returncode}: {' '.join(last)}")


def _by_weasyprint(page: Path, target: Path) -> None:
    """Print without a browser. It ignores what it does not know and shows folded parts unfolded."""
    try:
        weasyprint: Any = importlib.import_module("weasyprint")
    except (ImportError, OSError) as error:
        raise UsageError(
            f"--pdf: neither Chromium ({', '.join(_BROWSERS)}) nor WeasyPrint was found ({error}); "
            f"install chromium, or pip install '.[pdf]', or print {page} from a browser"
        ) from error
    weasyprint.HTML(filename=str(page)).write_pdf(str(target))
