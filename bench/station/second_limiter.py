"""Direct current with its first protection switched off: what the second limiter alone lets pass."""

from __future__ import annotations

from typing import Final

from bench.clock import Clock
from bench.station.direct_current import DirectCurrent, DirectReading
from bench.station.treatment import Treatment

__all__ = ["SecondLimiter"]

SETTLE_S: Final = 3.0
"""A blocking capacitor has charged within a fraction of it, and what it held has run off."""
APERTURE_S: Final = 1.0


class SecondLimiter:
    """Lets the bridge of a running device stick while nothing in its firmware watches for that."""

    def __init__(self, *, treatment: Treatment, direct: DirectCurrent, clock: Clock) -> None:
        self._treatment = treatment
        self._direct = direct
        self._clock = clock

    def direct_current(self, *, polarity: int, level: int, load_ohm: float) -> DirectReading:
        """Return the mean current some seconds behind the fault; raises NotOffered."""
        self._treatment.run(level=level, load_ohm=load_ohm)
        self._treatment.unlock()
        self._treatment.link.enable_protection("dc", enabled=False)
        self._treatment.link.inject("stuck_polarity", polarity)
        self._clock.sleep(SETTLE_S)
        reading = self._direct.over(APERTURE_S)
        self._treatment.restart()
        return reading
