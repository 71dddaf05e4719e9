"""Runs that died: the next start writes the end that they could not write, and seals them."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from bench.errors import BenchError
from bench.record.events import Finished, Kind
from bench.record.journal import Journal, read_journal, utc_now
from bench.record.reserve import RESERVE_NAME
from bench.record.run_folder import JOURNAL_NAME, OPEN_MARK, WAVEFORM_FOLDER, waveforms_of
from bench.record.seal import seal_run
from bench.record.waveform_store import drop_unfinished

__all__ = ["HeldMark", "close_died_runs", "close_run"]


class HeldMark:
    """The open mark of a run, locked as long as its runner, or the guardian that inherits it, lives.

    The journal's own lock does not reach from the last line to the sealed folder; this one does.
    """

    def __init__(self, folder: Path) -> None:
        """Lock the mark of ``folder``, made where it is missing; raises BlockingIOError where it is held."""
        self.descriptor = os.open(folder / OPEN_MARK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self.descriptor)
            raise

    def release(self) -> None:
        """Let go of it, here; once."""
        os.close(self.descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def close_run(folder: Path, *, reason: str = "the run ended") -> None:
    """Seal a run that has its end and take its open mark away."""
    seal_run(folder, reason=reason)
    (folder / OPEN_MARK).unlink(missing_ok=True)


def close_died_runs(parent: Path, *, render: Callable[[Path], None]) -> list[Path]:
    """Close the runs in ``parent`` that died; return their folders.

    ``render`` makes the reports of a folder. A run whose mark is held, one that has written nothing and
    one whose record cannot be read are left as they are.
    """
    closed: list[Path] = []
    for mark in sorted(parent.glob(f"*/{OPEN_MARK}")):
        folder = mark.parent
        try:
            with HeldMark(folder):
                if _end(folder / JOURNAL_NAME):
                    render(folder)
                    close_run(folder, reason="closed by the next start: the run died")
                    closed.append(folder)
        except (BenchError, OSError):
            continue  # under way, or `bench verify` says what is wrong with it
    return closed


def _end(path: Path) -> bool:
    """Write the missing end of a journal; return whether there is one now."""
    if not path.exists():
        return False
    with Journal(path) as journal:
        lines = list(read_journal(path))
        if lines and not any(line.kind == Kind.FINISHED for line in lines):
            journal.append(Kind.FINISHED, Finished(outcome="aborted", finished_at=utc_now()))
        waveforms = {digest for line in lines for digest in waveforms_of(line)}
        (path.parent / RESERVE_NAME).unlink(missing_ok=True)
        drop_unfinished(path.parent / WAVEFORM_FOLDER, waveforms)
    return bool(lines)
