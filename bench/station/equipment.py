"""The parts of a station: instruments, scope channels, loads, shunt, reference, device link."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from bench.station.corrections import Correction

__all__ = [
    "DeviceEntry",
    "InstrumentEntry",
    "LoadEntry",
    "ReferenceEntry",
    "ScopeChannel",
    "ScopeChannels",
    "ShuntEntry",
    "SupplyOutputs",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentEntry:
    """One instrument: where it answers, and who must answer there.

    ``model`` and ``serial`` are compared with ``*IDN?`` where they are not empty.
    """

    role: str
    resource: str
    model: str
    serial: str
    calibration_due: date | None
    calibration_certificate: str
    timeout_s: float
    corrections: tuple[Correction, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeChannel:
    """What one scope channel sees: volts at the scope per ampere or per volt in the path."""

    channel: int
    sensitivity: float
    unit: str
    """``A`` or ``V``: what one unit of the path is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeChannels:
    """The four views of the laboratory (see docs/laboratory.md)."""

    amplitude: ScopeChannel
    transient: ScopeChannel
    electrode: ScopeChannel
    sync: ScopeChannel


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadEntry:
    """One load by the resistance that the device sees, shunt included, and its relay.

    ``tolerance`` is relative, about ``value_ohm``: beyond it the path is not what the file says.
    """

    relay: str
    nominal_ohm: float
    value_ohm: float
    tolerance: float
    measured_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShuntEntry:
    """The shunt; ``tolerance`` is relative, about ``value_ohm``."""

    value_ohm: float
    tolerance: float
    measured_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceEntry:
    """The reference current: a supply output behind ``series_ohm``, from ``low_v`` to ``high_v``."""

    series_ohm: float
    low_v: float
    high_v: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyOutputs:
    """Which output of the supply does what."""

    battery: int
    reference: int
    charger: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceEntry:
    """The device's control link: ``tcp://host:port``, ``serial:///dev/ttyUSB0`` or an adapter's.

    ``adapter`` is empty for the line protocol of docs/device-link.md, else ``package.module:Class``.
    """

    url: str
    adapter: str
    unlock_key: str
