"""How long each test takes of device time, from the journal of a run: what `bench plan` adds up.

    bench run release --out RUN && python benchmarks/plan_minutes.py RUN > bench/plugin/durations.toml

Virtual time counts every wait, aperture and message as hardware would have them; what a real scope
needs for a transfer is added for each capture.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections import defaultdict
from pathlib import Path

TRANSFER_S = 0.3
"""One capture over LAN from a scope of 1 MB/s: two channels of 50,000 points, with set-up."""


def main() -> int:
    lines = (Path(sys.argv[1]) / "journal.jsonl").read_text(encoding="utf-8").splitlines()
    spans: dict[str, list[float]] = defaultdict(list)
    last_s, now_s, captures = 0.0, 0.0, 0
    for line in map(json.loads, lines):
        kind, data = line["kind"], line["data"]
        if kind == "measurement":
            now_s = max(now_s, data["virtual_s"])
        elif kind == "capture":
            captures += 1
        elif kind == "test":
            name = data["node_id"].partition("[")[0]
            spans[name].append(now_s - last_s + captures * TRANSFER_S)
            last_s, captures = now_s, 0
    print("# Seconds of device time an item of each test takes, transfers included.")
    print("# Made by benchmarks/plan_minutes.py from a release run of ref-alt-400.")
    print("[tests]")
    for name in sorted(spans):
        print(f'"{name}" = {statistics.mean(spans[name]):.1f}')
    return 0


if __name__ == "__main__":
    sys.exit(main())
