"""``bench plan``: what a plan would do, without an instrument."""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import sys
from collections.abc import Sequence
from textwrap import wrap
from typing import Final

import pytest

from bench.cli.run import ROOT, pytest_words
from bench.cli.run_options import add_run_options
from bench.errors import ConfigurationError
from bench.plugin.decidability import Undecidable, undecidable_limits, unpredicted
from bench.plugin.durations import TRANSFER_S, PlanTime, plan_time
from bench.plugin.hooks import SETTINGS, requirement_ids
from bench.plugin.settings import DEFAULT_PROFILE, RunSettings, settings_from
from bench.requirements import Requirement

__all__ = ["add_arguments", "run"]


WIDTH: Final = 100
"""Columns of a line of text."""


class _Collector:
    """Gives the settings to the plugin and keeps what was collected."""

    def __init__(self, settings: RunSettings) -> None:
        self._settings = settings
        self.tests: list[tuple[str, tuple[str, ...]]] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Hand over the resolved settings."""
        config.stash[SETTINGS] = self._settings

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Keep each test with its requirements."""
        self.tests = [(item.nodeid, requirement_ids(item)) for item in session.items]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``bench plan``."""
    add_run_options(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(arguments: argparse.Namespace) -> int:
    """List tests, requirements with their state, levels, loads and the largest declared current."""
    settings = settings_from(arguments, root=ROOT)
    collector = _Collector(settings)
    words = [word for word in pytest_words(settings, arguments.pytest) if "--html" not in word]
    words = [word for word in words if not word.startswith(("--css", "--junit", "--self"))]
    silence = io.StringIO()
    with contextlib.redirect_stdout(silence):
        status = pytest.main([*words, "--collect-only"], plugins=[collector])
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        sys.stderr.write(silence.getvalue())
        return int(status)
    rows = [
        _requirement(row.id, row.title, settings, collector) for row in _rows(settings, collector)
    ]
    planned = [ids for _, ids in collector.tests]
    undecidable = undecidable_limits(settings, planned)
    exit_code = ConfigurationError.exit_code if undecidable else 0
    if arguments.json:
        time = _time(settings, collector)
        document = {
            "plan": settings.plan_name,
            "profile": settings.profile.id,
            "tests": [{"id": node, "requirements": ids} for node, ids in collector.tests],
            "minutes_on_hardware": round(time.minutes, 1),
            "device_time_s": round(time.device_s, 1),
            "requirements": rows,
            "undecidable": [_undecidable(found) for found in undecidable],
            "not_predicted": [
                {"requirement": row, "quantity": quantity}
                for row, quantity in unpredicted(settings, planned)
            ],
        }
        sys.stdout.write(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
        return exit_code
    sys.stdout.write(_text(settings, collector, rows))
    sys.stdout.write(_decidability(undecidable, unpredicted(settings, planned)))
    return exit_code


def _rows(settings: RunSettings, collector: _Collector) -> tuple[Requirement, ...]:
    return settings.requirements(ids for _, ids in collector.tests)


def _requirement(
    identifier: str, title: str, settings: RunSettings, collector: _Collector
) -> dict[str, str | int]:
    tests = sum(identifier in ids for _, ids in collector.tests)
    not_applicable = settings.catalogue.not_applicable(identifier, settings.profile)
    if not_applicable:
        state = f"not applicable: {not_applicable}"
    else:
        state = "tested" if tests else "no test"
    return {"id": identifier, "title": title, "tests": tests, "state": state}


def _undecidable(found: Undecidable) -> dict[str, str | float | int]:
    return {
        "requirement": found.requirement,
        "quantity": found.limit.quantity,
        "basis": found.limit.basis.value,
        "limit": found.limit.text,
        "level": found.level,
        "load_ohm": found.load_ohm,
        "rule": found.limit.rule.value,
        "unit": found.limit.unit,
        "predicted_uncertainty": found.expanded_uncertainty,
        "needed_uncertainty": found.needed,
        "dominant": found.dominant,
    }


def _decidability(undecidable: Sequence[Undecidable], later: Sequence[tuple[str, str]]) -> str:
    """Return which limits this station cannot decide, and of which only the run can tell."""
    lines = [f"cannot be decided, so the plan is refused: {found}" for found in undecidable]
    if not undecidable:
        lines.append("every limit with a predicted uncertainty can be decided on this station")
    if later:
        lines.append(f"uncertainty known after the measurement only, {len(later)} limits:")
    by_row: dict[str, list[str]] = {}
    for row, quantity in later:
        by_row.setdefault(row, []).append(quantity)
    for row, quantities in by_row.items():
        names = ", ".join(quantities)
        lines += wrap(
            names, WIDTH, initial_indent=f"{row:8} ", subsequent_indent=9 * " ",
            break_long_words=False,
        )  # fmt: skip
    return "\n".join(lines) + "\n"


def _time(settings: RunSettings, collector: _Collector) -> PlanTime:
    return plan_time((node for node, _ in collector.tests), plan=settings.plan)


def _duration(time: PlanTime) -> str:
    """Return how long the plan takes, and whose time that is; as measured on the default profile."""
    doubt = f"; {time.guessed} tests guessed" if time.guessed else ""
    return (
        f"about {time.minutes:.1f} min on hardware: self-test, {time.device_s:.0f} s of device time, "
        f"{time.records:.0f} records of {TRANSFER_S:g} s (as on {DEFAULT_PROFILE}{doubt})"
    )


def _text(settings: RunSettings, collector: _Collector, rows: list[dict[str, str | int]]) -> str:
    profile = settings.profile
    largest_ua = max(
        profile.current_ua(level.number, load_ohm)
        for level in profile.levels
        for load_ohm in profile.loads_ohm
    )
    loads = ", ".join(f"{load:g} Ω" for load in profile.loads_ohm)
    lines = [
        f"plan {settings.plan_name} on {profile.id}: {len(collector.tests)} tests",
        f"bench: {'simulated' if settings.station is None else settings.station.name}",
        f"levels 1 to {profile.highest_level} into {loads}",
        f"highest declared current {largest_ua:g} µA, ceiling {profile.output.ceiling_ua:g} µA",
        f"one session of {profile.timers.session_s / 60:g} min",
        _duration(_time(settings, collector)),
        *(f"{row['id']:8} {row['tests']:3} tests  {row['title']}: {row['state']}" for row in rows),
    ]
    return "\n".join(lines) + "\n"
