"""Proving a plan: one fresh run for each fitted fault and each healthy unit, judged by its record.

A fault is caught when a requirement that must notice it fails and the bench reports no error of
its own: a FAIL for the wrong reason is not trusted. A fault of the bench is caught when the run is
an ERROR, or undecided, and nothing is held against the device.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Literal

import msgspec

from bench.challenge.effects import exceeds
from bench.challenge.runs import Runs
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
ENDED_NAME: Final = "ended"
"""In a run's folder: it came to its own end. One that was killed or interrupted is run again."""
_BENCH_FAULT: Final = re.compile(r"X\d{2}|scope:[a-z0-9-]+")
_FAILED: Final = ("FAIL", "CONDITIONAL FAIL")
_AS_IT_SHOULD: Final = ("caught", "below_limit")
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
    also: tuple[str, ...] = ()
    """Requirements that measure the same quantity: they may fail as rightly, and need not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One run of the challenge: a fault, or a healthy unit's seed."""

    name: str
    severity: str | None
    seed: int
    expected: tuple[str, ...]
    """Requirements that must fail; empty: any (a stranger's fault)."""
    also: tuple[str, ...] = ()
    """Requirements that may fail as rightly: they measure the same quantity."""
    profile: str = ""
    """Name or file of the profile that it is tried on."""
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
    profile: str = ""
    """What it was tried on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Healthy:
    """What the plan said of units without a fault."""

    n: int
    first_seed: int
    fail: int
    error: int
    """Runs that died without a summary among them: nothing is known of their unit."""
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
            Trial(
                name=spec,
                severity=s,
                seed=seed,
                expected=entry.requirements if entry else (),
                also=entry.also if entry else (),
            )
            for s in ([severity] if equals else offered)
        )
    return found


def weighed(trial: Trial, profiles: Mapping[str, Profile]) -> Trial:
    """Return a trial on the first of the profiles, by name, that can show its fault.

    That is one that has the part and forbids the fault at some severity; where none does, the first
    of all, with what it says of the fault.
    """
    first = next(iter(profiles))
    entry = load_faults().get(trial.name)
    if entry is None:
        return replace(trial, profile=first)
    name = next((name for name, each in profiles.items() if _shows(entry, each)), first)
    value = entry.values.get(trial.severity or "")
    return replace(
        trial,
        profile=name,
        applies=_has_part(entry, profiles[name]),
        exceeds=exceeds(entry.id, value, profiles[name]),
    )


def _has_part(entry: FaultEntry, profile: Profile) -> bool:
    return not entry.feature or entry.feature in profile.features


def _shows(entry: FaultEntry, profile: Profile) -> bool:
    values = [entry.values.get(severity) for severity in entry.severities]
    return _has_part(entry, profile) and any(exceeds(entry.id, v, profile) for v in values)


def challenge(
    plan: str,
    wanted: Sequence[Trial],
    *,
    options: Sequence[str],
    folder: Path,
    report: Callable[[Trial, ChallengeRow], None],
    full: bool = False,
    runs: Runs | None = None,
) -> list[ChallengeRow]:
    """Run every trial in a process of its own, as many at once as there are processors.

    A run ends once the fault is caught, unless ``full``. A run that ``folder`` already holds to its
    end is not run again: an interrupted challenge goes on where it was. A run that came out as it
    should keeps its summary alone. ``runs`` is given by who wants to end them before their time.
    """
    running = runs or Runs()

    def one(trial: Trial) -> ChallengeRow:
        if not trial.applies:
            row = ChallengeRow(
                fault=trial.name, severity=trial.severity, outcome="below_limit",
                requirements=(), verdict="NOT APPLICABLE", run="", profile=trial.profile,
            )  # fmt: skip
        else:
            row = _run(running, plan, trial, options=options, folder=folder, full=full)
        report(trial, row)
        return row

    with ThreadPoolExecutor(max_workers=max(1, os.cpu_count() or 1)) as pool:
        return list(pool.map(one, wanted))


def _run(
    runs: Runs, plan: str, trial: Trial, *, options: Sequence[str], folder: Path, full: bool
) -> ChallengeRow:
    slug = re.sub(r"[^A-Za-z0-9]+", "-", trial.flag or "healthy").strip("-")
    on = re.sub(r"[^A-Za-z0-9]+", "-", Path(trial.profile).stem)
    out = folder / "-".join(filter(None, (slug or "healthy", on, f"seed{trial.seed}")))
    ended = () if full or not trial.expected else ("--", f"--until-fail={','.join(trial.expected)}")
    command = [
        sys.executable, "-m", "bench", "run", plan, "--out", str(out),
        "--twin-seed", str(trial.seed), *options,
        *(("--profile", trial.profile) if trial.profile else ()),
        *(("--twin-fault", trial.flag) if trial.name else ()), *ended,
    ]  # fmt: skip
    said = "nothing: the run was there already"
    if not (out / ENDED_NAME).exists():
        shutil.rmtree(out, ignore_errors=True)
        said, ended = runs.execute(command)
        if ended and out.is_dir():
            (out / ENDED_NAME).touch()
    summary = _summary(out / SUMMARY_NAME) if (out / ENDED_NAME).exists() else None
    if summary is None:
        return ChallengeRow(
            fault=trial.name, severity=trial.severity, outcome="missed", requirements=(),
            verdict=f"NO SUMMARY: {said}", run=str(out), profile=trial.profile,
        )  # fmt: skip
    failed = tuple(row.id for row in summary.requirements if row.verdict in _FAILED)
    row = ChallengeRow(
        fault=trial.name,
        severity=trial.severity,
        outcome=_outcome(trial, summary, failed),
        requirements=failed,
        verdict=summary.verdict,
        run=str(out),
        profile=trial.profile,
    )
    if row.outcome in _AS_IT_SHOULD if trial.name else row.verdict == "PASS":
        _keep_summary_alone(out)
    return row


def _keep_summary_alone(run: Path) -> None:
    """Leave of a run what a challenge that goes on must know: hundreds of them fill a disk."""
    for path in run.iterdir():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif path.name not in (SUMMARY_NAME, ENDED_NAME):
            path.unlink(missing_ok=True)


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
    known = (*trial.expected, *trial.also)
    right = not trial.expected or any(requirement in known for requirement in failed)
    return "caught" if right and not errors and summary.verdict == "FAIL" else "wrong_reason"
