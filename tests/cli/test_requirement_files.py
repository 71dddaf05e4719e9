"""A user's requirement file on the command line: the change decides, and the report shows it."""

from __future__ import annotations

import json

from tests.cli.test_bad_input import bench

TIGHTER = """\
[OUT-012]
because = "risk file RF-12 asks for less"

[[OUT-012.limits]]
quantity = "rms_current"
unit = "mA"
basis = "standard"
mark = "P"
high = ["0.1 mA"]
"""


def test_a_changed_limit_decides_and_is_shown(tmp_path):
    file = tmp_path / "ours.toml"
    file.write_text(TIGHTER, encoding="utf-8")
    folder = tmp_path / "run"
    done = bench(
        "run", "release", "--requirements", str(file), "--out", str(folder), "--json",
        "--", "-k", "rms_current",
    )  # fmt: skip

    summary = json.loads(done.stdout)
    row = next(row for row in summary["measurements"] if row["quantity"] == "rms_current")
    assert ("FAIL", 0.1) == (row["verdict"], row["high"])
    assert 1 == done.returncode
    report = (folder / "report.html").read_text("utf-8")
    assert "changed by " in report
    assert "ours.toml: risk file RF-12 asks for less" in report


def test_an_unreadable_file_is_configuration_invalid(tmp_path):
    done = bench("plan", "release", "--requirements", str(tmp_path / "none.toml"))
    assert (12, 1) == (done.returncode, len(done.stderr.splitlines()))
    assert "none.toml" in done.stderr
