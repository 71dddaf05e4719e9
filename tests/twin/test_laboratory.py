"""The clock and the device link over sockets, and the served process as a whole."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyvisa

from bench.clock import TwinClock
from bench.errors import BenchError
from tests.twin.fake_world import FakeWorld
from tests.twin.serving import Served, served
from tests.twin.unit_under_test import description

_REPOSITORY = Path(__file__).parents[2]


class Line:
    """A client of a line server."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=5)
        self.reader = self.socket.makefile("rb")

    def ask(self, text: str) -> str:
        self.socket.sendall(text.encode() + b"\n")
        return self.read()

    def read(self) -> str:
        return self.reader.readline().decode().rstrip("\n")

    def close(self) -> None:
        self.reader.close()
        self.socket.close()


@pytest.fixture
def laboratory() -> Iterator[Served]:
    with served() as running:
        yield running


@pytest.fixture
def lines(laboratory: Served) -> Iterator[list[Line]]:
    clients = [Line(laboratory.port("device")) for _ in range(2)]
    yield clients
    for client in clients:
        client.close()


def test_the_clock_advances_by_what_it_is_told(laboratory: Served) -> None:
    clock = TwinClock(str(laboratory.addresses["clock"]))
    start_ns = clock.now_ns()
    clock.sleep(1.5)
    assert clock.now_ns() - start_ns == 1_500_000_000
    clock.close()


def test_the_clock_answers_nonsense_with_an_error(laboratory: Served) -> None:
    line = Line(laboratory.port("clock"))
    assert line.ask("ADV soon").startswith("ERR")
    assert line.ask("ADV -5").startswith("ERR")
    assert line.ask("WHAT").startswith("ERR")
    assert line.ask("NOW?") == "0"
    line.close()


def test_a_reply_comes_in_its_virtual_time(laboratory: Served, lines: list[Line]) -> None:
    assert lines[0].ask("STAT?") == "OK STAT?"
    assert laboratory.laboratory.time.now_ns == 4_000_000


def test_replies_go_to_who_asked_and_events_to_all(lines: list[Line]) -> None:
    runner, guardian = lines
    assert runner.ask("ONE") == "OK ONE"
    assert guardian.ask("TWO") == "OK TWO"
    assert runner.ask("EVENT") == "EVT 1 STATE"
    assert runner.read() == "OK EVENT"
    assert guardian.read() == "EVT 1 STATE"


def test_a_late_reply_is_pushed_by_somebody_else_s_wait() -> None:
    with served(FakeWorld(reply_ns=400_000_000)) as running:
        line = Line(running.port("device"))
        clock = TwinClock(str(running.addresses["clock"]))
        line.socket.sendall(b"SLOW\n")
        assert any(clock.now_ns() >= 51_000_000 for _ in range(100_000))
        clock.sleep(1.0)
        assert line.read() == "OK SLOW"
        clock.close()
        line.close()


def test_a_request_may_come_in_pieces(lines: list[Line]) -> None:
    lines[0].socket.sendall(b"ST")
    assert lines[0].ask("AT?") == "OK STAT?"


# -- the process


