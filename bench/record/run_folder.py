"""A run's folder: made empty, filled by the journal, read back as one :class:`RunRecord`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import msgspec

from bench.decision import Verdict
from bench.errors import FileFormatError, UsageError
from bench.judge.run_verdict import requirement_verdict, run_verdict
from bench.record.events import Finished, Kind, Problem, Started
from bench.record.journal import JournalLine, read_journal
from bench.record.schema import (
    BudgetRecord,
    CaptureRecord,
    DeviceRecord,
    Equipment,
    MeasurementRecord,
    RequirementRecord,
    RunRecord,
    SafeStateRecord,
    SelfTestStep,
    TestOutcome,
)

__all__ = [
    "JOURNAL_NAME",
    "OPEN_MARK",
    "STORE_MARK",
    "WAVEFORM_FOLDER",
    "create_run_folder",
    "load_run",
    "summary_bytes",
    "waveforms_of",
]

JOURNAL_NAME = "journal.jsonl"
WAVEFORM_FOLDER = "waveforms"
OPEN_MARK = ".open"
"""Lies in the folder from its making until the run is closed: who finds it without a lock finds a death."""
STORE_MARK = ".unstored"
"""Lies in the folder until its run is in the store: see :mod:`bench.store.filling`."""
SUMMARY_SCHEMA = 1
_AFTER_THE_RUN = frozenset({Kind.SEALED, Kind.SIGNED})
"""Lines about the record: a report made before them and one made after are the same report."""

_T = TypeVar("_T")


def create_run_folder(path: Path) -> Path:
    """Make ``path`` and its waveform folder; raises UsageError where it holds anything."""
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise UsageError(
            f"--out {path}: expected a folder that is empty or does not exist yet; "
            "a run never writes over another: choose another name"
        )
    try:
        (path / WAVEFORM_FOLDER).mkdir(parents=True, exist_ok=True)
        (path / OPEN_MARK).touch()
    except OSError as error:
        raise UsageError(f"--out {path}: cannot be made ({error.strerror})") from error
    return path


@dataclass(slots=True)
class _Gathered:
    """The journal's lines by kind, while they are read."""

    started: Started | None = None
    finished: Finished | None = None
    device: DeviceRecord | None = None
    safe_state: SafeStateRecord | None = None
    equipment: list[Equipment] = field(default_factory=list[Equipment])
    self_test: list[SelfTestStep] = field(default_factory=list[SelfTestStep])
    captures: list[CaptureRecord] = field(default_factory=list[CaptureRecord])
    budgets: list[BudgetRecord] = field(default_factory=list[BudgetRecord])
    measurements: list[MeasurementRecord] = field(default_factory=list[MeasurementRecord])
    tests: list[TestOutcome] = field(default_factory=list[TestOutcome])
    problems: list[Problem] = field(default_factory=list[Problem])
    deviations: list[str] = field(default_factory=list[str])

    def take(self, line: JournalLine) -> None:
        """File one line under its kind: the last of what a run has one of, all of the rest."""
        match line.kind:
            case Kind.STARTED:
                self.started = _as(line, Started)
            case Kind.FINISHED:
                self.finished = _as(line, Finished)
            case Kind.DEVICE:
                self.device = _as(line, DeviceRecord)
            case Kind.SAFE_STATE:
                self.safe_state = _as(line, SafeStateRecord)
            case _:
                self._collect(line)

    def _collect(self, line: JournalLine) -> None:
        """Add a line to the others of its kind; unknown kinds are from a newer version and are left."""
        match line.kind:
            case Kind.EQUIPMENT:
                self.equipment.append(_as(line, Equipment))
            case Kind.SELF_TEST:
                self.self_test.append(_as(line, SelfTestStep))
            case Kind.CAPTURE:
                self.captures.append(_as(line, CaptureRecord))
            case Kind.BUDGET:
                self.budgets.append(_as(line, BudgetRecord))
            case Kind.MEASUREMENT:
                self.measurements.append(_as(line, MeasurementRecord))
            case Kind.TEST:
                self.tests.append(_as(line, TestOutcome))
            case Kind.PROBLEM:
                self.problems.append(_as(line, Problem))
            case Kind.DEVIATION:
                self.deviations.append(str(line.data))
            case _:
                pass


