"""Checks of the machine and of the connections, each with what to do about it."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from bench.clock import WallClock
from bench.device import open_link
from bench.errors import BenchError
from bench.record.schema import Equipment
from bench.station.configuration import Station
from instruments import backend_lines, open_instrument

__all__ = ["Finding", "State", "connection_tree", "firmware", "interlock", "machine"]

State = Literal["ok", "warn", "fail", "info", "n/a"]

_LOW_DISK_BYTES: Final = 2_000_000_000
"""A release run stores some hundred megabytes of codes."""
_PACKAGES: Final = ("pyvisa", "pyvisa-py", "numpy", "pyserial", "pytest")
_EXTRAS: Final = {"zeroconf": "discovery", "bleak": "ble", "RigolWFM": "vendor"}
_LINES: Final = {
    "TCPIP INSTR": "reinstall pyvisa-py",
    "TCPIP SOCKET": "reinstall pyvisa-py",
    "ASRL INSTR": "pip install pyserial",
    "USB INSTR": "pip install -e '.[usb]', and libusb-1.0 of the system, for instruments on USB",
    "GPIB INSTR": "pip install gpib-ctypes and the card's driver, for instruments on GPIB",
}
"""How an instrument can be reached, and what is missing where it cannot."""
_FORKS: Final = "\u251c\u2500 ", "\u2514\u2500 "


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check: its state, what was found, and what to do where it is not in order."""

    state: State
    name: str
    detail: str
    remedy: str = ""


def machine(store: Path) -> Iterator[Finding]:
    """Check interpreter, packages, clock, disk, the store and the browser."""
    yield Finding(state="info", name="python", detail=sys.version.split()[0])
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in _PACKAGES)
    yield Finding(state="info", name="packages", detail=versions)
    yield from _visa_lines()
    for package, extra in _EXTRAS.items():
        yield _extra(package, extra)
    yield _clock()
    yield _disk(store)
    yield _writable(store)
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    yield Finding(
        state="ok" if chromium else "info",
        name="browser for PDF",
        detail=chromium or "none found",
        remedy="" if chromium else "print the report from any browser, or install Chromium",
    )


def _visa_lines() -> Iterator[Finding]:
    """Say over which lines pyvisa-py can reach an instrument on this machine."""
    told = backend_lines()
    usable = [name for name in _LINES if told.get(name, "").startswith("Available")]
    yield Finding(state="info", name="VISA backend", detail=f"pyvisa-py; {', '.join(usable)}")
    for name in _LINES:
        if name not in usable:
            yield Finding(
                state="n/a",
                name=f"VISA {name}",
                detail=" ".join(told.get(name, "unknown to pyvisa-py").strip("[]'").split())[:100],
                remedy=_LINES[name],
            )


def firmware(part: Equipment, *, simulated: bool) -> Finding:
    """Compare an instrument's firmware with those that its driver has met: so far none."""
    name = f"{part.role} firmware"
    if simulated:
        return Finding(state="ok", name=name, detail=f"{part.firmware}, simulated")
    return Finding(
        state="warn",
        name=name,
        detail=f"{part.firmware}: this driver has been tried on no instrument yet",
        remedy="compare its readings with the front panel once, and send a recording "
        "(docs/recording.md)",
    )


def interlock() -> Finding:
    """Say what no instrument of the bench can prove without a device at risk."""
    return Finding(
        state="n/a",
        name="interlock of supply and device",
        detail="the self-test isolates the device and cannot see it act",
        remedy="device unplugged, by hand: close `reference`, then `device`; the shunt's voltage must "
        "fall to zero (docs/your-bench.md, step 4)",
    )


def _extra(package: str, extra: str) -> Finding:
    try:
        version = importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        remedy = f"pip install -e '.[{extra}]' where it is wanted"
        return Finding(state="n/a", name=f"extra {extra}", detail="not installed", remedy=remedy)
    return Finding(state="ok", name=f"extra {extra}", detail=f"{package} {version}")


def _clock() -> Finding:
    """Ask systemd whether the clock is synchronised: reports carry its time."""
    name = "clock of this computer"
    try:
        said = subprocess.run(
            ["timedatectl", "show", "-p", "NTPSynchronized", "--value"],
            capture_output=True, text=True, timeout=5, check=True,
        ).stdout.strip()  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return Finding(
            state="n/a", name=name, detail="this system does not say whether it is synchronised",
            remedy="compare it with a clock: the report carries its time",
        )  # fmt: skip
    if said == "yes":
        return Finding(state="ok", name=name, detail="synchronised")
    return Finding(
        state="warn", name=name, detail="not synchronised",
        remedy="switch time synchronisation on: timedatectl set-ntp true",
    )  # fmt: skip


def _disk(store: Path) -> Finding:
    there = next((p for p in (store, *store.parents) if p.exists()), Path())
    free = shutil.disk_usage(there).free
    enough = free > _LOW_DISK_BYTES
    return Finding(
        state="ok" if enough else "warn",
        name="disk space",
        detail=f"{free / 1e9:.1f} GB free at {store}",
        remedy="" if enough else "remove or move old runs: a release run takes up to 1 GB",
    )


def _writable(store: Path) -> Finding:
    there = next((p for p in (store, *store.parents) if p.exists()), Path())
    writable = os.access(there, os.W_OK)
    return Finding(
        state="ok" if writable else "fail",
        name="folder of the runs",
        detail=f"{store} {'can' if writable else 'cannot'} be written",
        remedy="" if writable else "choose another with store = in [station], or --out",
    )


def connection_tree(station: Station) -> Finding:
    """Try every connection of a station by itself; return one finding with all of them as a tree."""
    branches = [_instrument(role, station) for role in station.instruments]
    branches.append(_device(station))
    lines = [f"station {station.name}"]
    for number, (text, _) in enumerate(branches):
        fork = _FORKS[number == len(branches) - 1]
        lines.append(f"{fork}{text}")
    bad = sum(not connected for _, connected in branches)
    return Finding(
        state="fail" if bad else "ok",
        name=f"connections: {bad} of {len(branches)} fail",
        detail="\n".join(lines),
        remedy="begin with the first that fails; `bench list --discover` shows what answers"
        if bad
        else "",
    )


def _instrument(role: str, station: Station) -> tuple[str, bool]:
    entry = station.instruments[role]
    try:
        driver = open_instrument(
            role,
            entry.resource,
            expected_model=entry.model or None,
            expected_serial=entry.serial or None,
            timeout_s=entry.timeout_s,
        )
    except BenchError as error:
        return str(error), False
    driver.close()
    return f"{role} ({entry.resource}): {driver.identity.model} {driver.identity.serial}", True


def _device(station: Station) -> tuple[str, bool]:
    device = station.device
    try:
        link = open_link(
            device.url,
            clock=WallClock(),
            unlock_key=device.unlock_key,
            adapter=device.adapter or None,
        )
    except BenchError as error:
        return str(error), False
    link.close()
    return f"device ({device.url}): the line opens", True
