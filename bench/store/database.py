"""An open store: connection, durability, and the schema brought up to this version."""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from typing import Any, Final

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    NullPool,
    create_engine,
    event,
    inspect,
    make_url,
    text,
)
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

from bench.errors import BenchError, ConfigurationError
from bench.store.address import StoreAddress

__all__ = [
    "SCHEMA_REVISION",
    "StoreHangs",
    "StoreRefused",
    "StoreUnavailable",
    "failures_of",
    "open_store",
    "reading",
    "writing",
]

SCHEMA_REVISION: Final = "0001"
"""The newest of ``migrations/versions``."""
_CONNECT_TIMEOUT_S: Final = 5
_SILENCE_MS: Final = 10_000
"""A server that acknowledges nothing for so long is gone: the network was cut."""
_BUSY_MS: Final = 10_000
"""How long to wait for another station that is writing an SQLite store."""
_MIGRATION_LOCK: Final = 0x6D63_6265_6E63
"""PostgreSQL's advisory lock while one station migrates."""
_WRITES: Final = "bench_writes"


class StoreUnavailable(BenchError, ConnectionError):
    """A store cannot be reached or fails; the run folders lack nothing."""


class StoreHangs(StoreUnavailable):
    """A store took longer than it may."""


class StoreRefused(BenchError, ValueError):
    """A store works and does not take this run."""


def open_store(address: StoreAddress) -> Engine:
    """Return an engine on a store whose schema is of this version; its tables are made if need be.

    Raises StoreUnavailable, and ConfigurationError for a store of a newer version.
    """
    engine = _sqlite(address) if address.sqlite_file else _postgresql(address)
    with failures_of(address):
        with engine.connect() as connection:
            found = _revision(connection)
        if found != SCHEMA_REVISION:
            _migrate(engine, address)
    return engine


@contextlib.contextmanager
def writing(engine: Engine) -> Generator[Connection]:
    """One transaction that writes: all of it is on the disk at the end, or nothing."""
    with engine.connect().execution_options(**{_WRITES: True}) as connection:
        transaction = connection.begin()
        try:
            yield connection
            transaction.commit()
        except StoreHangs:
            connection.invalidate()  # to part in order from what hangs would hang too
            raise
        except BaseException:
            transaction.rollback()
            raise


@contextlib.contextmanager
def reading(engine: Engine) -> Generator[Connection]:
    """One transaction that reads one state of the store."""
    with engine.connect() as connection, connection.begin():
        yield connection


@contextlib.contextmanager
def failures_of(address: StoreAddress) -> Generator[None]:
    """Turn what the database's library raises into one line that shows no password."""
    try:
        yield
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        lines = str(cause).strip().splitlines() or [type(cause).__name__]
        password = make_url(address.url).password
        reason = lines[0].replace(str(password), "***") if password else lines[0]
        refused = isinstance(error, DataError | IntegrityError)
        kind = StoreRefused if refused else StoreUnavailable
        raise kind(f"store {address.shown}: {reason}") from None


def _sqlite(address: StoreAddress) -> Engine:
    file = address.sqlite_file
    if file is not None and not file.parent.is_dir():
        raise StoreUnavailable(f"store {address.shown}: there is no folder {file.parent}")
    engine = create_engine(address.url, poolclass=NullPool)

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we begin transactions ourselves
        for pragma in (
            f"busy_timeout={_BUSY_MS}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgresql(address: StoreAddress) -> Engine:
    try:
        url: URL = make_url(address.url)
    except SQLAlchemyError:
        raise ConfigurationError(
            "store: not a URL of a server; is a character of the password not percent-encoded?"
        ) from None
    return create_engine(
        url,
        poolclass=NullPool,
        connect_args={
            "connect_timeout": _CONNECT_TIMEOUT_S,
            "keepalives_idle": 5,
            "keepalives_interval": 2,
            "keepalives_count": 3,
            "tcp_user_timeout": _SILENCE_MS,
            "application_name": "microcurrent-bench",
        },
    )


def _revision(connection: Connection) -> str:
    """Return the revision of a store's schema, empty for an empty store."""
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or "")


def _migrate(engine: Engine, address: StoreAddress) -> None:
    """Bring the schema to this version, one station at a time; raises ConfigurationError."""
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", "bench.store:migrations")
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    with writing(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        found = _revision(connection)
        if found and found not in known:
            raise ConfigurationError(
                f"store {address.shown}: it has schema {found!r} of a newer version of this bench, "
                f"this one knows up to {SCHEMA_REVISION}; update the bench on this station"
            )
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
