"""The virtual time in shared memory: who runs on the same machine reads it without a question.

A page is a memory file of this process, 24 bytes: a token of 16 random bytes, then the time in
nanoseconds as a native 64-bit integer. It is named by a path under ``/proc`` (no file is left behind
by a process that is killed) and written after every advance, before the answer to whoever made the
advance. The token tells a reader in another PID namespace that the path led elsewhere.
"""

from __future__ import annotations

import mmap
import os
import secrets
import sys

__all__ = ["ClockPage"]

_TOKEN_BYTES, _TIME_BYTES = 16, 8


class ClockPage:
    """The page of one clock; where the system has no memory files it has no address."""

    def __init__(self) -> None:
        self.address = ""
        """``<path> <token as hex>``, empty where there is no page."""
        self._words: memoryview | None = None
        if sys.platform == "linux":
            token = secrets.token_bytes(_TOKEN_BYTES)
            descriptor = os.memfd_create("virtual-time")
            os.ftruncate(descriptor, _TOKEN_BYTES + _TIME_BYTES)
            page = mmap.mmap(descriptor, _TOKEN_BYTES + _TIME_BYTES)
            page[:_TOKEN_BYTES] = token
            self._words = memoryview(page).cast("q")
            self.address = f"/proc/{os.getpid()}/fd/{descriptor} {token.hex()}"

    def write(self, now_ns: int) -> None:
        """Show ``now_ns`` from now on."""
        if self._words is not None:
            self._words[-1] = now_ns
