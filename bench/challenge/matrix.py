"""Proving a plan: one fresh run for each fitted fault and each healthy unit, judged by its record.

A fault is caught when a requirement that must notice it fails and the bench reports no error of
its own: a FAIL for the wrong reason is not trusted. A fault of the bench is caught when the run is
an ERROR, or undecided, and nothing is held against the device.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Literal

import msgspec

from bench.challenge.effects import exceeds
from bench.errors import UsageError
from bench.profile import Profile
from bench.record.summaries import SUMMARY_NAME

__all__ = [
    "ChallengeRow", "FaultEntry", "Healthy", "Outcome", "Trial", "challenge", "load_faults",
    "require_known_faults", "trials", "weighed",
]  # fmt: skip

Outcome = Literal["caught", "wrong_reason", "missed", "below_limit"]

FAULT_FILE: Final = Path(__file__).with_name("faults.toml")
ALL: Final = "all"
_BENCH_FAULT: Final = re.compile(r"X\d{2}")
_FAILED: Final = ("FAIL", "CONDITIONAL FAIL")
_RUN_TIMEOUT_S: Final = 600.0
_SEVERITIES: Final = ("low", "middle", "high")


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultEntry:
    """One row of the table: which requirements must catch a fault."""

    id: str
    title: str
    hazard: str
    severities: tuple[str, ...]
    requirements: tuple[str, ...]
    values: dict[str, float] = field(default_factory=dict[str, float])
    """The fault's parameter by severity, where it is a number."""
    feature: str = ""
    """What a profile must have for the fault to exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One run of the challenge: a fault, or a healthy unit's seed."""

    name: str
    severity: str | None
    seed: int
    expected: tuple[str, ...]
    """Requirements that must fail; empty: any (a stranger's fault)."""
    applies: bool = True
    """False where the profile lacks the part that fails."""
    exceeds: bool = True
    """Whether the effect is beyond what the profile allows."""

    @property
    def flag(self) -> str:
        """The fault as ``--twin-fault`` takes it."""
        return self.name if self.severity is None else f"{self.name}={self.severity}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChallengeRow:
    """What one fault did to the plan."""

    fault: str
    severity: str | None
    outcome: str
    requirements: tuple[str, ...]
    """Requirements that failed."""
    verdict: str
    run: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Healthy:
    """What the plan said of units without a fault."""

    n: int
    first_seed: int
    fail: int
    error: int
    inconclusive: int


class _Requirement(msgspec.Struct):
    id: str
    verdict: str


class _Summary(msgspec.Struct):
    verdict: str
    requirements: list[_Requirement]


def load_faults(path: Path = FAULT_FILE) -> dict[str, FaultEntry]:
    """Return the table by fault id."""
    rows = tomllib.loads(path.read_text(encoding="utf-8"))["fault"]
    entries = msgspec.convert(rows, list[FaultEntry])
    return {entry.id: entry for entry in entries}


def require_known_faults(specs: Iterable[str]) -> None:
    """Raise UsageError for a fault, as written on the command line, that does not exist."""
    trials(specs, seed=0)


def trials(specs: Iterable[str], *, seed: int) -> list[Trial]:
    """Return the runs for faults as written on the command line; one without severity gives all.

    ``all`` is every fault of the table. Raises UsageError for an id that is not in the table.
    """
    table = load_faults()
    found: list[Trial] = []
    for text in (name for spec in specs for name in (table if spec == ALL else (spec,))):
        spec, equals, severity = text.partition("=")
        if _BENCH_FAULT.fullmatch(spec):
            found.append(Trial(name=spec, severity=None, seed=seed, expected=()))
            continue
        entry = table.get(spec)
        if entry is None and ":" not in spec:
            raise UsageError(
                f"fault {text}: no fault {spec!r}; expected an id of {FAULT_FILE.name}, an X id, "
                "or FILE.py:Class"
            )
        offered = entry.severities if entry else _SEVERITIES
        if equals and severity not in offered:
            raise UsageError(
                f"fault {text}: {spec} has the severities {', '.join(offered)}, found {severity!r}"
            )
        found.extend(
            Trial(name=spec, severity=s, seed=seed, expected=entry.requirements if entry else ())
            for s in ([severity] if equals else offered)
        )
    return found


