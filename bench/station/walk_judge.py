"""What one step of a walk must have left: state, output, readings and timer as the model has them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from bench.device.link import DeviceLink, DeviceState, DeviceStatus
from bench.device.state_model import Action, Deed, DeviceModel
from bench.errors import NotOffered
from bench.profile import Profile
from bench.station.acquisition import Capture
from bench.station.event_records import by_itself, flowing_a, off_averaging_s
from bench.station.expected_output import ExpectedOutput
from bench.station.fault_measurands import about_zero_budget
from bench.station.scales import Label
from bench.waveform import Waveform

__all__ = ["Step", "StepJudge"]

HIGH_SHARE: Final = 1.2
"""Of the higher level's declared current: what may pass on the way. Source: FLT-019."""
REST_SHARE: Final = 0.2
"""Of the lowest level: contact sensing stays below it."""
TIMER_GROWS_S: Final = 1.5
"""The device reports whole seconds: what is left of a session never grows by more."""
CURRENT_SHARE: Final = 0.05
CURRENT_FLOOR_A: Final = 5e-6
"""How far the device's own reading may lie from the bench's. Source: FLT-027."""
_SESSION: Final = (DeviceState.RUN, DeviceState.PAUSE)
_EDGES: Final = (Deed.LIFT, Deed.TOUCH)
"""What passes at a contact's edge is FLT-025."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """An action that was done, with the record around it."""

    action: Action
    before: tuple[DeviceState, int | None]
    """The model's state and level before it."""
    capture: Capture
    settle_s: float
    """After this time it must have been done."""
    finer: Capture | None = None
    """A record of what runs afterwards, where the first one's range is too wide for its level."""

    @property
    def waveform(self) -> Waveform:
        """The current."""
        return self.capture.waveforms[Label.CURRENT]

    @property
    def shown(self) -> Capture:
        """The record that shows what the step has left."""
        return self.capture if self.finer is None else self.finer

    @property
    def tail(self) -> Waveform:
        """The current once the step must be done."""
        if self.finer is not None:
            return self.finer.waveforms[Label.CURRENT]
        whole = self.waveform
        return whole.between(whole.t0_s + self.settle_s, whole.t0_s + 2 * whole.duration_s)


class StepJudge:
    """Holds each step against the model, the profile and the device's own word."""

    def __init__(self, *, link: DeviceLink, profile: Profile) -> None:
        self._link = link
        self._profile = profile
        self._left_s: float | None = None

    def begin(self) -> None:
        """Forget the last walk."""
        self._left_s = None

    def wrong(self, step: Step, model: DeviceModel, *, now_s: float, load_ohm: float) -> str:
        """Return what is wrong after a step; empty where everything is right."""
        status = self._link.status()
        allowed = model.expected(now_s)
        if status.state not in allowed:
            wanted = " or ".join(sorted(state.value for state in allowed))
            return f"the device reports {status.state.value}, expected {wanted}"
        model.saw(status.state)
        if status.state is DeviceState.RUN:
            wrong = self._running(step, model, status, load_ohm)
        else:
            wrong = self._resting(step, status, load_ohm)
        return wrong or self._on_the_way(step, status, model, load_ohm) or self._timer(step, status)

    def sees_rest(self, capture: Capture, load_ohm: float) -> bool:
        """Whether the range of a record shows less of nothing than a device at rest may."""
        return self._shown_a(capture) <= self._allowed_at_rest_a(load_ohm)

    def _running(
        self, step: Step, model: DeviceModel, status: DeviceStatus, load_ohm: float
    ) -> str:
        level = model.level or status.level
        if status.level != level:
            return f"the device reports level {status.level}, it was set to {level}"
        if not status.contact:
            return "the device reports no contact while it runs"
        expected = ExpectedOutput(profile=self._profile, level=level, load_ohm=load_ohm)
        departures = expected.departures(step.shown, step.tail)
        if departures:
            return "; ".join(departures)
        seen_a, said_a = expected.amplitude_a(step.tail), self._said_a()
        if self._profile.waveform.envelope is not None or seen_a is None or said_a is None:
            return ""  # of an envelope the device reports some pulse, not the crest
        doubt_a = about_zero_budget(seen_a, step.shown).expanded_uncertainty
        if abs(said_a - seen_a) > max(CURRENT_SHARE * seen_a, self._floor_a) + doubt_a:
            return f"the device reports {said_a * 1e6:.0f} µA, the bench sees {seen_a * 1e6:.0f}"
        return ""

    def _resting(self, step: Step, status: DeviceStatus, load_ohm: float) -> str:
        flows_a = flowing_a(step.shown, self._profile, step.tail)
        if flows_a > self._rest_a(step.shown, load_ohm):
            return f"{flows_a * 1e6:.0f} µA in {status.state.value}"
        said_a = self._said_a() if status.state in (DeviceState.IDLE, DeviceState.PAUSE) else None
        if said_a is not None and said_a > self._floor_a:
            return f"the device reports {said_a * 1e6:.0f} µA in {status.state.value}"
        return ""

    def _on_the_way(
        self, step: Step, status: DeviceStatus, model: DeviceModel, load_ohm: float
    ) -> str:
        if step.action.deed in _EDGES:
            return ""
        states = ((status.state, model.level), step.before)
        if step.action.deed is Deed.ABORT:
            states = (*states, (DeviceState.RUN, model.level))
        limit_a = max(self._declared_a(*state, load_ohm) for state in states)
        largest_a = flowing_a(step.capture, self._profile, step.waveform)
        if largest_a > HIGH_SHARE * limit_a + self._rest_a(step.capture, load_ohm):
            return f"{largest_a * 1e6:.0f} µA on the way, at most {limit_a * 1e6:.0f} declared"
        return ""

    def _timer(self, step: Step, status: DeviceStatus) -> str:
        """What is left of a session never grows, whatever is done meanwhile."""
        last_s = self._left_s if step.before[0] in _SESSION else None
        self._left_s = status.remaining_s if status.state in _SESSION else None
        if last_s is None or self._left_s is None or self._left_s <= last_s + TIMER_GROWS_S:
            return ""
        return f"{self._left_s:g} s of the session are left, {last_s:g} s were before"

    @property
    def _floor_a(self) -> float:
        return CURRENT_FLOOR_A * self._profile.scale

    def _said_a(self) -> float | None:
        """Return the device's own reading of its current; None where it offers none."""
        try:
            current_a = self._link.telemetry().current_ua * 1e-6
        except NotOffered:
            return None
        return None if math.isnan(current_a) else current_a

    def _rest_a(self, capture: Capture, load_ohm: float) -> float:
        """Return what a record may show of a device at rest: its own, or its range's."""
        return max(self._allowed_at_rest_a(load_ohm), self._shown_a(capture))

    def _allowed_at_rest_a(self, load_ohm: float) -> float:
        """Return what contact sensing may show: far less than the lowest level."""
        lowest_a = self._profile.current_ua(self._profile.levels[0].number, load_ohm) * 1e-6
        return self._profile.off_a + REST_SHARE * lowest_a

    def _shown_a(self, capture: Capture) -> float:
        """Return what offset and noise of a range show of nothing."""
        averaging_s = off_averaging_s(self._profile)
        return by_itself(capture, Label.CURRENT, averaging_s=averaging_s)

    def _declared_a(self, state: DeviceState, level: int | None, load_ohm: float) -> float:
        """Return the declared current of a state: nothing flows but in RUN, nor without contact."""
        if state is not DeviceState.RUN:
            return 0.0
        return self._profile.current_ua(level or self._profile.highest_level, load_ohm) * 1e-6
