"""Loading what is slow while the bench is still connecting: compiled kernels and the budgets.

Compiled kernels come from their cache (about a second; compiled anew, some twenty). Done beside the
self-test, no measurement waits for it.
"""

from __future__ import annotations

import threading

import numpy as np

from bench.judge import evaluate, normal
from bench.measure import all_edges, analyse, excursions, shutdown, worst_mean
from bench.waveform import Waveform

__all__ = ["start_warm_up"]


def start_warm_up() -> threading.Thread:
    """Start loading in the background; join the thread before the first measurement."""
    thread = threading.Thread(target=_load, name="warm-up", daemon=True)
    thread.start()
    return thread


def _load() -> None:
    pulses = np.zeros(4000, dtype=np.int8)
    pulses[1000:1500] = 100
    pulses[2000:2500] = -100
    waveform = Waveform(
        codes=pulses, gain=1e-6, offset=0.0, t0_s=0.0, sample_interval_s=1e-6, channel="1", unit="A"
    )
    analyse(waveform)
    all_edges(waveform, level=50e-6, slope="rising")
    shutdown(waveform, cause_s=0.0, threshold=10e-6, averaging_s=5e-6, hold_off_s=1e-4)
    excursions(waveform, ceiling=50e-6, averaging_s=5e-6)
    worst_mean(waveform, averaging_s=1e-5)
    evaluate("warm-up", "1", [normal("x", 1.0, value=1.0, source="")], lambda x: x)
