"""Where a store is: a URL that may hold a password, and the form of it that may be shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

from bench.errors import ConfigurationError

__all__ = ["NO_STORE", "StoreAddress", "default_store", "read_address", "store_of"]

NO_STORE: Final = "none"
DEFAULT_NAME: Final = "store.sqlite"
_SQLITE: Final = "sqlite"
_POSTGRESQL: Final = ("postgresql", "postgres")
_EXPECTED: Final = (
    "expected sqlite:///FILE or postgresql://USER@HOST/DATABASE (the password from a .pgpass file, "
    "PGPASSWORD, or in the URL)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreAddress:
    """A store's address. ``shown`` is for people and logs; the URL itself is never printed."""

    url: str = field(repr=False)
    shown: str
    sqlite_file: Path | None
    """The file of an SQLite store, None for a server."""


def read_address(text: str, *, origin: str = "store") -> StoreAddress:
    """Read a store's URL; raises ConfigurationError, which does not repeat what may be a secret."""
    scheme, colon, rest = text.strip().partition("://")
    dialect = scheme.lower()
    if not colon:
        raise ConfigurationError(f"{origin}: not a URL of a store; {_EXPECTED}")
    if dialect == _SQLITE:
        return _sqlite(rest, origin)
    if dialect in _POSTGRESQL:
        return _postgresql(rest, origin)
    raise ConfigurationError(f"{origin}: {scheme[:20]!r} is no store that is known; {_EXPECTED}")


def _sqlite(rest: str, origin: str) -> StoreAddress:
    name = rest.removeprefix("/")
    if not rest.startswith("/") or not name or name == ":memory:" or "?" in name:
        raise ConfigurationError(f"{origin}: an SQLite store is a file; {_EXPECTED}")
    return StoreAddress(url=f"sqlite:///{name}", shown=f"sqlite:///{name}", sqlite_file=Path(name))


def _postgresql(rest: str, origin: str) -> StoreAddress:
    try:
        parts = urlsplit(f"postgresql://{rest}")
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        raise ConfigurationError(f"{origin}: not a URL of a server; {_EXPECTED}") from None
    database = parts.path.removeprefix("/")
    if not database:
        raise ConfigurationError(f"{origin}: it names no database; {_EXPECTED}")
    if "password" in parse_qs(parts.query):
        raise ConfigurationError(f"{origin}: the password belongs before the host; {_EXPECTED}")
    user = f"{parts.username}@" if parts.username else ""
    return StoreAddress(
        url=f"postgresql+psycopg://{rest}",
        shown=f"postgresql://{user}{host}{port}/{database}",
        sqlite_file=None,
    )


def store_of(text: str, *, origin: str, default_folder: Path | None) -> StoreAddress | None:
    """Return the store of a setting: its URL, none for ``none``, else a file in ``default_folder``."""
    if text == NO_STORE:
        return None
    if text:
        return read_address(text, origin=origin)
    return None if default_folder is None else default_store(default_folder)


def default_store(folder: Path) -> StoreAddress:
    """Return the store of a folder of run folders."""
    return read_address(f"sqlite:///{folder / DEFAULT_NAME}")
