"""How long ``bench compare`` takes on two firmwares of 200 units with 500 measurements each.

    python benchmarks/compare_speed.py [--units 200] [--rows 500]

Prints wall and processor time of the whole process and its answer, for a gain that is 1 % higher on B and for none.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.compare.summaries import write_side  # the same units as in the tests


def _children_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> int:
    """Write both sides, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--units", type=int, default=200)
    parser.add_argument("--rows", type=int, default=500)
    arguments = parser.parse_args()
    nominals = tuple(float(value) for value in np.linspace(20.0, 900.0, arguments.rows))
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for name, seed, gain in (("a", 1, 1.0), ("b", 2, 1.01), ("c", 3, 1.0)):
            write_side(
                folder / name, units=arguments.units, seed=seed, firmware=name, gain=gain,
                nominals=nominals,
            )  # fmt: skip
        for other in ("b", "c"):
            begun_s, before_s = time.perf_counter(), _children_cpu_s()
            done = subprocess.run(
                [sys.executable, "-m", "bench", "compare", "a", other, "--out", "out"],
                cwd=folder, env={"PYTHONPATH": str(Path(__file__).parents[1])},
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            print(
                f"{time.perf_counter() - begun_s:.2f} s, {_children_cpu_s() - before_s:.2f} s of processor: {done.stdout.splitlines()[0]}{done.stderr}"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
