"""VISA sessions, drivers by role, and the choice of a driver by what answers."""

from instruments.catalogue import (
    DRIVERS,
    Driver,
    OpenOptions,
    known_models,
    open_instrument,
    open_load_switch,
    open_multimeter,
    open_oscilloscope,
    open_supply,
)
from instruments.session import Session, open_session

__all__ = [
    "DRIVERS",
    "Driver",
    "OpenOptions",
    "Session",
    "known_models",
    "open_instrument",
    "open_load_switch",
    "open_multimeter",
    "open_oscilloscope",
    "open_session",
    "open_supply",
]
