"""The shape of a run's record: what the journal holds, line by line, and what a report reads.

All of it is frozen data; numbers are SI or in the unit that stands beside them. The same
dataclasses are written by :mod:`bench.record.journal` and read by :mod:`bench.record.run_folder`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = [
    "BudgetLine",
    "BudgetRecord",
    "CaptureRecord",
    "DeviceRecord",
    "Equipment",
    "Mark",
    "MeasurementRecord",
    "RequirementRecord",
    "RunRecord",
    "SafeStateRecord",
    "SelfTestStep",
    "SignatureRecord",
    "TestOutcome",
    "WaveformRecord",
]

Scalar = str | int | float | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRecord:
    """The device under test: expected, and as it identified itself (empty where it did not)."""

    model: str
    serial: str
    firmware: str
    udi: str
    hardware: str = ""
    build: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Equipment:
    """One instrument or fixture part with its calibration status on the day of the run."""

    role: str
    manufacturer: str
    model: str
    serial: str
    firmware: str
    resource: str
    calibration_due: str
    """ISO date, or empty where the part has none (then ``calibration_status`` says why)."""
    calibration_status: str
    calibrated: bool = True
    """False where its calibration was overdue, or never shown, on the day of the run: nothing that
    it measured can support a statement of conformity."""
    corrections: tuple[str, ...] = ()
    """Corrections of its certificate that were applied to its readings, in words, one a range."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfTestStep:
    """One step of the session order: identity, load path, zero, transfer, closing reference."""

    name: str
    passed: bool
    value: float | None = None
    unit: str = ""
    low: float | None = None
    high: float | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveformRecord:
    """One stored waveform; ``sha256`` is the name of its file in ``waveforms/``."""

    sha256: str
    label: str
    """What the channel sees: ``current``, ``transient current``, ``electrode voltage``, ``sync``."""
    channel: str
    unit: str
    record_length: int
    sample_interval_s: float
    instrument: str
    full_scale: float
    """Vertical full scale in ``unit``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureRecord:
    """One acquisition: all channels of one trigger, shared by many requirements."""

    acquisition_id: str
    title: str
    conditions: Mapping[str, Scalar]
    waveforms: tuple[WaveformRecord, ...]
    taken_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A labelled instant or level that a figure shows."""

    label: str
    time_s: float | None = None
    value: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetLine:
    """One contribution of an uncertainty budget, in the unit of the measurand."""

    name: str
    standard_uncertainty: float
    distribution: str
    degrees_of_freedom: float | None
    """None is infinite."""
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetRecord:
    """A full uncertainty budget; measurements refer to it by ``id``."""

    id: str
    measurand: str
    unit: str
    value: float
    standard_uncertainty: float
    degrees_of_freedom: float | None
    coverage_factor: float
    expanded_uncertainty: float
    lines: tuple[BudgetLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasurementRecord:
    """One measured value against one pair of limits under one rule."""

    id: str
    requirements: tuple[str, ...]
    quantity: str
    basis: str
    """``declared`` or ``standard``."""
    value: float | None
    unit: str
    expanded_uncertainty: float | None
    coverage_factor: float | None
    low: float | None
    high: float | None
    rule: str
    verdict: str
    margin_pct: float | None
    p_conform: float | None
    conditions: Mapping[str, Scalar]
    waveforms: tuple[str, ...]
    attempt: int
    reason: str
    guarded_margin_pct: float | None = None
    acceptance_low: float | None = None
    acceptance_high: float | None = None
    degrees_of_freedom: float | None = None
    budget: str = ""
    marks: tuple[Mark, ...] = ()
    test: str = ""
    at_utc: str = ""
    virtual_s: float | None = None
    exact: bool = False
    """True for a count or a comparison of declared figures: there is no uncertainty to state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequirementRecord:
    """One requirement of the plan with the verdict that its measurements gave."""

    id: str
    title: str
    clause: str
    source: str
    mark: str
    verdict: str
    worst_margin_pct: float | None
    reason: str
    rule: str = ""
    limit_text: str = ""
    group: str = ""
    changed: str = ""
    """The user's file and reason where it is not the catalogue's own row."""
    method: str = ""
    kind: str = ""
    """``limit``, ``record``, ``self-test`` or ``applicability``."""
    hazards: tuple[str, ...] = ()
    """Severities of the hazards that it controls, S1 to S4."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SafeStateRecord:
    """How the bench was left."""

    confirmed: bool
    steps: tuple[SelfTestStep, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TestOutcome:
    """One pytest item, all phases together."""

    __test__ = False

    node_id: str
    outcome: str
    """``passed``, ``failed``, ``error`` or ``skipped``."""
    duration_s: float
    reason: str
    requirements: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureRecord:
    """A signature as a report prints it (21 CFR 11.50)."""

    name: str
    role: str
    meaning: str
    at: str
    key: str
    """Fingerprint of the public key."""
    problem: str
    """Why it is not good; empty where it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """A whole run as read back from its folder. Reports read this and nothing else."""

    run_id: str
    plan: str
    simulated: bool
    verdict: str
    reason: str
    device: DeviceRecord
    profile: str
    profile_title: str
    station: str
    started_at: str
    finished_at: str
    seed: int | None
    counts: Mapping[str, int]
    requirements: tuple[RequirementRecord, ...]
    measurements: tuple[MeasurementRecord, ...]
    safe_state: SafeStateRecord
    equipment: tuple[Equipment, ...] = ()
    self_test: tuple[SelfTestStep, ...] = ()
    captures: tuple[CaptureRecord, ...] = ()
    budgets: tuple[BudgetRecord, ...] = ()
    tests: tuple[TestOutcome, ...] = ()
    software: Mapping[str, str] = field(default_factory=dict[str, str])
    """Versions, commit, hashes of station, profile and requirements."""
    declared: Mapping[str, str] = field(default_factory=dict[str, str])
    """What the profile declares, as printed: name to text with unit and mark."""
    assumptions: tuple[str, ...] = ()
    """Profile fields and limits that are only proposed or recalled, one line each."""
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    timing_s: Mapping[str, float] = field(default_factory=dict[str, float])
    """Where the wall time went: device wait, acquire, transfer, analyse, record, report."""
    device_time_s: float = 0.0
    """How long the device under test had its supply, by the bench's clock."""
    operator: str = ""
    golden: bool = False
    """Whether the unit is the station's golden unit: its runs watch the bench and count in no yield."""
    deviations: tuple[str, ...] = ()
    planned: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """Every test that the plan demanded at the start, with the requirements that it measures."""
    laboratory: Mapping[str, str] = field(default_factory=dict[str, str])
    """Name, address, place of the tests, customer and receipt of the item, as the station says."""
    assurance: Mapping[str, str] = field(default_factory=dict[str, str])
    """Why this bench is fit for its use: the seven items of its own assurance record."""
    journal_lines: int = 0
    journal_sha256: str = ""
    """Hash of the run's last line: the head of the chain before the record was sealed and signed."""
    signatures: tuple[SignatureRecord, ...] = ()
    amends: str = ""
    """For a report that was made again: what it replaces, in words."""
