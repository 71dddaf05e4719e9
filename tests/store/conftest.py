"""Stores to test: a file, and a real server."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import psycopg
import pytest

from bench.store import read_address
from tests.store.postgres import PostgresServer


@pytest.fixture(autouse=True)
def _unsynced(monkeypatch):
    """Nobody cuts the power here: thousands of lines need not wait for the disk."""
    monkeypatch.setattr("os.fdatasync", lambda _descriptor: None)


@pytest.fixture(scope="session")
def server():
    folder = Path(tempfile.mkdtemp(prefix="bench-pg-"))
    folder.chmod(0o755)
    server = PostgresServer(folder)
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def clean_server(server):
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    return server


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request, tmp_path):
    if request.param == "sqlite":
        return read_address(f"sqlite:///{tmp_path / 'store.sqlite'}")
    return read_address(request.getfixturevalue("clean_server").url)
