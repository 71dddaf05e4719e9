"""VISA sessions, drivers by role, and the choice of a driver by what answers."""

from instruments.catalogue import (
    DRIVERS,
    Driver,
    OpenOptions,
    is_board,
    known_models,
    open_generator,
    open_instrument,
    open_load_switch,
    open_multimeter,
    open_oscilloscope,
    open_supply,
)
from instruments.session import Session, open_session
from instruments.visa import backend_lines

__all__ = [
    "DRIVERS",
    "Driver",
    "OpenOptions",
    "Session",
    "backend_lines",
    "is_board",
    "known_models",
    "open_generator",
    "open_instrument",
    "open_load_switch",
    "open_multimeter",
    "open_oscilloscope",
    "open_session",
    "open_supply",
]
