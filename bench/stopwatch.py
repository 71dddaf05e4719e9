"""Where the wall time of a run went, by the kind of work."""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Literal

__all__ = ["Activity", "Stopwatch"]

Activity = Literal["device wait", "acquire", "transfer", "analyse", "record", "report"]


class Stopwatch:
    """Adds up wall time by activity; nested activities count for the inner one only."""

    def __init__(self) -> None:
        self._totals_s: dict[Activity, float] = {}
        self._running: list[tuple[Activity, float]] = []

    @contextmanager
    def during(self, activity: Activity) -> Generator[None]:
        """Charge the time inside the block to ``activity``."""
        self._charge()
        self._running.append((activity, time.perf_counter()))
        try:
            yield
        finally:
            self._charge()
            self._running.pop()
            if self._running:
                outer, _ = self._running[-1]
                self._running[-1] = (outer, time.perf_counter())

    def totals_s(self) -> Mapping[Activity, float]:
        """Return seconds by activity so far."""
        return dict(self._totals_s)

    def _charge(self) -> None:
        if not self._running:
            return
        activity, since = self._running[-1]
        now = time.perf_counter()
        self._totals_s[activity] = self._totals_s.get(activity, 0.0) + now - since
        self._running[-1] = (activity, now)
