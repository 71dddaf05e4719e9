"""Waveforms beside the journal: named by the hash of their bytes, on the disk before they count."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from bench.errors import FileFormatError
from bench.waveform import Waveform
from bench.waveform_file import dump_waveform
from bench.waveform_file import load_waveform as decode_waveform

__all__ = ["load_waveform", "store_waveform"]


def store_waveform(folder: Path, waveform: Waveform) -> str:
    """Write ``waveform`` to ``folder``, synced and renamed into place; return its SHA-256."""
    data = dump_waveform(waveform)
    digest = hashlib.sha256(data).hexdigest()
    target = folder / f"{digest}.npz"
    temporary = folder / f".{digest}.part"
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fdatasync(file.fileno())
    temporary.replace(target)
    return digest


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
