"""Pulses of two phases, trains, rates and whole-cycle numbers on constructed records."""

import numpy as np
import pytest

from bench.measure import (
    analyse,
    bursts,
    grid_defects,
    instant_noise_s,
    natural_pair_gap,
    pair_phases,
    polarity_cycles,
    repetition_rate,
    summarise_channel,
    trains,
    whole_cycle_mean,
    whole_cycle_rms,
)
from tests.measure.records import INTERVAL_S, alternating, biphasic, record, trapezoids

SAMPLE = INTERVAL_S


def phases(starts, stops, tops, *, size, noise=0.5):
    return analyse(record(trapezoids(starts, stops, tops, size=size), noise=noise)).pulses


def test_pairs_carry_gap_net_charge_and_imbalance():
    starts, stops, tops = biphasic(100)
    tops[1::2] *= 0.98
    found = pair_phases(phases(starts, stops, tops, size=100_500), 100 * SAMPLE)
    assert (100, 0) == (len(found), found.unpaired.size)
    assert np.median(found.gap_s) / SAMPLE == pytest.approx(50.0, abs=0.1)
    assert np.mean(found.net_charge) == pytest.approx(2.0 * 200e-6, rel=0.02)
    assert np.mean(found.imbalance_pct) == pytest.approx(100 * 2.0 / 99.0, rel=0.02)


@pytest.mark.parametrize("gap", [0.0, 50.0])
def test_pairing_is_found_from_the_record(gap):
    starts, stops, tops = biphasic(50, gap=gap)
    table = phases(starts, stops, tops, size=50_500)
    assert natural_pair_gap(table) == pytest.approx(gap * SAMPLE, abs=2 * SAMPLE)


def test_alternating_phases_stand_alone():
    starts, stops, tops = alternating(100, per_train=1)
    assert natural_pair_gap(phases(starts, stops, tops, size=100_500)) is None


def test_polarity_cycles_balance_where_single_pulses_do_not():
    starts, stops, tops = alternating(105)
    table = phases(starts, stops, tops, size=106_000)
    found = polarity_cycles(table, 10)
    assert [10] * 10 == [train.count for train in found.trains]
    assert found.alternates
    assert not found.irregular
    assert found.net_charge == pytest.approx(np.zeros(5), abs=2e-4)
    assert found.phase_charge == pytest.approx(np.full(5, 20 * 100 * 200e-6), rel=1e-3)


def test_a_lost_pulse_makes_a_train_irregular_and_a_cycle_unbalanced():
    starts, stops, tops = alternating(100)
    keep = np.arange(100) != 34
    found = polarity_cycles(phases(starts[keep], stops[keep], tops[keep], size=100_500), 10)
    assert [9] == [train.count for train in found.irregular]
    assert np.abs(found.net_charge).max() == pytest.approx(100 * 200e-6, rel=0.02)


def test_bursts_are_split_by_pauses():
    starts = np.concatenate([base + 500.0 * np.arange(5) for base in (1000.0, 20_000.0)])
    table = phases(starts, starts + 100.0, np.full(10, 90.0), size=30_000)
    assert [5, 5] == [burst.count for burst in bursts(table, pause_s=2000 * SAMPLE)]
    assert [1] == [train.polarity for train in trains(table)]


def test_rate_and_jitter_of_a_known_grid():
    rng = np.random.default_rng(5)
    jitter = rng.normal(0.0, 3.0, 400)
    starts = 300.0 + 1000.25 * np.arange(400) + jitter
    found = repetition_rate(phases(starts, starts + 200.0, np.full(400, 90.0), size=401_000))
    assert found.period_s / SAMPLE == pytest.approx(1000.25, abs=0.01)
    assert found.jitter_rms_s / SAMPLE == pytest.approx(jitter.std(), rel=0.05)
    assert abs(found.rate_hz * 1000.25 * SAMPLE - 1.0) < (
        4.0 * found.standard_uncertainty_hz / found.rate_hz
    )


