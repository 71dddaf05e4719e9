"""A seeded random walk over the device's states, held against the reference model at every step.

Each step is recorded while it happens. A walk that finds a violation is replayed in parts until no
step can be left out, within a number of replays: the shortest sequence is what a developer needs.
Why no library does it: docs/decisions/0006-state-walk.md.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from bench.clock import Clock
from bench.device.link import DeviceState
from bench.device.state_model import Action, Deed, DeviceModel
from bench.errors import DeviceMisbehaved, DeviceRefused, NotOffered
from bench.station.acquisition import Capture
from bench.station.event_records import EventRecords, off_averaging_s, points_for
from bench.station.fixture import Fixture
from bench.station.scales import Label
from bench.station.treatment import Treatment
from bench.station.walk_judge import Step, StepJudge

__all__ = ["Violation", "Walk", "Walker"]

MOST_REPLAYS: Final = 25
MOST_REPLAYED_STEPS: Final = 400
"""A failing device is shown soon: what shrinking may cost in all."""
RANGE_MARGIN: Final = 1.6
TOO_WIDE: Final = 3.0
"""A range so many times that of a level shows too little of it."""
SAMPLES_PER_PULSE: Final = 20.0
WITHOUT_POWER_S: Final = 0.5
ABORT_SHARE: Final = 0.4
ABORT_MARGIN_S: Final = 0.1
"""When an aborted start is stopped: at this share of the ramp, once the contact was sensed."""
TAIL_CYCLES: Final = 1.1
SAMPLES_PER_MEAN: Final = 3.0
WAIT_S: Final = 5.0
QUIET_S: Final = 0.6
"""Sensing four times a second, confirmed once."""
LEVEL_S: Final = 0.3
RESET_S: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A step at which the device was not what the model allows."""

    actions: tuple[Action, ...]
    """The walk up to and including it."""
    text: str
    capture: Capture | None

    def __str__(self) -> str:
        """Return the sequence and what was wrong at its end."""
        return f"{' → '.join(map(str, self.actions))}: {self.text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """A walk: how far it came, and the shortest sequence that still violates."""

    steps: int
    violation: Violation | None
    replays: int


def shortest(
    actions: tuple[Action, ...], fails: Callable[[tuple[Action, ...]], bool], replays: int
) -> tuple[tuple[Action, ...], int]:
    """Leave steps out, halves first, while ``fails`` still says so; return what stays."""
    kept, size, used = actions, max(1, len(actions) // 2), 0
    while size >= 1 and used < replays:
        start, shrunk = 0, False
        while start < len(kept) - 1 and used < replays:
            shorter = kept[:start] + kept[min(start + size, len(kept) - 1) :]
            used += 1
            if fails(shorter):
                kept, shrunk = shorter, True
            else:
                start += size
        if not shrunk:
            size //= 2
    return kept, used


class Walker:
    """Walks one device."""

    def __init__(
        self, *, treatment: Treatment, fixture: Fixture, records: EventRecords, clock: Clock
    ) -> None:
        self._treatment = treatment
        self._fixture = fixture
        self._records = records
        self._clock = clock
        self._ranges = records.ranges
        self._profile = records.ranges.profile
        self._judge = StepJudge(link=treatment.link, profile=self._profile)

    def walk(self, actions: tuple[Action, ...], *, load_ohm: float) -> Walk:
        """Walk; on a violation return the shortest sequence that still has one."""
        steps, violation = self._try(actions, load_ohm)
        if violation is None:
            return Walk(steps=steps, violation=None, replays=0)
        latest = [violation]
        replayed = 0

        def fails(shorter: tuple[Action, ...]) -> bool:
            nonlocal replayed
            if replayed + len(shorter) > MOST_REPLAYED_STEPS:
                return False
            done, found = self._try(shorter, load_ohm)
            replayed += done
            if found is not None:
                latest.append(found)
            return found is not None

        _, replays = shortest(violation.actions, fails, MOST_REPLAYS)
        worst = min(latest, key=lambda found: len(found.actions))
        return Walk(steps=steps, violation=worst, replays=replays)

    def _try(self, actions: Sequence[Action], load_ohm: float) -> tuple[int, Violation | None]:
        """Walk from idle with contact; return the steps taken and the first violation."""
        self._fixture.unplug_charger()
        self._treatment.make_idle()
        self._treatment.connect(load_ohm)
        self._fixture.close(self._fixture.lost_contact_load(self._profile.contact_off_limit_ohm))
        self._clock.sleep(QUIET_S)
        model = DeviceModel(
            resume_window_s=self._profile.timers.resume_window_s,
            charge_inhibit=self._profile.protection.charge_inhibit,
            levels=len(self._profile.levels),
        )
        self._judge.begin()
        self._set_level(model, self._profile.highest_level)
        for number, action in enumerate(actions, start=1):
            wrong, capture = self._step(model, action, load_ohm)
            if wrong:
                done = tuple(actions[:number])
                return number, Violation(actions=done, text=wrong, capture=capture)
            if model.level is None:  # after a reset: the document does not say which
                self._set_level(model, self._profile.levels[0].number)
        return len(actions), None

    def _set_level(self, model: DeviceModel, level: int) -> None:
        action = Action(deed=Deed.LEVEL, level=level)
        if model.accepts(action, self._now_s()):
            with_level = self._do(action)
            if not with_level:
                raise DeviceMisbehaved(f"the device refused {action} while {model.state.value}")
            model.apply(action, self._now_s(), accepted=True)

    def _step(
        self, model: DeviceModel, action: Action, load_ohm: float
    ) -> tuple[str, Capture | None]:
        """Do one action while recording; return what was wrong and the record."""
        must, before = model.accepts(action, self._now_s()), (model.state, model.level)
        if action.deed in (Deed.PAUSE, Deed.RESUME) and not model.pauses:
            return "", None
        if action.deed is Deed.POWER and model.charger:
            return "", None  # what a device does that its charger alone feeds is not declared
        answers: list[bool] = []
        settle_s = self._settle_s(model, action)
        cycle_s = max(TAIL_CYCLES * self._profile.waveform.rhythm_s, QUIET_S)
        duration_s = settle_s + cycle_s
        live = DeviceState.RUN in (before[0], DeviceState.RUN if settle_s > QUIET_S else None)
        interval_s = off_averaging_s(self._profile) / SAMPLES_PER_MEAN
        if live:
            interval_s = min(
                interval_s, self._profile.waveform.pulse_duration_s / SAMPLES_PER_PULSE
            )
        capture = self._records.look(
            f"walk: {action}",
            {
                Label.CURRENT: self._range_a(model, action, load_ohm)
                if live
                else self._ranges.off_a()
            },
            duration_s=duration_s,
            points=points_for(duration_s, interval_s=interval_s),
            conditions={"action": str(action), "state": before[0].value, "load_ohm": load_ohm},
            meanwhile=lambda: self._during(model, action, answers),
        )
        if not answers:
            return "", capture  # the device's link does not offer it
        accepted = answers[0]
        if must is not None and accepted is not must:
            reply = "accepted" if accepted else "refused"
            return f"{action} was {reply} while {before[0].value}", capture
        finer = self._finer(model, capture, cycle_s, load_ohm)
        step = Step(action=action, before=before, capture=capture, settle_s=settle_s, finer=finer)
        return self._judge.wrong(step, model, now_s=self._now_s(), load_ohm=load_ohm), capture

    def _finer(
        self, model: DeviceModel, capture: Capture, cycle_s: float, load_ohm: float
    ) -> Capture | None:
        """Return a record on a range of its own where the first one's is too wide for what is left."""
        if model.state is not DeviceState.RUN:
            if self._judge.sees_rest(capture, load_ohm):
                return None
            return self._records.look(
                "walk: at rest",
                {Label.CURRENT: self._ranges.off_a()},
                duration_s=cycle_s,
                points=points_for(
                    cycle_s, interval_s=off_averaging_s(self._profile) / SAMPLES_PER_MEAN
                ),
                conditions={"load_ohm": load_ohm},
            )
        if model.level is None:
            return None
        fits_a = self._ranges.level_a(model.level)
        if capture.full_scale(Label.CURRENT) < TOO_WIDE * fits_a:
            return None
        return self._records.look(
            f"walk: level {model.level} runs",
            {Label.CURRENT: fits_a},
            duration_s=cycle_s,
            points=points_for(
                cycle_s,
                interval_s=self._profile.waveform.pulse_duration_s / SAMPLES_PER_PULSE,
            ),
            conditions={"level": model.level, "load_ohm": load_ohm},
        )

    def _during(self, model: DeviceModel, action: Action, answers: list[bool]) -> None:
        try:
            answers.append(self._do(action))
        except NotOffered:
            model.pauses = False
            return
        model.apply(action, self._now_s(), accepted=answers[0])

    def _settle_s(self, model: DeviceModel, action: Action) -> float:
        """Return the declared time after which the device must have done it."""
        timers = self._profile.timers
        if action.deed in (Deed.START, Deed.RESUME, Deed.TOUCH):
            starts = model.contact or action.deed is Deed.TOUCH
            return timers.start_delay_s + 1.1 * timers.ramp_s if starts else QUIET_S
        times = {
            Deed.LIFT: max(timers.contact_loss_s, QUIET_S), Deed.PLUG: timers.charge_s,
            Deed.UNPLUG: QUIET_S, Deed.STOP: timers.stop_s, Deed.PAUSE: timers.stop_s,
            Deed.RESET: RESET_S, Deed.POWER: WITHOUT_POWER_S + RESET_S, Deed.WAIT: WAIT_S,
            Deed.ABORT: ABORT_SHARE * timers.ramp_s + ABORT_MARGIN_S + timers.stop_s,
            Deed.LEVEL: max(LEVEL_S, 2.0 / self._profile.waveform.repetition_rate_hz),
        }  # fmt: skip
        return times[action.deed]

    def _do(self, action: Action) -> bool:
        """Do it; return False where the device refused."""
        link, fixture = self._treatment.link, self._fixture
        deeds: dict[Deed, Callable[[], None]] = {
            Deed.LEVEL: lambda: link.set_level(action.level),
            Deed.START: lambda: link.start(self._profile.timers.session_s),
            Deed.STOP: link.stop,
            Deed.PAUSE: link.pause,
            Deed.RESUME: link.resume,
            Deed.LIFT: lambda: fixture.open("contact"),
            Deed.TOUCH: lambda: fixture.close("contact"),
            Deed.PLUG: lambda: (fixture.prepare_charger(), fixture.plug_charger())[0],
            Deed.UNPLUG: fixture.unplug_charger,
            Deed.RESET: link.reset,
            Deed.POWER: self._power_cycle,
            Deed.ABORT: self._abort,
            Deed.WAIT: lambda: None,
        }
        try:
            deeds[action.deed]()
        except DeviceRefused:
            return False
        return True

    def _power_cycle(self) -> None:
        self._fixture.open("battery")
        self._clock.sleep(WITHOUT_POWER_S)
        self._fixture.close("battery")

    def _abort(self) -> None:
        """Start, where that is legal, and stop before the ramp is over."""
        with contextlib.suppress(DeviceRefused):
            self._treatment.link.start(self._profile.timers.session_s)
        self._clock.sleep(ABORT_SHARE * self._profile.timers.ramp_s + ABORT_MARGIN_S)
        self._treatment.link.stop()

    def _range_a(self, model: DeviceModel, action: Action, load_ohm: float) -> float:
        """Return a range for the levels before and after a step; the wide one at a contact's edge."""
        if action.deed in (Deed.LIFT, Deed.TOUCH):
            return self._ranges.wide_a()
        levels = [model.level or self._profile.highest_level]
        if action.deed is Deed.LEVEL and 1 <= action.level <= len(self._profile.levels):
            levels.append(action.level)
        highest_ua = max(self._profile.current_ua(level, load_ohm) for level in levels)
        return self._ranges.at_least_a(2 * RANGE_MARGIN * highest_ua * 1e-6)

    def _now_s(self) -> float:
        return self._clock.now_ns() / 1e9
