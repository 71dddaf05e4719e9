"""What the bench asks of a device's control interface; an adapter of any device satisfies it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol, runtime_checkable

__all__ = [
    "DELIVERING",
    "BoostingLink",
    "DeviceIdentity",
    "DeviceLimits",
    "DeviceLink",
    "DeviceState",
    "DeviceStatus",
    "Telemetry",
]


class DeviceState(StrEnum):
    """States of the device as it reports them."""

    OFF = "OFF"
    BOOT = "BOOT"
    IDLE = "IDLE"
    ARMED = "ARMED"
    RAMP = "RAMP"
    RUN = "RUN"
    PAUSE = "PAUSE"
    FAULT = "FAULT"
    CHARGE = "CHARGE"
    TEST = "TEST"


DELIVERING: Final = (DeviceState.RAMP, DeviceState.RUN)
"""The states in which current flows through the electrodes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceIdentity:
    """What the device says it is; empty where it says nothing."""

    model: str
    serial: str
    hardware: str
    firmware: str
    build: str = ""
    udi: str = ""
    capabilities: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceStatus:
    """One status report of the device."""

    state: DeviceState
    level: int
    mode: str
    remaining_s: float
    contact: bool
    charging: bool
    battery_v: float
    faults: frozenset[str]
    uptime_s: float
    counter: int
    """Increments with each update inside the device: an unchanged counter is a stale report."""
    battery_low: bool | None = None
    """Whether the device warns of a low battery; None where its status does not say."""

    @property
    def text(self) -> str:
        """State and faults in words: ``FAULT with OC_FW, OC_HW``."""
        faults = f" with {', '.join(sorted(self.faults))}" if self.faults else ""
        return f"{self.state.value}{faults}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Telemetry:
    """The device's own readings."""

    set_current_ua: float
    current_ua: float
    voltage_mv: float
    contact_ohm: float
    compliance_mv: float
    temperature_c: float
    age_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceLimits:
    """What the device accepts."""

    levels: int
    modes: tuple[str, ...]
    session_max_s: float
    level_currents_ua: tuple[float, ...] = ()
    other: Mapping[str, str] = field(default_factory=dict[str, str])


class DeviceLink(Protocol):
    """The device's control interface.

    Raises LinkTimeout, LinkProtocolError, DeviceRefused and NotOffered (see :mod:`bench.errors`).
    Nothing is cached and nothing retried beyond what the protocol's document allows.
    """

    capabilities: frozenset[str]

    def identify(self) -> DeviceIdentity:
        """Return who answers."""
        ...

    def status(self) -> DeviceStatus:
        """Return the device's state as it reports it now."""
        ...

    def telemetry(self) -> Telemetry:
        """Return the device's own readings."""
        ...

    def limits(self) -> DeviceLimits:
        """Return what the device accepts."""
        ...

    def set_level(self, level: int) -> None:
        """Select output level 1..n."""
        ...

    def set_mode(self, mode: str) -> None:
        """Select a mode by name."""
        ...

    def start(self, session_s: float) -> None:
        """Start a session; the output ramps up after the reply."""
        ...

    def stop(self) -> None:
        """Stop the output; legal in every state, idempotent."""
        ...

    def pause(self) -> None:
        """Pause the session."""
        ...

    def resume(self) -> None:
        """Resume a paused session."""
        ...

    def faults(self) -> frozenset[str]:
        """Return the latched faults by name."""
        ...

    def clear_faults(self) -> None:
        """Clear latched faults whose cause is gone."""
        ...

    def heartbeat(self, timeout_s: float) -> None:
        """Set the device's communication watchdog; zero switches it off."""
        ...

    def reset(self) -> None:
        """Restart the device's firmware."""
        ...

    def power_on(self) -> None:
        """Press the power button, or its equivalent over the link."""
        ...

    def power_off(self) -> None:
        """Switch the device off."""
        ...

    def unlock_tests(self) -> None:
        """Enter the volatile test mode in which faults can be injected."""
        ...

    def inject(self, name: str, value: float) -> None:
        """Inject a fault by its name in the device's document (test mode only)."""
        ...

    def enable_protection(self, name: str, *, enabled: bool) -> None:
        """Enable or disable one protection layer (test mode only)."""
        ...

    def raw(self, request: bytes) -> bytes:
        """Send bytes as they are and return the reply as it comes; for robustness tests."""
        ...

    def close(self) -> None:
        """Close the link; idempotent, never raises."""
        ...


@runtime_checkable
class BoostingLink(Protocol):
    """A link to a device that has a temporary boost; an adapter may leave it out."""

    def boost(self) -> None:
        """Ask a running device for its boost; raises as :class:`DeviceLink` does."""
        ...
