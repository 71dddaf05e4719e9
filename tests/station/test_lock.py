"""One run a bench: who comes second is told who is there; a dead owner holds nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from bench.station.lock import BenchBusy, BenchLock, lock_path

SCOPE, METER = "TCPIP::10.0.0.1::hislip0::INSTR", "TCPIP::10.0.0.2::hislip0::INSTR"

HOLD = """
import os, subprocess, sys, time
from bench.station.lock import BenchLock
lock = BenchLock([sys.argv[1]], run_id="other")
if len(sys.argv) > 2:
    child = subprocess.Popen(["sleep", "30"], pass_fds=lock.descriptors, stdout=subprocess.DEVNULL)
    print(child.pid, flush=True)
else:
    print(0, flush=True)
time.sleep(30)
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("BENCH_LOCK_DIR", str(tmp_path))


def holder(*more):
    process = subprocess.Popen([sys.executable, "-c", HOLD, SCOPE, *more], stdout=subprocess.PIPE)
    assert process.stdout is not None
    return process, int(process.stdout.readline())


def end(process):
    process.kill()
    process.communicate()


def test_the_second_run_is_told_who_holds_which_address():
    first = BenchLock([SCOPE, "tcp://device:1"], run_id="r1")

    with pytest.raises(BenchBusy, match=rf"{SCOPE} is in use by run r1, .*process {os.getpid()}"):
        BenchLock([METER, SCOPE], run_id="r2")

    BenchLock([METER], run_id="r3").release()  # what the second had taken already is free
    first.release()
    BenchLock([SCOPE], run_id="r4").release()


def test_an_address_is_the_same_in_any_case():
    assert lock_path(SCOPE) == lock_path(f" {SCOPE.lower()}")


def test_a_killed_owner_holds_nothing():
    process, _ = holder()
    with pytest.raises(BenchBusy, match="run other"):
        BenchLock([SCOPE], run_id="mine")

    end(process)

    BenchLock([SCOPE], run_id="mine").release()


def test_who_inherited_the_lock_keeps_it_when_the_owner_is_killed():
    process, child = holder("with a guardian")
    end(process)

    with pytest.raises(BenchBusy):
        BenchLock([SCOPE], run_id="mine")
    os.kill(child, signal.SIGKILL)
    _wait_free()


def _wait_free():
    for _ in range(100):
        try:
            BenchLock([SCOPE], run_id="mine").release()
        except BenchBusy:
            time.sleep(0.02)
            continue
        return
    raise AssertionError("still locked")


def test_a_link_in_the_way_is_not_followed(tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("keep")
    lock_path(SCOPE).symlink_to(victim)

    with pytest.raises(Exception, match="BENCH_LOCK_DIR"):
        BenchLock([SCOPE], run_id="mine")
    assert victim.read_text() == "keep"
