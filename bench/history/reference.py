"""How the bench's own reference moves: what each run's self-test measured of itself, over many runs.

A drift that belongs to the bench shows here, before units seem to change. Read from the journals, since a
summary holds no self-test; only the lines of that kind are decoded.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import pandas as pd
from scipy import stats

from bench.history.charts import Signal, individuals, nelson
from bench.record.events import Kind
from bench.record.run_folder import JOURNAL_NAME
from bench.record.schema import SelfTestStep
from bench.record.summaries import read_summary, run_folders

__all__ = ["Drift", "drifts", "load_reference"]

COLUMNS: Final = (
    "run_id",
    "started_at",
    "station",
    "simulated",
    "name",
    "value",
    "unit",
    "low",
    "high",
)
LEAST_RUNS: Final = 3
"""Two points always lie on a line."""
_MARK: Final = f'"kind":"{Kind.SELF_TEST.value}"'.encode()


class _Line(msgspec.Struct, frozen=True):
    data: SelfTestStep


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """One quantity of one station's self-test, over its runs."""

    station: str
    name: str
    unit: str
    count: int
    first: float
    last: float
    slope: float
    """Least squares, in ``unit`` per run."""
    slope_p: float
    """Probability of such a slope by chance, two-sided; 1 where all values are one."""
    low: float | None
    high: float | None
    """Limits of the self-test."""
    signals: tuple[Signal, ...]
    """Nelson's rules that it breaks."""

    @property
    def moved(self) -> float:
        """Last value less the first."""
        return self.last - self.first


def load_reference(path: Path | None) -> pd.DataFrame:
    """Return the measured self-test steps of a folder of runs, oldest run first; columns as ``COLUMNS``.

    None is no folder: a store holds no self-test.

    A run without a journal that can be read adds nothing. Raises UsageError and FileFormatError.
    """
    rows: list[tuple[object, ...]] = []
    for folder in () if path is None else run_folders(path):
        run = read_summary(folder)
        rows += [
            (
                run.run_id, run.started_at, run.station, run.simulated, step.name, step.value, step.unit,
                step.low, step.high,
            )
            for step in _steps(folder / JOURNAL_NAME)
            if step.value is not None
        ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    numbers = dict.fromkeys(["value", "low", "high"], "float64")
    return frame.astype(numbers).sort_values("started_at", kind="stable").reset_index(drop=True)


def _steps(journal: Path) -> list[SelfTestStep]:
    if not journal.is_file():
        return []
    with journal.open("rb") as lines:
        return [msgspec.json.decode(line, type=_Line).data for line in lines if _MARK in line[:120]]


def drifts(rows: pd.DataFrame) -> list[Drift]:
    """Return the drift of each station's self-test quantities that three runs or more measured.

    The surest drift first.
    """
    found = [
        _drift(group)
        for _, group in rows.groupby(["station", "name"], sort=False)
        if len(group) >= LEAST_RUNS
    ]
    return sorted(found, key=lambda drift: drift.slope_p)


def _drift(group: pd.DataFrame) -> Drift:
    values = group["value"].to_numpy(dtype=np.float64)
    slope, probability = 0.0, 1.0
    if np.ptp(values) > 0:
        line = stats.linregress(np.arange(values.size), values)
        slope, probability = float(line.slope), float(line.pvalue)
    low, high = (float(group[side].iloc[-1]) for side in ("low", "high"))
    return Drift(
        station=str(group["station"].iloc[0]), name=str(group["name"].iloc[0]), unit=str(group["unit"].iloc[-1]), count=values.size,
        first=float(values[0]), last=float(values[-1]), slope=slope, slope_p=probability,
        low=None if np.isnan(low) else low, high=None if np.isnan(high) else high,
        signals=nelson(individuals(values)),
    )  # fmt: skip
