"""A run that ends once what was waited for has failed: its tests first, the rest not started."""

from __future__ import annotations

import json

from tests.cli.test_bad_input import bench


def test_the_run_ends_with_the_failure_that_was_waited_for(tmp_path):
    done = bench(
        "run", "release", "--twin-fault", "A03=middle", "--out", str(tmp_path / "run"), "--json",
        "--", "--until-fail", "OUT-008",
    )  # fmt: skip

    summary = json.loads(done.stdout)
    assert (1, "FAIL") == (done.returncode, summary["verdict"])
    assert {"OUT-008"} == {row["requirements"][0] for row in summary["measurements"]}
    assert summary["safe_state"]["confirmed"]
