"""Waveforms beside the journal: named by the hash of their bytes, on the disk before they count."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Container
from pathlib import Path

from bench.errors import FileFormatError
from bench.record.journal import RecordFailed
from bench.waveform import Waveform
from bench.waveform_file import dump_waveform
from bench.waveform_file import load_waveform as decode_waveform

__all__ = ["drop_unfinished", "load_waveform", "store_waveform"]


def store_waveform(folder: Path, waveform: Waveform) -> str:
    """Write ``waveform`` to ``folder``, synced and renamed into place; return its SHA-256.

    Raises RecordFailed where it cannot be.
    """
    data = dump_waveform(waveform)
    digest = hashlib.sha256(data).hexdigest()
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
    return digest


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
