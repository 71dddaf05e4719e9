"""Spoilt replies to scope drivers: an error of ours, or the right record; never a wrong number."""

from __future__ import annotations

import random
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import BenchError, InstrumentError
from bench.twin.dialects import SCOPES
from instruments.scopes.rigol_record import RigolPreamble
from instruments.scopes.siglent_sds_legacy import quantity
from instruments.scopes.siglent_wavedesc import WAVEDESC_BYTES, Wavedesc
from instruments.scopes.tektronix import CurveScale
from tests.instruments.loopback import OnLoopback
from tests.instruments.test_scope_families import prepare

POINTS = 2000
CASES = 12
NUMBERS = st.floats(allow_nan=True, allow_infinity=True, width=32)


@given(st.binary(max_size=400))
def test_any_bytes_are_a_wavedesc_or_refused(data):
    with pytest.raises(ValueError):
        Wavedesc.parse(data)


@given(NUMBERS, NUMBERS, NUMBERS, st.integers(-(2**31), 2**31 - 1))
def test_a_wavedesc_that_is_taken_can_scale_a_record(scale_v, codes, interval_s, points):
    data = bytearray(WAVEDESC_BYTES)
    data[:8] = b"WAVEDESC"
    struct.pack_into("<i", data, 116, points)
    struct.pack_into("<3f", data, 156, scale_v, 0.0, codes)
    struct.pack_into("<f", data, 176, interval_s)
    struct.pack_into("<f", data, 328, 1.0)
    try:
        found = Wavedesc.parse(bytes(data))
    except ValueError:
        return
    assert found.points >= 1
    for value in (found.volts_per_division, found.codes_per_division, found.interval_s):
        assert 0 < value < np.inf


@given(st.lists(NUMBERS, min_size=10, max_size=10))
def test_a_rigol_preamble_that_is_taken_can_scale_a_record(fields):
    try:
        found = RigolPreamble.parse(",".join(map(str, fields)), sample_format=0, codes=256)
    except ValueError:
        return
    assert 0 < found.x_increment_s < np.inf
    assert 0 < found.y_increment_v < np.inf
    assert abs(found.y_reference - 128) < 6


@given(st.lists(NUMBERS, min_size=8, max_size=8))
def test_a_curve_s_scale_that_is_taken_can_scale_a_record(fields):
    names = ("NR_P", "BYT_N", "XIN", "XZE", "PT_O", "YMU", "YOF", "YZE")
    try:
        found = CurveScale.of(dict(zip(names, fields, strict=True)))
    except ValueError:
        return
    assert found.points >= 1
    assert 0 < found.interval_s < np.inf
    assert found.gain_v != 0


@given(st.floats(min_value=1e-12, max_value=1e12), st.sampled_from(["", "k", "M", "G"]))
def test_quantities_are_read_with_their_multiplier(value, prefix):
    factor = {"": 1.0, "k": 1e3, "M": 1e6, "G": 1e9}[prefix]
    assert quantity(f"{value:.6E}{prefix}Sa/s") == pytest.approx(value * factor, rel=1e-5)


@given(st.text(max_size=20))
def test_any_text_is_a_quantity_or_refused(text):
    try:
        assert np.isfinite(quantity(text))
    except ValueError:
        return


def spoilt(generator: random.Random, reply: bytes) -> bytes:
    """Return a reply as it comes when something goes wrong on its way."""
    kind = generator.randrange(5)
    if kind == 0:
        return reply[: generator.randrange(len(reply))]
    if kind == 1:
        return reply + reply[:1] * generator.randrange(1, 9)
    if kind == 2:
        return b"1" if not reply[:1].isdigit() else b""
    if kind == 3:
        return bytes(generator.randrange(128, 256) for _ in range(min(len(reply), 40)))
    return b"-" + reply


@pytest.mark.parametrize("family", sorted(SCOPES))
def test_one_spoilt_reply_of_an_acquisition_gives_no_wrong_number(family):
    """Each case spoils one reply of one whole acquisition, chosen at random."""
    generator = random.Random(family)
    bench = OnLoopback(family)
    bench.driver.reset()
    prepare(bench)
    first = taken(bench)
    for _ in range(CASES):
        at = generator.randrange(30)
        seen = [0]

        def alter(_message: bytes, reply: bytes, at: int = at, seen: list[int] = seen) -> bytes:
            seen[0] += 1
            return spoilt(generator, reply) if seen[0] == at + 1 and reply else reply

        bench.line.altered = alter
        try:
            found = taken(bench)
        except BenchError as error:
            assert isinstance(error, InstrumentError)
            bench.line.altered = lambda _message, reply: reply
            bench.driver.reset()
            prepare(bench)
            continue
        assert found == pytest.approx(first, abs=0.02)


def taken(bench: OnLoopback) -> tuple[float, float]:
    """Return a record's two plateaus, scaled as the bench demands."""
    prepare(bench)
    bench.driver.arm_single()
    bench.clock.wait_until(lambda: bench.driver.acquisition_state() == "complete", timeout_s=0.3)
    record = bench.driver.fetch((1,), points=POINTS)[1]
    scaled_v = abs(record.gain) * bench.driver.capabilities.codes_per_division
    if abs(scaled_v / 0.075 - 1) > 0.01:  # bench/station/acquisition.py refuses it
        raise InstrumentError(f"its record is scaled as {scaled_v:g} V/div")
    times_s, volts = record.times(), record.values()
    high = volts[np.abs(times_s % 0.01 - 2.5e-3) < 1.5e-3].mean()
    low = volts[np.abs(times_s % 0.01 - 7.5e-3) < 1.5e-3].mean()
    return float(high), float(low)
