"""What a store is asked: rows of units and parameters, and a parameter's statistics."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bench.decision import FAILED
from bench.store.address import StoreAddress

__all__ = ["ParameterStatistics", "history_rows", "parameter_statistics"]

_DEFAULT_COVERAGE = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterStatistics:
    """One parameter over every run whose number may be used; real and simulated apart."""

    name: str
    unit: str
    simulated: bool
    count: int
    mean: float
    standard_deviation: float
    """Of the sample; 0 for one value."""
    lowest: float
    highest: float
    failed: int


def history_rows(
    address: StoreAddress,
    *,
    serial: str | None = None,
    station: str | None = None,
    parameter: str | None = None,
) -> Sequence[tuple[Any, ...]]:
    """Return measurements with what identifies their run, oldest run first.

    Columns as :data:`bench.history.frames.COLUMNS`. Raises StoreUnavailable.
    """
    from sqlalchemy import func, select

    from bench.store.database import failures_of, open_store, reading
    from bench.store.tables import measurements as m
    from bench.store.tables import parameters as p
    from bench.store.tables import runs as r

    standard = m.c.expanded_uncertainty / func.coalesce(m.c.coverage_factor, _DEFAULT_COVERAGE)
    query = (
        select(
            r.c.run_id, r.c.started_at, r.c.serial, r.c.firmware, r.c.station, r.c.plan,
            r.c.simulated, r.c.verdict, p.c.name, m.c.value, p.c.unit, standard,
            m.c.low, m.c.high, m.c.verdict, m.c.margin_pct,
        )
        .join_from(m, r, m.c.run == r.c.id)
        .join(p, m.c.parameter == p.c.id)
        .order_by(r.c.started_at, r.c.id, m.c.position)
    )  # fmt: skip
    wanted = ((r.c.serial, serial), (r.c.station, station), (p.c.name, parameter))
    for column, value in wanted:
        if value is not None:
            query = query.where(column == value)
    with failures_of(address), reading(open_store(address)) as connection:
        return [tuple(row) for row in connection.execute(query)]


def parameter_statistics(address: StoreAddress, name: str) -> tuple[ParameterStatistics, ...]:
    """Return a parameter's statistics, one entry for each unit and kind of bench that there is."""
    from bench.store.database import failures_of, open_store, reading

    with failures_of(address), reading(open_store(address)) as connection:
        return statistics_on(connection, name)


def statistics_on(connection: Any, name: str) -> tuple[ParameterStatistics, ...]:
    """Return the statistics on an open connection.

    The sum of squares is taken about the mean, in a second pass: no digits cancel.
    """
    from sqlalchemy import case, func, select

    from bench.store.tables import Counts, measurements, parameters

    value, verdict = measurements.c.value, measurements.c.verdict
    failed = func.sum(case((verdict.in_([str(word) for word in FAILED]), 1), else_=0))
    found: list[ParameterStatistics] = []
    for key, unit in connection.execute(
        select(parameters.c.id, parameters.c.unit).where(parameters.c.name == name)
    ).all():
        for kind in (Counts.REAL, Counts.SIMULATED):
            chosen = (measurements.c.parameter == key, measurements.c.counts == kind.value)
            count, mean, low, high, bad = connection.execute(
                select(
                    func.count(), func.avg(value), func.min(value), func.max(value), failed
                ).where(*chosen)
            ).one()
            if not count:
                continue
            about = value - mean
            squares = connection.execute(select(func.sum(about * about)).where(*chosen)).scalar()
            found.append(
                ParameterStatistics(
                    name=name,
                    unit=unit,
                    simulated=kind is Counts.SIMULATED,
                    count=count,
                    mean=mean,
                    standard_deviation=math.sqrt(squares / (count - 1)) if count > 1 else 0.0,
                    lowest=low,
                    highest=high,
                    failed=bad,
                )
            )
    return tuple(found)
