"""Direct current with its first protection switched off: what the second limiter alone lets pass."""

from __future__ import annotations

from typing import Final

from bench.clock import Clock
from bench.station.direct_current import DirectCurrent, DirectReading
from bench.station.repetition import Repetition
from bench.station.treatment import Treatment

__all__ = ["SecondLimiter"]

SETTLE_S: Final = 3.0
READINGS: Final = 10
"""Until the start phases agree: a blocking capacitor charges, and what it holds runs off."""
RUN_OFF_S: Final = 30.0
"""On its load afterwards: what a capacitor still holds would look like a lost contact."""
DEVICE_CLOCK_PPM: Final = 1000.0
"""With its bridge stuck a device shows no cycle to be timed by: its clock is as declared within this."""


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
        profile = self._treatment.profile
        repetition = Repetition.declared(
            profile,
            peak_a=profile.current_ua(level, load_ohm) * 1e-6,
            timebase_ppm=DEVICE_CLOCK_PPM,
        )
        reading = self._settled(repetition)
        for _ in range(READINGS):
            if reading.phases_agree:
                break
            reading = self._settled(repetition)
        self._treatment.restart()
        self._treatment.connect(load_ohm)
        self._clock.sleep(RUN_OFF_S)
        return reading

    def _settled(self, repetition: Repetition) -> DirectReading:
        self._clock.sleep(SETTLE_S)
        return self._direct.of_cycles(repetition)
