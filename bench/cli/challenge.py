"""``bench challenge``: which fitted faults a plan catches, and for the right reason."""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Generator
from pathlib import Path

import msgspec

from bench.challenge import (
    ChallengeRow,
    Healthy,
    Runs,
    Trial,
    challenge,
    challenge_page,
    trials,
    upper_bound,
    weighed,
)
from bench.errors import UsageError
from bench.plugin.warm_up import start_warm_up
from bench.profile import Profile, load_profile, profile_names

__all__ = ["add_arguments", "run"]

DEFAULT_PROFILE = "ref-alt-400"
ALL = "all"
DRAWN = "drawn"
SEED_NAME = "first-seed.txt"
"""Beside the runs: a challenge that goes on draws no other units."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``bench challenge``."""
    parser.add_argument(
        "plan", metavar="PLAN", help="release, safety, production, or a path to tests"
    )
    parser.add_argument(
        "--profile",
        metavar="NAME|FILE|all",
        default=DEFAULT_PROFILE,
        help="a fault that a shipped profile cannot show is tried on another; with 'all' the healthy "
        "units are spread over every shipped profile",
    )
    parser.add_argument(
        "--fault",
        metavar="ID[=SEVERITY]|FILE.py:Class[=SEVERITY]",
        action="append",
        default=[],
        help="fault to fit; without severity all three; 'all' is the whole table; may be repeated",
    )
    parser.add_argument("--healthy", metavar="N", type=int, default=0, help="healthy units to run")
    parser.add_argument(
        "--first-seed",
        metavar="N|drawn",
        default="1",
        help="seed of the first unit; 'drawn' at random and printed, the same again with --out",
    )
    parser.add_argument(
        "--out",
        metavar="DIR",
        type=Path,
        help="keep the runs here; go on with those that are there",
    )
    parser.add_argument(
        "--full", action="store_true", help="do not end a run once its fault is caught"
    )
    parser.add_argument("--html", metavar="FILE", type=Path, help="write the matrix as a page")
    parser.add_argument("--json", action="store_true", help="print the result as one JSON document")


def run(arguments: argparse.Namespace) -> int:
    """Run the challenge; 0 where every fault was caught and no healthy unit was accused."""
    if not arguments.fault and not arguments.healthy:
        raise UsageError("challenge: nothing to do: give --fault ID or --healthy N")
    profiles = _profiles(arguments.profile)
    first_seed = _first_seed(arguments.first_seed, arguments.out)
    wanted = [weighed(trial, profiles) for trial in trials(arguments.fault, seed=first_seed)]
    spread = list(profiles) if arguments.profile == ALL else list(profiles)[:1]
    healthy = [
        Trial(
            name="",
            severity=None,
            seed=first_seed + n,
            expected=(),
            profile=spread[n % len(spread)],
        )
        for n in range(arguments.healthy)
    ]
    start_warm_up().join()  # compile once, not in every run at the same time
    with tempfile.TemporaryDirectory(prefix="bench-challenge-") as temporary:
        folder = arguments.out or Path(temporary)
        with _ended_by_signals(Runs()) as runs:
            rows = challenge(
                arguments.plan,
                [*wanted, *healthy],
                options=(),
                folder=folder,
                report=Progress(len(wanted) + len(healthy)),
                full=arguments.full,
                runs=runs,
            )
    fault_rows, healthy_rows = rows[: len(wanted)], rows[len(wanted) :]
    units = _healthy(healthy_rows, first_seed)
    bounds = _bounds(fault_rows, units)
    _print(arguments, fault_rows, units, bounds)
    if arguments.html:
        page = challenge_page(
            plan=arguments.plan,
            profiles=[profiles[name].title for name in spread],
            rows=fault_rows,
            healthy=units,
            healthy_rows=healthy_rows,
            bounds=bounds,
        )
        arguments.html.write_text(page, encoding="utf-8")
    caught = all(row.outcome in ("caught", "below_limit") for row in fault_rows)
    accused = units.fail + units.error + units.inconclusive
    return 0 if caught and not accused else 1


