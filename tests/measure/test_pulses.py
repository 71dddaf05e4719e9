"""Phases found and measured on records whose truth is known to the construction."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.measure import analyse
from tests.measure.records import INTERVAL_S, alternating, biphasic, record, trapezoids

SAMPLE = INTERVAL_S


def instants(found):
    return found.start_s / SAMPLE, found.stop_s / SAMPLE


def test_biphasic_with_gap_loses_and_invents_nothing():
    starts, stops, tops = biphasic()
    found = analyse(record(trapezoids(starts, stops, tops, size=500_500), noise=1.5)).pulses
    assert (1000, True) == (len(found), bool(found.complete.all()))
    assert np.array_equal(np.sign(tops), found.polarity)
    start, stop = instants(found)
    assert abs((start - starts).mean()) < 0.01
    assert abs((stop - stops).mean()) < 0.01
    assert (start - starts).std() < 0.12
    assert np.abs(found.top).mean() == pytest.approx(100.0, abs=0.02)
    assert found.rise_s.mean() / SAMPLE == pytest.approx(0.8 * 6.0, abs=0.08)
    assert found.fall_s.mean() / SAMPLE == pytest.approx(0.8 * 6.0, abs=0.08)


def test_charge_has_no_bias():
    starts, stops, tops = biphasic(3000, width=200.0)
    found = analyse(record(trapezoids(starts, stops, tops, size=3_000_500), noise=1.5)).pulses
    relative = found.charge / (tops * 200.0 * SAMPLE) - 1.0
    # 1.5 codes over 6000 phases of some 216 samples leave 1.4e-5 of standard deviation.
    assert abs(relative.mean()) < 1e-5 + 2 * 1.5 * math.sqrt(216 / 6000) / 20_000
    quiet = analyse(record(trapezoids(starts, stops, tops, size=3_000_500), noise=0.45)).pulses
    assert abs((quiet.charge / (tops * 200.0 * SAMPLE) - 1.0).mean()) < 1e-5


def test_direct_reversal_is_one_transition_through_zero():
    starts, _, tops = biphasic(400, gap=0.0)
    leads = starts[::2]
    values = trapezoids(leads, leads + 200.0, tops[::2], size=400_500)
    # The second phase begins where the first ends: one slope of 12 samples through zero.
    values += trapezoids(leads + 200.0, leads + 400.0, tops[1::2], size=400_500)
    found = analyse(record(values, noise=1.5)).pulses
    assert 800 == len(found)
    first, second = found.select(slice(0, None, 2)), found.select(slice(1, None, 2))
    assert np.array_equal(first.stop_s, second.start_s)
    assert abs((first.stop_s / SAMPLE - leads - 200.0).mean()) < 0.01
    assert np.isnan(first.undershoot_pct).all()
    assert second.rise_s.mean() / SAMPLE == pytest.approx(0.8 * 6.0, abs=0.2)


def test_reversal_charge_is_split_at_zero_without_bias():
    edge = 12.0
    rng = np.random.default_rng(9)
    leads = 250.0 + 1000.0 * np.arange(3000) + rng.uniform(0.0, 1.0, 3000)
    size = 3_000_500
    up = trapezoids(leads, leads + 194.0, np.full(3000, 100.0), size=size, edge=edge)
    down = trapezoids(leads + 206.0, leads + 400.0, np.full(3000, -100.0), size=size, edge=edge)
    found = analyse(record(up + down, noise=0.45)).pulses
    relative = np.abs(found.charge) / (100.0 * 194.0 * SAMPLE) - 1.0
    assert 6000 == len(found)
    assert abs(relative.mean()) < 1e-5


def test_alternating_trains_are_found_with_their_signs():
    starts, stops, tops = alternating()
    found = analyse(record(trapezoids(starts, stops, tops, size=400_500), noise=1.5)).pulses
    assert np.array_equal(np.sign(tops), found.polarity)


@pytest.mark.parametrize("ramped", [200, 2000, 3000])
def test_ramp_loses_no_pulse_that_stands_out_of_the_noise(ramped):
    starts, stops, tops = biphasic(3000)
    height = np.minimum(np.repeat(np.arange(1, 3001), 2) / ramped, 1.0)
    values = trapezoids(starts, stops, tops * height, size=3_000_500)
    found = analyse(record(values, noise=1.0)).pulses
    visible = np.abs(tops * height) > 9.0
    start, stop = instants(found.select(np.arange(len(found) - visible.sum(), len(found))))
    assert np.abs(start - starts[visible]).max() < 1.5
    assert np.abs(stop - stops[visible]).max() < 1.5
    assert len(found) <= len(starts)


def test_twenty_codes_are_enough():
    # An instant scatters by 0.37 sample here: 10,000 of them tell a bias of 0.01 from chance.
    starts, stops, tops = biphasic(5000, top=20.0)
    found = analyse(record(trapezoids(starts, stops, tops, size=5_000_500), noise=1.5)).pulses
    assert 10_000 == len(found)
    start, stop = instants(found)
    assert abs((start - starts).mean()) < 0.01
    assert abs((stop - stops).mean()) < 0.01


def test_droop_is_measured_and_moves_no_instant():
    starts, stops, tops = biphasic(300)
    values = trapezoids(starts, stops, tops, size=300_500, droop=0.2)
    found = analyse(record(values, noise=0.5)).pulses
    assert 600 == len(found)
    start, stop = instants(found)
    assert abs((start - starts).mean()) < 0.01
    assert abs((stop - stops).mean()) < 0.01
    assert found.droop_pct.mean() == pytest.approx(100.0 * 0.2 / 0.9, rel=0.02)


def test_flat_top_has_no_droop_and_no_overshoot():
    starts, stops, tops = biphasic(300)
    found = analyse(record(trapezoids(starts, stops, tops, size=300_500), noise=1.0)).pulses
    assert np.median(found.overshoot_pct) < 1.0
    assert np.median(np.abs(found.droop_pct)) == 0.0


def second_order(zeta, *, tau=8.0, length=400):
    """Return the step response of a damped second-order system, from its closed form."""
    t = np.arange(length) / tau
    damped = math.sqrt(1.0 - zeta**2)
    return 1.0 - np.exp(-zeta * t) * (np.cos(damped * t) + zeta / damped * np.sin(damped * t))


@pytest.mark.parametrize("zeta", [0.5, 0.3])
def test_ringing_gives_the_closed_form_overshoot_and_no_extra_phase(zeta):
    step = second_order(zeta)
    values = np.zeros(200_000)
    for start in range(500, 199_000, 1000):
        values[start : start + 400] += 80.0 * step
        values[start + 400 : start + 1000] += 80.0 * (
            1.0 - np.pad(step, (0, 200), constant_values=step[-1])
        )
    found = analyse(record(values, noise=0.4)).pulses
    assert 199 == len(found)
    expected = 100.0 * math.exp(-math.pi * zeta / math.sqrt(1.0 - zeta**2))
    assert np.median(found.overshoot_pct) == pytest.approx(expected, abs=0.8)
    assert np.median(found.undershoot_pct) == pytest.approx(expected, abs=0.8)


def test_rc_step_rises_in_ln_nine_time_constants():
    tau = 20.0
    values = np.zeros(100_000)
    for start in range(500, 99_000, 1000):
        t = np.arange(500)
        values[start : start + 500] = 100.0 * (1.0 - np.exp(-t / tau))
        values[start + 500 : start + 1000] = 100.0 * np.exp(-t / tau)
    found = analyse(record(values, noise=0.3)).pulses
    assert np.median(found.rise_s) / SAMPLE == pytest.approx(math.log(9.0) * tau, rel=0.01)
    assert np.median(found.fall_s) / SAMPLE == pytest.approx(math.log(9.0) * tau, rel=0.01)


def test_cut_off_pulses_are_incomplete_and_say_what_they_show():
    values = trapezoids([-50.0, 1000.0, 1950.0], [150.0, 1200.0, 2100.0], [90.0] * 3, size=2000)
    found = analyse(record(values, noise=0.5)).pulses
    assert [False, True, False] == found.complete.tolist()
    assert [True, False, False] == np.isnan(found.start_s).tolist()
    assert [False, False, True] == np.isnan(found.stop_s).tolist()
    assert 1 == len(found.whole())


@pytest.mark.parametrize("level", [0.0, 55.0])
def test_stuck_output_is_an_answer(level):
    found = analyse(record(np.full(10_000, level), noise=0.7))
    assert found.stuck
    assert found.baseline == pytest.approx(level, abs=0.05)
    assert found.mean == pytest.approx(level, abs=0.05)
    assert 1 == len(found.states)


def test_constant_codes_are_stuck_too():
    found = analyse(record(np.full(5_000, 3.0)))
    assert (True, 3.0, 0.0) == (found.stuck, found.baseline, found.average_rectified)


@pytest.mark.parametrize("size", [1, 2, 5, 63, 64, 65, 130])
def test_records_of_any_length_have_an_answer(size):
    assert analyse(record(np.zeros(size))).stuck
    assert size == analyse(record(np.arange(size) % 7 * 10.0)).sample_count


def test_empty_record_is_refused():
    with pytest.raises(ValueError, match="no samples"):
        analyse(record(np.zeros(0)))


def test_record_level_numbers_of_a_rectangular_train():
    # Closed forms: rms = I sqrt(2 t f), mean rectified = 2 I t f, crest = 1 / sqrt(2 t f).
    starts, stops, tops = biphasic(1000, gap=0.0, width=100.0)
    values = trapezoids(starts, stops, tops, size=1_000_000, edge=1e-6)
    found = analyse(record(values, noise=1.0))
    duty = 2.0 * 100.0 / 1000.0
    assert found.rms_about_baseline == pytest.approx(100.0 * math.sqrt(duty), rel=2e-3)
    assert found.average_rectified == pytest.approx(100.0 * duty, rel=2e-3)
    quiet = analyse(record(values))
    assert quiet.crest_factor == pytest.approx(1.0 / math.sqrt(duty), rel=2e-3)


def test_states_are_levels_with_their_share_of_time():
    starts, stops, tops = biphasic(500)
    found = analyse(record(trapezoids(starts, stops, tops, size=500_000), noise=1.5))
    levels = [state.level for state in found.states]
    shares = [state.occupancy for state in found.states]
    assert levels == pytest.approx([-100.0, 0.0, 100.0], abs=0.1)
    assert shares == pytest.approx([0.2, 0.6, 0.2], abs=0.01)
    assert "histogram" in found.state_algorithm


def test_rails_are_counted():
    values = trapezoids([100.0, 500.0], [300.0, 700.0], [150.0, -140.0], size=1000, edge=1e-6)
    found = analyse(record(values))
    assert (199, 199) == (found.clipped_high, found.clipped_low)
    assert found.clipped


def test_sixteen_bit_records_and_left_aligned_codes_agree_with_eight_bit():
    starts, stops, tops = biphasic(200)
    values = trapezoids(starts, stops, tops, size=200_500)
    narrow = record(values, noise=1.5)
    codes = narrow.codes.astype(np.int16) * 256
    wide = analyse(
        record(np.zeros(1), dtype=np.int16).__class__(
            codes=codes,
            gain=1.0 / 256.0,
            offset=0.0,
            t0_s=0.0,
            sample_interval_s=SAMPLE,
            channel="CH1",
        )
    ).pulses
    assert np.allclose(analyse(narrow).pulses.start_s, wide.start_s, rtol=0, atol=1e-12)


def test_named_baseline_splits_an_output_without_pause():
    values = np.where((np.arange(10_500) // 250) % 2 == 1, 80.0, -80.0)
    found = analyse(record(values, noise=0.5), baseline=0.0).pulses.whole()
    assert 40 == len(found)  # of 42 half periods the first and the last are cut off
    assert np.abs(found.top).mean() == pytest.approx(80.0, abs=0.2)
    assert np.median(found.duration_s) / SAMPLE == pytest.approx(250.0, abs=0.01)


def test_short_excursions_can_be_left_out():
    values = trapezoids([100.0, 500.0], [102.0, 700.0], [90.0, 90.0], size=1000, edge=1e-6)
    assert 2 == len(analyse(record(values)).pulses)
    assert 1 == len(analyse(record(values), minimum_pulse_s=10 * SAMPLE).pulses)


@settings(deadline=None, max_examples=25)
@given(
    gain=st.floats(1e-9, 1e3) | st.floats(-1e3, -1e-9),
    offset=st.floats(-10.0, 10.0),
    seed=st.integers(0, 5),
)
def test_analysis_is_invariant_under_gain_offset_and_polarity(gain, offset, seed):
    starts, stops, tops = biphasic(12, gap=60.0 * (seed % 2))
    values = trapezoids(starts, stops, tops, size=13_000)
    plain = record(values, noise=1.0, seed=seed)
    scaled = plain.rescaled(factor=gain, shift=offset * abs(gain), unit="A")
    one, other = analyse(plain).pulses, analyse(scaled).pulses
    assert np.array_equal(one.start_s, other.start_s, equal_nan=True)
    assert np.array_equal(one.stop_s, other.stop_s, equal_nan=True)
    assert np.allclose(one.top * gain, other.top, rtol=1e-9, atol=0.0)
    assert np.array_equal(one.polarity * int(math.copysign(1, gain)), other.polarity)


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 1000))
def test_codes_of_the_other_sign_and_time_give_the_same_pulses(seed):
    starts, stops, tops = biphasic(12)
    plain = record(trapezoids(starts, stops, tops, size=13_000), noise=1.0, seed=seed)
    mirrored = record(-plain.codes.astype(float))
    one, other = analyse(plain).pulses, analyse(mirrored).pulses
    assert np.allclose(one.start_s, other.start_s, rtol=0, atol=1e-9)
    assert np.allclose(one.charge, -other.charge, rtol=1e-9, atol=1e-12)
    reversed_ = analyse(record(plain.codes[::-1].astype(float))).pulses
    end_s = plain.duration_s
    assert np.allclose(end_s - reversed_.stop_s[::-1], one.start_s, rtol=0, atol=0.02 * SAMPLE)


def test_a_slow_exponential_edge_is_no_overshoot():
    """A pulse of seven time constants: what still settles lies below the end, not above the top."""
    t = np.arange(200_000) % 1000
    tau = 30.0
    rise = np.where((t >= 250) & (t < 450), 1.0 - np.exp(-(t - 250.0) / tau), 0.0)
    end = 1.0 - np.exp(-200.0 / tau)
    fall = np.where(t >= 450, end * np.exp(-(t - 450.0) / tau), 0.0)
    found = analyse(record(100.0 * (rise + fall), noise=1.0)).pulses.whole()
    assert 199 <= len(found) <= 200
    assert np.median(found.overshoot_pct) < 3.0


@pytest.mark.parametrize("size", [100, 300, 1000, 10_000, 100_000])
@pytest.mark.parametrize("sigma", [1.5, 8.0, 30.0, 100.0, 300.0, 3000.0])
def test_noise_over_many_codes_is_one_state(size, sigma):
    """Few samples on a fine grid (a text export, a converter of 12 or 16 bits) make a sparse histogram."""
    for seed in range(5):
        found = analyse(record(np.zeros(size), noise=sigma, seed=seed, dtype=np.int16))
        assert found.stuck, (seed, len(found.pulses))
        assert found.noise_rms == pytest.approx(sigma, rel=0.25 if size < 1000 else 0.08)


@pytest.mark.parametrize("share", [0.01, 0.03, 0.08])
@pytest.mark.parametrize("scale", [1, 8, 64, 256])
def test_pulses_are_found_however_fine_the_codes(share, scale):
    """The same pulses and the same noise, relative to the pulses, in 7 to 15 bits, in 5,000 samples."""
    starts, stops, tops = biphasic(10, width=80.0, gap=40.0, period=480.0)
    values = trapezoids(starts, stops, tops * scale, size=5000)
    found = analyse(record(values, noise=100 * scale * share, dtype=np.int16))
    assert 20 == len(found.pulses)
    assert found.noise_rms == pytest.approx(100 * scale * share, rel=0.2, abs=0.4)


def settling(count=400, *, tau, width=40, top=60.0, period=200, seed=5):
    """Return phases of alternating sign that come to ``top`` from 30 % below it, with ``tau`` samples."""
    starts = 50.0 + period * np.arange(count) + np.random.default_rng(seed).uniform(0, 1, count)
    values = np.zeros(period * count + 200)
    for number, start in enumerate(starts):
        t = np.arange(math.ceil(start), math.ceil(start + width))
        values[t] = (-1) ** number * top * (1.0 - 0.3 * np.exp(-(t - start) / tau))
    return values


@pytest.mark.parametrize("noise", [0.35, 0.6])
@pytest.mark.parametrize("tau", [10, 12, 16])
def test_noise_does_not_decide_whether_a_phase_still_settles(tau, noise):
    tops = analyse(record(settling(tau=tau), noise=noise)).pulses.top
    # Some ten samples make a level; one of them alone has noise and rounding.
    of_one = math.hypot(noise, 1 / math.sqrt(12))
    assert np.std(np.abs(tops)) < 0.8 * of_one
    assert abs(tops.mean()) < 0.2 * of_one


def test_one_phase_that_settles_among_flat_ones_is_no_question_of_the_record():
    values = trapezoids(*biphasic(200), size=200_500)
    clean = analyse(record(values, noise=1.0)).pulses
    one = np.arange(1265, 1440)
    values[one] -= 20.0 * np.exp(-(one - 1265) / 15.0)
    found = analyse(record(values, noise=1.0)).pulses
    assert len(found) == len(clean)
    assert np.abs(found.top - clean.top).max() < 0.5
