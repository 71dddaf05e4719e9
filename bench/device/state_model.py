"""A reference model of the device's states: what a device of docs/device-link.md may do next.

Pure: it is told what was done and when, and says which states and which replies are right. Where the
document leaves something open (the edge of the resume window, the level after a reset) it allows both.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bench.device.link import DeviceState

__all__ = ["Action", "Deed", "DeviceModel"]

WINDOW_DOUBT: Final = 0.1
"""Share of the resume window around its end in which both outcomes are right."""


class Deed(StrEnum):
    """What can be done to a device from outside."""

    LEVEL = "level"
    START = "start"
    STOP = "stop"
    PAUSE = "pause"
    RESUME = "resume"
    LIFT = "lift the electrode"
    TOUCH = "put the electrode back"
    PLUG = "plug the charger"
    UNPLUG = "unplug the charger"
    RESET = "reset"
    POWER = "take the supply and give it back"
    ABORT = "start and stop in the ramp"
    WAIT = "wait"


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One step of a walk; ``level`` is that of LEVEL."""

    deed: Deed
    level: int = 0

    def __str__(self) -> str:
        """Return the step as the report prints it."""
        return f"{self.deed.value} {self.level}" if self.deed is Deed.LEVEL else self.deed.value


class DeviceModel:
    """Where the device must be; starts idle, with contact, at an unknown level."""

    def __init__(
        self, *, resume_window_s: float, charge_inhibit: bool, levels: int, pauses: bool = True
    ) -> None:
        self._window_s = resume_window_s
        self._charge_inhibit = charge_inhibit
        self._levels = levels
        self._lost_at_s: float | None = None
        self.pauses = pauses
        self.state = DeviceState.IDLE
        self.level: int | None = None
        """None where the document does not say."""
        self.contact = True
        self.charger = False

    def accepts(self, action: Action, now_s: float) -> bool | None:
        """Return whether a command must be accepted; None where both are right or it is no command."""
        self._let_pass(now_s)
        state, doubtful = self.state, self._doubtful(now_s)
        if action.deed is Deed.STOP:
            return True
        if action.deed is Deed.LEVEL:
            return state is not DeviceState.CHARGE and 1 <= action.level <= self._levels
        if action.deed is Deed.START:
            if doubtful or state is DeviceState.ARMED:
                return None
            return state is DeviceState.IDLE
        if action.deed is Deed.PAUSE:
            return state is DeviceState.RUN
        if action.deed is Deed.RESUME:
            if doubtful:
                return None
            return state is DeviceState.PAUSE and self.contact
        return None

    def apply(self, action: Action, now_s: float, *, accepted: bool) -> None:
        """Follow an action that was done, with the device's own answer to it."""
        self._let_pass(now_s)
        if action.deed is Deed.LIFT:
            self._lift(now_s)
        elif action.deed is Deed.TOUCH:
            self._touch()
        elif action.deed is Deed.PLUG:
            self.charger = True
            if self._charge_inhibit:
                self._enter(DeviceState.CHARGE)
        elif action.deed is Deed.UNPLUG:
            self.charger = False
            if self.state is DeviceState.CHARGE:
                self._enter(DeviceState.IDLE)
        elif action.deed in (Deed.RESET, Deed.POWER):
            self.level = None
            held = self.charger and self._charge_inhibit
            self._enter(DeviceState.CHARGE if held else DeviceState.IDLE)
        elif accepted:
            self._obey(action)

    def expected(self, now_s: float) -> frozenset[DeviceState]:
        """Return the states in which the device may be now that it has settled."""
        self._let_pass(now_s)
        if self._doubtful(now_s):
            return frozenset({DeviceState.PAUSE, DeviceState.IDLE})
        return frozenset({self.state})

    def saw(self, state: DeviceState) -> None:
        """Follow the device where both were right."""
        if state is not self.state:
            self._enter(state)

    def _obey(self, action: Action) -> None:
        if action.deed is Deed.LEVEL:
            self.level = action.level
        elif action.deed is Deed.START:
            self._enter(DeviceState.RUN if self.contact else DeviceState.ARMED)
        elif action.deed is Deed.RESUME:
            self._enter(DeviceState.RUN)
        elif action.deed is Deed.PAUSE:
            self._enter(DeviceState.PAUSE)
        elif action.deed in (Deed.STOP, Deed.ABORT) and self.state is not DeviceState.CHARGE:
            self._enter(DeviceState.IDLE)

    def _lift(self, now_s: float) -> None:
        self.contact = False
        if self.state is DeviceState.RUN:
            self._enter(DeviceState.PAUSE)
            self._lost_at_s = now_s

    def _touch(self) -> None:
        self.contact = True
        if self.state is DeviceState.ARMED or self._lost_at_s is not None:
            self._enter(DeviceState.RUN)

    def _enter(self, state: DeviceState) -> None:
        self.state = state
        self._lost_at_s = None

    def _let_pass(self, now_s: float) -> None:
        """End a session whose contact did not come back within the window."""
        over_s = (1.0 + WINDOW_DOUBT) * self._window_s
        if self._lost_at_s is not None and now_s - self._lost_at_s > over_s:
            self._enter(DeviceState.IDLE)

    def _doubtful(self, now_s: float) -> bool:
        near_s = (1.0 - WINDOW_DOUBT) * self._window_s
        return self._lost_at_s is not None and now_s - self._lost_at_s > near_s
