"""A whole history at one look: yield, failures, capability of every parameter, golden unit, own reference.

Text and page of ``bench history`` print this; neither computes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.history.capability import LEAST_VALUES, Capability, capability
from bench.history.charts import ControlChart, Signal, individuals, nelson
from bench.history.frames import (
    Yields,
    failures,
    measured_each,
    of_golden_units,
    of_production,
    repeatability,
    yields,
)
from bench.history.reference import Drift, drifts

__all__ = ["Overview", "Parameter", "numbers", "overview", "parameter"]

LEAST_GOLDEN = 3
"""Runs of a golden unit from which its chart says something."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Parameter:
    """One measurement over its runs."""

    id: str
    unit: str
    runs: Sequence[str]
    chart: ControlChart
    signals: tuple[Signal, ...]
    low: float | None
    high: float | None
    spread: float | None
    """The bench's repeatability standard deviation; None where no unit was measured twice."""
    capability: Capability | None
    """None where there is no limit."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Overview:
    """Everything that a history says."""

    runs: int
    units: int
    stations: Sequence[str]
    first_day: str
    last_day: str
    simulated: bool
    yields: Yields
    failures: Sequence[tuple[str, int, float]]
    """Measurement, units that fail it, share of failures with those above."""
    parameters: Sequence[Parameter]
    """The least capable first; those without a capability last."""
    golden: Mapping[str, Sequence[Parameter]]
    """By serial number of the golden unit and station."""
    golden_runs: int
    drifts: Sequence[Drift]


def overview(rows: pd.DataFrame, reference: pd.DataFrame) -> Overview:
    """Return the overview of rows as :func:`load_rows` returns them and of the self-tests of their runs."""
    units, golden = of_production(rows), of_golden_units(rows)
    days = [str(day)[:10] for day in rows["started_at"].tolist()]
    return Overview(
        runs=_different(rows, "run_id"),
        units=_different(units, "serial"),
        stations=sorted({str(name) for name in rows["station"].tolist()}),
        first_day=min(days, default=""),
        last_day=max(days, default=""),
        simulated=any(rows["simulated"].tolist()),
        yields=yields(rows),
        failures=[
            (str(name), int(count), float(share))
            for name, count, share in failures(rows).itertuples(index=False)
        ],
        parameters=_parameters(units, least=LEAST_VALUES),
        golden={
            f"{group['serial'].iloc[0]} on {group['station'].iloc[0]}": _parameters(
                group, least=LEAST_GOLDEN
            )
            for _, group in golden.groupby(["serial", "station"], sort=True)
        },
        golden_runs=_different(golden, "run_id"),
        drifts=drifts(reference),
    )


def _different(rows: pd.DataFrame, column: str) -> int:
    return len(set(rows[column].tolist()))


def _parameters(rows: pd.DataFrame, *, least: int) -> list[Parameter]:
    found = [
        made for group in measured_each(rows) if (made := parameter(group, least=least)) is not None
    ]
    return sorted(found, key=_least_capable)


def _least_capable(made: Parameter) -> float:
    found = None if made.capability is None else made.capability.ppk.value
    return float("inf") if found is None else found


def parameter(rows: pd.DataFrame, *, least: int = LEAST_VALUES) -> Parameter | None:
    """Return one measurement of rows as :func:`measured` returns them; None below ``least`` values."""
    values = numbers(rows, "value")
    if values.size < least:
        return None
    low, high = (_last(rows, side) for side in ("low", "high"))
    spread = repeatability(rows)
    chart = individuals(values)
    return Parameter(
        id=str(rows["id"].iloc[0]), unit=str(rows["unit"].iloc[0]),
        runs=[str(run) for run in rows["run_id"].tolist()], chart=chart, signals=nelson(chart),
        low=low, high=high, spread=spread,
        capability=None if low is None and high is None
        else capability(values, low=low, high=high, u_repeat=spread),
    )  # fmt: skip


def numbers(rows: pd.DataFrame, column: str) -> NDArray[np.float64]:
    """Return a column as numbers, NaN where there is none."""
    return rows[column].to_numpy(dtype=np.float64)


def _last(rows: pd.DataFrame, column: str) -> float | None:
    found = float(numbers(rows, column)[-1])
    return None if np.isnan(found) else found
