"""However a run ends: the output is off, what was measured is kept, and the record says what happened."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import termios
import time

import pytest

from bench.record import read_journal
from tests.endings.plans import ROOT, SHORT_SILENCE, said, start

SLEEP = "time.sleep(600)"
long = pytest.mark.long


@pytest.mark.parametrize(
    "signals",
    [
        pytest.param([signal.SIGINT], marks=long),
        pytest.param([signal.SIGINT, 0.05, signal.SIGINT], marks=long),
        pytest.param([signal.SIGINT, *([0.02, signal.SIGINT] * 100)], id="INT all along"),
        pytest.param([signal.SIGTERM], marks=long),
        pytest.param([signal.SIGHUP], marks=long),
        pytest.param([signal.SIGTERM, 0.05, signal.SIGINT, 0.05, signal.SIGHUP], marks=long),
    ],
)
def test_a_signal_ends_a_run_in_order(tmp_path, signals):
    ending = start(tmp_path, SLEEP)
    for step in signals:
        if isinstance(step, float):
            time.sleep(step)
        elif ending.process.poll() is None:
            ending.process.send_signal(step)

    assert 130 == ending.wait()
    assert "interrupted" == ending.outcome()
    ending.require_safe_and_kept()
    said(ending)


def test_an_interrupt_counts_where_it_was_ignored_at_the_start(tmp_path):
    """As in a script that starts the run in the background."""
    ending = start(tmp_path, SLEEP, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
    ending.process.send_signal(signal.SIGINT)

    assert 130 == ending.wait(timeout_s=60.0)
    assert "interrupted" == ending.outcome()
    ending.require_safe_and_kept()


def test_a_closed_terminal_ends_a_run_in_order(tmp_path):
    """The kernel hangs up, and every further word to the terminal fails."""
    master, slave = pty.openpty()
    ending = start(
        tmp_path, SLEEP, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )  # fmt: skip
    os.close(slave)
    os.close(master)

    ending.wait()
    assert "interrupted" == ending.outcome()
    ending.require_safe_and_kept()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("ctypes.string_at(0)", -signal.SIGSEGV),
        pytest.param("os._exit(0)", 0, marks=long),
        pytest.param("os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL, marks=long),
    ],
)
def test_a_runner_that_dies_is_ended_by_its_guardian(tmp_path, body, code):
    ending = start(tmp_path, body, wait=False)

    assert code == ending.wait()
    ending.wait_for_end()
    assert "aborted" == ending.outcome()
    ending.require_safe_and_kept()


HUNG_READ = """
    from instruments.session import open_session
    silent = socket.create_server(("127.0.0.1", 0))
    name = f"TCPIP::127.0.0.1::{silent.getsockname()[1]}::SOCKET"
    open_session(name, role="probe", timeout_s=3600.0).query("*IDN?")
"""


@pytest.mark.parametrize("body", [pytest.param(SLEEP, marks=long), HUNG_READ])
def test_a_hung_test_is_silence(tmp_path, body):
    ending = start(tmp_path, body, conftest=SHORT_SILENCE)

    assert -signal.SIGKILL == ending.wait()
    ending.wait_for_end()
    assert "aborted" == ending.outcome()
    assert any("the runner was silent" in line for line in ending.record().deviations)
    ending.require_safe_and_kept()


@long
def test_a_hung_read_is_interrupted(tmp_path):
    ending = start(tmp_path, HUNG_READ)
    time.sleep(0.5)
    ending.process.send_signal(signal.SIGINT)

    assert 130 == ending.wait()
    ending.require_safe_and_kept()


@long
def test_a_runner_out_of_memory_ends_or_is_ended(tmp_path):
    """CPython waits for ever for a thread that found no memory: then the guardian's time runs out."""
    body = """
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + (40 << 20)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    hog = globals().setdefault("hog", [])
    while True:
        hog.append(bytearray(1 << 20))
"""
    ending = start(tmp_path, body, conftest=SHORT_SILENCE, wait=False)

    assert ending.wait() != 0
    ending.wait_for_end()
    assert any("MemoryError" in line for line in ending.record().deviations)
    assert not ending.flows()
    assert ending.record().safe_state.confirmed
    assert "first" in ending.quantities()


