"""The journal: one JSON line per event, appended, chained by hash, synced before it counts.

Line format: ``{"seq", "at", "kind", "data", "previous", "sha256"}`` where ``sha256`` is the hash of
the line's other fields as written, so that no line can be changed, dropped or moved unseen.
One process writes at a time, under a lock that dies with it.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import msgspec

from bench.errors import BenchError, FileFormatError

__all__ = ["Journal", "JournalBusy", "JournalLine", "RecordFailed", "read_journal", "utc_now"]

GENESIS = "0" * 64
"""``previous`` of the first line."""
_NOT_A_LINE = (msgspec.MsgspecError, UnicodeDecodeError)
"""What decoding raises for bytes that are not a line: JSON that is not ours, text that is not UTF-8."""


class JournalBusy(BenchError):
    """Another process is writing this journal."""


class RecordFailed(BenchError, OSError):
    """The disk does not take what was measured: full, read-only, broken. What is on it stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalLine:
    """One event."""

    seq: int
    at: str
    kind: str
    data: Any
    previous: str
    sha256: str


class _End(NamedTuple):
    """Where a journal ends: the next line's number, the last one's hash, and the bytes before."""

    seq: int
    sha256: str
    size: int


def utc_now() -> str:
    """Return the present instant in UTC, ISO 8601 with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class Journal:
    """The one writer of a journal; continues the chain of an existing file."""

    def __init__(self, path: Path) -> None:
        """Open ``path`` for appending; raises JournalBusy where another process writes it."""
        self.path = path
        self._file = path.open("ab", buffering=0)  # what failed must not be tried again later
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.close()
            raise JournalBusy(
                f"{path}: another process is writing this journal; wait for that run to end"
            ) from error
        self._safe_end = self._end = self._continue()

    def append(self, kind: str, data: object, *, durable: bool = True) -> JournalLine:
        """Write one event and return when it is on the disk; ``data`` is any record dataclass.

        A line that is not ``durable`` reaches the disk with the next one that is, at the latest: for
        what counts only with a line that follows. Raises RecordFailed where it cannot be written;
        the journal is then as it was at its last line on the disk.
        """
        body = msgspec.json.encode(
            {
                "seq": self._end.seq,
                "at": utc_now(),
                "kind": kind,
                "data": data,
                "previous": self._end.sha256,
            }
        )
        digest = hashlib.sha256(body).hexdigest()
        line = body[:-1] + b',"sha256":"' + digest.encode() + b'"}\n'
        self._write(line, durable=durable)
        self._end = _End(self._end.seq + 1, digest, self._end.size + len(line))
        if durable:
            self._safe_end = self._end
        return _decode(line)

    def close(self) -> None:
        """Release the lock and the file; idempotent."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _write(self, line: bytes, *, durable: bool) -> None:
        try:
            rest = memoryview(line)
            while rest:
                rest = rest[self._file.write(rest) :]
            if durable:
                os.fdatasync(self._file.fileno())
        except OSError as error:
            self._end = self._safe_end
            with contextlib.suppress(OSError):
                self._file.truncate(self._end.size)
            raise RecordFailed(
                f"{self.path}: cannot be written ({error.strerror}); what was measured before is "
                "kept: make room or give --out a folder on another disk, and run again"
            ) from error

    def _continue(self) -> _End:
        """Find the end of the chain; a torn last line is cut off, since it never counted."""
        seq, previous, intact = 0, GENESIS, 0
        for raw in _lines(self.path):
            if not raw.endswith(b"\n"):
                break
            try:
                line = _decode(raw)
            except _NOT_A_LINE as error:
                self._file.close()
                raise FileFormatError(
                    f"{self.path}: nothing was added, line {seq + 1} is not a journal line ({error})"
                ) from error
            seq, previous, intact = line.seq + 1, line.sha256, intact + len(raw)
        self._file.truncate(intact)
        return _End(seq, previous, intact)


def read_journal(path: Path, *, verify: bool = True) -> Iterator[JournalLine]:
    """Yield the journal's lines; raises FileFormatError where the chain is broken.

    A torn last line (the writer died in the middle of it) is left out.
    """
    previous = GENESIS
    try:
        lines = _lines(path)
    except OSError as error:
        raise FileFormatError(
            f"{path}: cannot be read ({error.strerror}); is this a run folder?"
        ) from error
    for number, raw in enumerate(lines, start=1):
        if not raw.endswith(b"\n"):
            return
        try:
            line = _decode(raw)
        except _NOT_A_LINE as error:
            raise FileFormatError(f"{path}:{number}: not a journal line ({error})") from error
        if verify and (line.previous != previous or not _intact(raw, line.sha256)):
            raise FileFormatError(
                f"{path}:{number}: the chain is broken here: the line was changed, moved or removed"
            )
        previous = line.sha256
        yield line


def _lines(path: Path) -> list[bytes]:
    """Return the lines with their ends; a carriage return within one ends nothing."""
    return list(io.BytesIO(path.read_bytes()))


def _decode(raw: bytes) -> JournalLine:
    return msgspec.json.decode(raw, type=JournalLine)


def _intact(raw: bytes, digest: str) -> bool:
    tail = b',"sha256":"' + digest.encode() + b'"}\n'
    return raw.endswith(tail) and hashlib.sha256(raw[: -len(tail)] + b"}").hexdigest() == digest
