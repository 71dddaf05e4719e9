"""Records of two firmwares over each other: same axes, same instant of the pulse, both named."""

import re
from dataclasses import replace

import numpy as np
import pytest

from reports.overlay import aligned, why_not_overlaid
from reports.plot import Overlay, Trace, figure
from tests.reports.synthetic import train


def pulses(samples=100_000, delay=0, height=60, sign=1):
    """Return pulses of 1000 samples each 4000, the first of which starts at ``delay``; codes of 1 µA."""
    base = replace(train(samples=samples), gain=1e-6, sample_interval_s=1e-6, t0_s=0.0)
    codes = np.where((np.arange(samples) - delay) % 4000 < 1000, sign * height, 0)
    codes[(delay + 8000 + 300) % samples] = sign * (height + 5)
    return replace(base, codes=codes.astype(np.int8))


@pytest.mark.parametrize("delay", [0, 137, 2000, 3999])
def test_the_pulse_starts_at_the_same_instant_in_both(delay):
    a, b = pulses(), pulses(delay=delay, height=50)
    over, window = aligned(a, b)
    assert window is not None
    shown = [w.between(*window) for w in (a, over)]
    edges = [w.t0_s + np.flatnonzero(np.diff(w.codes) > 40)[0] * w.sample_interval_s for w in shown]
    assert edges[0] == pytest.approx(edges[1], abs=2e-6)


def test_pulses_of_one_polarity_are_laid_over_each_other():
    both = pulses().codes.copy()
    both[50_000:] *= -1
    a, b = replace(pulses(), codes=both), replace(pulses(), codes=-both)
    over, window = aligned(a, b)
    assert over.between(*window).codes.max() > 50
    assert a.between(*window).codes.max() > 50


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"unit": "V"}, "A is in A, B in V"), ({"sample_interval_s": 2e-6}, "a sample each 1e-06 s")],
)
def test_what_is_not_comparable_is_not_overlaid(change, reason):
    assert reason in why_not_overlaid(pulses(), replace(pulses(), **change))
    assert "" == why_not_overlaid(pulses(), pulses(delay=5))


def test_both_records_are_drawn_and_named_and_an_excursion_of_one_sample_is_seen():
    spiked = pulses().codes.copy()
    spiked[61_234] = 120
    over = Overlay(waveform=replace(pulses(), codes=spiked), label="B 1.1.0", under="A 1.0.0")
    page = figure([Trace(waveform=pulses(), label="value", over=over)], title="t")
    assert 2 == len(re.findall(r'<path d="M\S+ \S+l[^"]*z"', page))
    assert ">A 1.0.0</text>" in page
    assert ">B 1.1.0</text>" in page
    assert "B 1.1.0: minimum 0 µA, maximum 120 µA" in page
    highest = min(int(y) for y in re.findall(r'y="(\d+)"', page))
    assert highest >= 0
