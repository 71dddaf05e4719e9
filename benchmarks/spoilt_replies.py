"""Ten thousand spoilt replies: none may hang, crash, or be taken for a number that is not true.

    python -m benchmarks.spoilt_replies              # ten minutes, little processor; the table of docs/instruments.md
    python -m benchmarks.spoilt_replies --cases 400 # fewer

A third of the replies is right; the others are truncated (and the line dropped in three of ten),
of a wrong count, behind a wrong header, not ASCII, endless, or later than the time-out. Exit status
1 where one was taken for a number that is not true, took longer than it may, or a right one was lost.
"""

from __future__ import annotations

import argparse
import sys

from tests.instruments.fuzz import LONGEST_S, PEERS, Outcome, fuzz, threads_left

LEAST_RIGHT = 0.95
"""Of the right replies: one behind a late one may be given up with it."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=10_000, help="over all transports")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    each = options.cases // len(PEERS)
    print(
        "| transport | replies | right | refused | taken wrongly | too slow | slowest | lines opened anew |"
    )
    print("|---|---|---|---|---|---|---|---|")
    missed: list[str] = []
    for name in PEERS:
        found = fuzz(name, cases=each, seed=options.seed)
        print(row(name, found), flush=True)
        missed += [name] if is_bad(found) else []
    left = threads_left(1)
    print(f"\nthreads left: {left}; a case may take {LONGEST_S:g} s")
    print("missed: " + ", ".join(missed) if missed else "no hang, no crash, no wrong number")
    return int(bool(missed or left))


def row(name: str, found: Outcome) -> str:
    cells = (
        name, found.cases, found.right, found.refused, len(found.wrong), len(found.slow),
        f"{found.longest_s:.2f} s", found.reopened,
    )  # fmt: skip
    return f"| {' | '.join(map(str, cells))} |"


def is_bad(found: Outcome) -> bool:
    whole = found.right + found.refused == found.cases
    lost = found.right < LEAST_RIGHT * found.by_kind["right"]
    return bool(found.wrong or found.slow) or lost or not whole


if __name__ == "__main__":
    sys.exit(main())
