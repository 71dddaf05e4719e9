"""A stored waveform is the same bytes for the same record, and comes back as it was."""

from __future__ import annotations

import numpy as np
import pytest

from bench.errors import FileFormatError
from bench.record import load_waveform, store_waveform
from bench.waveform import Waveform
from bench.waveform_file import dump_waveform
from bench.waveform_file import load_waveform as decode


def record(**change):
    fields = {
        "codes": np.arange(-100, 100, dtype=np.int8), "gain": 0.5e-6, "offset": 1e-7, "t0_s": -1e-3,
        "sample_interval_s": 2.5e-6, "channel": "1", "unit": "A", "instrument": "scope",
        "acquisition_id": "7",
    }  # fmt: skip
    return Waveform(**(fields | change))


def test_bytes_are_deterministic():
    assert dump_waveform(record()) == dump_waveform(record())
    assert dump_waveform(record()) != dump_waveform(record(gain=0.6e-6))


@pytest.mark.parametrize("dtype", [np.int8, np.int16])
def test_round_trip(tmp_path, dtype):
    original = record(codes=np.arange(-50, 50, dtype=dtype), instrument="µ-scope")

    back = load_waveform(tmp_path, store_waveform(tmp_path, original))

    assert back.codes.dtype == dtype
    assert np.array_equal(back.codes, original.codes)
    assert (back.gain, back.offset, back.t0_s) == (original.gain, original.offset, original.t0_s)
    assert back.instrument == "µ-scope"


def test_a_changed_file_is_noticed(tmp_path):
    digest = store_waveform(tmp_path, record())
    path = tmp_path / f"{digest}.npz"
    data = bytearray(path.read_bytes())
    data[200] ^= 1
    path.write_bytes(data)

    with pytest.raises(FileFormatError, match="was changed"):
        load_waveform(tmp_path, digest)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"hello" * 100])
def test_something_else_is_refused(data):
    with pytest.raises(FileFormatError, match="not a waveform"):
        decode(data)
