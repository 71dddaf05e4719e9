"""Texts of others through a whole run: page, folder, store and terminal take them as texts."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys

import pytest

from bench.cli.main import main
from bench.plain_text import plain
from bench.record import load_run
from tests.endings.plans import PLAN, ROOT

SERIAL = """<script>alert(1)</script>'"; DROP TABLE runs; --"""
FIRMWARE = "../../../etc/$(touch /tmp/owned)`id`\x1b[31m"
OPERATOR = '"><img src=x onerror=alert(1)>\x9b2J\u202e'


@pytest.mark.parametrize(
    "extra", [(), pytest.param(("--udi", "line\nbreak\ttab\x7f"), marks=pytest.mark.long)]
)
def test_a_hostile_unit(tmp_path, extra):
    plan = tmp_path / "plan"
    plan.mkdir()
    (plan / "test_hostile.py").write_text(PLAN.replace("{body}", ""))
    done = subprocess.run(
        [sys.executable, "-m", "bench", "run", str(plan), "--serial", SERIAL, "--firmware", FIRMWARE,
         "--operator", OPERATOR, *extra],
        capture_output=True, text=True, check=False, cwd=tmp_path, timeout=300,
        env=os.environ | {"PYTHONPATH": str(ROOT), "ENDING_MARK": str(tmp_path / "mark")},
    )  # fmt: skip

    assert "Traceback" not in done.stderr, done.stderr
    assert not re.search(r"[\x1b\x9b\u202e\x7f]", done.stdout + done.stderr)
    (folder,) = (path for path in (tmp_path / "runs").iterdir() if path.is_dir())
    assert re.fullmatch(r"[\w.-]+", folder.name)
    assert {"plan", "runs", "mark"} >= {path.name for path in tmp_path.iterdir()}
    for page in folder.glob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert "<script>alert" not in text and "<img src=x" not in text, page
    record = load_run(folder)
    assert OPERATOR == record.operator
    stored = sqlite3.connect(tmp_path / "runs" / "store.sqlite").execute(
        "SELECT serial, firmware, operator FROM runs"
    )
    assert [(record.device.serial, record.device.firmware, OPERATOR)] == stored.fetchall()
    assert 0 == main(["verify", str(folder)])


def test_what_steers_a_terminal_is_shown_instead():
    assert r"a\x1b[31mb\x0d" + "\n\tµ" == plain("a\x1b[31mb\r\n\tµ")


def test_a_password_is_nowhere(tmp_path):
    """Not on the terminal with --debug, not in the record, not in the report."""
    plan = tmp_path / "plan"
    plan.mkdir()
    (plan / "test_secret.py").write_text(PLAN.replace("{body}", ""))
    done = subprocess.run(
        [sys.executable, "-m", "bench", "run", str(plan), "--debug"],
        capture_output=True, text=True, check=False, cwd=tmp_path, timeout=300,
        env=os.environ | {
            "PYTHONPATH": str(ROOT), "ENDING_MARK": str(tmp_path / "mark"),
            "BENCH_STORE_URL": "postgresql://bench:s3cretpass@127.0.0.1:1/bench",
        },
    )  # fmt: skip

    assert "store postgresql://bench@127.0.0.1:1/bench: " in done.stderr
    assert "1 runs wait in runs" in done.stderr
    assert "s3cretpass" not in done.stdout + done.stderr
    files = [path for path in (tmp_path / "runs").rglob("*") if path.is_file()]
    assert files and not [path for path in files if b"s3cretpass" in path.read_bytes()]
