"""The kinds of journal lines, and what each carries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bench.record.schema import DeviceRecord, RequirementRecord

__all__ = ["Finished", "Kind", "Problem", "Started"]


class Kind(StrEnum):
    """What a journal line is about."""

    STARTED = "started"
    DEVICE = "device"
    EQUIPMENT = "equipment"
    SELF_TEST = "self_test"
    CAPTURE = "capture"
    BUDGET = "budget"
    MEASUREMENT = "measurement"
    TEST = "test"
    DEVIATION = "deviation"
    PROBLEM = "problem"
    SAFE_STATE = "safe_state"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """What is known, and demanded, before the first measurement."""

    run_id: str
    plan: str
    simulated: bool
    device: DeviceRecord
    """As expected by the operator; what the device says of itself follows as ``device``."""
    profile: str
    profile_title: str
    station: str
    seed: int | None
    requirements: tuple[RequirementRecord, ...]
    not_covered: tuple[str, ...]
    software: Mapping[str, str]
    declared: Mapping[str, str]
    assumptions: tuple[str, ...]
    environment: Mapping[str, str]
    operator: str
    started_at: str
    planned: Mapping[str, tuple[str, ...]]
    """Every test that the plan demands, by node id, with the requirements that it measures."""
    laboratory: Mapping[str, str] = field(default_factory=dict[str, str])
    assurance: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A failure of the bench, in one line; never the device's."""

    where: str
    text: str
    requirements: tuple[str, ...] = ()
    decides_run: bool = False
    """True for the closing reference and the safe state: they make the run an ERROR."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The end of a run, written once, by the runner or by the guardian in its place."""

    outcome: str
    """``completed``, ``interrupted`` or ``aborted`` (the runner died)."""
    finished_at: str
    timing_s: Mapping[str, float] = field(default_factory=dict[str, float])