@contextlib.contextmanager
def _ended_by_signals(runs: Runs) -> Generator[Runs]:
    """End the runs with the challenge, at Ctrl-C and at SIGTERM."""

    def end(number: int, _frame: object) -> None:
        runs.end()
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        raise SystemExit(128 + number)

    heard = [signal.SIGTERM]
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:  # nobody's terminal
        heard.append(signal.SIGINT)
    previous = {number: signal.signal(number, end) for number in heard}
    try:
        yield runs
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _profiles(wanted: str) -> dict[str, Profile]:
    """Return the profile asked for, and behind a shipped one all the others that are shipped."""
    shipped = sorted(profile_names())
    if wanted == ALL:
        names = [DEFAULT_PROFILE, *(name for name in shipped if name != DEFAULT_PROFILE)]
    elif wanted in shipped:
        names = [wanted, *(name for name in shipped if name != wanted)]
    else:
        names = [wanted]
    return {name: load_profile(name) for name in names}


def _first_seed(text: str, folder: Path | None) -> int:
    """Return the first seed; one that is drawn stays with the folder of the runs."""
    if text != DRAWN:
        try:
            return int(text)
        except ValueError:
            raise UsageError(
                f"--first-seed: expected a whole number or {DRAWN!r}, found {text!r}"
            ) from None
    kept = None if folder is None else folder / SEED_NAME
    if kept is not None and kept.is_file():
        seed = int(kept.read_text(encoding="ascii"))
    else:
        seed = random.SystemRandom().randrange(1_000, 1_000_000)
        if kept is not None:
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text(f"{seed}\n", encoding="ascii")
    sys.stderr.write(f"first seed: {seed}\n")
    return seed


def _healthy(rows: list[ChallengeRow], first_seed: int) -> Healthy:
    def count(*verdicts: str) -> int:
        return sum(row.verdict in verdicts for row in rows)

    return Healthy(
        n=len(rows),
        first_seed=first_seed,
        fail=count("FAIL"),
        error=len(rows) - count("PASS", "FAIL", "INCOMPLETE"),
        inconclusive=count("INCOMPLETE"),
    )


def _bounds(rows: list[ChallengeRow], units: Healthy) -> dict[str, float | None]:
    decided = [row for row in rows if row.outcome != "below_limit"]
    missed = sum(row.outcome != "caught" for row in decided)
    return {
        "missed_rate_upper_95": upper_bound(trials=len(decided), events=missed),
        "false_alarm_rate_upper_95": upper_bound(
            trials=units.n, events=units.fail + units.error + units.inconclusive
        ),
    }


def _print(
    arguments: argparse.Namespace,
    rows: list[ChallengeRow],
    units: Healthy,
    bounds: dict[str, float | None],
) -> None:
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
    count = Counter(row.outcome for row in rows)
    decided = len(rows) - count["below_limit"]
    if rows:
        sys.stdout.write(
            f"{count['caught']} of {decided} faults caught, {count['below_limit']} more have an "
            "effect inside the limits\n"
        )
    if units.n:
        sys.stdout.write(
            f"{units.n} healthy units: {units.fail} FAIL, {units.error} ERROR, "
            f"{units.inconclusive} INCOMPLETE\n"
        )
    for name, bound in bounds.items():
        if bound is not None:
            sys.stdout.write(f"{name.replace('_', ' ')}: {100 * bound:.2f} %\n")


def _text(row: ChallengeRow) -> str:
    by = f" by {', '.join(row.requirements)}" if row.requirements else f" ({row.verdict})"
    return (
        f"{row.outcome:12} {row.fault}{'=' + row.severity if row.severity else ''}"
        f"{' on ' + row.profile if row.profile else ''}{by}"
    )


class Progress:
    """One line on stderr for each run that is over, with what is left."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._started_s = time.monotonic()
        self._lock = threading.Lock()

    def __call__(self, trial: Trial, row: ChallengeRow) -> None:
        """Say what became of a trial."""
        with self._lock:
            self._done += 1
            spent_s = time.monotonic() - self._started_s
            left_s = spent_s / self._done * (self._total - self._done)
            name = trial.flag or f"healthy unit, seed {trial.seed}"
            outcome = row.outcome if trial.name else row.verdict
            sys.stderr.write(
                f"[{self._done}/{self._total}, {left_s / 60:.0f} min left] {name}: {outcome} "
                f"{' '.join(row.requirements)}\n"
            )
