"""Driving the device: from isolated and unpowered to a running session and back.

Where a command is legal, the device must accept it and do it: anything else on a good link is
:class:`~bench.errors.DeviceMisbehaved`. Silence or garbage on the link stays a link error.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator
from typing import Final

from bench.clock import Clock
from bench.device.link import DELIVERING, DeviceLink, DeviceState, DeviceStatus
from bench.errors import DeviceLinkError, DeviceMisbehaved, DeviceRefused, SupplyFault
from bench.profile import Profile
from bench.station.fixture import Fixture

__all__ = ["Treatment"]

BOOT_LIMIT_S: Final = 5.0
"""A device that reports no idle state by then has not booted; the link's slowest reply is 5 s."""

SETTLE_S: Final = 0.2
"""After RUN is reported: the supply rail and the load have settled."""

_POLL_S: Final = 0.05
_BOOT_S: Final = 0.4
"""Most devices take longer to boot: asking earlier only costs exchanges."""
_WITHOUT_BATTERY_S: Final = 1.0
_LIVE = (DeviceState.ARMED, DeviceState.RAMP, DeviceState.RUN, DeviceState.PAUSE)


class Treatment:
    """One device on the fixture."""

    def __init__(
        self, *, link: DeviceLink, fixture: Fixture, clock: Clock, profile: Profile
    ) -> None:
        self.link = link
        self._fixture = fixture
        self._clock = clock
        self.profile = self._profile = profile
        self._supply_proved = False
        self._mode: str | None = None
        self.settle_s = SETTLE_S
        """How long a running device is left alone before anything is done with it."""
        self.after_start: Callable[[], None] | None = None
        """What every session goes through once its output is at its level."""

    def power_up(self) -> DeviceStatus:
        """Power the device and wait until it is idle; the fixture path is left as it is."""
        self._fixture.power_device()
        return self.wait_for(DeviceState.IDLE, within_s=BOOT_LIMIT_S, after="power-on")

    def connect(self, load_ohm: float) -> None:
        """Put the device on a load."""
        self._fixture.select_load(load_ohm)
        self._fixture.close("device")

    def make_idle(self) -> None:
        """Bring the device from any state to IDLE with nothing injected and no latched fault."""
        with self._must("STOP"):
            self.link.stop()
        status = self.link.status()
        if status.faults or status.state is DeviceState.FAULT:
            with contextlib.suppress(DeviceRefused):
                self.link.clear_faults()
            status = self.link.status()
        if status.state is DeviceState.OFF:
            self.link.power_on()
        self.wait_for(DeviceState.IDLE, within_s=BOOT_LIMIT_S, after="STOP")

    def restart(self) -> None:
        """Reset the device and clear its faults: whatever was injected or unlocked is gone."""
        self.link.reset()
        self._clock.sleep(_BOOT_S)
        deadline_ns = self._clock.now_ns() + round(BOOT_LIMIT_S * 1e9)
        while self.link.status().state is DeviceState.BOOT:
            if self._clock.now_ns() > deadline_ns:
                raise DeviceMisbehaved(f"the device still boots {BOOT_LIMIT_S:g} s after RESET")
            self._clock.sleep(_POLL_S)
        self.make_idle()

    def power_cycle(self) -> None:
        """Take the battery away and give it back; return when the device is idle.

        The way out where the device does not answer: its silence meanwhile is its own.
        """
        self._fixture.open("battery")
        self._clock.sleep(_WITHOUT_BATTERY_S)
        self._fixture.power_device()
        self.settle()

    def settle(self) -> None:
        """Wait until a device that was given its supply has booted, and make it idle."""
        self._clock.sleep(_BOOT_S)
        deadline_ns = self._clock.now_ns() + round(BOOT_LIMIT_S * 1e9)
        while self.link.status().state is DeviceState.BOOT:
            if self._clock.now_ns() > deadline_ns:
                raise DeviceMisbehaved(f"the device still boots {BOOT_LIMIT_S:g} s after power-on")
            self._clock.sleep(_POLL_S)
        self.make_idle()

    def run(self, *, level: int, load_ohm: float, session_s: float | None = None) -> None:
        """Start a session on a load and return when the output is at its level."""
        self.make_idle()
        self.connect(load_ohm)
        self.begin(level=level, session_s=session_s)
        timers = self._profile.timers
        limit_s = timers.start_delay_s + 2 * timers.ramp_s
        self._clock.sleep(timers.ramp_s)  # before that it cannot have arrived: do not ask
        self.wait_for(DeviceState.RUN, within_s=limit_s, after=f"START at level {level}")
        self._clock.sleep(self.settle_s)
        self._require_supply()
        if self.after_start is not None:
            self.after_start()

    def start(self, *, level: int, load_ohm: float) -> None:
        """Start a session on a load and return while the output still rises to its level."""
        self.make_idle()
        self.connect(load_ohm)
        self.begin(level=level)
        within_s = self._profile.timers.start_delay_s
        if not self._clock.wait_until(
            lambda: self.link.status().state in DELIVERING, timeout_s=within_s, poll_s=_POLL_S
        ):
            raise DeviceMisbehaved(f"no output {within_s:g} s after START at level {level}")

    def _require_supply(self) -> None:
        """Once, with the first session running: the supply must hold its voltage under it."""
        if not self._supply_proved and (problem := self._fixture.battery_fault()):
            raise SupplyFault(problem)
        self._supply_proved = True

    def run_again(self, *, after: str) -> None:
        """Wait for a running device whose load was changed: on a slow bench it lost contact.

        The load breaks before it makes, for as long as the messages between take.
        """
        timers = self._profile.timers
        limit_s = timers.start_delay_s + 2 * timers.ramp_s + timers.contact_debounce_s
        self.wait_for(DeviceState.RUN, within_s=limit_s, after=after)
        self._clock.sleep(SETTLE_S)

    def begin(self, *, level: int, session_s: float | None = None) -> None:
        """Send LEVEL and START; the output ramps up after this returns."""
        if self._mode is not None:
            with self._must(f"MODE {self._mode}"):
                self.link.set_mode(self._mode)
        with self._must(f"LEVEL {level}"):
            self.link.set_level(level)
        with self._must("START"):
            self.link.start(session_s or self._profile.timers.session_s)

    @contextlib.contextmanager
    def in_mode(self, mode: str) -> Generator[None]:
        """Let every session that is started meanwhile play a mode; the first one is back behind."""
        self._mode = mode
        try:
            yield
        finally:
            self._mode = None
            self.make_idle()
            with self._must(f"MODE {self._profile.modes[0]}"):
                self.link.set_mode(self._profile.modes[0])

    def unlock(self) -> None:
        """Enter the device's test mode; raises NotOffered where it has none."""
        with self._must("UNLOCK"):
            self.link.unlock_tests()

    def stop(self) -> None:
        """Stop the output and open the path."""
        with self._must("STOP"):
            self.link.stop()
        self._fixture.open("contact")

    def must_run(self) -> None:
        """Raise DeviceMisbehaved unless the device reports RUN now."""
        status = self.link.status()
        if status.state is not DeviceState.RUN:
            raise DeviceMisbehaved(f"expected the device to run, it reports {status.text}")

    def wait_for(self, state: DeviceState, *, within_s: float, after: str) -> DeviceStatus:
        """Wait until the device reports ``state``; raises DeviceMisbehaved."""
        status = self.link.status()
        deadline_ns = self._clock.now_ns() + round(within_s * 1e9)
        while status.state is not state:
            stuck = status.state is DeviceState.FAULT and state in _LIVE
            if stuck or self._clock.now_ns() > deadline_ns:
                raise DeviceMisbehaved(
                    f"expected {state.value} within {within_s:g} s after {after}, "
                    f"the device reports {status.text}"
                )
            self._clock.sleep(_POLL_S)
            status = self.link.status()
        return status

    @contextlib.contextmanager
    def _must(self, command: str) -> Generator[None]:
        """A command that is legal here: a refusal is the device's failure."""
        try:
            yield
        except DeviceRefused as refusal:
            raise DeviceMisbehaved(
                f"the device refused {command} where it is legal: {refusal.code} {refusal.word}"
            ) from refusal

    def close(self) -> None:
        """Close the link; never raises."""
        with contextlib.suppress(DeviceLinkError):
            self.link.close()
