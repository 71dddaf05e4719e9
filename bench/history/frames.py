"""Runs as frames: a row a measurement, with what identifies its run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import pandas as pd

from bench.decision import FAILED, Verdict
from bench.errors import UsageError
from bench.record.summaries import Row, read_summary, run_folders
from bench.store import StoreAddress, history_rows

__all__ = [
    "Yields",
    "failures",
    "load_rows",
    "load_stored_rows",
    "measured",
    "measured_each",
    "of_golden_units",
    "of_production",
    "repeatability",
    "where",
    "yields",
]

COLUMNS: Final = (
    "run_id", "started_at", "serial", "firmware", "station", "plan", "simulated", "run_verdict",
    "golden", "id", "value", "unit", "standard_uncertainty", "low", "high", "verdict", "margin_pct",
)  # fmt: skip
_NOTHING: Final = Row(
    id="", requirements=(), value=None, unit="", expanded_uncertainty=None, coverage_factor=None, low=None,
    high=None, verdict="", margin_pct=None,
)  # fmt: skip
DECIDED: Final = (Verdict.PASS, Verdict.FAIL)
"""Verdicts of a run that say something of its unit; the others speak of the bench."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Yields:
    """Units that passed; runs whose bench failed or that were not finished count for nothing."""

    units: int
    first_pass: int
    final: int
    undecided_runs: int


def load_rows(path: Path) -> pd.DataFrame:
    """Return the measurements of a run folder or a folder of run folders, oldest run first.

    Columns as in ``COLUMNS``; a measurement without a number has NaN, and a run that measured nothing has
    one row with an empty id, so that it is counted. Raises UsageError and
    FileFormatError.
    """
    runs = sorted(
        (read_summary(folder) for folder in run_folders(path)), key=lambda r: r.started_at
    )
    rows = [
        (
            run.run_id, run.started_at, run.device.serial, run.device.firmware, run.station, run.plan,
            run.simulated, run.verdict, run.golden, row.id, row.value, row.unit,
            None if row.expanded_uncertainty is None
            else row.expanded_uncertainty / (row.coverage_factor or 2.0),
            row.low, row.high, row.verdict, row.margin_pct,
        )
        for run in runs
        for row in run.measurements or (_NOTHING,)
    ]  # fmt: skip
    return _frame(rows)


def load_stored_rows(
    address: StoreAddress,
    *,
    serial: str | None = None,
    station: str | None = None,
    parameter: str | None = None,
) -> pd.DataFrame:
    """Return the same of a store, as far as asked for; raises UsageError and StoreUnavailable."""
    rows = history_rows(address, serial=serial, station=station, parameter=parameter)
    if not rows:
        asked = {"--unit": serial, "--station": station, "--parameter": parameter}
        named = ", ".join(f"{name} {value}" for name, value in asked.items() if value is not None)
        raise UsageError(
            f"store {address.shown}: it has no measurement{f' of {named}' if named else ''}"
        )
    return _frame(rows)


def _frame(rows: Sequence[tuple[Any, ...]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    numbers = ["value", "standard_uncertainty", "low", "high", "margin_pct"]
    return frame.astype(dict.fromkeys(numbers, "float64"))


def of_production(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of units, without those of golden units: these watch the bench."""
    return where(rows, ~rows["golden"].astype(bool))


def of_golden_units(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of golden units."""
    return where(rows, rows["golden"].astype(bool))


def where(rows: pd.DataFrame, chosen: Any) -> pd.DataFrame:
    """Return the rows that ``chosen`` (a Boolean series) marks: a frame, whatever the stubs say."""
    return cast("pd.DataFrame", rows.loc[chosen])


def measured(rows: pd.DataFrame, parameter: str) -> pd.DataFrame:
    """Return the rows of one measurement that have a number, oldest first.

    Runs whose bench was at fault are left out: their numbers are not to be used.
    """
    chosen = (rows["id"] == parameter) & rows["value"].notna() & _trusted(rows)
    return where(rows, chosen).reset_index(drop=True)


def measured_each(rows: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Yield what :func:`measured` returns for each measurement, in one pass over the rows."""
    chosen = where(rows, rows["value"].notna() & _trusted(rows))
    for _, group in chosen.groupby("id", sort=False):
        yield group.reset_index(drop=True)


def repeatability(rows: pd.DataFrame) -> float | None:
    """Return the bench's repeatability standard deviation of one measurement, in its unit.

    Pooled over units that were measured more than once on one station with one firmware; None where
    none was. ``rows`` as :func:`measured` returns them.
    """
    groups: dict[tuple[str, ...], list[float]] = {}
    keys = zip(*(rows[name].tolist() for name in ("station", "serial", "firmware")), strict=True)
    for key, value in zip(keys, rows["value"].tolist(), strict=True):
        groups.setdefault(tuple(map(str, key)), []).append(float(value))
    again = [np.array(values) for values in groups.values() if len(values) > 1]
    if not again:
        return None
    freedom = sum(values.size - 1 for values in again)
    return float(np.sqrt(sum(((values - values.mean()) ** 2).sum() for values in again) / freedom))


def _trusted(rows: pd.DataFrame) -> Any:
    """Return which rows are of a run whose bench was not at fault."""
    return rows["run_verdict"] != str(Verdict.ERROR)


def yields(rows: pd.DataFrame) -> Yields:
    """Return first-pass yield (a unit's first decided run) and final yield (its last).

    Runs of golden units count for nothing.
    """
    runs = of_production(rows).drop_duplicates("run_id").sort_values("started_at", kind="stable")
    of_units: dict[str, list[str]] = {}
    for serial, verdict in zip(runs["serial"].tolist(), runs["run_verdict"].tolist(), strict=True):
        if verdict in DECIDED:
            of_units.setdefault(str(serial), []).append(str(verdict))
    return Yields(
        units=len(of_units),
        first_pass=sum(verdicts[0] == "PASS" for verdicts in of_units.values()),
        final=sum(verdicts[-1] == "PASS" for verdicts in of_units.values()),
        undecided_runs=len(runs) - sum(len(verdicts) for verdicts in of_units.values()),
    )


def failures(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the failed measurements, the most units first: ``id``, ``units``, ``share`` (summed)."""
    failed = where(
        rows,
        rows["verdict"].isin(list(map(str, FAILED)))
        & _trusted(rows)
        & ~rows["golden"].astype(bool),
    ).drop_duplicates(["id", "serial"])
    counts = Counter(str(name) for name in failed["id"].tolist()).most_common()
    total = max(1, sum(units for _, units in counts))
    shares = [units / total for units in accumulate(units for _, units in counts)]
    return pd.DataFrame(
        {
            "id": [name for name, _ in counts],
            "units": [units for _, units in counts],
            "share": shares,
        }
    )
