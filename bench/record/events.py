"""The kinds of journal lines, and what each carries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bench.record.schema import DeviceRecord, RequirementRecord

__all__ = ["Finished", "Kind", "Problem", "Sealed", "Signed", "Started"]


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
    SEALED = "sealed"
    SIGNED = "signed"


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
    golden: bool = False
    """Whether the unit is the station's golden unit: measured to watch the bench, not to be sold."""


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
    device_time_s: float = 0.0
    """How long the device under test had its supply, by the bench's clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """The files that a run left beside its journal, by SHA-256; only what is new or differs."""

    reason: str
    files: Mapping[str, str]
    replaces: Mapping[str, str] = field(default_factory=dict[str, str])
    """For an amended file the SHA-256 of the one that it replaces; a file that is gone as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A signature over everything in the journal before this line."""

    statement: str
    """The signed text: the JSON of a :class:`bench.record.signature.Statement`, byte for byte."""
    public_key: str
    """Ed25519, raw, base64."""
    signature: str
    """Ed25519 over the UTF-8 of ``statement``, base64."""
