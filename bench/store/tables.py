"""The tables of a store, one description for SQLite and PostgreSQL.

Times are UTC as ISO 8601 text, as in the journal: they sort as they are and compare equal in both.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
)

__all__ = ["METADATA", "measurements", "parameters", "runs"]

METADATA = MetaData()

_KEY = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by INTEGER alone


runs = Table(
    "runs",
    METADATA,
    Column("id", _KEY, Identity(), primary_key=True),
    Column("run_id", Text, nullable=False),
    Column(
        "started_sha256", String(64), nullable=False, unique=True,
        comment="hash of the first line of its journal: the run's identity, whoever forwards it",
    ),
    Column("journal_sha256", String(64), nullable=False, comment="head of the chain, unsealed"),
    Column("plan", Text, nullable=False),
    Column("simulated", Boolean, nullable=False),
    Column("golden", Boolean, nullable=False, comment="it watches the bench"),
    Column("verdict", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("safe_state_confirmed", Boolean, nullable=False),
    Column("model", Text, nullable=False),
    Column("serial", Text, nullable=False),
    Column("firmware", Text, nullable=False),
    Column("udi", Text, nullable=False),
    Column("profile", Text, nullable=False),
    Column("station", Text, nullable=False),
    Column("operator", Text, nullable=False),
    Column("started_at", Text, nullable=False),
    Column("finished_at", Text, nullable=False),
    Index("runs_of_a_unit", "serial", "started_at"),
)  # fmt: skip
"""One row a run."""

parameters = Table(
    "parameters",
    METADATA,
    Column("id", _KEY, Identity(), primary_key=True),
    Column("name", Text, nullable=False, comment="id of the measurement"),
    Column("unit", Text, nullable=False),
    UniqueConstraint("name", "unit", name="parameter_once"),
)
"""One row for each measurement that was ever made, however often."""

measurements = Table(
    "measurements",
    METADATA,
    Column("run", _KEY, ForeignKey("runs.id"), primary_key=True),
    Column("position", Integer, primary_key=True, comment="order within the run, from 0"),
    Column("parameter", _KEY, ForeignKey("parameters.id"), nullable=False),
    Column("counts", SmallInteger, nullable=False, comment="see Counts"),
    Column("attempt", Integer, nullable=False),
    Column("value", Double),
    Column("expanded_uncertainty", Double),
    Column("coverage_factor", Double),
    Column("low", Double),
    Column("high", Double),
    Column("verdict", Text, nullable=False),
    Column("margin_pct", Double),
    Column("reason", Text, nullable=False),
    Index("statistics_of_a_parameter", "parameter", "counts", "verdict", "value"),
    sqlite_with_rowid=False,  # the rows of a run lie together
)
"""One row a measurement; the index holds all that statistics of a parameter need."""
