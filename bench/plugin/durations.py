"""How many minutes a plan takes on hardware: device time by test, as a run has shown it."""

from __future__ import annotations

import statistics
import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final, cast

__all__ = ["SELF_TEST_S", "plan_minutes"]

SELF_TEST_S: Final = 120.0
"""Opening, self-test, transfer and closing reference: some two hundred relay and meter settings."""
_FILE: Final = Path(__file__).with_name("durations.toml")


def plan_minutes(node_ids: Iterable[str]) -> tuple[float, int]:
    """Return the minutes that collected tests take, and how many of them are only guessed.

    A test that the table does not know counts as the median of those that it knows.
    """
    known = _known_s()
    typical_s = statistics.median(known.values())
    names = [node_id.partition("[")[0] for node_id in node_ids]
    seconds = SELF_TEST_S + sum(known.get(name, typical_s) for name in names)
    return seconds / 60.0, sum(name not in known for name in names)


@cache
def _known_s() -> dict[str, float]:
    table = tomllib.loads(_FILE.read_text(encoding="utf-8"))["tests"]
    return cast("dict[str, float]", table)
