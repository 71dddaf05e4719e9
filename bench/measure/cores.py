"""Long records on all cores: kernels release the interpreter's lock and share the work by index."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
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
    others = [_pool().submit(action, *share) for share in ranges[1:]]
    first = action(*ranges[0])
    return (first, *(other.result() for other in others))


@cache
def _pool() -> ThreadPoolExecutor:
    """Return threads that wait for work: to start one takes as long as to read a megasample."""
    return ThreadPoolExecutor(_MOST_SHARES - 1, thread_name_prefix="measure")


if hasattr(os, "register_at_fork"):  # a forked process has none of its parent's threads
    os.register_at_fork(after_in_child=_pool.cache_clear)


def _cores() -> int:
    """Return the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
