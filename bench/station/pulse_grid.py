"""Whether the pulses of a record are all there: none missing, none too many, none cut short."""

from __future__ import annotations

import math
from typing import Final

from bench.measure import PulseTable, grid_defects, repetition_rate
from bench.profile import Profile
from bench.waveform import Waveform

__all__ = ["CUT_SHARE", "absent_at_ends", "defective_pulses", "grid_of", "stuck_pulses"]

CUT_SHARE: Final = 0.8
"""A pulse shorter than this share of its declared duration was interrupted."""
NEAR: Final = 0.1
"""Of the declared period: a rate this near is wrong as a rate; further off, pulses are missing or extra."""
STUCK_SHARE: Final = 1.5
"""Of the declared duration, which may be a few per cent longer."""


def defective_pulses(phases: PulseTable, profile: Profile) -> tuple[int, int]:
    """Return how many pulses of whole phases are missing, extra or cut, and how many there are."""
    wave = profile.waveform
    if not len(phases):
        return 0, 0
    if wave.phases_per_pulse > 1:
        phases = phases.select(phases.polarity > 0)
    cut = int((phases.duration_s < CUT_SHARE * wave.pulse_duration_s).sum())
    return grid_of(phases, wave.pulse_period_s) + cut, len(phases)


def absent_at_ends(phases: PulseTable, waveform: Waveform, period_s: float) -> int:
    """Return how many pulses are missing before the first and behind the last of a running output.

    A grid that is laid through the pulses ends with them: an output that stops in the middle of its
    record has none missing on it. At either end a period holds a pulse that is not whole.
    """
    starts = phases.start_s
    stop_s = waveform.t0_s + waveform.duration_s
    gaps_s = (float(starts[0]) - waveform.t0_s, stop_s - float(starts[-1]) - period_s)
    return sum(max(0, math.floor(gap_s / period_s)) for gap_s in gaps_s)


def stuck_pulses(phases: PulseTable, profile: Profile) -> int:
    """Return how many phases last so long that the output must have stuck in them."""
    return int((phases.duration_s > STUCK_SHARE * profile.waveform.pulse_duration_s).sum())


def grid_of(leading: PulseTable, period_s: float) -> int:
    """Return how many pulses are missing from a regular grid, or do not belong to it.

    The grid has the output's own period where that is near the declared one: over a long record a
    rate within its tolerance walks off the declared grid.
    """
    rate = repetition_rate(leading)
    own_s = period_s if rate is None else 1.0 / rate.rate_hz
    found = grid_defects(leading, own_s if abs(own_s / period_s - 1.0) < NEAR else period_s)
    return int(found.missing_s.size + found.extra_s.size)
