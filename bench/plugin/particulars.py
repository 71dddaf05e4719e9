"""What a record says of place, surroundings and bench: for whom, where, in which air, on what proof."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from bench.plugin.settings import RunSettings
from bench.station.fixture import BATTERY_V

__all__ = ["assurance", "environment", "laboratory"]

_ASSURANCE: Final = Path(__file__).with_name("assurance.toml")
_IN_HOUSE: Final = "none other than the laboratory itself"
_NO_STATEMENT: Final = "not needed: simulated, no statement about a real device"


def laboratory(settings: RunSettings) -> Mapping[str, str]:
    """Return who tests, where, for whom (ISO/IEC 17025, 7.8.2.1 b, c, e, h); empty where not said.

    ``customer`` and ``received`` are texts of the station file's ``[environment]``.
    """
    station = settings.station
    if station is None or (settings.simulated and not station.laboratory):
        return {
            "name": "simulated laboratory",
            "address": "none: simulated on the computer that ran it",
            "place": "simulated laboratory",
            "customer": "none: simulated run",
            "received": "not relevant: simulated unit",
        }
    said = station.environment
    return {
        "name": station.laboratory,
        "address": station.address,
        "place": said.get("place", station.address),
        "customer": said.get("customer", _IN_HOUSE),
        "received": said.get("received", "not critical to the results"),
    }


def environment(settings: RunSettings) -> Mapping[str, str]:
    """Return the surroundings during the run: as the station says, or as they are simulated."""
    supply = {
        "supply": f"device fed with {BATTERY_V} V at its battery terminals unless a row differs"
    }
    simulated = {"temperature": "23 °C (simulated)", "humidity": "not simulated"}
    if settings.station is None:
        return {"place": "simulated laboratory", **simulated, **supply}
    return {**(simulated if settings.simulated else {}), **supply, **settings.station.environment}


def assurance(settings: RunSettings) -> Mapping[str, str]:
    """Return the bench's own assurance record; the approval is its user's to give."""
    said = {} if settings.station is None else settings.station.environment
    approval = _NO_STATEMENT if settings.simulated else said.get("bench_approval", "")
    return {**_shipped(), "approval": approval}


@cache
def _shipped() -> Mapping[str, str]:
    with _ASSURANCE.open("rb") as file:
        return {name: str(text) for name, text in tomllib.load(file).items()}