def weighed(trial: Trial, profile: Profile) -> Trial:
    """Return a trial with what the profile says of its fault."""
    entry = load_faults().get(trial.name)
    if entry is None:
        return trial
    value = entry.values.get(trial.severity or "")
    return replace(
        trial,
        applies=not entry.feature or entry.feature in profile.features,
        exceeds=exceeds(entry.id, value, profile),
    )


def challenge(
    plan: str,
    wanted: Sequence[Trial],
    *,
    options: Sequence[str],
    folder: Path,
    report: Callable[[Trial, ChallengeRow], None],
    full: bool = False,
) -> list[ChallengeRow]:
    """Run every trial in a process of its own, as many at once as there are processors.

    A run ends once the fault is caught, unless ``full``. A run that ``folder`` already holds to its
    end is not run again: an interrupted challenge goes on where it was.
    """

    def one(trial: Trial) -> ChallengeRow:
        if not trial.applies:
            row = ChallengeRow(
                fault=trial.name, severity=trial.severity, outcome="below_limit",
                requirements=(), verdict="NOT APPLICABLE", run="",
            )  # fmt: skip
        else:
            row = _run(plan, trial, options=options, folder=folder, full=full)
        report(trial, row)
        return row

    with ThreadPoolExecutor(max_workers=max(1, os.cpu_count() or 1)) as pool:
        return list(pool.map(one, wanted))


def _run(
    plan: str, trial: Trial, *, options: Sequence[str], folder: Path, full: bool
) -> ChallengeRow:
    slug = re.sub(r"[^A-Za-z0-9]+", "-", trial.flag or "healthy").strip("-")
    out = folder / f"{slug or 'healthy'}-seed{trial.seed}"
    ended = () if full or not trial.expected else ("--", f"--until-fail={','.join(trial.expected)}")
    command = [
        sys.executable, "-m", "bench", "run", plan, "--out", str(out),
        "--twin-seed", str(trial.seed), *options,
        *(("--twin-fault", trial.flag) if trial.name else ()), *ended,
    ]  # fmt: skip
    said = "nothing: the run was there already"
    if not (out / SUMMARY_NAME).exists():
        shutil.rmtree(out, ignore_errors=True)
        said = _executed(command)
    summary = _summary(out / SUMMARY_NAME)
    if summary is None:
        return ChallengeRow(
            fault=trial.name, severity=trial.severity, outcome="missed", requirements=(),
            verdict=f"NO SUMMARY: {said}", run=str(out),
        )  # fmt: skip
    failed = tuple(row.id for row in summary.requirements if row.verdict in _FAILED)
    return ChallengeRow(
        fault=trial.name,
        severity=trial.severity,
        outcome=_outcome(trial, summary, failed),
        requirements=failed,
        verdict=summary.verdict,
        run=str(out),
    )


def _executed(command: Sequence[str]) -> str:
    """Run a command to its end; return the last line of what it said."""
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=_RUN_TIMEOUT_S,
            check=False,
            env=os.environ | {"BENCH_STORE_URL": "none"},  # faulty on purpose: nobody's history
        )
    except subprocess.TimeoutExpired:
        return f"still running after {_RUN_TIMEOUT_S:g} s"
    return (done.stderr.strip().splitlines() or [f"nothing, exit {done.returncode}"])[-1]


def _summary(path: Path) -> _Summary | None:
    """Return a run's summary, None where the run died without one."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Summary)
    except (OSError, msgspec.MsgspecError):
        return None


def _outcome(trial: Trial, summary: _Summary, failed: tuple[str, ...]) -> Outcome:
    if _BENCH_FAULT.fullmatch(trial.name):
        return "caught" if summary.verdict == "ERROR" and not failed else "missed"
    errors = [row.id for row in summary.requirements if row.verdict == "ERROR"]
    if not failed:
        return "missed" if trial.exceeds else "below_limit"
    right = not trial.expected or any(requirement in trial.expected for requirement in failed)
    return "caught" if right and not errors and summary.verdict == "FAIL" else "wrong_reason"
