"""A plan of seconds that uses every instrument: one level, one load, scope and multimeter.

Run by tests/instruments/test_pairs.py on every family of the simulated laboratory; it is no plan for
a device, and `bench run release` is.
"""

from __future__ import annotations

import pytest

from bench.plugin import Bench, Check
from bench.station import measurands

LOAD_OHM = 2000.0


@pytest.mark.requirement("OUT-001", "OUT-008")
def test_amplitude_and_direct_current(bench: Bench, check: Check) -> None:
    level = bench.profile.highest_level
    output = bench.steady(level=level, load_ohm=LOAD_OHM)
    for polarity in output.polarities:
        amplitude = measurands.amplitude(output, polarity)
        check("OUT-001", "amplitude", amplitude, level=level, load_ohm=LOAD_OHM, polarity=polarity)
    repetition = measurands.repetition(output, timebase_ppm=bench.timebase_ppm)
    bench.run(level=level, load_ohm=LOAD_OHM)
    reading = bench.direct.of_cycles(repetition)
    bench.treatment.must_run()
    direct = measurands.direct_current(reading)
    check("OUT-008", "dc", direct, level=level, load_ohm=LOAD_OHM)
