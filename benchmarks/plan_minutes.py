"""How long each test takes of device time, from the journals of runs: what `bench plan` adds up.

    bench run release --out RELEASE && bench run production --out PRODUCTION
    python benchmarks/plan_minutes.py RELEASE PRODUCTION > bench/plugin/durations.toml

Virtual time counts every wait, aperture and message as hardware would have them; the records are
counted beside it, since what a real scope needs for their transfer is not in it.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

TABLES = ("release", "production")


def main() -> int:
    print(
        "# Of an item of each test: seconds of device time, and how many records are transferred."
    )
    print("# Made by benchmarks/plan_minutes.py from runs on ref-alt-400.")
    for table, folder in zip(TABLES, sys.argv[1:], strict=True):
        print(f"\n[{table}]")
        spans: dict[str, list[tuple[float, int]]] = defaultdict(list)
        for name, seconds, records in _tests(Path(folder)):
            spans[name].append((seconds, records))
        for name in sorted(spans):
            seconds, records = (
                statistics.mean(values) for values in zip(*spans[name], strict=True)
            )
            print(f'"{name}" = [{seconds:.2f}, {records:.1f}]')
    return 0


def _tests(folder: Path) -> Iterator[tuple[str, float, int]]:
    """Yield each test without its parameters, its device time and its records."""
    lines = (folder / "journal.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    times_s = [row["data"]["virtual_s"] for row in rows if row["kind"] == "measurement"]
    (finished,) = (row["data"] for row in rows if row["kind"] == "finished")
    last_s = now_s = max(times_s) - finished["device_time_s"]
    captures = 0
    powered = False
    for kind, data in ((row["kind"], row["data"]) for row in rows):
        powered |= kind == "device"
        if kind == "measurement":
            now_s = max(now_s, data["virtual_s"])
        elif kind == "capture":
            captures += powered
        elif kind == "test":
            yield data["node_id"].partition("[")[0], now_s - last_s, captures
            last_s, captures = now_s, 0


if __name__ == "__main__":
    sys.exit(main())
