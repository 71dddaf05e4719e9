"""When the simulated scope acquires: arming, pre-trigger, trigger, completion.

A record is remembered as the exact voltages of all nodes over its time and the settings at
arming; samples are taken when somebody fetches them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto

from bench.twin.interface import Node, SegmentTable
from bench.twin.laboratory_time import Condition, LaboratoryTime
from bench.twin.scope_frontend import ChannelSettings

__all__ = ["Acquisition", "Plan", "Record", "State"]

_SETTLING_NS = 20_000
"""Trace before the record's start, for the input's poles to settle in."""
_TIME_BASE_MARGIN = 60e-6
"""More trace than the record's nominal time, for the error of the scope's time base."""
_NODES: tuple[Node, ...] = ("shunt", "electrode", "sync")
_HOLDER = "scope"


class State(Enum):
    """Where an acquisition stands."""

    STOPPED = auto()
    PREFILL = auto()
    WAITING = auto()
    FILLING = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One acquisition as it was asked for.

    ``start_s`` is the record's start relative to the trigger; ``trigger`` None is a source that
    never triggers; ``auto_after_ns`` the time after which the scope triggers by itself.
    """

    start_s: float
    range_s: float
    points: int
    conversions_per_s: float
    kind: str
    averages: int
    channels: Mapping[int, ChannelSettings]
    trigger: Condition | None
    trigger_delay_s: float
    auto_after_ns: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A completed acquisition."""

    number: int
    trigger_ns: int
    trigger_fraction_s: float
    plan: Plan
    tables: Mapping[Node, SegmentTable]


class Acquisition:
    """The scope's state machine; looks on while virtual time advances."""

    def __init__(self, timeline: LaboratoryTime) -> None:
        self._timeline = timeline
        self.state = State.STOPPED
        self.single = True
        self.running = False
        self.record: Record | None = None
        self.segments: list[Record] = []
        """The records of a segmented acquisition, each of a trigger of its own."""
        self._wanted_segments = 1
        self._triggered_event = False
        self._armed_event = False
        self.deaf = False
        """A bench fault: no trigger is ever seen."""
        self.frozen = False
        """A bench fault: the first record is kept for ever."""
        self.memory_points: int | None = None
        """A bench fault: the memory holds no more, and the sample rate follows."""
        self._plan: Plan | None = None
        self._due_ns: int | None = None
        self._trigger_ns = 0
        self._forced = False
        self._count = 0
        timeline.watch(self)

    # -- orders

    def arm(self, plan: Plan, *, single: bool, segments: int = 1) -> None:
        """Start an acquisition; a single one discards the records before it."""
        plan = self._remembered(plan)
        self.segments, self._wanted_segments = [], segments
        if single and not self.frozen:
            self.record = None
        self._start(plan, single=single)

    def _start(self, plan: Plan, *, single: bool) -> None:
        now_ns = self._timeline.now_ns
        self._plan, self.single, self.running, self._forced = plan, single, True, False
        self.state = State.PREFILL
        self._due_ns = now_ns + _before_ns(plan)
        self._timeline.hold_trace(_HOLDER, now_ns)

    def _remembered(self, plan: Plan) -> Plan:
        points = plan.points if self.memory_points is None else self.memory_points
        if points >= plan.points:
            return plan
        rate = plan.conversions_per_s * points / plan.points
        return replace(plan, points=points, conversions_per_s=rate)

    def stop(self) -> None:
        """Stop; what is not complete is lost."""
        self.running = False
        self._rest()

    def force(self) -> None:
        """Trigger now, or as soon as the pre-trigger part is there."""
        if self.state is State.WAITING:
            self._trigger(self._timeline.now_ns)
        elif self.state is State.PREFILL:
            self._forced = True

    def trim(self) -> None:
        """Let the world forget what lies before any record that can still come."""
        if self.state is State.WAITING and self._plan is not None:
            self._timeline.hold_trace(_HOLDER, self._timeline.now_ns - _before_ns(self._plan))

    def take_triggered(self) -> bool:
        """Return whether a trigger came since this was last asked."""
        value, self._triggered_event = self._triggered_event, False
        return value

    def take_armed(self) -> bool:
        """Return whether the scope became armed since this was last asked."""
        value, self._armed_event = self._armed_event, False
        return value

    @property
    def pending(self) -> bool:
        """Whether an acquisition is under way."""
        return self.state is not State.STOPPED

    # -- timeline

    def due_ns(self) -> int | None:
        """Return when the present state ends by itself."""
        return self._due_ns

    def condition(self) -> Condition | None:
        """Return the trigger where it is being waited for."""
        if self.state is not State.WAITING or self._plan is None or self.deaf:
            return None
        return self._plan.trigger

    def crossed(self, at_ns: int) -> None:
        """The trigger came."""
        self._trigger(at_ns)

    def reached(self) -> None:
        """The present state is over."""
        now_ns = self._timeline.now_ns
        if self.state is State.PREFILL:
            self.state, self._armed_event = State.WAITING, True
            auto_ns = self._plan.auto_after_ns if self._plan else None
            self._due_ns = None if auto_ns is None else now_ns + auto_ns
            if self._forced:
                self._trigger(now_ns)
        elif self.state is State.WAITING:
            self._trigger(now_ns)
        elif self.state is State.FILLING:
            self._complete()

    def _trigger(self, at_ns: int) -> None:
        if self._plan is None:
            return
        self.state, self._triggered_event = State.FILLING, True
        self._trigger_ns = at_ns
        after_s = (self._plan.start_s + self._plan.range_s) * (1 + _TIME_BASE_MARGIN)
        delay_ns = round((self._plan.trigger_delay_s + after_s) * 1e9) + 1
        self._due_ns = at_ns + max(0, delay_ns)

    def _complete(self) -> None:
        plan = self._plan
        if plan is not None and not (self.frozen and self.record is not None):
            self._count += 1
            start_ns = self._trigger_ns + min(0, round(plan.start_s * 1e9)) - _SETTLING_NS
            start_ns -= _margin_ns(plan)
            stop_ns = max(self._timeline.now_ns, start_ns + 1)
            self.record = Record(
                number=self._count,
                trigger_ns=self._trigger_ns,
                trigger_fraction_s=plan.trigger_delay_s,
                plan=plan,
                tables={
                    node: self._timeline.world.trace(node, start_ns, stop_ns) for node in _NODES
                },
            )
        if self.record is not None:
            self.segments.append(self.record)
        if plan is not None and self.single and len(self.segments) < self._wanted_segments:
            self._start(plan, single=True)
            return
        self.running = self.running and not self.single
        self._rest()

    def _rest(self) -> None:
        self.state, self._due_ns = State.STOPPED, None
        self._timeline.hold_trace(_HOLDER, None)


def _margin_ns(plan: Plan) -> int:
    return round(abs(plan.start_s) * _TIME_BASE_MARGIN * 1e9)


def _before_ns(plan: Plan) -> int:
    """Return how much trace before the trigger the record needs."""
    return _SETTLING_NS + _margin_ns(plan) + max(0, round(-plan.start_s * 1e9))
