"""The runs of a challenge end with it, and a run that died is no unit that passed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from bench.challenge import Runs
from bench.cli.challenge import _ended_by_signals
from bench.cli.main import main

SLEEPS = [
    sys.executable, "-c",
    "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(1)); time.sleep(60)",
]  # fmt: skip
"""A run that is interrupted may end with any code."""


def test_a_run_says_its_last_line_and_whether_it_ended_by_itself():
    runs = Runs()
    said = "import sys; sys.stderr.write('first\\nlast\\n'); sys.exit(%d)"
    assert runs.execute([sys.executable, "-c", said % 1]) == ("last", True)
    assert runs.execute([sys.executable, "-c", said % 130]) == ("last", False)
    assert runs.execute([sys.executable, "-c", "pass"]) == ("nothing, exit 0", True)


def test_what_goes_on_is_ended_and_nothing_more_is_started():
    runs = Runs()
    with ThreadPoolExecutor(2) as pool:
        going = [pool.submit(runs.execute, SLEEPS) for _ in range(2)]
        me = psutil.Process()
        while len(me.children()) < 2:
            time.sleep(0.01)
        time.sleep(0.5)  # its handler stands
        runs.end()
        assert [future.result(timeout=10)[1] for future in going] == [False, False]
    assert runs.execute(SLEEPS) == ("not started: the challenge was ended", False)


def test_a_healthy_unit_whose_run_died_is_an_error(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(Runs, "execute", lambda _self, _command: ("killed", False))
    code = main(["challenge", "release", "--healthy", "2", "--out", str(tmp_path)])
    assert code == 1
    assert "2 healthy units: 0 FAIL, 2 ERROR, 0 INCOMPLETE" in capsys.readouterr().out


def test_ctrl_c_ends_the_runs_too():
    runs = Runs()
    with pytest.raises(KeyboardInterrupt), _ended_by_signals(runs):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(5)
    assert runs.execute(SLEEPS) == ("not started: the challenge was ended", False)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_second_signal_within_the_first_does_not_hang():
    runs = Runs()

    class Signalled:
        times = 0

        def terminate(self):
            self.times += 1
            if self.times == 1:
                runs.end()  # as the handler of a signal that comes now

    going = Signalled()
    runs._going.add(going)
    ending = threading.Thread(target=runs.end, daemon=True)
    ending.start()
    ending.join(timeout=10)
    assert not ending.is_alive()
    assert going.times == 2


@pytest.mark.timeout(120)
def test_a_challenge_that_is_told_to_end_leaves_no_run_behind(tmp_path):
    challenge = subprocess.Popen(
        [sys.executable, "-m", "bench", "challenge", "release", "--healthy", "3",
         "--out", str(tmp_path)],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=os.environ,
    )  # fmt: skip
    with challenge:
        while len(list(tmp_path.glob("*/journal.jsonl"))) < 2 and challenge.poll() is None:
            time.sleep(0.05)
        runs = psutil.Process(challenge.pid).children(recursive=True)
        challenge.send_signal(signal.SIGTERM)
        assert challenge.wait(timeout=60) == 128 + signal.SIGTERM
    _, alive = psutil.wait_procs(runs, timeout=10)
    assert runs
    assert not alive
    assert not list(tmp_path.glob("*/ended"))
