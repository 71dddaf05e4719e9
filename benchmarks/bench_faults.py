"""A faulty bench is never a faulty device: the release plan on every fault of a bench, X01 to X30.

    python benchmarks/bench_faults.py --out DIR              # 31 runs, prints the table of docs/bench-faults.md
    python benchmarks/bench_faults.py --out DIR --fault X06  # one; runs that DIR holds are not made again
    python benchmarks/bench_faults.py --out DIR --docs docs/bench-faults.md     # writes the table there too

Each run is a process of its own. A run is acceptable where its verdict is ERROR or INCOMPLETE with
nothing judged FAIL, or where it is that of the run without a fault and every number agrees with that
run's within both uncertainties. What depends on the phase at which a cause meets the device is another
number in every run and is not compared.
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
FAULTS = {
    "X01": "probe divides by ten",
    "X02": "current and electrode channels exchanged",
    "X03": "meter's measuring lead blown",
    "X04": "meter stays on a.c. volts",
    "X05": "meter's apertures 50/60 of what is set",
    "X06": "load relay stuck closed",
    "X07": "load relay stuck open",
    "X08": "contact aged by 12 Ω",
    "X09": "shunt 5 % high",
    "X10": "range relay stuck: channel 1 clips",
    "X11": "channel 1's range sixteen times too wide",
    "X12": "memory of 500 points",
    "X13": "a.c. coupling stuck",
    "X14": "probe badly compensated, pole at 2 kHz",
    "X15": "trigger circuit dead",
    "X16": "first record for ever",
    "X17": "codes with the other sign",
    "X18": "second earth lead across the shunt",
    "X19": "5 mV of mains on every channel",
    "X20": "meter 1 % high",
    "X21": "channel 1 drifts by 2 % in ten minutes",
    "X22": "blocks end 32 bytes short",
    "X23": "a setting is rejected",
    "X24": "another scope at the address",
    "X25": "messages take 2 to 40 ms",
    "X26": "battery emulator limits at 16 mA",
    "X27": "lead to the device open",
    "X28": "channel 1's zero 40 mV off",
    "X29": "measuring device with 22 nF in place of 15 nF",
    "X30": "measuring device's 10 kΩ open",
}
BEGIN, END = "<!-- begin of the measured table -->", "<!-- end of the measured table -->"
BY_PHASE = frozenset(
    {
        "shutdown", "start_delay", "trip_by_firmware", "link_loss", "transition_current",
        "contact_sense_charge",
    }
)  # fmt: skip
"""Reactions begin with the next sample or pulse of the firmware; a sense pulse is in a window or not."""
LONGEST_MESSAGE = 220
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
    parser.add_argument("--docs", type=Path, help="document in which the table is replaced")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    healthy = summary(options.out, HEALTHY, options)
    rows = [
        row_of(fault, summary(options.out, fault, options), healthy)
        for fault in options.fault or FAULTS
    ]
    bad = [row.fault for row in rows if not row.acceptable]
    text = f"{table(rows)}\n\n{closing(rows, bad, healthy, options)}"
    print(text)
    if options.docs is not None:
        write_between_marks(options.docs, text)
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
        wrong_passes=tuple(wrong_passes(found, healthy)) if found["verdict"] != "ERROR" else (),
        message=message_of(found),
    )


def wrong_passes(found: dict, healthy: dict) -> list[str]:
    """Return the measurements that passed on a number that the healthy bench does not confirm."""
    known = {key(m): m for m in healthy["measurements"]}
    wrong = []
    for one in found["measurements"]:
        other = known.get(key(one))
        if one["verdict"] != "PASS" or other is None or one["quantity"] in BY_PHASE:
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
        "| fault | what is wrong | verdict | device FAIL | wrong PASS | what the run says |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        said = " ".join(row.message.replace("|", "/").split()) or "nothing: the numbers are right"
        text = said if len(said) <= LONGEST_MESSAGE else f"{said[:LONGEST_MESSAGE]} …"
        cells = (row.verdict, row.device_failures, len(row.wrong_passes), text)
        lines.append(f"| {row.fault} | {FAULTS[row.fault]} | {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def closing(rows: list[Row], bad: list[str], healthy: dict, options: argparse.Namespace) -> str:
    """Return what stands below the table: how many, on what, and how the rest was judged."""
    revision = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    passed = Counter(m["verdict"] for m in healthy["measurements"])["PASS"]
    count = f"{len(rows) - len(bad)} of {len(rows)} acceptable"
    by_phase = sum(m["quantity"] in BY_PHASE for m in healthy["measurements"])
    return (
        f"{count}{f'; not: {bad}' if bad else ''}. Plan {options.plan}, profile ref-alt-400, seed "
        f"{options.seed}, commit {revision}; the same unit on a bench without fault: "
        f"{healthy['verdict']}, {passed} measurements PASS, of which {by_phase} depend on the phase of "
        "their cause and are not compared."
    )


def write_between_marks(document: Path, text: str) -> None:
    before, _, rest = document.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    document.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
