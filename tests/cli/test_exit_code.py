"""The exit code of an interrupted verb."""

from __future__ import annotations

import subprocess
import sys

INTERRUPTED_WITHIN_EXEC = """
from bench.cli import main

def verb():
    try:
        exec("raise KeyboardInterrupt")
    except KeyboardInterrupt:
        return main.INTERRUPTED_EXIT

main.main = verb
main.entry()
"""


def test_an_interrupt_within_an_exec_is_no_death_by_signal(tmp_path):
    (tmp_path / "verb.py").write_text(INTERRUPTED_WITHIN_EXEC)
    ended = subprocess.run([sys.executable, "-m", "verb"], cwd=tmp_path, check=False)
    assert ended.returncode == 130
