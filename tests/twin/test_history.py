"""The exact integrals of a table of exponential pieces, against fine sums and against themselves."""

from __future__ import annotations

import numpy as np
import pytest

from bench.twin.history import integrals_between
from bench.twin.interface import SegmentTable

TABLE = SegmentTable(
    start_ns=np.array([0, 300_000, 1_000_000], dtype=np.int64),
    stop_ns=2_000_000,
    level_v=np.array([0.5, -0.2, 0.0]),
    weights_v=np.array([[1.0, -0.3], [0.4, 0.0], [0.7, 0.1]]),
    rates_per_s=np.array([[-5e3, -400.0], [-2e3, 0.0], [-1e4, -50.0]]),
    noise_v=np.zeros(3),
)
EDGES_NS = np.array([0, 1, 250_000, 300_000, 777_777, 1_000_001, 2_000_000], dtype=np.int64)


def volts(times_ns):
    piece = np.searchsorted(TABLE.start_ns, times_ns, side="right") - 1
    since_s = (times_ns - TABLE.start_ns[piece])[:, None] * 1e-9
    return TABLE.level_v[piece] + np.sum(
        TABLE.weights_v[piece] * np.exp(TABLE.rates_per_s[piece] * since_s), axis=1
    )


def test_integrals_between_edges_are_those_of_fine_sums():
    found = integrals_between(TABLE, EDGES_NS)

    for start, stop, integral in zip(EDGES_NS[:-1], EDGES_NS[1:], found, strict=True):
        middles = np.linspace(start, stop, 200_001)[:-1] + (stop - start) / 400_000
        expected = volts(middles).mean() * (stop - start) * 1e-9
        # A step of the sum across a corner of the table is wrong by up to a nanovolt-second.
        assert integral == pytest.approx(expected, rel=1e-6, abs=1e-9 if stop == 1_000_001 else 0)


def test_integrals_between_edges_add_up_to_the_whole():
    whole = integrals_between(TABLE, EDGES_NS[[0, -1]])

    assert integrals_between(TABLE, EDGES_NS).sum() == pytest.approx(float(whole[0]), rel=1e-12)
