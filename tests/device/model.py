"""A well-behaved device in a few lines, as somebody's adapter: state, no transport."""

from __future__ import annotations

from bench.device import (
    DeviceIdentity,
    DeviceLimits,
    DeviceState,
    DeviceStatus,
    Telemetry,
)
from bench.errors import DeviceRefused, LinkTimeout, NotOffered

CAPABILITIES = frozenset({"everything"})


class ModelDevice:
    """Keeps the contract; each attribute of ``flaws`` breaks one clause of it."""

    def __init__(self, url: str = "", *, clock=None, unlock_key: str = "", flaws=()) -> None:
        self.opened_with = (url, clock, unlock_key)
        self.capabilities = CAPABILITIES
        self.flaws = frozenset(flaws)
        self.state = DeviceState.IDLE
        self.level, self.mode, self.reports = 1, "lift", 0
        self.unlocked = self.closed = False

    def identify(self) -> DeviceIdentity:
        self._ask()
        serial = "" if "anonymous" in self.flaws else "S1"
        return DeviceIdentity(
            model="M", serial=serial, hardware="", firmware="1", capabilities=CAPABILITIES
        )

    def status(self) -> DeviceStatus:
        if "undead" not in self.flaws:
            self._ask()
        self.reports += "stale" not in self.flaws
        return DeviceStatus(
            state=self.state,
            level=self.level,
            mode=self.mode,
            remaining_s=0.0,
            contact=False,
            charging=False,
            battery_v=3700.0 if "millivolts" in self.flaws else 3.7,
            faults=frozenset({"OPEN"}) if "disagreeing" in self.flaws else frozenset(),
            uptime_s=1.0,
            counter=self.reports,
        )

    def telemetry(self) -> Telemetry:
        raise NotOffered("no telemetry")

    def limits(self) -> DeviceLimits:
        self._ask()
        return DeviceLimits(levels=3, modes=("lift", "tone"), session_max_s=600.0)

    def set_level(self, level: int) -> None:
        if not 1 <= level <= 3:
            if "clamping" not in self.flaws:
                raise DeviceRefused("range", code=21, word="RANGE")
            level = 3
        self.level = level

    def set_mode(self, mode: str) -> None:
        self.mode = mode

    def start(self, session_s: float) -> None:
        if session_s > 600 or (self.state is DeviceState.RUN and "restarting" not in self.flaws):
            raise DeviceRefused("state", code=30, word="STATE")
        self.state = DeviceState.RUN

    def stop(self) -> None:
        self.state = DeviceState.RUN if "unstoppable" in self.flaws else DeviceState.IDLE

    def pause(self) -> None:
        self.state = DeviceState.PAUSE

    def resume(self) -> None:
        self.state = DeviceState.RUN

    def faults(self) -> frozenset[str]:
        return frozenset()

    def clear_faults(self) -> None:
        self._ask()

    def heartbeat(self, timeout_s: float) -> None:
        self._ask()

    def reset(self) -> None:
        self._ask()

    def power_on(self) -> None:
        self._ask()

    def power_off(self) -> None:
        self._ask()

    def unlock_tests(self) -> None:
        self.unlocked = True

    def inject(self, name: str, value: float) -> None:
        if (not self.unlocked and "unlocked" not in self.flaws) or name.startswith("no_such"):
            raise DeviceRefused("locked", code=40, word="LOCKED")

    def enable_protection(self, name: str, *, enabled: bool) -> None:
        self._ask()

    def raw(self, request: bytes) -> bytes:
        if "fragile" in self.flaws:
            self.state = DeviceState.FAULT
        return b""

    def close(self) -> None:
        self.closed = True

    def _ask(self) -> None:
        if self.closed:
            raise LinkTimeout("closed")


class NotALink:
    """Lacks most of what a link has."""

    def __init__(self, url: str, *, clock, unlock_key: str) -> None:
        self.capabilities = ["a list"]

    def stop(self) -> None:
        """Stop."""
