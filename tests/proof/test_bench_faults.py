"""The whole table of docs/bench-faults.md."""

from __future__ import annotations

import sys

import pytest

from benchmarks import bench_faults


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_no_bench_fault_is_a_device_s_failure_or_a_wrong_pass(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["bench_faults.py", "--out", str(tmp_path)])
    status = bench_faults.main()
    assert status == 0, capsys.readouterr().out
