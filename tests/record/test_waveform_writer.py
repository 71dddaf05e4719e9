"""Waveforms beside the run: stored meanwhile, on the disk before a line names them."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from bench.record import RecordFailed, WaveformWriter, load_waveform
from bench.waveform import Waveform


def waveform(value: int) -> Waveform:
    return Waveform(
        codes=np.full(100, value, np.int8), gain=1.0, offset=0.0, t0_s=0.0, sample_interval_s=1e-6,
        channel="CH1", unit="A",
    )  # fmt: skip


def test_what_is_settled_is_there(tmp_path):
    writer = WaveformWriter(tmp_path)
    digests = [writer.put(waveform(value)) for value in range(40)]
    writer.settle()
    assert {path.stem for path in tmp_path.iterdir()} == set(digests)
    assert load_waveform(tmp_path, digests[7]).codes[0] == 7
    writer.close()


def test_the_run_goes_on_while_the_disk_is_slow(tmp_path, monkeypatch):
    disk = threading.Event()
    monkeypatch.setattr("os.fdatasync", lambda _descriptor: disk.wait(10.0))
    writer = WaveformWriter(tmp_path)
    digest = writer.put(waveform(1))  # returns while nothing is on the disk
    assert not (tmp_path / f"{digest}.npz").exists()
    disk.set()
    writer.settle()
    assert (tmp_path / f"{digest}.npz").exists()
    writer.close()


def test_a_waveform_that_cannot_be_stored_is_told_when_it_would_be_named(tmp_path):
    writer = WaveformWriter(tmp_path / "gone")
    writer.put(waveform(1))
    with pytest.raises(RecordFailed, match="a waveform cannot be written"):
        writer.settle()
    writer.settle()  # told once
    writer.close()
