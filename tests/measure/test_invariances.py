"""What may not change the numbers of a record: scale, offset, time, polarity, a second copy."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.measure import analyse
from bench.waveform import Waveform

_TIMES = ("start_s", "stop_s", "rise_s", "fall_s")
_SHARES = ("overshoot_pct", "undershoot_pct", "droop_pct")


@st.composite
def records(draw):
    """Draw biphasic pulses with noise in int8; the record begins and ends in the zero state."""
    period = draw(st.integers(400, 900))
    width = draw(st.integers(40, 120))
    gap = draw(st.sampled_from((0, 30)))
    edge = draw(st.floats(2.0, 8.0))
    top = draw(st.floats(30.0, 90.0))
    pulses = draw(st.integers(2, 5))
    t = np.arange(pulses * period, dtype=np.float64) % period
    begin = 100.3

    def rises(at):
        return np.clip((t - at) / edge + 0.5, 0.0, 1.0)

    second = begin + width + gap
    shape = rises(begin) - rises(begin + width) - rises(second) + rises(second + width)
    noise = np.random.default_rng(draw(st.integers(0, 2**16))).normal(0.0, 1.0, t.size)
    codes = np.rint(top * shape + noise).astype(np.int8)
    return Waveform(
        codes=codes, gain=1e-6, offset=0.0, t0_s=0.0, sample_interval_s=1e-6, channel="CH1"
    )


def agree(found, expected, *, scale=1.0, shift_s=0.0):
    assert len(found) == len(expected)
    assert np.array_equal(found.polarity, np.sign(scale) * expected.polarity)
    for name in _TIMES:
        moved = shift_s if name in ("start_s", "stop_s") else 0.0
        want = getattr(expected, name) + moved
        assert getattr(found, name) == pytest.approx(want, abs=1e-12, nan_ok=True)
    for name in _SHARES:
        want = getattr(expected, name)
        assert getattr(found, name) == pytest.approx(want, abs=1e-7, nan_ok=True)
    for name in ("top", "charge"):
        want = scale * getattr(expected, name)
        assert getattr(found, name) == pytest.approx(want, rel=1e-9, nan_ok=True)


@settings(deadline=None, max_examples=25)
@given(
    record=records(),
    gain=st.floats(1e-3, 1e3),
    sign=st.sampled_from((-1.0, 1.0)),
    offset=st.floats(-5.0, 5.0),
)
def test_gain_and_offset_scale_levels_and_move_no_instant(record, gain, sign, offset):
    changed = dataclasses.replace(record, gain=record.gain * gain * sign, offset=offset * gain)
    plain, other = analyse(record), analyse(changed)
    agree(other.pulses, plain.pulses, scale=gain * sign)
    assert other.noise_rms == pytest.approx(gain * plain.noise_rms)
    assert other.mean - changed.offset == pytest.approx(gain * sign * plain.mean, abs=gain * 1e-12)


@settings(deadline=None, max_examples=25)
@given(record=records(), shift_s=st.floats(-1.0, 1.0))
def test_another_start_of_time_moves_every_instant_alike(record, shift_s):
    moved = dataclasses.replace(record, t0_s=shift_s)
    agree(analyse(moved).pulses, analyse(record).pulses, shift_s=shift_s)


@settings(deadline=None, max_examples=25)
@given(record=records())
def test_negated_codes_change_signs_alone(record):
    flipped = dataclasses.replace(record, codes=-record.codes)
    plain, other = analyse(record), analyse(flipped)
    agree(other.pulses, plain.pulses, scale=-1.0)
    assert other.rms == pytest.approx(plain.rms)


@settings(deadline=None, max_examples=25)
@given(record=records())
def test_a_second_copy_behind_the_record_repeats_its_phases(record):
    doubled = dataclasses.replace(record, codes=np.concatenate((record.codes, record.codes)))
    one, two = analyse(record), analyse(doubled)
    count = len(one.pulses)
    assert len(two.pulses) == 2 * count
    assert two.mean == pytest.approx(one.mean, abs=1e-12)
    assert two.rms == pytest.approx(one.rms)
    # The zero state is found from twice the samples: levels move by less than its noise.
    for half in (two.pulses.select(slice(0, count)), two.pulses.select(slice(count, None))):
        assert half.top == pytest.approx(one.pulses.top, abs=0.2 * one.noise_rms)
        lasting_s = one.pulses.duration_s
        assert half.duration_s == pytest.approx(lasting_s, abs=0.2 * record.sample_interval_s)
