"""Runs, parameters and measurements: the first form of a store."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables; their description at this revision, whatever it becomes later."""
    op.create_table(
        "runs",
        sa.Column("id", _KEY, sa.Identity(), primary_key=True),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column(
            "started_sha256", sa.String(64), nullable=False, unique=True,
            comment="hash of the first line of its journal: the run's identity, whoever forwards it",
        ),
        sa.Column("journal_sha256", sa.String(64), nullable=False, comment="head of the chain, unsealed"),
        sa.Column("plan", sa.Text, nullable=False),
        sa.Column("simulated", sa.Boolean, nullable=False),
        sa.Column("golden", sa.Boolean, nullable=False, comment="it watches the bench"),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("safe_state_confirmed", sa.Boolean, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("serial", sa.Text, nullable=False),
        sa.Column("firmware", sa.Text, nullable=False),
        sa.Column("udi", sa.Text, nullable=False),
        sa.Column("profile", sa.Text, nullable=False),
        sa.Column("station", sa.Text, nullable=False),
        sa.Column("operator", sa.Text, nullable=False),
        sa.Column("started_at", sa.Text, nullable=False),
        sa.Column("finished_at", sa.Text, nullable=False),
    )  # fmt: skip
    op.create_index("runs_of_a_unit", "runs", ["serial", "started_at"])
    op.create_table(
        "parameters",
        sa.Column("id", _KEY, sa.Identity(), primary_key=True),
        sa.Column("name", sa.Text, nullable=False, comment="id of the measurement"),
        sa.Column("unit", sa.Text, nullable=False),
        sa.UniqueConstraint("name", "unit", name="parameter_once"),
    )
    op.create_table(
        "measurements",
        sa.Column("run", _KEY, sa.ForeignKey("runs.id"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True, comment="order within the run, from 0"),
        sa.Column("parameter", _KEY, sa.ForeignKey("parameters.id"), nullable=False),
        sa.Column("counts", sa.SmallInteger, nullable=False, comment="see Counts"),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("value", sa.Double),
        sa.Column("expanded_uncertainty", sa.Double),
        sa.Column("coverage_factor", sa.Double),
        sa.Column("low", sa.Double),
        sa.Column("high", sa.Double),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("margin_pct", sa.Double),
        sa.Column("reason", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "statistics_of_a_parameter",
        "measurements",
        ["parameter", "counts", "verdict", "value"],
    )


def downgrade() -> None:
    """Take the tables away."""
    op.drop_table("measurements")
    op.drop_table("parameters")
    op.drop_table("runs")