def _as(line: JournalLine, kind: type[_T]) -> _T:
    try:
        return msgspec.convert(line.data, kind)
    except msgspec.ValidationError as error:
        raise FileFormatError(f"{JOURNAL_NAME}:{line.seq + 1}: {line.kind}: {error}") from error


def waveforms_of(line: JournalLine) -> Iterator[str]:
    """Yield the SHA-256 of each waveform that a line names."""
    if line.kind == Kind.CAPTURE:
        capture = msgspec.convert(line.data, CaptureRecord)
        yield from (waveform.sha256 for waveform in capture.waveforms)


def load_run(folder: Path) -> RunRecord:
    """Read a run back from its journal; raises FileFormatError."""
    gathered = _Gathered()
    lines, head = 0, ""
    for line in read_journal(folder / JOURNAL_NAME):
        gathered.take(line)
        if line.kind not in _AFTER_THE_RUN:
            lines, head = line.seq + 1, line.sha256
    started = gathered.started
    if started is None:
        raise FileFormatError(f"{folder / JOURNAL_NAME}: no `started` line; is this a run folder?")
    finished = gathered.finished or Finished(outcome="aborted", finished_at="")
    safe_state = gathered.safe_state or SafeStateRecord(confirmed=False, steps=())
    requirements = tuple(_decided(requirement, gathered) for requirement in started.requirements)
    required = [Verdict(row.verdict) for row in requirements]
    bench_failed = not safe_state.confirmed or any(p.decides_run for p in gathered.problems)
    verdict = run_verdict(
        required, bench_failed=bench_failed, completed=finished.outcome == "completed"
    )
    return RunRecord(
        run_id=started.run_id,
        plan=started.plan,
        simulated=started.simulated,
        verdict=verdict.value,
        reason=_reason(verdict, requirements, gathered, finished),
        device=gathered.device or started.device,
        profile=started.profile,
        profile_title=started.profile_title,
        station=started.station,
        started_at=started.started_at,
        finished_at=finished.finished_at,
        seed=started.seed,
        counts=dict(Counter(row.verdict for row in gathered.measurements)),
        requirements=requirements,
        measurements=tuple(gathered.measurements),
        safe_state=safe_state,
        equipment=tuple(gathered.equipment),
        self_test=tuple(gathered.self_test),
        captures=tuple(gathered.captures),
        budgets=tuple(gathered.budgets),
        tests=tuple(gathered.tests),
        software=started.software,
        declared=started.declared,
        assumptions=started.assumptions,
        environment=started.environment,
        timing_s=finished.timing_s,
        device_time_s=finished.device_time_s,
        operator=started.operator,
        golden=started.golden,
        deviations=(*gathered.deviations, *(_sentence(p) for p in gathered.problems)),
        planned=started.planned,
        laboratory=started.laboratory,
        assurance=started.assurance,
        journal_lines=lines,
        journal_sha256=head,
    )


def _sentence(problem: Problem) -> str:
    return f"bench problem in {problem.where}: {problem.text}"


def _decided(requirement: RequirementRecord, gathered: _Gathered) -> RequirementRecord:
    """Return the requirement with the verdict that its measurements and tests give it."""
    rows = [row for row in gathered.measurements if requirement.id in row.requirements]
    problems = [p for p in gathered.problems if requirement.id in p.requirements]
    missing = _missing_tests(requirement.id, gathered)
    verdicts = [
        *(Verdict(row.verdict) for row in rows),
        *(Verdict.ERROR for _ in problems),
        *(Verdict.NOT_TESTED for _ in missing),
    ]
    if Verdict(requirement.verdict) is Verdict.NOT_APPLICABLE and not rows:
        return requirement
    verdict = requirement_verdict(verdicts)
    margins = [row.margin_pct for row in rows if row.margin_pct is not None]
    return replace(
        requirement,
        verdict=verdict.value,
        worst_margin_pct=min(margins, default=None),
        reason=_requirement_reason(verdict, rows, problems, missing)
        or ("" if rows else requirement.reason),
    )


def _missing_tests(requirement_id: str, gathered: _Gathered) -> list[str]:
    """Return the tests of a requirement that the plan demands and that did not come to an end."""
    if gathered.started is None:
        return []
    over = {test.node_id for test in gathered.tests}
    planned = gathered.started.planned
    return [node for node, ids in planned.items() if requirement_id in ids and node not in over]


