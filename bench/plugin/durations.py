"""How many minutes a plan takes on hardware: device time by test, as a run has shown it."""

from __future__ import annotations

import statistics
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, cast

__all__ = ["SELF_TEST_S", "TRANSFER_S", "PlanTime", "plan_time"]

SELF_TEST_S: Final = 120.0
"""Opening, self-test, transfer and closing reference: some two hundred relay and meter settings."""
TRANSFER_S: Final = 0.3
"""One record over LAN from a scope of 1 MB/s: two channels of 50,000 points, with set-up."""
_FILE: Final = Path(__file__).with_name("durations.toml")
_Table = dict[str, tuple[float, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanTime:
    """What the tests of a plan take."""

    device_s: float
    """Waiting, measuring and messages, the device under supply: what a run calls device time."""
    records: float
    guessed: int
    """Tests that the table does not know: each counts as the median of those that it knows."""

    @property
    def minutes(self) -> float:
        """On hardware, with self-test and the transfer of the records."""
        return (SELF_TEST_S + self.device_s + TRANSFER_S * self.records) / 60.0


def plan_time(node_ids: Iterable[str], *, plan: str) -> PlanTime:
    """Return what collected tests take; those of a path are taken for tests of the release plan."""
    known = _known(plan)
    typical = tuple(map(statistics.median, zip(*known.values(), strict=True)))
    names = [node_id.partition("[")[0] for node_id in node_ids]
    seconds, records = zip(
        *((0.0, 0.0), *(known.get(name, typical) for name in names)), strict=True
    )
    return PlanTime(
        device_s=sum(seconds),
        records=sum(records),
        guessed=sum(name not in known for name in names),
    )


@cache
def _known(plan: str) -> _Table:
    tables = cast("dict[str, _Table]", tomllib.loads(_FILE.read_text(encoding="utf-8")))
    return tables.get(plan, tables["release"])
