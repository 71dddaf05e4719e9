"""One run per bench at a time: a lock on every address that a run uses, which dies with its owner.

A lock is a file that is locked (``flock``), one for each instrument and the device: two station files
that share a scope exclude each other. What the file says is only for people; who holds it is decided by
the kernel. The guardian inherits the locks, so that nobody uses a bench that is still being made safe.
"""

from __future__ import annotations

import contextlib
import fcntl
import getpass
import hashlib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from bench.errors import BenchError
from bench.record import utc_now

__all__ = ["BenchBusy", "BenchLock"]

_VARIABLE: Final = "BENCH_LOCK_DIR"
_SYSTEM_FOLDER: Final = Path("/run/lock")
_SHARED_MODE: Final = 0o666
_LONGEST_NOTE: Final = 400


class BenchBusy(BenchError):
    """Another run uses an instrument of this station."""


class BenchLock:
    """The locks of one run, taken at once or not at all."""

    def __init__(self, addresses: Iterable[str], *, run_id: str) -> None:
        """Lock ``addresses``; raises BenchBusy, which says who holds what."""
        self._descriptors: list[int] = []
        note = f"run {run_id}, {_account()}, process {os.getpid()}, since {utc_now()}"
        try:
            for address in sorted(set(addresses)):
                self._take(address, note)
        except BaseException:
            self.release()
            raise

    @property
    def descriptors(self) -> tuple[int, ...]:
        """What a process must inherit to hold the locks too."""
        return tuple(self._descriptors)

    def release(self) -> None:
        """Let others in, whoever inherited the locks; idempotent."""
        for descriptor in self._descriptors:
            with contextlib.suppress(OSError):
                os.ftruncate(descriptor, 0)
                fcntl.flock(descriptor, fcntl.LOCK_UN)
            os.close(descriptor)
        self._descriptors.clear()

    def _take(self, address: str, note: str) -> None:
        path = lock_path(address)
        descriptor = _open(path)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(descriptor, _LONGEST_NOTE, 0).decode("utf-8", "replace").strip()
            os.close(descriptor)
            raise BenchBusy(
                f"{address} is in use by {holder or 'another run'}; "
                f"wait until it ends, or end that process (lock {path})"
            ) from error
        self._descriptors.append(descriptor)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, note.encode("utf-8"), 0)


def lock_path(address: str) -> Path:
    """Return the lock file of an address: a hash, so that no address can name a path."""
    place = address.partition("?")[0]  # how a serial line is set does not make it another one
    digest = hashlib.sha256(place.strip().upper().encode("utf-8")).hexdigest()[:24]
    return _folder() / f"microcurrent-bench-{digest}.lock"


def _folder() -> Path:
    if os.environ.get(_VARIABLE):
        return Path(os.environ[_VARIABLE])
    shared = _SYSTEM_FOLDER
    return shared if os.access(shared, os.W_OK) else Path(tempfile.gettempdir())


def _open(path: Path) -> int:
    """Open a lock file that may be another user's; links are not followed."""
    flags = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with contextlib.suppress(FileNotFoundError):
            return os.open(path, flags)
        descriptor = os.open(path, flags | os.O_CREAT, _SHARED_MODE)
    except OSError as error:
        raise BenchError(
            f"{path}: the lock of the bench cannot be opened ({error.strerror}); "
            f"set {_VARIABLE} to a folder that every user of the bench can write"
        ) from error
    with contextlib.suppress(OSError):
        os.fchmod(descriptor, _SHARED_MODE)  # whatever the umask: the next user is another
    return descriptor


def _account() -> str:
    try:
        return f"user {getpass.getuser()}"
    except (OSError, KeyError):
        return "unknown user"
