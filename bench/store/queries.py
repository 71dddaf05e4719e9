"""What a store is asked: rows of units and parameters, and a parameter's statistics."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bench.decision import FAILED
from bench.store.address import StoreAddress
from bench.store.counts import Counts

__all__ = [
    "ParameterStatistics",
    "history_rows",
    "parameter_statistics",
    "rows_on",
    "statistics_on",
]

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
    from bench.store.database import failures_of, open_store, reading

    with failures_of(address), reading(open_store(address)) as connection:
        return rows_on(connection, serial=serial, station=station, parameter=parameter)


def rows_on(
    connection: Any,
    *,
    serial: str | None = None,
    station: str | None = None,
    parameter: str | None = None,
) -> Sequence[tuple[Any, ...]]:
    """Return the rows on an open connection."""
    from sqlalchemy import func, select

    from bench.store.tables import measurements as m
    from bench.store.tables import parameters as p
    from bench.store.tables import runs as r

    standard = m.c.expanded_uncertainty / func.coalesce(m.c.coverage_factor, _DEFAULT_COVERAGE)
    query = (
        select(
            r.c.run_id, r.c.started_at, r.c.serial, r.c.firmware, r.c.station, r.c.plan,
            r.c.simulated, r.c.verdict, r.c.golden, p.c.name, m.c.value, p.c.unit, standard,
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
    return [tuple(row) for row in connection.execute(query)]


def parameter_statistics(address: StoreAddress, name: str) -> tuple[ParameterStatistics, ...]:
    """Return a parameter's statistics, one entry for each unit and kind of bench that there is."""
    from bench.store.database import failures_of, open_store, reading

    with failures_of(address), reading(open_store(address)) as connection:
        return statistics_on(connection, name)


def statistics_on(connection: Any, name: str) -> tuple[ParameterStatistics, ...]:
    """Return the statistics on an open connection."""
    from sqlalchemy import select

    from bench.store.tables import parameters

    named = select(parameters.c.id, parameters.c.unit).where(parameters.c.name == name)
    found: list[ParameterStatistics] = []
    for key, unit in connection.execute(named.order_by(parameters.c.unit)).all():
        for kind in (Counts.REAL, Counts.SIMULATED):
            one = _statistics(connection, key, kind, name=name, unit=unit)
            if one is not None:
                found.append(one)
    return tuple(found)


def _statistics(
    connection: Any, key: int, kind: Counts, *, name: str, unit: str
) -> ParameterStatistics | None:
    """Return one entry, None where there is no number.

    Sums are taken about one of the values: far from zero, no digits cancel.
    """
    from sqlalchemy import func, select

    from bench.store.tables import measurements

    value = measurements.c.value
    chosen = (measurements.c.parameter == key, measurements.c.counts == kind.value)
    near = connection.execute(select(value).where(*chosen).limit(1)).scalar()
    if near is None:
        return None
    about = value - near
    count, total, squares, low, high = connection.execute(
        select(
            func.count(), func.sum(about), func.sum(about * about), func.min(value), func.max(value)
        ).where(*chosen)
    ).one()
    failed = select(func.count()).where(*chosen, measurements.c.verdict.in_(list(map(str, FAILED))))
    variance = max(0.0, squares - total * total / count) / (count - 1) if count > 1 else 0.0
    return ParameterStatistics(
        name=name,
        unit=unit,
        simulated=kind is Counts.SIMULATED,
        count=count,
        mean=near + total / count,
        standard_deviation=math.sqrt(variance),
        lowest=low,
        highest=high,
        failed=connection.execute(failed).scalar(),
    )
