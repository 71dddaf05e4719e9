"""A process that is killed is known to be dead before its memory is freed; one that ends well is not."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time

from bench.station.death_watch import LifeSign, tell_of_death

OWNER = """
import os, sys, time
from bench.station.death_watch import LifeSign
sign = LifeSign()
os.dup2(sign.descriptor, int(sys.argv[1]))
ballast = bytearray(400 << 20)
ballast[::4096] = b"x" * len(ballast[::4096])
print("ready", flush=True)
time.sleep(60)
"""


def test_the_watcher_is_told_at_once():
    """The owner makes the memory; the watcher opens it by the owner's own descriptor."""
    with subprocess.Popen([sys.executable, "-c", OWNER, "100"], stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None and owner.stdout.readline() == b"ready\n"
        told = tell_of_death(os.open(f"/proc/{owner.pid}/fd/100", os.O_RDWR))
        assert [] == select.select([told], [], [], 0.05)[0]

        killed_s = time.monotonic()
        os.kill(owner.pid, signal.SIGKILL)
        assert select.select([told], [], [], 5.0)[0]
        told_s = time.monotonic() - killed_s
        owner.wait()
        gone_s = time.monotonic() - killed_s

    assert told_s < gone_s  # long before: 400 MB are freed between the two


def test_who_closes_its_sign_and_lives_is_not_dead():
    sign = LifeSign()
    told = tell_of_death(os.dup(sign.descriptor))
    sign.close()

    assert [] == select.select([told], [], [], 0.2)[0]
