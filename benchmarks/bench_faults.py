"""A faulty bench is never a faulty device: the release plan on every fault of a bench, X01 to X28.

    python benchmarks/bench_faults.py --out DIR              # 29 runs, prints the table of docs/bench-faults.md
    python benchmarks/bench_faults.py --out DIR --fault X06  # one; runs that DIR holds are not made again

Each run is a process of its own. A run is acceptable where its verdict is ERROR or INCOMPLETE with
nothing judged FAIL, or where it is that of the run without a fault and every number agrees with that
run's within both uncertainties.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

HEALTHY = "healthy"
FAULTS = tuple(f"X{number:02d}" for number in range(1, 29))
FAILED = ("FAIL", "CONDITIONAL FAIL")
RUN_TIMEOUT_S = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What one fitted fault gave."""

    fault: str
    verdict: str
    device_failures: int
    wrong_passes: tuple[str, ...]
    message: str

    @property
    def acceptable(self) -> bool:
        """Whether the bench was blamed, or nothing had to be."""
        if self.device_failures or self.wrong_passes:
            return False
        return self.verdict in {"ERROR", "INCOMPLETE"} or self.verdict == "PASS"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder of the runs")
    parser.add_argument("--fault", action="append", choices=FAULTS)
    parser.add_argument("--plan", default="release")
    parser.add_argument("--seed", default="1")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    healthy = summary(options.out, HEALTHY, options)
    rows = [
        row_of(fault, summary(options.out, fault, options), healthy)
        for fault in options.fault or FAULTS
    ]
    print(table(rows))
    bad = [row.fault for row in rows if not row.acceptable]
    print(f"{len(rows) - len(bad)} of {len(rows)} acceptable" + (f"; not: {bad}" if bad else ""))
    return int(bool(bad))


def summary(folder: Path, fault: str, options: argparse.Namespace) -> dict:
    run = folder / fault
    if not (run / "summary.json").is_file():
        words = ["run", options.plan, "--twin-seed", options.seed, "--out", str(run)]
        words += [] if fault == HEALTHY else ["--twin-fault", fault]
        subprocess.run(
            [sys.executable, "-m", "bench", *words],
            check=False,
            capture_output=True,
            timeout=RUN_TIMEOUT_S,
        )
    return json.loads((run / "summary.json").read_text(encoding="utf-8"))


def row_of(fault: str, found: dict, healthy: dict) -> Row:
    failures = [m for m in found["measurements"] if m["verdict"] in FAILED]
    return Row(
        fault=fault,
        verdict=found["verdict"],
        device_failures=len(failures),
        wrong_passes=tuple(wrong_passes(found, healthy)) if found["verdict"] == "PASS" else (),
        message=message_of(found),
    )


def wrong_passes(found: dict, healthy: dict) -> list[str]:
    """Return the measurements that passed on a number that the healthy bench does not confirm."""
    known = {key(m): m for m in healthy["measurements"]}
    wrong = []
    for one in found["measurements"]:
        other = known.get(key(one))
        if one["verdict"] != "PASS" or other is None:
            continue
        if one["value"] is None or other["value"] is None:
            continue
        within = (one["expanded_uncertainty"] or 0.0) + (other["expanded_uncertainty"] or 0.0)
        if abs(one["value"] - other["value"]) > max(within, 1e-9 * abs(other["value"])):
            wrong.append(f"{one['requirements'][0]} {one['quantity']}")
    return wrong


def key(measurement: dict) -> str:
    names = ("requirements", "quantity", "basis", "conditions", "attempt")
    return json.dumps([measurement[name] for name in names], sort_keys=True)


def message_of(found: dict) -> str:
    """Return what the run says first, or most often."""
    if found.get("reason"):
        return found["reason"]
    reasons = Counter(
        r["reason"] for r in found["requirements"] if r["verdict"] in {"ERROR", "INCONCLUSIVE"}
    )
    return reasons.most_common(1)[0][0] if reasons else ""


def table(rows: list[Row]) -> str:
    lines = [
        "| fault | verdict | device FAIL | wrong PASS | what the run says |",
        "|---|---|---|---|---|",
    ]
    for row in rows:
        wrong = str(len(row.wrong_passes)) if row.wrong_passes else "0"
        text = row.message.replace("|", "/") or "the numbers are right"
        lines.append(f"| {row.fault} | {row.verdict} | {row.device_failures} | {wrong} | {text} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
