"""A record that several threads share gives the same numbers as one thread gives, to the last bit."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.measure import analyse, cores, pulses, states
from bench.measure.cores import on_all_cores, shares
from bench.waveform import Waveform


def test_shares_cover_all_items_once() -> None:
    for count in (0, 1, 999, 1000, 12_345):
        ranges = shares(count, least=100)
        assert [first for first, _ in ranges[1:]] == [stop for _, stop in ranges[:-1]]
        assert (ranges[0][0], ranges[-1][1]) == (0, count)
        assert len(ranges) == 1 or min(stop - first for first, stop in ranges) >= 100


def test_results_come_in_the_order_of_the_ranges() -> None:
    assert on_all_cores(lambda first, stop: (first, stop), [(0, 2), (2, 5), (5, 9)]) == (
        (0, 2),
        (2, 5),
        (5, 9),
    )


def test_an_error_of_any_share_reaches_the_caller() -> None:
    def fail(first: int, _stop: int) -> None:
        if first:
            raise ValueError("the second share")

    with pytest.raises(ValueError, match="the second share"):
        on_all_cores(fail, [(0, 1), (1, 2)])


def _waveform(codes: np.ndarray) -> Waveform:
    return Waveform(
        codes=codes.astype(np.int8),
        gain=1.0,
        offset=0.0,
        t0_s=0.0,
        sample_interval_s=1.0,
        channel="CH1",
    )


def _pulses(seed: int, period: int, shape: str, noise: float) -> np.ndarray:
    """Return pulses that begin and end anywhere in a block, so that any share cuts some of them."""
    random = np.random.default_rng(seed)
    position = np.arange(6000) % period
    plain = np.where(position < period // 3, 80.0, 0.0)
    if shape == "biphasic":
        plain -= np.where((position >= period // 3) & (position < 2 * period // 3), 80.0, 0.0)
    if shape == "spikes":  # single samples of the other sign, which end no phase
        plain[random.integers(0, plain.size, 200)] *= -1.0
    return np.rint(plain + random.normal(0.0, noise, plain.size)).clip(-128, 127)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    seed=st.integers(0, 2**32 - 1),
    period=st.integers(12, 3000),
    shape=st.sampled_from(["monophasic", "biphasic", "spikes"]),
    noise=st.sampled_from([0.0, 1.5, 6.0]),
    threads=st.integers(2, 8),
)
def test_shared_analysis_equals_the_whole(
    monkeypatch: pytest.MonkeyPatch, seed: int, period: int, shape: str, noise: float, threads: int
) -> None:
    waveform = _waveform(_pulses(seed, period, shape, noise))
    whole = analyse(waveform)
    with monkeypatch.context() as patched:
        patched.setattr(cores, "_cores", lambda: threads)
        patched.setattr(pulses, "_LEAST_ROWS", 2)
        patched.setattr(pulses, "_LEAST_SAMPLES", 100)
        patched.setattr(states, "_LEAST_BLOCKS", 1)
        shared = analyse(waveform)
    for field in fields(whole.pulses):
        one, other = getattr(whole.pulses, field.name), getattr(shared.pulses, field.name)
        np.testing.assert_array_equal(one, other, err_msg=field.name)
    assert (whole.baseline, whole.noise_rms, whole.rms) == (
        shared.baseline,
        shared.noise_rms,
        shared.rms,
    )


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(codes=st.lists(st.sampled_from([-9, -3, 0, 3, 9]), min_size=200, max_size=900))
def test_shared_excursions_equal_the_whole(
    monkeypatch: pytest.MonkeyPatch, codes: list[int]
) -> None:
    """Single samples of the other side and hesitant ends: a share begins in the middle of anything."""
    record = _readable(np.array(codes, np.int8))
    summary = states.summarise_blocks(record)
    whole = pulses.find_all_excursions(record, summary, (-5, -2, 2, 5))
    with monkeypatch.context() as patched:
        patched.setattr(cores, "_cores", lambda: 7)
        patched.setattr(pulses, "_LEAST_SAMPLES", 20)
        shared = pulses.find_all_excursions(record, summary, (-5, -2, 2, 5))
    for one, other in zip(whole, shared, strict=True):
        np.testing.assert_array_equal(one, other)


def _readable(codes: np.ndarray) -> np.ndarray:
    codes.flags.writeable = False
    return codes
