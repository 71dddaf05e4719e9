"""Runs that died: the next start writes the end that they could not write, and seals them."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from bench.errors import BenchError
from bench.record.events import Finished, Kind
from bench.record.journal import Journal, JournalBusy, read_journal, utc_now
from bench.record.run_folder import JOURNAL_NAME, OPEN_MARK
from bench.record.seal import seal_run

__all__ = ["close_died_runs", "close_run"]

_QUIET_S: Final = 5.0
"""A journal that was written within this time may still get the guardian's last lines."""


def close_run(folder: Path, *, reason: str = "the run ended") -> None:
    """Seal a run that has its end and take its open mark away."""
    seal_run(folder, reason=reason)
    (folder / OPEN_MARK).unlink(missing_ok=True)


def close_died_runs(
    parent: Path, *, render: Callable[[Path], None], now_s: Callable[[], float] = time.time
) -> list[Path]:
    """Close the runs in ``parent`` that died; return their folders.

    ``render`` makes the reports of a folder. A run that is under way (its journal is locked), one
    whose journal was written a moment ago, and one whose record cannot be read are left as they are.
    """
    closed: list[Path] = []
    for mark in sorted(parent.glob(f"*/{OPEN_MARK}")):
        folder = mark.parent
        try:
            if _end(folder, now_s=now_s()):
                render(folder)
                close_run(folder, reason="closed by the next start: the run died")
                closed.append(folder)
        except (BenchError, OSError):
            continue  # `bench verify` says what is wrong with it
    return closed


def _end(folder: Path, *, now_s: float) -> bool:
    """Write the missing end; return whether the run is dead."""
    path = folder / JOURNAL_NAME
    if not path.exists() or now_s - path.stat().st_mtime < _QUIET_S:
        return False
    try:
        journal = Journal(path)
    except JournalBusy:
        return False
    with journal:
        kinds = [line.kind for line in read_journal(path)]
        if kinds and Kind.FINISHED not in kinds:
            journal.append(Kind.FINISHED, Finished(outcome="aborted", finished_at=utc_now()))
    return bool(kinds)
