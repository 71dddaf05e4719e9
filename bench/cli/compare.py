"""``bench compare``: firmware against firmware, as text, page, JSON and exit code."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

import msgspec

from bench.compare import Comparison, Outcome, Side, compare, load_side
from bench.compare.comparison import DEFAULT_ALPHA, DEFAULT_MARGIN_PCT, DEFAULT_SMALLEST_PCT
from bench.errors import UsageError
from bench.record import load_waveform
from bench.record.run_folder import WAVEFORM_FOLDER
from bench.waveform import Waveform
from reports.comparison import render_comparison

__all__ = ["EXIT_OF_OUTCOME", "add_arguments", "run"]

EXIT_OF_OUTCOME: Final = {Outcome.NONE_SHOWN: 0, Outcome.REGRESSION: 1, Outcome.CANNOT_TELL: 14}
_SHOWN: Final = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``bench compare``."""
    parser.add_argument("a", metavar="A", type=Path, help="run folder, or a folder of run folders")
    parser.add_argument("b", metavar="B", type=Path, help="the same of the newer firmware")
    parser.add_argument(
        "--out", type=Path, default=Path("comparison"), metavar="DIR",
        help="where comparison.html and comparison.json go (default: comparison)",
    )  # fmt: skip
    parser.add_argument(
        "--alpha", type=float, default=DEFAULT_ALPHA,
        help=f"probability of one false finding (default {DEFAULT_ALPHA:g})",
    )  # fmt: skip
    parser.add_argument(
        "--smallest", type=float, default=DEFAULT_SMALLEST_PCT, metavar="PERCENT",
        help="smallest change that can be a regression, in %% of the tolerance "
        f"(default {DEFAULT_SMALLEST_PCT:g})",
    )  # fmt: skip
    parser.add_argument(
        "--margin", type=float, default=DEFAULT_MARGIN_PCT, metavar="PERCENT",
        help="change below which two firmwares are equal, in %% of the tolerance "
        f"(default {DEFAULT_MARGIN_PCT:g})",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print comparison.json on stdout")


def run(arguments: argparse.Namespace) -> int:
    """Compare, write both files, print the answer; 0 none shown, 1 regression, 14 cannot tell."""
    comparison = compare(
        load_side(arguments.a),
        load_side(arguments.b),
        alpha=arguments.alpha,
        smallest_pct=arguments.smallest,
        margin_pct=arguments.margin,
    )
    out: Path = arguments.out
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / "comparison.json").write_bytes(_json(comparison))
        (out / "comparison.html").write_text(render_comparison(comparison, _load), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--out {out}: cannot be written ({error.strerror})") from error
    document = _json(comparison).decode() if arguments.json else _text(comparison, out)
    sys.stdout.write(document)
    return EXIT_OF_OUTCOME[comparison.outcome]


def _load(side: Side, serial: str, sha256: str) -> Waveform:
    return load_waveform(side.folders[serial] / WAVEFORM_FOLDER, sha256)


def _text(comparison: Comparison, out: Path) -> str:
    a, b = comparison.a, comparison.b
    worse = [row for row in comparison.rows if row.outcome is Outcome.REGRESSION]
    worse.sort(key=lambda row: row.margin_change_pct)
    lines = [
        f"{comparison.outcome.value}: {comparison.reason}",
        f"  A {a.firmware}: {len(a.runs)} units; B {b.firmware}: {len(b.runs)} units"
        + ("; SIMULATED" if a.simulated else ""),
        *(
            f"  new failure: {failure.id}, unit {failure.serial}, {failure.on_a or 'not measured'} on A"
            for failure in comparison.new_failures[:_SHOWN]
        ),
        *(
            f"  worse: {row.id}: {row.difference:+.4g} ± {row.expanded_uncertainty:.2g} {row.unit}, "
            f"margin {row.margin_change_pct:+.1f} points"
            for row in worse[:_SHOWN]
        ),
        f"  report: {out / 'comparison.html'}",
    ]
    return "\n".join(lines) + "\n"


def _json(comparison: Comparison) -> bytes:
    def side(of: Side) -> dict[str, object]:
        return {
            "name": of.name, "firmware": of.firmware, "units": sorted(of.runs),
            "runs": [run.run_id for run in of.runs.values()], "earlier_runs": of.earlier_runs,
            "bench_errors": of.bench_errors,
        }  # fmt: skip

    found = {
        "schema": 1,
        "outcome": comparison.outcome,
        "reason": comparison.reason,
        "simulated": comparison.a.simulated,
        "a": side(comparison.a),
        "b": side(comparison.b),
        "alpha": comparison.alpha,
        "smallest_pct": comparison.smallest_pct,
        "margin_pct": comparison.margin_pct,
        "same_bench": comparison.same_bench,
        "new_failures": comparison.new_failures,
        "gone": comparison.gone,
        "rows": comparison.rows,
    }
    return msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n"
