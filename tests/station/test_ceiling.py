"""The current ceiling: only a range that can tell is evidence, or what exceeds all doubt."""

from dataclasses import replace

import numpy as np

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
