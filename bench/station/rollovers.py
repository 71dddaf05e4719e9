"""A device that runs while its counters of uptime roll over.

Counters of milliseconds and microseconds wrap after a minute, after half an hour and after an hour
and more; what goes wrong there happens once, and to everybody. The wait costs virtual time only; on
hardware it is the price of the test.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from bench.clock import Clock
from bench.measure import PulseTable
from bench.station.acquisition import Capture
from bench.station.event_records import EventRecords, phases_in, points_for
from bench.station.fixture import Fixture
from bench.station.scales import Label
from bench.station.treatment import Treatment

__all__ = ["Crossing", "Rollovers"]

WRAPS_S: Final = (2.0**16 * 1e-3, 2.0**31 * 1e-6, 2.0**32 * 1e-6)
"""16 bits of milliseconds; 31 and 32 bits of microseconds."""
LEAD_S: Final = 4.0
RECORD_S: Final = 8.0
LOAD_OHM: Final = 2000.0
SAMPLES_PER_PULSE: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """The output around the instant at which a counter wraps."""

    wrap_s: float
    capture: Capture
    phases: PulseTable
    """Whole phases of the record."""


class Rollovers:
    """Powers the device up once and lets it run across each wrap."""

    def __init__(
        self, *, treatment: Treatment, fixture: Fixture, records: EventRecords, clock: Clock
    ) -> None:
        self._treatment = treatment
        self._fixture = fixture
        self._records = records
        self._clock = clock
        self._profile = records.ranges.profile

    def crossings(self) -> Iterator[Crossing]:
        """Yield the record around each wrap, the uptime counted from one power-up."""
        profile = self._profile
        level = profile.highest_level
        self._treatment.power_cycle()
        up_since_s = self._now_s() - self._treatment.link.status().uptime_s
        for wrap_s in WRAPS_S:
            begin_s = up_since_s + wrap_s - LEAD_S - 2.0 * profile.timers.ramp_s
            self._clock.sleep(max(0.0, begin_s - self._now_s()))
            self._treatment.run(level=level, load_ohm=LOAD_OHM)
            capture = self._records.look(
                f"output around {wrap_s:.6g} s of uptime",
                {Label.CURRENT: self._records.ranges.level_a(level)},
                duration_s=RECORD_S,
                conditions={"level": level, "load_ohm": LOAD_OHM, "uptime_s": wrap_s},
                points=points_for(
                    RECORD_S, interval_s=profile.waveform.pulse_duration_s / SAMPLES_PER_PULSE
                ),
            )
            self._treatment.must_run()
            phases = phases_in(capture.waveforms[Label.CURRENT], profile).whole()
            yield Crossing(wrap_s=wrap_s, capture=capture, phases=phases)
            self._treatment.stop()

    def _now_s(self) -> float:
        return self._clock.now_ns() / 1e9
