"""What a run declares before its first measurement: demanded, declared, and by which software."""

from __future__ import annotations

import hashlib
import platform
import subprocess
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from bench.errors import UsageError
from bench.judge import Verdict
from bench.plugin.particulars import assurance, environment, laboratory
from bench.plugin.settings import RunSettings
from bench.record import utc_now
from bench.record.events import Started
from bench.record.schema import RequirementRecord
from bench.requirements import CATALOGUE, Requirement

__all__ = ["require_release_record", "started_event"]

_ROOT = Path(__file__).parents[2]
_LIBRARIES = ("numpy", "numba", "GTC", "pyvisa", "pyvisa-py", "pytest", "pytest-html")


def started_event(settings: RunSettings, planned: Mapping[str, tuple[str, ...]]) -> Started:
    """Return the first line of the journal."""
    return Started(
        run_id=settings.run_id,
        plan=settings.plan_name,
        simulated=settings.simulated,
        device=settings.expected_device(),
        profile=settings.profile.id,
        profile_title=settings.profile.title,
        station="simulated bench" if settings.station is None else settings.station.name,
        seed=settings.twin_seed if settings.simulated else None,
        requirements=tuple(
            _requirement(row, settings) for row in settings.requirements(planned.values())
        ),
        software=_software(settings, planned),
        declared=dict(settings.profile.declared),
        assumptions=settings.assumptions(),
        environment=environment(settings),
        operator=settings.operator,
        golden=settings.golden,
        started_at=utc_now(),
        planned=dict(planned),
        laboratory=laboratory(settings),
        assurance=assurance(settings),
    )


def _requirement(row: Requirement, settings: RunSettings) -> RequirementRecord:
    not_applicable = settings.catalogue.not_applicable(row.id, settings.profile)
    verdict = Verdict.NOT_APPLICABLE if not_applicable else Verdict.NOT_TESTED
    reason = not_applicable or "no test of this run measures it"
    return RequirementRecord(
        id=row.id,
        title=row.title,
        clause=row.clause,
        source=row.source,
        mark=row.mark,
        verdict=verdict.value,
        worst_margin_pct=None,
        reason=reason,
        rule=row.rule_text,
        limit_text=row.limit_text,
        group=row.group,
        changed="" if row.origin == CATALOGUE else row.origin,
        method=row.method,
        kind=row.kind,
        hazards=row.hazards,
    )


def _software(settings: RunSettings, planned: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Return versions and the hashes of what decides a verdict."""
    return {
        "microcurrent-bench": _version("microcurrent-bench"),
        "commit": _commit(),
        **({"release record": "yes"} if settings.release_record else {}),
        "Python": platform.python_version(),
        **{name: _version(name) for name in _LIBRARIES},
        "profile sha256": settings.profile.sha256,
        "requirements sha256": settings.catalogue.sha256,
        "plan sha256": _plan_sha256(planned),
        "station sha256": "" if settings.station is None else settings.station.sha256,
    }


def _plan_sha256(planned: Iterable[str]) -> str:
    """Return the hash of the planned tests: their ids, and the text of each file that holds one."""
    digest = hashlib.sha256("\n".join(sorted(planned)).encode())
    for name in sorted({node.partition("::")[0] for node in planned}):
        path = _ROOT / name
        digest.update(path.read_bytes() if path.is_file() else b"")
    return digest.hexdigest()


def require_release_record(settings: RunSettings) -> None:
    """Refuse a run that shall be a release record and cannot be one; raises UsageError."""
    commit = _commit()
    missing = [
        *(f"--{name} is not given" for name in ("serial", "firmware", "udi") if not getattr(settings, name)),
        *(["the commit of this bench is not known (no git)"] if commit == "unknown" else []),
        *([f"the working tree of this bench differs from its commit {commit[:12]}"] if "with changes" in commit else []),
    ]  # fmt: skip
    if missing:
        raise UsageError(f"--release-record: refused, since {'; '.join(missing)}")


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


@cache
def _commit() -> str:
    """Return the commit of the working tree, marked where it has changes."""
    try:
        commit = _git("rev-parse", "HEAD")
        return commit + (" with changes" if _git("status", "--porcelain", "-uno") else "")
    except (OSError, subprocess.CalledProcessError, subprocess.TimeoutExpired):
        return "unknown"


def _git(*words: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(_ROOT), *words], capture_output=True, text=True, check=True, timeout=10
    )
    return done.stdout.strip()
