"""Fitting faults: ours by id, a stranger's class from a file, and those of the fixture.

A fault is a class with ``fit(unit, severity)``; docs/twin.md lists what a unit offers.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from bench.twin.description import FaultEntry
from bench.twin.fault_kinds import Fault, FaultError
from bench.twin.faults_firmware import FIRMWARE_FAULTS
from bench.twin.faults_link import LINK_FAULTS
from bench.twin.faults_output import OUTPUT_FAULTS
from bench.twin.faults_protection import PROTECTION_FAULTS

if TYPE_CHECKING:
    from bench.twin.unit import Unit

__all__ = ["DEVICE_FAULTS", "FIXTURE_FAULTS", "FaultError", "check_bench_faults", "fit_faults"]

DEVICE_FAULTS: Mapping[str, type[Fault]] = {
    **OUTPUT_FAULTS,
    **FIRMWARE_FAULTS,
    **PROTECTION_FAULTS,
    **LINK_FAULTS,
}
"""Every fault of a device that can be fitted by its id."""

FIXTURE_FAULTS: Mapping[str, str] = {
    "X06": "load relay 101 stuck closed",
    "X07": "load relay 102 stuck open",
    "X08": "contact of load relay 101 aged by 12 Ω",
    "X09": "shunt 5 % high",
    "X18": "an earth lead of 4 Ω across the shunt",
    "X27": "lead between device and fixture open",
    "X29": "measuring device: 22 nF in place of 15 nF",
    "X30": "measuring device: 10 kΩ resistor open",
}
"""Bench faults that lie in the fixture; those of the instruments are fitted to the instruments."""

_SEVERITIES = ("low", "middle", "high")


class _Stranger(Protocol):
    def fit(self, unit: object, severity: str | None) -> None: ...


def fit_faults(unit: Unit, entries: Iterable[FaultEntry]) -> None:
    """Fit faults in the order given; raises FaultError."""
    for entry in entries:
        if entry.severity is not None and entry.severity not in _SEVERITIES:
            raise FaultError(
                f"fault {entry.spec}: expected severity low, middle or high, "
                f"found {entry.severity!r}"
            )
        if ".py:" in entry.spec:
            _fit_stranger(unit, entry)
        else:
            _known(entry.spec)().fit(unit, entry.severity or "middle")


def check_bench_faults(ids: Iterable[str]) -> None:
    """Raise FaultError for a bench fault that does not lie in the fixture."""
    for name in ids:
        if name not in FIXTURE_FAULTS:
            raise FaultError(
                f"bench fault {name}: the fixture has {', '.join(FIXTURE_FAULTS)}; "
                "others lie in the instruments"
            )


def _known(name: str) -> type[Fault]:
    if name not in DEVICE_FAULTS:
        raise FaultError(
            f"fault {name}: not known; known are {', '.join(sorted(DEVICE_FAULTS))}, "
            "and a class of your own as path/file.py:Class"
        )
    return DEVICE_FAULTS[name]


def _fit_stranger(unit: Unit, entry: FaultEntry) -> None:
    path_text, _, name = entry.spec.rpartition(":")
    fault = _stranger(Path(path_text), name, entry.spec)
    try:
        fault.fit(unit, entry.severity)
    except Exception as error:
        raise FaultError(
            f"fault {entry.spec}: its fit() raised {type(error).__name__}: {error}"
        ) from error


def _stranger(path: Path, name: str, spec: str) -> _Stranger:
    if not path.is_file():
        raise FaultError(f"fault {spec}: no file {path}")
    loader = importlib.util.spec_from_file_location(f"fault_{path.stem}", path)
    if loader is None or loader.loader is None:
        raise FaultError(f"fault {spec}: {path} is not a Python file")
    module = importlib.util.module_from_spec(loader)
    try:
        loader.loader.exec_module(module)
    except Exception as error:
        raise FaultError(
            f"fault {spec}: {path} raised {type(error).__name__} when loaded: {error}"
        ) from error
    kind = getattr(module, name, None)
    if not isinstance(kind, type) or not callable(getattr(kind, "fit", None)):
        raise FaultError(f"fault {spec}: {path} has no class {name} with fit(unit, severity)")
    return cast("_Stranger", kind())
