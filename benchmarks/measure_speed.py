"""Speed of the pulse analysis, as ratios inside one process that survive a slow machine.

Record: int8, one biphasic pulse per 1000 samples, 100 codes high, 1.5 codes of noise. The rivals
run interleaved and each ratio is of medians of nine. scipy's find_peaks and peak_widths give
positions and widths of one polarity's peaks only; both polarities are given to them. Prints one
JSON line. ``--samples N`` changes the length (default 10,000,000).
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np

if __name__ == "__main__":  # this file's folder hides the package `coverage`, which numba looks for
    sys.path[0] = str(Path(__file__).parents[1])

from bench.measure import analyse
from bench.waveform import Waveform

REPEATS = 9
SCIPY_REPEATS = 3
PERIOD = 1000
NOISE = 1.5
TOP = 100.0


def record(samples: int) -> Waveform:
    """Return the record with edges of six samples at instants between the samples."""
    rng = np.random.default_rng(1)
    t = np.arange(PERIOD)
    codes = np.empty(samples, np.int8)
    for first in range(0, samples, PERIOD):
        lead = 250.0 + rng.uniform()
        up = np.clip((t - lead) / 6.0 + 0.5, 0, 1)
        turn = np.clip((t - lead - 200.0) / 12.0 + 0.5, 0, 1)
        end = np.clip((t - lead - 400.0) / 6.0 + 0.5, 0, 1)
        pulse = TOP * (up - 2.0 * turn + end) + rng.normal(0.0, NOISE, PERIOD)
        codes[first : first + PERIOD] = np.rint(pulse)[: samples - first]
    return Waveform(
        codes=codes, gain=1e-6, offset=0.0, t0_s=0.0, sample_interval_s=1e-6, channel="CH1"
    )


def scipy_widths(codes: np.ndarray) -> int:
    """Return the number of peaks that scipy finds and measures, both polarities."""
    from scipy import signal

    found = 0
    for sign in (1.0, -1.0):
        values = sign * codes.astype(np.float64)
        peaks, _ = signal.find_peaks(values, height=0.5 * TOP, distance=PERIOD // 4)
        signal.peak_widths(values, peaks)
        found += peaks.size
    return found


def seconds(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=10_000_000)
    samples = parser.parse_args().samples
    waveform = record(samples)
    target = np.empty_like(waveform.codes)
    first_s = seconds(lambda: analyse(waveform))
    copied: list[float] = []
    analysed: list[float] = []
    for _ in range(REPEATS):
        copied.append(seconds(lambda: np.copyto(target, waveform.codes)))
        analysed.append(seconds(lambda: analyse(waveform)))
    other = [seconds(lambda: scipy_widths(waveform.codes)) for _ in range(SCIPY_REPEATS)]
    tracemalloc.start()
    phases = len(analyse(waveform).pulses)
    _, peak_bytes = tracemalloc.get_traced_memory()
    analyse_s = statistics.median(analysed)
    print(
        json.dumps(
            {
                "samples": samples,
                "phases": phases,
                "analyse_ms": round(1e3 * analyse_s, 3),
                "times_memcpy": round(analyse_s / statistics.median(copied), 2),
                "scipy_times_slower": round(statistics.median(other) / analyse_s, 1),
                "extra_memory_of_record": round(peak_bytes / samples, 3),
                "first_call_s": round(first_s, 2),
            }
        )
    )


if __name__ == "__main__":
    main()
