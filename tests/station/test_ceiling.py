"""The current ceiling: only a range that can tell is evidence, or what exceeds all doubt."""

from dataclasses import replace

import numpy as np
import pytest

from bench.judge import scope_accuracy
from bench.station.ceiling import CeilingWatch
from bench.station.scales import Label
from bench.stopwatch import Stopwatch
from tests.station.outputs import CODES, capture_of

CEILING_A = 1e-3


def outside(current_a, *, transferred=True, full_scale_a=2.56e-3):
    watch = CeilingWatch(ceiling_a=CEILING_A, stopwatch=Stopwatch())
    codes = np.full(2000, current_a / full_scale_a * 256)
    capture = capture_of(codes, current_a=full_scale_a * CODES / 256, interval_s=2e-6, noise=0.0)
    if not transferred:
        scale = replace(
            capture.scales[Label.CURRENT], transferred=False, accuracy=scope_accuracy("DSO-X 3024A"),
            volts_per_division=full_scale_a * 100 / 8, sensitivity=100.0,
        )  # fmt: skip
        capture = replace(capture, scales={Label.CURRENT: scale})
    watch(capture)
    return watch.outside_a


def test_a_transferred_range_gives_its_worst_mean():
    assert 0.5e-3 == round(outside(0.5e-3).value, 7)


def test_a_wide_range_whose_offset_hides_the_ceiling_is_no_evidence():
    assert outside(1.5e-3, transferred=False, full_scale_a=90e-3) is None


def test_a_current_beyond_ceiling_and_offset_is_evidence_on_any_range():
    assert outside(10e-3, transferred=False, full_scale_a=90e-3).value > 9e-3


COARSE_A = 89.6e-3 / 256
"""A code of the widest transient range, on which the scope's offset alone is several."""


def hot_connection(spike_a, *, offset_codes):
    """Return a record of 900 µA in phases, a spike behind a contact, as both channels show it."""
    interval_s, count = 0.5e-6, 60_000
    current_a = 0.9e-3 * np.sign(np.sin(2 * np.pi * np.arange(count) * interval_s / 10e-3))
    current_a[20_000:20_200] = spike_a  # 100 µs
    fine = capture_of(
        current_a / 40e-6, current_a=40e-6 * CODES, interval_s=interval_s, noise=0.5
    )  # fmt: skip
    coarse = capture_of(
        current_a / COARSE_A + offset_codes, current_a=COARSE_A * CODES, interval_s=interval_s,
        label=Label.TRANSIENT, seed=2,
    )  # fmt: skip
    sync = capture_of(
        np.where(np.arange(count) >= 19_990, 100.0, 0.0), current_a=CODES * 33e-3,
        interval_s=interval_s, label=Label.SYNC,
    )  # fmt: skip
    scale = replace(coarse.scales[Label.TRANSIENT], transferred=False)
    return replace(
        fine,
        waveforms=dict(fine.waveforms) | dict(coarse.waveforms) | dict(sync.waveforms),
        scales=dict(fine.scales) | {Label.TRANSIENT: scale} | dict(sync.scales),
        volts_per_division=dict.fromkeys((*fine.waveforms, Label.TRANSIENT, Label.SYNC), 1.0),
    )


@pytest.mark.parametrize("offset_codes", [-6, 0, 6])
def test_the_offset_of_the_widest_range_is_no_excursion(offset_codes):
    watch = CeilingWatch(ceiling_a=CEILING_A, stopwatch=Stopwatch())
    watch(hot_connection(0.9e-3, offset_codes=offset_codes))
    found = watch.excursion_c
    assert found is None or found.value < 5e-9  # a code of noise for a sample or two


@pytest.mark.parametrize("offset_codes", [-6, 0, 6])
def test_an_excursion_keeps_its_charge_whatever_the_offset(offset_codes):
    watch = CeilingWatch(ceiling_a=CEILING_A, stopwatch=Stopwatch())
    watch(hot_connection(20e-3, offset_codes=offset_codes))
    assert watch.excursion_c.value == pytest.approx(20e-3 * 100e-6, rel=0.02)
    assert watch.excursion_s.value == pytest.approx(100e-6, rel=0.02)
