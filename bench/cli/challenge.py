"""``bench challenge``: which fitted faults a plan catches, and for the right reason."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

import msgspec

from bench.challenge import ChallengeRow, Healthy, Trial, challenge, trials, upper_bound
from bench.errors import UsageError

__all__ = ["add_arguments", "run"]

DEFAULT_PROFILE = "ref-alt-400"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``bench challenge``."""
    parser.add_argument(
        "plan", metavar="PLAN", help="release, safety, production, or a path to tests"
    )
    parser.add_argument("--profile", metavar="NAME|FILE", default=DEFAULT_PROFILE)
    parser.add_argument(
        "--fault",
        metavar="ID[=SEVERITY]|FILE.py:Class[=SEVERITY]",
        action="append",
        default=[],
        help="fault to fit; without severity all three; may be repeated",
    )
    parser.add_argument("--healthy", metavar="N", type=int, default=0, help="healthy units to run")
    parser.add_argument(
        "--first-seed", metavar="N", type=int, default=1, help="seed of the first unit"
    )
    parser.add_argument("--out", metavar="DIR", type=Path, help="keep the runs here")
    parser.add_argument("--json", action="store_true", help="print the result as one JSON document")


def run(arguments: argparse.Namespace) -> int:
    """Run the challenge; 0 where every fault was caught and no healthy unit was accused."""
    if not arguments.fault and not arguments.healthy:
        raise UsageError("challenge: nothing to do: give --fault ID or --healthy N")
    wanted = trials(arguments.fault, seed=arguments.first_seed)
    healthy = [
        Trial(name="", severity=None, seed=arguments.first_seed + n, expected=())
        for n in range(arguments.healthy)
    ]
    with tempfile.TemporaryDirectory(prefix="bench-challenge-") as temporary:
        folder = arguments.out or Path(temporary)
        rows = challenge(
            arguments.plan,
            [*wanted, *healthy],
            options=("--profile", arguments.profile),
            folder=folder,
            report=_report,
        )
    fault_rows, healthy_rows = rows[: len(wanted)], rows[len(wanted) :]
    units = _healthy(healthy_rows, arguments.first_seed)
    _print(arguments, fault_rows, units)
    caught = all(row.outcome in ("caught", "below_limit") for row in fault_rows)
    accused = units.fail + units.error + units.inconclusive
    return 0 if caught and not accused else 1


def _healthy(rows: list[ChallengeRow], first_seed: int) -> Healthy:
    def count(*verdicts: str) -> int:
        return sum(row.verdict in verdicts for row in rows)

    return Healthy(
        n=len(rows),
        first_seed=first_seed,
        fail=count("FAIL"),
        error=count("ERROR"),
        inconclusive=count("INCOMPLETE"),
    )


def _print(arguments: argparse.Namespace, rows: list[ChallengeRow], units: Healthy) -> None:
    missed = sum(row.outcome not in ("caught", "below_limit") for row in rows)
    bounds = {
        "missed_rate_upper_95": upper_bound(trials=len(rows), events=missed),
        "false_alarm_rate_upper_95": upper_bound(
            trials=units.n, events=units.fail + units.error + units.inconclusive
        ),
    }
    if arguments.json:
        document = {
            "plan": arguments.plan,
            "profile": arguments.profile,
            "rows": msgspec.to_builtins(rows),
            "healthy": msgspec.to_builtins(units),
            "bounds": bounds,
        }
        sys.stdout.write(json.dumps(document, indent=1) + "\n")
        return
    for row in rows:
        sys.stdout.write(_text(row) + "\n")
    caught = len(rows) - missed
    sys.stdout.write(
        f"{caught} of {len(rows)} faults caught; {units.n} healthy units: {units.fail} FAIL, "
        f"{units.error} ERROR, {units.inconclusive} INCOMPLETE\n"
    )


def _text(row: ChallengeRow) -> str:
    by = f" by {', '.join(row.requirements)}" if row.requirements else f" ({row.verdict})"
    return f"{row.outcome:12} {row.fault}{'=' + row.severity if row.severity else ''}{by}"


def _report(trial: Trial, row: ChallengeRow) -> None:
    name = trial.flag or f"healthy unit, seed {trial.seed}"
    outcome = row.outcome if trial.name else row.verdict
    sys.stderr.write(f"{name}: {outcome} {' '.join(row.requirements)}\n")
