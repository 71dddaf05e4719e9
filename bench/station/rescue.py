"""The safe state on demand: works on what can be read of a station file, however broken it is."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from bench.clock import Clock, TwinClock, WallClock
from bench.device import open_link
from bench.device.link import DeviceLink
from bench.errors import BenchError, UsageError
from bench.record.schema import SafeStateRecord
from bench.station.fixture import BATTERY_OUTPUT, CHARGER_OUTPUT, REFERENCE_OUTPUT
from bench.station.safe_state import SafeStateParts, make_safe
from instruments import (
    is_board,
    open_generator,
    open_load_switch,
    open_multimeter,
    open_supply,
)
from instruments.roles import Instrument

__all__ = ["rescue"]

DEFAULT_METER_RELAY: Final = 116
"""Relay of the meter to the electrodes where the file names none. Source: docs/laboratory.md."""

_SECTION: Final = re.compile(r"^\s*\[\s*(?:instruments\.)?([\w.]+)\s*\]", re.MULTILINE)
_ADDRESS: Final = re.compile(
    r"""^\s*(resource|link|adapter|clock)\s*=\s*(["'])(.+?)\2""", re.MULTILINE
)
_SWITCH_MODEL: Final = re.compile(
    r'^\s*\[\s*instruments\.switch\s*\][^\[]*?^\s*model\s*=\s*"([^"]+)"', re.MULTILINE
)
_METER_RELAY: Final = re.compile(r"^\s*dmm_electrode\s*=\s*(\d+)", re.MULTILINE)

_T = TypeVar("_T")
_Closable = TypeVar("_Closable", bound=Instrument)


@dataclass(slots=True)
class _Found:
    """Addresses by role."""

    resources: dict[str, str] = field(default_factory=dict[str, str])
    meter_relay: int = DEFAULT_METER_RELAY
    switch_model: str = ""
    """Where the switch is a relay board, which answers no ``*IDN?``."""


def rescue(station: Path | None, addresses: Path | None) -> SafeStateRecord:
    """Bring whatever the files name to its safe state; raises UsageError where they name nothing."""
    found = _from_addresses(addresses) if addresses else _from_station(station)
    if not found.resources:
        raise UsageError(
            "safe: no instrument is named; give --station FILE, or --addresses of a `bench twin`"
        )
    clock = TwinClock(found.resources["clock"]) if "clock" in found.resources else WallClock()
    with contextlib.ExitStack() as opened:
        if isinstance(clock, TwinClock):
            opened.callback(clock.close)
        return make_safe(_parts(found, clock, opened), path_first=True)


def _from_addresses(path: Path) -> _Found:
    try:
        document: Mapping[str, object] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"safe: {path}: not an address file ({error})") from error
    return _Found(resources={k: v for k, v in document.items() if isinstance(v, str)})


def _from_station(path: Path | None) -> _Found:
    """Scan the text for addresses: a file that does not parse must still be made safe."""
    if path is None:
        return _Found()
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise UsageError(f"safe: {path}: cannot be read ({error.strerror})") from error
    found = _Found()
    sections = [(m.end(), m.group(1)) for m in _SECTION.finditer(text)]
    for match in _ADDRESS.finditer(text):
        key, _, value = match.groups()
        section = next((name for end, name in reversed(sections) if end <= match.start()), "")
        role = section.rpartition(".")[2] if key in ("resource", "link") else key
        found.resources[role] = value
    model = _SWITCH_MODEL.search(text)
    if model and is_board(model.group(1)):
        found.switch_model = model.group(1)
    relay = _METER_RELAY.search(text)
    if relay:
        found.meter_relay = int(relay.group(1))
    return found


def _parts(found: _Found, clock: Clock, opened: contextlib.ExitStack) -> SafeStateParts:
    resources = found.resources

    def device() -> DeviceLink:
        link = open_link(
            resources["device"], clock=clock, unlock_key="", adapter=resources.get("adapter")
        )
        opened.callback(link.close)
        return link

    def instrument(opener: Callable[..., _Closable], role: str) -> _Closable | None:
        found = _opened(opener, resources.get(role), clock)
        if found is not None:
            opened.callback(found.close)
        return found

    return SafeStateParts(
        switch=instrument(
            partial(open_load_switch, expected_model=found.switch_model or None), "switch"
        ),
        supply=instrument(open_supply, "supply"),
        dmm=instrument(open_multimeter, "dmm"),
        with_generator="generator" in resources,
        generator=instrument(open_generator, "generator"),
        relays={"dmm_electrode": found.meter_relay},
        supply_outputs=(BATTERY_OUTPUT, REFERENCE_OUTPUT, CHARGER_OUTPUT),
        open_device=device if "device" in resources else None,
    )


def _opened(opener: Callable[..., _T], resource: str | None, clock: Clock) -> _T | None:
    """Open one instrument; None where it cannot be: its steps then say so."""
    if resource is None:
        return None
    with contextlib.suppress(BenchError):
        return opener(resource, clock=clock)
    return None