@long
def test_a_test_that_finds_no_memory_is_an_error_of_the_bench(tmp_path):
    body = """
    limit = 2 << 30
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    bytearray(4 << 30)
"""
    ending = start(tmp_path, body, wait=False)

    assert 10 == ending.wait()
    assert any("MemoryError" in line for line in ending.record().deviations)
    assert ["first", "second"] == ending.quantities()
    assert ending.record().safe_state.confirmed and not ending.flows()


STUCK = """
import os
from instruments.switches.keysight_daq970 import KeysightDaq970
opened, closed = KeysightDaq970.open_channels, KeysightDaq970.closed_channels
def stuck():
    return os.path.exists(os.environ["ENDING_MARK"])
KeysightDaq970.open_channels = lambda self, c: None if stuck() else opened(self, c)
KeysightDaq970.closed_channels = lambda self, c: frozenset(c) if stuck() else closed(self, c)
"""
"""sitecustomize.py of runner and guardian: once the output is on, no relay opens any more."""


def test_a_switch_that_stays_stuck_is_13_over_everything(tmp_path):
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(STUCK)
    ending = start(tmp_path, "", env={"PYTHONPATH": f"{site}:{ROOT}"}, wait=False)

    assert 13 == ending.wait()
    assert "first" == ending.quantities()[0]
    assert not ending.record().safe_state.confirmed
    assert "ERROR" == ending.record().verdict
    assert 2 == ending.kinds().count("safe_state")  # the guardian tried as well


def test_a_check_source_that_was_left_on_is_switched_off_by_the_guardian(tmp_path):
    body = """
    source = bench._station._generator
    source.configure_sine(frequency_hz=1e3, peak_v=10.0)
    source.switch_output(on=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""
    ending = start(tmp_path, body)

    assert -signal.SIGKILL == ending.wait()
    ending.wait_for_end()
    steps = {step.name: step for step in ending.record().safe_state.steps}
    assert steps["check source off"].passed
    assert "reports its output off" in steps["check source off"].detail
    ending.require_safe_and_kept()


BUSY = """
import os, sys
from bench.errors import InstrumentTimeout
from instruments.switches.keysight_daq970 import KeysightDaq970
opened, refused = KeysightDaq970.open_all, []
def busy(self):
    if os.path.exists(os.environ["ENDING_MARK"]) and not refused:
        refused.append(self)
        raise InstrumentTimeout("switch: no answer within 10 s")
    opened(self)
KeysightDaq970.open_all = busy
"""
"""sitecustomize.py: the first time that all relays are to open, the switch is still busy."""


@long
def test_a_switch_that_is_still_busy_is_tried_again(tmp_path):
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(BUSY)
    ending = start(
        tmp_path, "os.kill(os.getpid(), signal.SIGKILL)",
        env={"PYTHONPATH": f"{site}:{ROOT}"}, wait=False,
    )  # fmt: skip

    ending.wait()
    ending.wait_for_end()
    attempts = [
        line.data["confirmed"]
        for line in read_journal(ending.folder / "journal.jsonl")
        if line.kind == "safe_state"
    ]
    assert [False, True] == attempts
    ending.require_safe_and_kept()


@long
def test_a_path_that_the_runner_cannot_open_is_opened_by_the_guardian(tmp_path):
    """Later tests are not run; the guardian's own session still reaches the switch unit."""
    body = """
    from bench.errors import InstrumentError
    def stuck(*_):
        raise InstrumentError("switch: it does not operate")
    switch = type(bench.fixture._switch)
    switch.open_channels = switch.open_all = stuck
"""
    ending = start(tmp_path, body, wait=False)

    assert 10 == ending.wait()
    assert ["first"] == ending.quantities()
    steps = [
        line.data["confirmed"]
        for line in read_journal(ending.folder / "journal.jsonl")
        if line.kind == "safe_state"
    ]
    assert [False, True] == steps
    ending.require_safe_and_kept()


@long
def test_a_guardian_that_dies_ends_the_run(tmp_path):
    """Nobody would make the bench safe: nothing more is switched on."""
    body = """
    import psutil
    for process in psutil.Process().children():
        if "bench.station.guardian" in process.cmdline():
            process.kill()
            process.wait()
    bench.steady(level=3, load_ohm=2000.0)
"""
    ending = start(tmp_path, body, wait=False)

    assert 10 == ending.wait()
    assert any("guardian: it died" in line for line in ending.record().deviations)
    ending.require_safe_and_kept()
