"""A store that is killed, cut off or hangs while it is filled: nothing lost, nothing doubled."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time

import pytest

from bench.store import filling, forward_pending, history_rows, read_address
from bench.store.database import StoreUnavailable
from tests.store.postgres import PostgresServer
from tests.store.proxy import Proxy
from tests.store.runs import expected_rows, stored_rows, write_run

FILL = """
import sys
from pathlib import Path
from bench.store import forward_pending, read_address
forward_pending(Path(sys.argv[1]), read_address(sys.argv[2]))
"""


def fill_until_done(parent, address, *, timeout_s=120.0):
    """Forward as every start of a run does; return what was said of the store meanwhile."""
    said = []
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        filled = forward_pending(parent, address)
        said += filled.problems
        if not filled.waiting:
            return said
        time.sleep(0.02)
    raise AssertionError(f"still waiting: {said[-1:]}")


@pytest.mark.parametrize("kills", [3, pytest.param(20, marks=pytest.mark.long)])
def test_a_server_that_is_killed_again_and_again(tmp_path, clean_server, kills):
    address = read_address(clean_server.url)
    folders = [write_run(tmp_path, f"r{n:03d}", rows=100) for n in range(20 * kills)]
    draw, over = random.Random("kills"), threading.Event()

    def kill():
        for _ in range(kills):
            time.sleep(draw.uniform(0.1, 0.6))
            clean_server.kill()
            time.sleep(draw.uniform(0.0, 0.2))
            clean_server.start()
        over.set()

    killer = threading.Thread(target=kill)
    killer.start()
    said = fill_until_done(tmp_path, address)
    killer.join()

    assert over.is_set()
    assert said  # at least one kill met the filling
    assert all(address.shown in line and "s3cret" not in line for line in said)
    assert expected_rows(folders) == stored_rows(history_rows(address))


@pytest.mark.parametrize("at_byte", range(500, 24_000, 4_000))
def test_a_network_that_is_cut_while_a_run_is_forwarded(tmp_path, clean_server, at_byte):
    folders = [write_run(tmp_path, f"r{n}", rows=60) for n in range(2)]
    cut = Proxy(clean_server.port, bytes_before=at_byte)

    forward_pending(tmp_path, read_address(PostgresServer.url_at(cut.port)))
    cut.cut()
    fill_until_done(tmp_path, read_address(clean_server.url))

    assert expected_rows(folders) == stored_rows(history_rows(read_address(clean_server.url)))


def test_a_network_that_swallows_everything_holds_nobody_up(tmp_path, clean_server, monkeypatch):
    monkeypatch.setattr(filling, "_LONGEST_S", 1.0)
    monkeypatch.setattr(filling, "_AGAIN_S", 0.5)
    write_run(tmp_path, "r0", rows=60)
    hanging = Proxy(clean_server.port, bytes_before=6_000, then="hang")
    started_s = time.monotonic()

    filled = forward_pending(tmp_path, read_address(PostgresServer.url_at(hanging.port)))

    assert time.monotonic() - started_s < 6.0
    assert (1, 1) == (filled.waiting, len(filled.problems))
    assert "no answer within 1 s" in filled.problems[0]
    hanging.cut()


@pytest.mark.parametrize("kills", [3, pytest.param(40, marks=pytest.mark.long)])
def test_who_fills_a_file_is_killed_again_and_again(tmp_path, kills):
    address = read_address(f"sqlite:///{tmp_path / 'store.sqlite'}")
    runs = tmp_path / "runs"
    folders = [write_run(runs, f"r{n:03d}", rows=100) for n in range(12 * kills)]
    draw = random.Random("kills")
    for _ in range(kills):
        with subprocess.Popen([sys.executable, "-c", FILL, runs, address.url]) as process:
            time.sleep(draw.uniform(0.4, 1.2))
            os.kill(process.pid, signal.SIGKILL)
        with sqlite3.connect(tmp_path / "store.sqlite") as connection:
            assert ("ok",) == connection.execute("PRAGMA integrity_check").fetchone()

    fill_until_done(runs, address)

    assert expected_rows(folders) == stored_rows(history_rows(address))


def test_a_file_that_another_station_writes_is_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr("bench.store.database._BUSY_MS", 300)
    address = read_address(f"sqlite:///{tmp_path / 'store.sqlite'}")
    write_run(tmp_path, "r0")
    forward_pending(tmp_path, address)
    write_run(tmp_path, "r1")
    other = sqlite3.connect(tmp_path / "store.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    filled = forward_pending(tmp_path, address)
    other.execute("ROLLBACK")

    assert (1, ["database is locked"]) == (
        filled.waiting, [line.rpartition(": ")[2] for line in filled.problems],
    )  # fmt: skip
    assert 1 == len(forward_pending(tmp_path, address).stored)


def test_a_full_disk_is_said_and_nothing_is_half_there(tmp_path):
    """No file of the process may grow: writing fails as it does on a full disk."""
    address = read_address(f"sqlite:///{tmp_path / 'store.sqlite'}")
    write_run(tmp_path, "r0", rows=1)
    forward_pending(tmp_path, address)
    big = write_run(tmp_path, "r1", rows=2000)
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
    check = "\nprint(forward_pending(Path(sys.argv[1]), read_address(sys.argv[2])))"
    done = subprocess.run(
        [sys.executable, "-c", limit + FILL + check, tmp_path, address.url],
        capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert "waiting=1" in done.stdout and "store sqlite:" in done.stdout
    with sqlite3.connect(tmp_path / "store.sqlite") as connection:
        assert ("ok",) == connection.execute("PRAGMA integrity_check").fetchone()
    assert 1 == len(history_rows(address))
    assert (big,) == forward_pending(tmp_path, address).stored


def test_a_store_that_is_gone_is_unavailable(tmp_path):
    with pytest.raises(StoreUnavailable, match="no folder"):
        history_rows(read_address(f"sqlite:///{tmp_path / 'gone' / 'store.sqlite'}"))