class Process:
    """``python -m bench.twin`` on a unit description."""

    def __init__(self, folder: Path, *options: str, unit: dict[str, Any] | None = None) -> None:
        path = folder / "unit.json"
        path.write_text(json.dumps(unit or description()), encoding="utf-8")
        self.lifeline, write_end = os.pipe()
        self.write_end: int | None = write_end
        command = [sys.executable, "-m", "bench.twin", str(path), "--lifeline", str(self.lifeline)]
        self.process = subprocess.Popen(
            [*command, *options],
            cwd=_REPOSITORY,
            pass_fds=(self.lifeline,),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        os.close(self.lifeline)

    def addresses(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def cut_lifeline(self) -> None:
        if self.write_end is not None:
            os.close(self.write_end)
            self.write_end = None

    def close(self) -> None:
        self.cut_lifeline()
        self.process.communicate(timeout=10)


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    running = Process(
        tmp_path, "--address-file", str(tmp_path / "at.json"), "--event-log", str(tmp_path / "e")
    )
    yield running
    running.close()


def test_the_process_tells_where_it_is_and_ends_with_its_lifeline(
    process: Process, tmp_path: Path
) -> None:
    addresses = process.addresses()
    assert json.loads((tmp_path / "at.json").read_text(encoding="utf-8")) == addresses
    assert addresses["pid"] == process.process.pid
    assert addresses["seed"] == 1
    roles = {"scope", "dmm", "switch", "supply", "generator"}
    assert set(addresses) == {*roles, "device", "clock", "pid", "seed", "resources", "serials"}
    assert set(addresses["resources"]) == roles
    assert sorted(path.name for path in tmp_path.iterdir()) == ["at.json", "e", "unit.json"]
    process.cut_lifeline()
    assert process.process.wait(10) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_process_cleanly(process: Process, number: signal.Signals) -> None:
    process.addresses()
    process.process.send_signal(number)
    assert process.process.wait(10) == 0
    assert process.process.stderr is not None
    assert process.process.stderr.read() == ""


@pytest.mark.parametrize("change", [{"schema": 99}, {"bench_faults": ["X99"]}])
def test_a_bad_description_is_one_line_and_exit_code_12(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    running = Process(tmp_path, unit={**description(), **change})
    output, complaint = running.process.communicate(timeout=10)
    running.cut_lifeline()
    assert running.process.returncode == 12
    assert output == ""
    assert complaint.startswith("bench.twin: ")
    assert complaint.count("\n") == 1


def test_a_level_is_seen_on_the_scope_from_outside(process: Process, tmp_path: Path) -> None:
    addresses = process.addresses()
    manager = pyvisa.ResourceManager("@py")
    names = ("scope", "switch", "supply")
    scope, switch, supply = (manager.open_resource(addresses[name]) for name in names)
    clock = TwinClock(addresses["clock"])
    device = Line(int(addresses["device"].rpartition(":")[2]))
    try:
        supply.write("VOLT 3.7,(@1);:OUTP ON,(@1)")
        assert supply.query("*OPC?").strip() == "1"
        switch.write("ROUT:CLOS (@114,102,107,108)")
        assert switch.query("ROUT:DONE?").strip() == "1"
        clock.sleep(2.0)
        for request in ("POWERON", "LEVEL 3", "START 60"):
            reply = device.ask(request)
            while reply.startswith("EVT"):
                reply = device.read()
            assert reply.startswith("OK"), (request, reply)
            clock.sleep(1.0)
        clock.sleep(2.0)
        scope.write(":STOP;:CHAN1:SCAL 0.1;:TIM:RANG 0.5;:TRIG:SWE NORM;:TRIG:LEV 0.12;:SING")
        assert scope.query("*OPC?").strip() == "1"
        scope.write(":WAV:POIN:MODE RAW;:WAV:POIN 50000;FORM BYTE")
        fields = [float(field) for field in scope.query(":WAV:PRE?").split(",")]
        codes = scope.query_binary_values(":WAV:DATA?", datatype="B", container=np.ndarray)
        current_ua = ((codes - fields[9]) * fields[7] + fields[8]) * 1e3
        for share, expected_ua in ((2, -240), (98, 240)):
            assert np.percentile(current_ua, share) == pytest.approx(expected_ua, abs=24)
        assert scope.query(":SYST:ERR?").startswith("+0")
    finally:
        device.close()
        clock.close()
        for resource in (scope, switch, supply):
            resource.close()
        manager.close()
    events = [json.loads(line) for line in (tmp_path / "e").read_text().splitlines()]
    assert "bridge_on" in [event["event"] for event in events]
    assert set(events[0]) == {"wall_ns", "virtual_ns", "event"}


LATE = """
class Late:
    def fit(self, unit, severity):
        def strike():
            unit.source.gian = 2.0

        unit.timeline.after(1.0, strike)
"""


def test_a_fault_that_raises_later_is_told_in_one_line_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "late.py"
    file.write_text(LATE)
    unit = description(faults=[{"spec": f"{file}:Late", "severity": None}])
    running = Process(tmp_path, unit=unit)
    clock = TwinClock(str(running.addresses()["clock"]))
    with pytest.raises(BenchError, match="the twin closed the line"):
        clock.sleep(2.0)
    clock.close()
    running.cut_lifeline()
    complaint = running.process.communicate(timeout=10)[1]
    assert complaint == (
        f"bench.twin: {file}:5 raised AttributeError: Source has no 'gian': did you mean 'gain'?\n"
    )
