"""Room kept on the disk for the end of a run: a full disk must not keep it from being written."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Final

from bench.record.journal import RecordFailed

__all__ = ["RESERVE_NAME", "Reserve"]

RESERVE_NAME: Final = ".reserve"
_BYTES: Final = 256 * 1024
"""For the problem, the safe state with its steps, and the outcome: some 5 kB; the rest is for file systems
that hand out room in large pieces."""


class Reserve:
    """A file that is there to be given up."""

    def __init__(self, folder: Path) -> None:
        """Take the room; raises RecordFailed where there is none."""
        self._path = folder / RESERVE_NAME
        try:
            with self._path.open("wb") as file:
                file.write(os.urandom(_BYTES))  # zeros may take no room
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            self.release()
            raise RecordFailed(
                f"{folder}: a run cannot be recorded there ({error.strerror}); make room or give "
                "--out a folder on another disk"
            ) from error

    def release(self) -> None:
        """Give the room up; idempotent."""
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)
