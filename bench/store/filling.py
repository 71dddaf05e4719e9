"""Filling a store from run folders: each run once, whenever the store can be reached.

A folder is marked when its run is to be stored, and the mark is taken away when it is: what a store
missed while it could not be reached is what is still marked. A run is known by the hash of its
journal's first line, so forwarding it twice, from whichever copy, stores it once.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Final

from bench.errors import BenchError
from bench.record.journal import read_journal
from bench.record.run_folder import JOURNAL_NAME, OPEN_MARK, STORE_MARK, load_run
from bench.record.schema import RunRecord
from bench.record.summaries import run_folders
from bench.store.address import StoreAddress

if TYPE_CHECKING:
    from sqlalchemy import Engine

__all__ = ["Filled", "fill_from", "forward_pending", "mark_pending"]

_LONGEST_S: Final = 30.0
"""For one run, with its connection: a store that hangs must not hold a bench up."""
_AGAIN_S: Final = 2.0
"""And for each attempt to part from a store that hangs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What became of the runs that were to be stored."""

    stored: tuple[Path, ...] = ()
    """Folders whose run was added."""
    known: tuple[Path, ...] = ()
    """Folders whose run was there already."""
    problems: tuple[str, ...] = ()
    """One line each: a folder that cannot be read; at most one of the store, which ends the filling."""
    waiting: int = 0
    """Runs that the store did not take."""


def mark_pending(folder: Path) -> None:
    """Mark a new run folder: its run is to be stored once it has ended."""
    (folder / STORE_MARK).touch()


def forward_pending(parent: Path, address: StoreAddress) -> Filled:
    """Store the marked runs in ``parent`` that have ended; never raises a BenchError."""
    marked = sorted(mark.parent for mark in parent.glob(f"*/{STORE_MARK}"))
    ended = [folder for folder in marked if not (folder / OPEN_MARK).exists()]
    return _fill(ended, address) if ended else Filled()


def fill_from(path: Path, address: StoreAddress) -> Filled:
    """Store the runs of a run folder or a folder of run folders; raises UsageError for none."""
    return _fill(run_folders(path), address)


def _fill(folders: Iterable[Path], address: StoreAddress) -> Filled:
    from bench.store.database import StoreUnavailable, failures_of, open_store

    stored: list[Path] = []
    known: list[Path] = []
    problems: list[str] = []
    waiting = list(folders)
    engine: Engine | None = None
    while waiting:
        folder = waiting[0]
        try:
            with _bounded(address), failures_of(address):
                engine = engine or open_store(address)
                added = _store_folder(engine, folder)
        except StoreUnavailable as error:
            problems.append(str(error))
            break
        except BenchError as error:
            problems.append(f"{folder}: {error}" if engine else str(error))
            if engine is None:
                break
        else:
            (stored if added else known).append(folder)
            with contextlib.suppress(OSError):  # a read-only archive keeps its mark
                (folder / STORE_MARK).unlink(missing_ok=True)
        waiting.pop(0)
    return Filled(
        stored=tuple(stored), known=tuple(known), problems=tuple(problems), waiting=len(waiting)
    )


def _store_folder(engine: Engine, folder: Path) -> bool:
    """Store one run; return whether it was new. Raises FileFormatError and SQLAlchemy's errors."""
    from bench.store.insertion import insert_run

    record: RunRecord = load_run(folder)
    first = next(read_journal(folder / JOURNAL_NAME))
    return insert_run(engine, record, started_sha256=first.sha256)


@contextlib.contextmanager
def _bounded(address: StoreAddress) -> Generator[None]:
    """End the block with StoreUnavailable when it takes too long; in the main thread only."""
    from bench.store.database import StoreHangs

    def ring(_number: int, _frame: FrameType | None) -> None:
        raise StoreHangs(f"store {address.shown}: no answer within {_LONGEST_S:g} s")

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, _LONGEST_S, _AGAIN_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
