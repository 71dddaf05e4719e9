"""Whether the pulses of a record are all there: none missing, none too many, none cut short."""

from __future__ import annotations

from typing import Final

from bench.measure import PulseTable, grid_defects
from bench.profile import Profile

__all__ = ["CUT_SHARE", "defective_pulses", "grid_of", "stuck_pulses"]

CUT_SHARE: Final = 0.8
"""A pulse shorter than this share of its declared duration was interrupted."""
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


def stuck_pulses(phases: PulseTable, profile: Profile) -> int:
    """Return how many phases last so long that the output must have stuck in them."""
    return int((phases.duration_s > STUCK_SHARE * profile.waveform.pulse_duration_s).sum())


def grid_of(leading: PulseTable, period_s: float) -> int:
    """Return how many pulses are missing from a regular grid, or do not belong to it."""
    found = grid_defects(leading, period_s)
    return int(found.missing_s.size + found.extra_s.size)
