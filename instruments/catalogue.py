"""Which driver speaks to which instrument: chosen by what answers, never by what was hoped for."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import ClassVar, Protocol, TypedDict, Unpack

from bench.clock import Clock
from bench.errors import IdentityMismatch, InstrumentError
from instruments import dmms, generators, scopes, supplies, switches
from instruments.roles import (
    Identity,
    Instrument,
    LoadSwitch,
    Multimeter,
    Oscilloscope,
    Supply,
    WaveformGenerator,
)
from instruments.scpi import parse_identity
from instruments.session import DEFAULT_TIMEOUT_S, Session, open_session

__all__ = [
    "DRIVERS",
    "Driver",
    "OpenOptions",
    "is_board",
    "known_models",
    "open_generator",
    "open_instrument",
    "open_load_switch",
    "open_multimeter",
    "open_oscilloscope",
    "open_supply",
]


class Driver(Instrument, Protocol):
    """A driver as the catalogue knows it: what it speaks to, and how it is made."""

    MODELS: ClassVar[tuple[str, ...]]
    """Patterns of ``manufacturer,model`` as ``*IDN?`` gives them."""
    MANUAL: ClassVar[str]

    def __init__(self, session: Session, identity: Identity) -> None:
        """Drive the instrument behind an open session."""


DRIVERS: tuple[type[Driver], ...] = (
    *scopes.DRIVERS,
    *dmms.DRIVERS,
    *switches.DRIVERS,
    *supplies.DRIVERS,
    *generators.DRIVERS,
)
"""Every driver of this project; each folder's ``__init__`` lists its own."""

_NOT_IN_A_NAME = re.compile(r"[\s_-]")

_logger = logging.getLogger(__name__)


def open_instrument(
    role: str,
    resource_name: str,
    *,
    expected_model: str | None = None,
    expected_serial: str | None = None,
    clock: Clock | None = None,
    timeout_s: float = DEFAULT_TIMEOUT_S,
    dialogue: Path | None = None,
) -> Driver:
    """Open a resource, ask who answers and return the driver for it; nothing is set or reset.

    ``dialogue`` is a file to which every byte is written. A relay board that cannot be asked is opened where ``expected_model`` names one.

    Raises NotConnected, InstrumentTimeout, IdentityMismatch (another model or serial number than
    expected) and InstrumentError (an instrument that no driver knows, or not an instrument at all).
    """
    session = open_session(
        resource_name, role=role, timeout_s=timeout_s, clock=clock, dialogue=dialogue
    )
    try:
        board = _board(expected_model)
        if board is not None:
            return board(session, board.identify(session, str(expected_model)))
        identity = _ask_identity(session)
        _require_expected(session, identity, expected_model, expected_serial)
        driver = _driver_for(session, identity)(session, identity)
    except Exception:
        session.close()
        raise
    _logger.info("%s: %s %s at %s", role, identity.model, identity.serial, resource_name)
    return driver


class OpenOptions(TypedDict, total=False):
    """The keyword arguments of :func:`open_instrument`, for the functions that fix the kind."""

    expected_model: str | None
    expected_serial: str | None
    clock: Clock | None
    timeout_s: float
    dialogue: Path | None


def open_oscilloscope(
    resource_name: str, *, role: str = "scope", **options: Unpack[OpenOptions]
) -> Oscilloscope:
    """Open an oscilloscope; raises as :func:`open_instrument`, and where it is something else."""
    driver = open_instrument(role, resource_name, **options)
    if isinstance(driver, Oscilloscope):
        return driver
    raise _other_kind(driver, "an oscilloscope")


def open_multimeter(
    resource_name: str, *, role: str = "dmm", **options: Unpack[OpenOptions]
) -> Multimeter:
    """Open a multimeter; raises as :func:`open_instrument`, and where it is something else."""
    driver = open_instrument(role, resource_name, **options)
    if isinstance(driver, Multimeter):
        return driver
    raise _other_kind(driver, "a multimeter")


