"""One run into the tables, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Engine, select
from sqlalchemy.dialects import postgresql, sqlite

from bench.decision import Verdict
from bench.record.schema import MeasurementRecord, RunRecord
from bench.store.counts import Counts
from bench.store.database import writing
from bench.store.tables import measurements, parameters, runs

__all__ = ["insert_run"]

_CHUNK = 400
"""Names asked for in one statement: SQLite before 3.32 takes 999 values."""

Parameter = tuple[str, str]
"""Name and unit."""


def insert_run(engine: Engine, record: RunRecord, *, started_sha256: str) -> bool:
    """Add a run with its measurements; return False where it is there already."""
    with writing(engine) as connection:
        key = _insert_run(connection, record, started_sha256)
        if key is None:
            return False
        rows = record.measurements
        names = [(_text(row.id), _text(row.unit)) for row in rows]
        numbers = _parameter_keys(connection, set(names))
        if rows:
            connection.execute(
                measurements.insert(),
                [
                    _measurement(row, record)
                    | {"run": key, "position": position, "parameter": numbers[name]}
                    for position, (row, name) in enumerate(zip(rows, names, strict=True))
                ],
            )
        return True


def _insert_run(connection: Connection, record: RunRecord, started_sha256: str) -> int | None:
    device = record.device
    statement = (
        _insert(connection, runs)
        .values(
            run_id=_text(record.run_id),
            started_sha256=started_sha256,
            journal_sha256=record.journal_sha256,
            plan=_text(record.plan),
            simulated=record.simulated,
            golden=record.golden,
            verdict=_text(record.verdict),
            reason=_text(record.reason),
            safe_state_confirmed=record.safe_state.confirmed,
            model=_text(device.model),
            serial=_text(device.serial),
            firmware=_text(device.firmware),
            udi=_text(device.udi),
            profile=_text(record.profile),
            station=_text(record.station),
            operator=_text(record.operator),
            started_at=_text(record.started_at),
            finished_at=_text(record.finished_at),
        )
        .on_conflict_do_nothing(index_elements=["started_sha256"])
        .returning(runs.c.id)
    )
    return connection.execute(statement).scalar()


def _parameter_keys(connection: Connection, wanted: set[Parameter]) -> Mapping[Parameter, int]:
    """Return the keys of parameters, those of new ones as well.

    New ones are added in one order everywhere: two stations that add the same wait for each other
    and never lock each other out.
    """
    found = dict(_known_parameters(connection, sorted({name for name, _ in wanted})))
    missing = sorted(wanted - found.keys())
    if missing:
        connection.execute(
            _insert(connection, parameters).on_conflict_do_nothing(),
            [{"name": name, "unit": unit} for name, unit in missing],
        )
        found |= _known_parameters(connection, sorted({name for name, _ in missing}))
    return found


def _known_parameters(connection: Connection, names: list[str]) -> dict[Parameter, int]:
    found: dict[Parameter, int] = {}
    for at in range(0, len(names), _CHUNK):
        chosen = parameters.c.name.in_(names[at : at + _CHUNK])
        for row in connection.execute(select(parameters).where(chosen)):
            found[row.name, row.unit] = row.id
    return found


def _measurement(row: MeasurementRecord, record: RunRecord) -> dict[str, object]:
    return {
        "counts": _counts(row, record),
        "attempt": row.attempt,
        "value": row.value,
        "expanded_uncertainty": row.expanded_uncertainty,
        "coverage_factor": row.coverage_factor,
        "low": row.low,
        "high": row.high,
        "verdict": row.verdict,
        "margin_pct": row.margin_pct,
        "reason": _text(row.reason),
    }


def _counts(row: MeasurementRecord, record: RunRecord) -> int:
    if row.value is None or record.golden or record.verdict == Verdict.ERROR:
        return Counts.NOWHERE
    return Counts.SIMULATED if record.simulated else Counts.REAL


def _text(text: str) -> str:
    """Return a text that PostgreSQL takes: it has no place for a zero byte."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")


def _insert(connection: Connection, table: Any) -> Any:
    """Return the insert of the dialect: both know ON CONFLICT, each by its own construct."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    return dialect.insert(table)