@pytest.mark.parametrize("edge", [6.0, 12.0, 40.0, 80.0])
@pytest.mark.parametrize("noise", [0.5, 1.5, 4.0])
@pytest.mark.parametrize("jitter", [0.0, 1.0])
def test_noise_of_the_record_is_no_jitter_and_hides_none(edge, noise, jitter):
    """From a flat record's codes to the jitter that the pulses were made with, in samples."""
    rng = np.random.default_rng(3)
    starts = 300.0 + 1000.25 * np.arange(800) + rng.normal(0.0, jitter, 800)
    values = trapezoids(starts, starts + 300.0, np.full(800, 90.0), size=801_000, edge=edge)
    analysis = analyse(record(values, noise=noise))
    floor_s = instant_noise_s(
        noise_rms=analysis.noise_rms,
        swing=float(np.median(analysis.pulses.top)),
        transition_s=float(np.nanmedian(analysis.pulses.rise_s)),
        sample_interval_s=SAMPLE,
    )
    plain = repetition_rate(analysis.pulses)
    found = repetition_rate(analysis.pulses, noise_floor_s=floor_s)
    if jitter == 0.0:
        assert floor_s == pytest.approx(plain.jitter_rms_s, rel=0.2)
        assert found.jitter_rms_s <= 0.6 * plain.jitter_rms_s
    else:
        assert found.jitter_rms_s / SAMPLE == pytest.approx(1.0, abs=0.2)


def test_missing_and_extra_pulses_are_named_and_do_not_disturb_the_rate():
    grid = 300.0 + 1000.0 * np.arange(200)
    starts = np.sort(np.append(np.delete(grid, [50, 51, 120]), grid[80] + 480.0))
    table = phases(starts, starts + 200.0, np.full(starts.size, 90.0), size=201_000)
    found = grid_defects(table, 1000.0 * SAMPLE)
    assert found.missing_s / SAMPLE == pytest.approx(grid[[50, 51, 120]], abs=0.5)
    assert found.extra_s / SAMPLE == pytest.approx([grid[80] + 480.0], abs=0.5)
    assert 200 == found.expected


def test_rate_across_trains_with_a_pause_of_their_own():
    starts = np.concatenate([base + 500.0 * np.arange(20) for base in (1000.0, 13_333.0)])
    found = repetition_rate(phases(starts, starts + 100.0, np.full(40, 90.0), size=25_000))
    assert found.period_s / SAMPLE == pytest.approx(500.0, abs=0.02)


def test_single_pulse_has_no_rate():
    assert repetition_rate(phases([500.0], [700.0], [90.0], size=1000)) is None


def test_whole_cycle_mean_does_not_invent_direct_current():
    starts, stops, tops = alternating(47)  # not a whole number of cycles
    wave = record(trapezoids(starts, stops, tops, size=47_300), noise=1.0)
    found = analyse(wave)
    assert abs(found.mean) > 1.0
    assert abs(whole_cycle_mean(wave, found, 20)) < 0.2
    assert whole_cycle_mean(wave, found, 60) is None
    assert whole_cycle_rms(wave, found, 20) == pytest.approx(100.0 * np.sqrt(0.2), rel=0.02)


def test_channel_summary_of_a_biphasic_current():
    starts, stops, tops = biphasic(100)
    values = trapezoids(starts, stops, tops, size=100_500)
    found = summarise_channel(record(values, noise=0.5, gain=1e-6, unit="A"))
    assert (100, 200) == (found.pulse_count, found.phase_count)
    assert found.frequency_hz == pytest.approx(1000.0, rel=1e-3)
    assert found.duty_factor == pytest.approx(0.4, rel=2e-3)
    assert found.amplitude.median == pytest.approx(100e-6, rel=2e-3)
    assert found.phase_charge.median == pytest.approx(100e-6 * 200e-6, rel=2e-3)
    assert abs(found.net_charge_per_pulse.median) < 1e-10
    assert abs(found.mean) < 1e-7
    assert found.rms == pytest.approx(100e-6 * np.sqrt(0.4 * (1 - 6 / 3 / 200)), rel=5e-3)


def test_voltages_have_no_charge_and_a_stuck_record_no_pulses():
    found = summarise_channel(record(np.zeros(1000), noise=0.5))
    assert (0, None, None) == (found.pulse_count, found.frequency_hz, found.phase_charge)
