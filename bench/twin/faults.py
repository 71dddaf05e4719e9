"""Faults: by id, or a stranger's class from a file."""

from __future__ import annotations

from collections.abc import Iterable
from bench.twin.description import FaultEntry


def fit_faults(unit, entries: Iterable[FaultEntry]) -> None:
    pass


def check_bench_faults(ids: Iterable[str]) -> None:
    pass
