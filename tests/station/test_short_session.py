"""Which phases of a session's record are its output."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bench.profile import load_profile
from bench.station.production.short_session import delivered
from bench.station.pulse_grid import defective_pulses
from tests.station.outputs import output_of, trains_of

ALT = load_profile("ref-alt-400")
OFF_A = 10e-6


def test_a_pulse_of_a_ramp_that_dips_below_off_is_not_missing() -> None:
    pulses = output_of(trains_of()).pulses
    top = np.copysign(np.linspace(20e-6, 400e-6, len(pulses)), pulses.top)
    top[:3] = np.copysign([4e-6, 10.9e-6, 9.6e-6], pulses.top[:3])
    rising = replace(pulses, top=top)

    found = delivered(rising, OFF_A)

    assert len(found) == len(pulses) - 1
    assert defective_pulses(found, ALT) == (0, len(found))


def test_where_nothing_counts_as_output_there_is_none() -> None:
    pulses = output_of(trains_of()).pulses
    assert 0 == len(delivered(replace(pulses, top=1e-9 * pulses.top), OFF_A))
