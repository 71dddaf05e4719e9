"""Waveforms beside the journal: named by the hash of their bytes, on the disk before they count."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Container
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final

from bench.errors import FileFormatError
from bench.record.journal import RecordFailed
from bench.waveform import Waveform
from bench.waveform_file import dump_waveform
from bench.waveform_file import load_waveform as decode_waveform

__all__ = ["WaveformWriter", "drop_unfinished", "load_waveform", "store_waveform"]

_MOST_WAITING: Final = 16
"""Waveforms that wait for the disk; the next one waits for them."""


class WaveformWriter:
    """Stores waveforms while the run goes on; :meth:`settle` before a line names them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="waveforms")
        self._waiting: list[Future[None]] = []

    def put(self, waveform: Waveform) -> str:
        """Begin to store ``waveform`` and return its SHA-256; raises RecordFailed of earlier ones."""
        if len(self._waiting) >= _MOST_WAITING:
            self.settle()
        digest, data = _named(waveform)
        self._waiting.append(self._thread.submit(_store, self._folder, digest, data))
        return digest

    def settle(self) -> None:
        """Return when everything is on the disk; raises RecordFailed where something cannot be."""
        while self._waiting:
            failure = self._waiting[0].exception()
            del self._waiting[0]  # behind it: an interrupt of the wait forgets nothing
            if failure is not None:
                raise failure

    def close(self) -> None:
        """End the thread; what waits is written first."""
        self._thread.shutdown()


def store_waveform(folder: Path, waveform: Waveform) -> str:
    """Write ``waveform`` to ``folder``, synced and renamed into place; return its SHA-256.

    Raises RecordFailed where it cannot be.
    """
    digest, data = _named(waveform)
    _store(folder, digest, data)
    return digest


def _named(waveform: Waveform) -> tuple[str, bytes]:
    """Return a waveform's bytes in the file, behind their SHA-256."""
    data = dump_waveform(waveform)
    return hashlib.sha256(data).hexdigest(), data


def _store(folder: Path, digest: str, data: bytes) -> None:
    target = folder / f"{digest}.npz"
    temporary = folder / f".{digest}.part"
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fdatasync(file.fileno())
        temporary.replace(target)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise RecordFailed(
            f"{folder}: a waveform cannot be written ({error.strerror}); what was measured before "
            "is kept: make room or give --out a folder on another disk, and run again"
        ) from error


def drop_unfinished(folder: Path, named: Container[str]) -> None:
    """Take away what a killed run began to store and no journal line names: it never counted."""
    for path in folder.iterdir():
        if path.stem.removeprefix(".") not in named or path.suffix == ".part":
            path.unlink()


def load_waveform(folder: Path, sha256: str) -> Waveform:
    """Read a stored waveform and check it against its name; raises FileFormatError."""
    path = folder / f"{sha256}.npz"
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FileFormatError(f"{path}: cannot be read ({error.strerror})") from error
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise FileFormatError(f"{path}: the file was changed: its bytes hash to {found}")
    return decode_waveform(data, name=str(path))