def open_load_switch(
    resource_name: str, *, role: str = "switch", **options: Unpack[OpenOptions]
) -> LoadSwitch:
    """Open a relay unit; raises as :func:`open_instrument`, and where it is something else."""
    driver = open_instrument(role, resource_name, **options)
    if isinstance(driver, LoadSwitch):
        return driver
    raise _other_kind(driver, "a relay unit")


def open_supply(
    resource_name: str, *, role: str = "supply", **options: Unpack[OpenOptions]
) -> Supply:
    """Open a supply; raises as :func:`open_instrument`, and where it is something else."""
    driver = open_instrument(role, resource_name, **options)
    if isinstance(driver, Supply):
        return driver
    raise _other_kind(driver, "a supply")


def open_generator(
    resource_name: str, *, role: str = "generator", **options: Unpack[OpenOptions]
) -> WaveformGenerator:
    """Open a generator; raises as :func:`open_instrument`, and where it is something else."""
    driver = open_instrument(role, resource_name, **options)
    if isinstance(driver, WaveformGenerator):
        return driver
    raise _other_kind(driver, "a waveform generator")


def is_board(model: str) -> bool:
    """Return whether a model is a relay board that cannot be asked who it is."""
    return _board(model) is not None


def known_models() -> tuple[tuple[str, str], ...]:
    """Return (pattern of ``manufacturer,model``, name of the driver) for every known instrument."""
    return tuple((pattern, driver.__name__) for driver in DRIVERS for pattern in driver.MODELS)


def _board(model: str | None) -> type[switches.Numato] | type[switches.Lcus] | None:
    """Return the driver of a relay board that answers no ``*IDN?``, by the model expected there."""
    for board in switches.BOARDS:
        maker = board.__name__
        patterns = board.MODELS if model is not None else ()
        if any(re.fullmatch(pattern, f"{maker},{model}", re.IGNORECASE) for pattern in patterns):
            return board
    return None


def _ask_identity(session: Session) -> Identity:
    reply = session.query("*IDN?")
    try:
        return parse_identity(reply)
    except ValueError as error:
        raise InstrumentError(
            session.describe(f"what answers is not a SCPI instrument: {error}")
        ) from error


def _require_expected(
    session: Session, identity: Identity, model: str | None, serial: str | None
) -> None:
    if model is not None and _bare(model) != _bare(identity.model):
        raise IdentityMismatch(
            session.describe(
                f"expected the model {model}, found {identity.model} (serial {identity.serial}); "
                "correct the station file or the cabling"
            )
        )
    if serial is not None and serial.strip() != identity.serial:
        raise IdentityMismatch(
            session.describe(
                f"expected the serial number {serial}, found {identity.serial} "
                f"({identity.model}); correct the station file or the cabling"
            )
        )


def _driver_for(session: Session, identity: Identity) -> type[Driver]:
    name = f"{identity.manufacturer},{identity.model}"
    for driver in DRIVERS:
        if any(re.fullmatch(pattern, name, re.IGNORECASE) for pattern in driver.MODELS):
            return driver
    known = "; ".join(pattern for pattern, _ in known_models())
    raise InstrumentError(
        session.describe(
            f"no driver knows {identity.manufacturer} {identity.model}; known are {known}; "
            "CONTRIBUTING.md says how to add one"
        )
    )


def _other_kind(driver: Driver, expected: str) -> IdentityMismatch:
    """Close what was opened and return the error that says what it is."""
    driver.close()
    return IdentityMismatch(
        f"{driver.role} ({driver.resource_name}): expected {expected}, found "
        f"{driver.identity.manufacturer} {driver.identity.model}; correct the station file"
    )


def _bare(model: str) -> str:
    """Return a model's name as compared: ``DSO-X 3014A`` and ``DSOX3014A`` are one."""
    return _NOT_IN_A_NAME.sub("", model).upper()
