"""Faults as they are written on a command line: ``A03=middle``, ``X06``, ``mine.py:Worn=high``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from bench.errors import UsageError
from bench.station.simulation import FittedFault

__all__ = ["SEVERITIES", "spec_and_severity", "split_faults"]

SEVERITIES: Final = ("low", "middle", "high")
_BENCH_FAULT: Final = re.compile(r"X\d{2}|(scope|dmm|switch|supply):[a-z0-9-]+")


def spec_and_severity(text: str) -> tuple[str, str | None]:
    """Split ``ID=SEVERITY``; raises UsageError for a severity that is none."""
    spec, equals, severity = text.rpartition("=")
    if not equals:
        return text, None
    if severity not in SEVERITIES:
        raise UsageError(
            f"fault {text!r}: expected a severity low, middle or high behind '=', found {severity!r}"
        )
    return spec, severity


def split_faults(texts: Iterable[str]) -> tuple[list[FittedFault], list[str]]:
    """Return the device's faults and the ids of the bench's; file names become absolute."""
    faults: list[FittedFault] = []
    bench_faults: list[str] = []
    for text in texts:
        spec, severity = spec_and_severity(text)
        if _BENCH_FAULT.fullmatch(spec):
            bench_faults.append(spec)
        else:
            faults.append(FittedFault(spec=_absolute(spec), severity=severity))
    return faults, bench_faults


def _absolute(spec: str) -> str:
    """Return a fault of a file with its absolute path; raises UsageError where it is missing."""
    path, colon, name = spec.rpartition(":")
    if not colon:
        return spec
    file = Path(path)
    if not file.is_file():
        raise UsageError(f"fault {spec!r}: no file {path}; expected FILE.py:Class or an id")
    return f"{file.resolve()}:{name}"
