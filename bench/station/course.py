"""The amplitude that a profile declares for each instant, and pulses brought to the crest by it.

Under an envelope a pulse is right or wrong by what is declared for its own moment. Divided by the
declared share of that moment all pulses of a record can be compared with one number: the level's.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bench.measure import Modulation, PulseTable, fit_modulation
from bench.profile import Profile

__all__ = ["CREST_SHARE", "LEAST_SHARE", "at_crest", "declared_modulation", "declared_shares"]

CREST_SHARE: Final = 0.95
"""Of the crest: pulses from here on show it; the envelope's own depth is a question of its own."""
WHOLE_TURN: Final = 0.9
"""Of an envelope, between the first and the last pulse of a record."""
LEAST_SHARE: Final = 0.3
"""Of the crest: what is lower is too small to be held against the level's tolerance."""


def declared_modulation(profile: Profile) -> Modulation | None:
    """Return the declared envelope; None where every pulse is as high as the other."""
    envelope = profile.waveform.envelope
    if envelope is None:
        return None
    return Modulation(
        rate_hz=envelope.rate_hz, depth=envelope.depth, square=envelope.shape == "square"
    )


def declared_shares(
    phases: PulseTable, profile: Profile, *, height: float | None = None
) -> NDArray[np.float64]:
    """Return what each phase should have of the crest; 1 where no envelope is declared.

    When an envelope begins is not declared: its phase is sought over the phases themselves.
    ``height`` is the crest's, where the phases may be too few to tell it. NaN at a step.
    """
    declared = declared_modulation(profile)
    fitted = None if declared is None else fit_modulation(phases, declared, height=height)
    return np.ones(len(phases)) if fitted is None else fitted.shares(phases.start_s)


def at_crest(
    phases: PulseTable, profile: Profile, *, least_share: float = CREST_SHARE
) -> PulseTable:
    """Return the phases with a declared share of at least ``least_share``, brought to the crest.

    All of them, as they are, where no envelope is declared. A record that does not hold a whole turn
    does not tell where the envelope stands: then those near the highest, as they are.
    """
    declared = declared_modulation(profile)
    if declared is None or not len(phases):
        return phases
    if (phases.start_s[-1] - phases.start_s[0]) * declared.rate_hz < WHOLE_TURN:
        tops = np.abs(phases.top)
        return phases.select(tops >= least_share * float(np.nanmax(tops, initial=0.0)))
    shares = declared_shares(phases, profile)
    rows = shares >= least_share  # False for NaN
    kept, shares = phases.select(rows), shares[rows]
    return replace(kept, top=kept.top / shares, charge=kept.charge / shares)
