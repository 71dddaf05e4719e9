"""Bad input: one line with cause and remedy, the right exit code, no traceback, nothing measured lost."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from bench.profile import load_profile, profile_path
from bench.record import load_run
from bench.station.lock import BenchLock
from bench.station.simulation import launch_twin, unit_description
from tests.station_files import station_file

ROOT = Path(__file__).parents[2]


def bench(*words: str, timeout_s: float = 100.0):
    done = subprocess.run(
        [sys.executable, "-m", "bench", *words],
        capture_output=True, text=True, check=False, timeout=timeout_s, cwd=ROOT,
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    return done


@pytest.fixture(scope="module")
def twin():
    description = unit_description(
        load_profile("ref-alt-400"), serial="S1", firmware="1.0.0", udi="", seed=1
    )
    with launch_twin(description) as running:
        yield running.addresses


def changed_profile(folder: Path, old: str, new: str) -> str:
    text = profile_path("ref-alt-400").read_text(encoding="utf-8")
    assert old in text
    path = folder / "profile.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('pulse_duration = "6 ms"', 'pulse_duration = "6 V"', "expected a time"),
        ('voltage = "800 mV"', 'voltage = "900 mV"', "expected V = I R"),
        ("[timers]", '[timers]\nsesion = "3 min"', "did you mean 'session'"),
    ],
)
def test_a_wrong_profile_is_configuration_invalid(tmp_path, old, new, said):
    done = bench("run", "release", "--profile", changed_profile(tmp_path, old, new))

    assert (12, 1) == (done.returncode, len(done.stderr.splitlines()))
    assert re.search(r"profile\.toml:\d+: ", done.stderr)
    assert said in done.stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["run", "nosuch"], 4, "expected one of release, safety, production"),
        (["run", "release", "--station", "/nowhere.toml"], 12, "cannot be read"),
        (["run", "release", "--profile", "nosuch"], 12, "ref-alt-400"),
        (["run", "release", "--twin-fault", "Z99=high"], 4, "no fault 'Z99'"),
        (["run", "release", "--twin-fault", "A03=worst"], 4, "low, middle, high"),
        (["run", "release", "--out", "."], 4, "empty or does not exist"),
        (["measure", "/nowhere.isf"], 4, "cannot be read"),
        (["report", "."], 4, "is this a run folder"),
        (["challenge", "release"], 4, "nothing to do"),
    ],
)
def test_a_wrong_command_line_is_one_line(words, code, said):
    done = bench(*words)

    assert (code, 1) == (done.returncode, len(done.stderr.splitlines()))
    assert said in done.stderr


def test_a_missing_instrument_is_an_error_and_never_simulated_instead(tmp_path, twin):
    with socket.socket() as deaf:  # bound and not listening: refused, and nobody else's meanwhile
        deaf.bind(("127.0.0.1", 0))
        port = deaf.getsockname()[1]
        station = station_file(tmp_path, twin, dmm=f"TCPIP::127.0.0.1::hislip0,{port}::INSTR")
        done = bench("run", "release", "--station", str(station), "--out", str(tmp_path / "run"))

    record = load_run(tmp_path / "run")
    assert (10, "ERROR") == (done.returncode, record.verdict)
    assert "dmm" in record.reason
    assert not any(row.verdict == "FAIL" for row in record.measurements)


def test_a_bench_in_use_is_left_alone_and_its_user_is_named(tmp_path, twin):
    station = station_file(tmp_path, twin)
    other = BenchLock([twin.switch], run_id="the-other-run")

    done = bench("run", "release", "--station", str(station), "--out", str(tmp_path / "run"))
    other.release()

    record = load_run(tmp_path / "run")
    assert (10, "ERROR") == (done.returncode, record.verdict)
    assert f"{twin.switch} is in use by run the-other-run" in record.reason
    assert not record.equipment  # nothing was even opened


def test_another_model_than_expected_is_an_error(tmp_path, twin):
    station = station_file(
        tmp_path, twin, replace=json.dumps({'model = "34465A"': 'model = "34470A"'})
    )

    done = bench("run", "release", "--station", str(station), "--out", str(tmp_path / "run"))

    record = load_run(tmp_path / "run")
    assert (10, "ERROR") == (done.returncode, record.verdict)
    assert "34470A" in record.reason
    assert "34465A" in record.reason


@pytest.mark.parametrize("answer", [b"", b"\xff\x00 hello?\n"], ids=["silent", "garbage"])
def test_a_device_that_does_not_speak_is_an_error_and_the_bench_is_safe(tmp_path, twin, answer):
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(connection):
        with connection:
            while connection.recv(1000):
                connection.sendall(answer)

    def accept():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    link = f"tcp://127.0.0.1:{listener.getsockname()[1]}"
    station = station_file(tmp_path, twin, device=link)

    done = bench("run", "release", "--station", str(station), "--out", str(tmp_path / "run"))
    listener.close()

    record = load_run(tmp_path / "run")
    assert (10, "ERROR") == (done.returncode, record.verdict)
    assert record.safe_state.confirmed
    assert record.self_test
    assert not any(row.verdict == "FAIL" for row in record.measurements)


class FailingCable:
    """A cable to an instrument: forwards every connection, and goes in the middle of a block.

    ``after_bytes`` is how much the instrument may send before the cable is cut; afterwards nobody
    answers any more.
    """

    def __init__(self, resource: str, *, after_bytes: int) -> None:
        host, sub_address, port = re.fullmatch(
            r"TCPIP::([^:]+)::(hislip0),(\d+)::INSTR", resource
        ).groups()
        self._target = (host, int(port))
        self._left = after_bytes
        self.cut = threading.Event()
        self._sockets: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.resource = f"TCPIP::{host}::{sub_address},{self._listener.getsockname()[1]}::INSTR"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self.cut.set()
        for one in (self._listener, *self._sockets):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        while not self.cut.is_set():
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.create_connection(self._target)
            self._sockets += [near, far]
            for source, target in ((near, far), (far, near)):
                word = (source, target, source is far)
                threading.Thread(target=self._forward, args=word, daemon=True).start()

    def _forward(self, source: socket.socket, target: socket.socket, counted: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if counted and len(data) > self._left:
                    target.sendall(data[: self._left])
                    self.close()
                    return
                if counted:
                    self._left -= len(data)
                target.sendall(data)


def test_an_instrument_that_drops_the_line_within_a_block_loses_nothing_measured(tmp_path, twin):
    cable = FailingCable(twin.scope, after_bytes=3_000_000)
    station = station_file(tmp_path, twin, scope=cable.resource)
    folder = tmp_path / "run"

    done = bench(
        "run", "release", "--station", str(station), "--out", str(folder), "--", "-k", "amplitude"
    )
    cable.close()

    record = load_run(folder)
    assert cable.cut.is_set()
    assert (10, "ERROR") == (done.returncode, record.verdict)
    assert record.safe_state.confirmed
    assert [row for row in record.measurements if row.verdict == "PASS"]
    assert not any(row.verdict == "FAIL" for row in record.measurements)
    said = [line.strip() for line in done.stderr.splitlines() if "connection was lost" in line]
    assert 1 == len(said), done.stderr
    assert said[0].startswith("scope (TCPIP")
    assert "check cable and power" in said[0]
    assert "FAIL " not in done.stderr
