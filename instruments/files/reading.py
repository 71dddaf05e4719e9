"""Which reader a file belongs to, by its content and not by its name."""

from __future__ import annotations

from pathlib import Path

from bench.errors import FileFormatError
from bench.waveform import Waveform
from instruments.files.delimited import read_delimited
from instruments.files.isf import is_isf, read_isf
from instruments.files.npz import is_zip, read_npz
from instruments.files.vendor import is_vendor_text, read_vendor

__all__ = ["read_waveforms"]

_TEXT_SAMPLE = 4096
_BOMS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


def read_waveforms(path: Path | str) -> tuple[Waveform, ...]:
    """Return the channels of a recorded file: ISF, CSV and other text, NPZ, makers' formats.

    Raises FileFormatError (exit code 4) naming the file, where in it, and what was expected.
    """
    path = Path(path)
    try:
        return _read(_bytes(path), path)
    except FileFormatError:
        raise
    except (ValueError, OverflowError) as error:  # a scale that no record can have
        raise FileFormatError(
            f"{path}: the file's scale or time base is damaged ({error}); copy or export it again"
        ) from error


def _read(data: bytes, path: Path) -> tuple[Waveform, ...]:
    if is_isf(data):
        return (read_isf(data, path),)
    if is_zip(data):
        return read_npz(data, path)
    if is_vendor_text(data):
        return read_vendor(path)
    text = _text(data)
    return read_vendor(path) if text is None else read_delimited(text, path)


def _bytes(path: Path) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FileFormatError(f"{path}: cannot be read ({error.strerror or error})") from error
    if not data:
        raise FileFormatError(f"{path}: the file is empty (0 bytes)")
    return data


def _text(data: bytes) -> str | None:
    """Return the file as text, or None if its beginning is binary."""
    for mark, encoding in _BOMS.items():
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    sample = data[:_TEXT_SAMPLE]
    control = sum(byte < 0x20 and byte not in b"\t\n\r\f" for byte in sample)
    if control:
        return None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")