def _requirement_reason(
    verdict: Verdict,
    rows: Iterable[MeasurementRecord],
    problems: Iterable[Problem],
    missing: list[str],
) -> str:
    if verdict is Verdict.NOT_TESTED and missing:
        return f"{len(missing)} of its tests did not run, the first: {missing[0]}"
    if verdict is Verdict.ERROR:
        return next((p.text for p in problems), "") or _first_reason(rows, verdict)
    return _first_reason(rows, verdict) if verdict is not Verdict.PASS else ""


def _first_reason(rows: Iterable[MeasurementRecord], verdict: Verdict) -> str:
    decisive = [row for row in rows if row.verdict == verdict]
    said = next((row.reason for row in decisive if row.reason), "")
    if said or verdict not in (Verdict.FAIL, Verdict.CONDITIONAL_FAIL):
        return said
    return next((text for row in decisive if (text := _beyond(row))), "")


def _beyond(row: MeasurementRecord) -> str:
    """Return a number beside its limits: one that lies outside them has no other reason."""
    if row.value is None or (row.low is None and row.high is None):
        return ""
    low = "" if row.low is None else f"at least {row.low:.6g}"
    high = "" if row.high is None else f"at most {row.high:.6g}"
    limits = " and ".join(limit for limit in (low, high) if limit)
    return f"{row.quantity}: {row.value:.6g} {row.unit}".rstrip() + f", expected {limits}"


def _reason(
    verdict: Verdict,
    requirements: tuple[RequirementRecord, ...],
    gathered: _Gathered,
    finished: Finished,
) -> str:
    """Say in one line why the run has its verdict."""
    decisive = next((p for p in gathered.problems if p.decides_run), None)
    if gathered.safe_state is None or not gathered.safe_state.confirmed:
        before = "" if decisive is None else f"; found before: {decisive.text}"
        return f"the safe state of the bench was not confirmed{before}"
    if decisive is not None:
        return decisive.text
    if finished.outcome != "completed":
        found = f"; found last: {gathered.problems[-1].text}" if gathered.problems else ""
        return f"the run was {finished.outcome} before its end{found}"
    return _requirements_reason(verdict, requirements)


def _requirements_reason(verdict: Verdict, requirements: tuple[RequirementRecord, ...]) -> str:
    wanted = {
        Verdict.FAIL: ("FAIL", "CONDITIONAL FAIL"),
        Verdict.ERROR: ("ERROR",),
        Verdict.INCOMPLETE: ("INCONCLUSIVE", "NOT TESTED"),
    }.get(verdict, ())
    named = [row.id for row in requirements if row.verdict in wanted]
    if not named:
        return "every required requirement was decided and met" if verdict is Verdict.PASS else ""
    return f"{verdict.value}: {', '.join(named)}"


_SUMMARY_MEASUREMENT = (
    "id", "requirements", "quantity", "basis", "value", "unit", "expanded_uncertainty",
    "coverage_factor", "low", "high", "rule", "verdict", "margin_pct", "p_conform", "conditions",
    "waveforms", "attempt", "reason",
)  # fmt: skip
_SUMMARY_REQUIREMENT = (
    "id", "title", "clause", "verdict", "worst_margin_pct", "reason",
)  # fmt: skip


def summary_bytes(record: RunRecord) -> bytes:
    """Return ``summary.json``: the run as a machine reads it, one indented JSON document."""
    plain = msgspec.to_builtins(record)
    summary = {
        "schema": SUMMARY_SCHEMA,
        **{
            key: plain[key]
            for key in ("run_id", "plan", "simulated", "verdict", "reason", "golden")
        },
        "device": {
            key: plain["device"][key] for key in ("model", "serial", "firmware", "udi", "hardware")
        },
        **{
            key: plain[key]
            for key in ("profile", "station", "seed", "started_at", "finished_at", "counts")
        },
        "requirements": [_only(row, _SUMMARY_REQUIREMENT) for row in plain["requirements"]],
        "measurements": [_only(row, _SUMMARY_MEASUREMENT) for row in plain["measurements"]],
        "safe_state": plain["safe_state"],
        "timing_s": plain["timing_s"],
        "device_time_s": plain["device_time_s"],
    }
    return msgspec.json.format(msgspec.json.encode(summary), indent=1) + b"\n"


def _only(row: dict[str, object], keys: tuple[str, ...]) -> dict[str, object]:
    return {key: row[key] for key in keys}
