"""The runs of a challenge as processes of their own, which end with it."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Sequence
from typing import Final

__all__ = ["Runs"]

_RUN_TIMEOUT_S: Final = 600.0
_INTERRUPTED: Final = (130, 137, 143)


class Runs:
    """Executes runs, from several threads at once, until it is told to end."""

    def __init__(self) -> None:
        self._going: set[subprocess.Popen[str]] = set()
        self._lock = threading.RLock()  # a signal may end the runs while a signal ends them
        self._ending = False

    def execute(self, command: Sequence[str]) -> tuple[str, bool]:
        """Return the last line of what a command said, and whether it came to its own end."""
        with self._lock:
            if self._ending:
                return "not started: the challenge was ended", False
            run = subprocess.Popen(
                command,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                env=os.environ | {"BENCH_STORE_URL": "none"},  # faulty on purpose: nobody's history
            )
            self._going.add(run)
        try:
            _, said = run.communicate(timeout=_RUN_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            run.kill()
            run.communicate()
            return f"still running after {_RUN_TIMEOUT_S:g} s", False
        finally:
            with self._lock:
                self._going.discard(run)
        if self._ending:
            return "ended with the challenge", False  # whatever its exit code: it was interrupted
        last = (said.strip().splitlines() or [f"nothing, exit {run.returncode}"])[-1]
        return last, run.returncode >= 0 and run.returncode not in _INTERRUPTED

    def end(self) -> None:
        """Start no more, and let each that is going on make its bench safe and end."""
        with self._lock:
            self._ending = True
            for run in self._going:
                run.terminate()
