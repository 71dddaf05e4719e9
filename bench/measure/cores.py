"""Long records on all cores: kernels release the interpreter's lock and share the work by index."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TypeVar

__all__ = ["on_all_cores", "shares"]

_MOST_SHARES = 8
"""More threads than this wait for memory and not for a core."""

_Result = TypeVar("_Result")
_Share = tuple[int, int]


def shares(count: int, *, least: int) -> tuple[_Share, ...]:
    """Return ``count`` items as ranges (first, behind the last), one a core, of ``least`` or more."""
    parts = max(1, min(_cores(), _MOST_SHARES, count // least))
    bounds = [count * part // parts for part in range(parts + 1)]
    return tuple(pairwise(bounds))


def on_all_cores(
    action: Callable[[int, int], _Result], ranges: Sequence[_Share]
) -> tuple[_Result, ...]:
    """Return ``action(first, stop)`` of each range, in their order; one range needs no thread."""
    if len(ranges) == 1:
        return (action(*ranges[0]),)
    with ThreadPoolExecutor(len(ranges) - 1) as pool:
        others = [pool.submit(action, *share) for share in ranges[1:]]
        return (action(*ranges[0]), *(other.result() for other in others))


def _cores() -> int:
    """Return the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
