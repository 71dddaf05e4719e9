"""Records whose truth is known from how they are made."""

import numpy as np

from bench.waveform import Waveform

INTERVAL_S = 1e-6


def trapezoids(starts, stops, tops, *, size, edge=6.0, droop=0.0):
    """Add up phases with straight edges of ``edge`` samples centred on their 50 % instants.

    Truth by construction: 50 % instants at ``starts`` and ``stops`` (samples), 10-90 % durations
    of 0.8 ``edge``, charge ``top * (stop - start)``; with ``droop`` the top falls by that share.
    """
    values = np.zeros(size)
    for start, stop, top in zip(starts, stops, tops, strict=True):
        first, last = max(int(start - edge) - 2, 0), min(int(stop + edge) + 3, size)
        t = np.arange(first, last)
        rise = np.clip((t - start) / edge + 0.5, 0.0, 1.0)
        fall = np.clip((t - stop) / edge + 0.5, 0.0, 1.0)
        shape = (rise - fall) * (1.0 - droop * np.clip((t - start) / (stop - start), 0.0, 1.0))
        values[first:last] += top * shape
    return values


def record(values, *, noise=0.0, seed=1, gain=1.0, offset=0.0, dtype=np.int8, unit="V"):
    """Round values (in codes) with normal noise to codes."""
    rng = np.random.default_rng(seed)
    noisy = values + rng.normal(0.0, noise, values.size) if noise else values
    rails = np.iinfo(dtype)
    codes = np.clip(np.rint(noisy), rails.min, rails.max).astype(dtype)
    return Waveform(
        codes=codes,
        gain=gain,
        offset=offset,
        t0_s=0.0,
        sample_interval_s=INTERVAL_S,
        channel="CH1",
        unit=unit,
        code_low=int(rails.min),
        code_high=int(rails.max),
    )


def biphasic(count=500, *, top=100.0, width=200.0, gap=50.0, period=1000.0, seed=3):
    """Return starts, stops, tops of biphasic pulses at instants between the samples."""
    rng = np.random.default_rng(seed)
    leads = 250.0 + period * np.arange(count) + rng.uniform(0.0, 1.0, count)
    starts = np.column_stack((leads, leads + width + gap)).ravel()
    return starts, starts + width, np.tile((top, -top), count)


def alternating(count=400, *, per_train=10, top=100.0, width=200.0, period=1000.0, seed=4):
    """Return starts, stops, tops of trains of alternating sign."""
    rng = np.random.default_rng(seed)
    starts = 250.0 + period * np.arange(count) + rng.uniform(0.0, 1.0, count)
    signs = np.where((np.arange(count) // per_train) % 2 == 0, 1.0, -1.0)
    return starts, starts + width, top * signs
