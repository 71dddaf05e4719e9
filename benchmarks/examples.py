"""Makes the example reports: a release run, a safety report with its proof, a comparison and a history.

Everything is simulated and seeded, so that the same numbers come again. Takes some minutes; prints the path
of each page.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Final

ALLOWED: Final = (0, 1, 14)
"""PASS, FAIL and not decided: an example may show any of them; everything else is no example."""


def bench(*words: str | Path, into: Path | None = None) -> None:
    """Run one verb; raises SystemExit where it did not do its work."""
    command = [sys.executable, "-m", "bench", *map(str, words)]
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE)
    if done.returncode not in ALLOWED:
        raise SystemExit(f"{' '.join(command)}: exit code {done.returncode}")
    if into is not None:
        into.write_bytes(done.stdout)


def unit(folder: Path, plan: str, seed: int, *words: str, firmware: str = "1.0.0") -> Path:
    """Run ``plan`` on a simulated unit of ``seed``; return its run folder."""
    bench(
        "run", plan, "--out", folder, "--serial", f"SN-{seed:04d}", "--twin-seed", str(seed),
        "--firmware", firmware, *words,
    )  # fmt: skip
    return folder


def release(out: Path) -> None:
    """Make the compliance report of one unit, on screen and on paper."""
    bench("report", unit(out / "release", "release", 1), "--pdf")


def safety(out: Path) -> None:
    """Make the safety report of two units, with a small proof of the plan."""
    runs = [unit(out / "safety-runs" / str(seed), "safety", seed) for seed in (1, 2)]
    proof = out / "challenge.json"
    bench(
        "challenge", "safety", "--fault", "A03=high", "--fault", "P01=middle", "--healthy", "1",
        "--json", into=proof,
    )  # fmt: skip
    bench("report", "--safety", *runs, "--challenge", proof, "--out", out / "safety", "--pdf")


def history_and_comparison(out: Path) -> None:
    """Make the history of five units and a golden one, and compare two firmwares of three units."""
    runs = out / "production"
    for seed in range(11, 16):
        unit(runs / str(seed), "production", seed)
    for shift in range(3):
        unit(runs / f"golden-{shift}", "production", 12, "--golden")
    bench("history", runs, "--html", out / "history.html")
    for seed in (11, 12, 13):
        fault = ("--twin-fault", "A01=low")
        unit(out / "firmware-1.1.0" / str(seed), "production", seed, *fault, firmware="1.1.0")
    bench("compare", runs, out / "firmware-1.1.0", "--out", out / "comparison")


def main() -> None:
    """Make all of them in the folder given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, help="folder of the reports; must not exist")
    out: Path = parser.parse_args().out
    out.mkdir(parents=True)
    for make in (release, safety, history_and_comparison):
        make(out)
    pages = (
        "release/report.html",
        "safety/safety.html",
        "comparison/comparison.html",
        "history.html",
    )
    sys.stdout.write("".join(f"{out / page}\n" for page in pages))


if __name__ == "__main__":
    main()
