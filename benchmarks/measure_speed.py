"""Speed of the pulse analysis, as ratios inside one process that survive a slow machine.

Record: int8, one biphasic pulse per 1000 samples, 100 codes high, 1.5 codes of noise. The rivals
run interleaved and each ratio is of medians of nine. scipy's find_peaks and peak_widths give
positions and widths of one polarity's peaks only; both polarities are given to them. Prints one
JSON line. ``--samples N`` changes the length (default 10,000,000); ``--growth`` adds the time a
sample from 100 kS to 100 MS. The import is that of a new process whose kernels are in the cache.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

if __name__ == "__main__":  # this folder hides the package `coverage`, which numba looks for
    sys.path[0] = str(Path(__file__).parents[1])

from bench.measure import analyse
from bench.waveform import Waveform

ROOT = Path(__file__).parents[1]
REPEATS = 9
GROWTH = (100_000, 1_000_000, 10_000_000, 100_000_000)
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


def import_s() -> float:
    """Return the median of nine imports of the package, each in a process of its own."""
    code = (
        "import time; a = time.perf_counter(); import bench.measure; print(time.perf_counter() - a)"
    )
    command = [sys.executable, "-c", code]
    return statistics.median(
        float(subprocess.run(command, check=True, capture_output=True, cwd=ROOT).stdout)
        for _ in range(REPEATS)
    )


def compare(waveform: Waveform) -> dict[str, float]:
    """Return the analysis beside a copy of the record and beside scipy, taken in turns."""
    target = np.empty_like(waveform.codes)
    rivals: dict[str, Callable[[], object]] = {
        "copy": lambda: np.copyto(target, waveform.codes),
        "analyse": lambda: analyse(waveform),
        "scipy": lambda: scipy_widths(waveform.codes),
    }
    taken: dict[str, list[float]] = {name: [] for name in rivals}
    for _ in range(REPEATS):
        for name, action in rivals.items():
            taken[name].append(seconds(action))
    middle = {name: statistics.median(times) for name, times in taken.items()}
    return {
        "analyse_ms": round(1e3 * middle["analyse"], 3),
        "times_memcpy": round(middle["analyse"] / middle["copy"], 2),
        "scipy_times_slower": round(middle["scipy"] / middle["analyse"], 1),
    }


def growth() -> dict[str, float]:
    """Return nanoseconds a sample by record length, the fastest of nine."""
    found: dict[str, float] = {}
    for samples in GROWTH:
        waveform = record(samples)
        best = min(seconds(partial(analyse, waveform)) for _ in range(REPEATS))
        found[f"{samples:,}"] = round(1e9 * best / samples, 2)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=10_000_000)
    parser.add_argument("--growth", action="store_true", help="add the time a sample by length")
    arguments = parser.parse_args()
    waveform = record(arguments.samples)
    first_s = seconds(lambda: analyse(waveform))
    figures: dict[str, object] = {"samples": arguments.samples, **compare(waveform)}
    tracemalloc.start()
    figures["phases"] = len(analyse(waveform).pulses)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    figures["extra_memory_of_record"] = round(peak_bytes / arguments.samples, 3)
    figures["first_call_s"] = round(first_s, 2)
    figures["import_s"] = round(import_s(), 3)
    if arguments.growth:
        figures["ns_a_sample"] = growth()
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
