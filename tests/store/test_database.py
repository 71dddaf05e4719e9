"""The schema is what the migrations make, durable, and never older or newer than the bench."""

from __future__ import annotations

import sqlite3

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from bench.errors import ConfigurationError
from bench.store import read_address
from bench.store.database import SCHEMA_REVISION, open_store, reading, writing
from bench.store.tables import METADATA


def test_the_migrations_make_the_tables_that_the_code_describes(address):
    with reading(open_store(address)) as connection:
        assert [] == compare_metadata(MigrationContext.configure(connection), METADATA)


def test_the_newest_migration_is_the_one_that_is_asked_for():
    config = Config()
    config.set_main_option("script_location", "bench.store:migrations")

    assert SCHEMA_REVISION == ScriptDirectory.from_config(config).get_current_head()


def test_a_store_of_a_newer_version_is_refused(address):
    with writing(open_store(address)) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(ConfigurationError, match=r"schema '9999' of a newer version"):
        open_store(address)


def test_what_fails_in_a_transaction_leaves_nothing(address):
    engine = open_store(address)
    with pytest.raises(ZeroDivisionError), writing(engine) as connection:
        connection.execute(text("INSERT INTO parameters (name, unit) VALUES ('x', 'V')"))
        raise ZeroDivisionError

    with reading(engine) as connection:
        assert 0 == connection.execute(text("SELECT count(*) FROM parameters")).scalar()


def test_sqlite_keeps_what_it_has_committed_when_the_power_fails(tmp_path):
    engine = open_store(read_address(f"sqlite:///{tmp_path / 'store.sqlite'}"))
    with reading(engine) as connection:
        mode, synchronous, keys = (
            connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        )

    assert ("wal", 2, 1) == (mode, synchronous, keys)  # 2 is FULL


def test_what_is_no_store_is_said_in_one_line(tmp_path):
    (tmp_path / "store.sqlite").write_bytes(b"not a database at all, " * 100)

    with pytest.raises(Exception, match=r"store sqlite:.*file is not a database") as caught:
        open_store(read_address(f"sqlite:///{tmp_path / 'store.sqlite'}"))
    assert 1 == len(str(caught.value).splitlines())


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("runs.sqlite", "expected sqlite:///FILE or postgresql://"),
        ("mysql://root:s3cret@host/x", "'mysql' is no store"),
        ("sqlite://", "an SQLite store is a file"),
        ("sqlite:///:memory:", "an SQLite store is a file"),
        ("postgresql://u:s3cret@host", "names no database"),
        ("postgresql://u@host/x?password=s3cret", "belongs before the host"),
        ("postgresql://u:s3cret@host:port/x", "not a URL of a server"),
    ],
)
def test_a_wrong_url_is_refused_without_repeating_a_secret(url, said):
    with pytest.raises(ConfigurationError, match=said) as caught:
        read_address(url, origin="BENCH_STORE_URL")

    assert "s3cret" not in str(caught.value)
    assert str(caught.value).startswith("BENCH_STORE_URL: ")


def test_the_file_is_an_ordinary_one(tmp_path):
    """Anyone's tool reads it."""
    open_store(read_address(f"sqlite:///{tmp_path / 'store.sqlite'}"))

    tables = sqlite3.connect(tmp_path / "store.sqlite").execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
    )
    assert ["alembic_version", "measurements", "parameters", "runs"] == [row[0] for row in tables]
