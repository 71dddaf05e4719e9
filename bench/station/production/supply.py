"""The supply of a running unit falls to where logic loses its state, and returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bench.device.link import DeviceState
from bench.errors import LinkTimeout
from bench.station.acquisition import Capture
from bench.station.change_measurands import record_current
from bench.station.event_records import flowing_a, largest_a, points_for
from bench.station.fixture import BATTERY_V
from bench.station.measured import Measured
from bench.station.production.chain import Chain
from bench.station.scales import Label
from bench.station.supply_events import DIP_TRIES, GOLDEN
from bench.station.transitions import PEAK_AVERAGING_S
from bench.station.treatment import BOOT_LIMIT_S

if TYPE_CHECKING:
    from bench.station.bench import Bench

__all__ = ["Returned", "SupplyFall"]

DEPTH_V: Final = 2.2
"""Where logic loses its state, and a detector that looks too low sees nothing. Source: FLT-032."""
FALL_S: Final = 0.2
"""The supply moves within 50 ms; the rest of it is the dip."""
RETURN_S: Final = 1.0
"""The supply rises, the device restarts, and what it might resume would be seen."""
INTERVAL_S: Final = 2.5e-6
"""Four samples in the ten microseconds over which a surge is averaged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """A device whose supply fell and came back."""

    fall: Capture
    largest_a: float
    """While it fell, over ten microseconds."""
    back: Capture
    peak_a: float
    """Once it rose, over ten microseconds."""
    flowing_a: float
    """The same, over what tells an output from none."""
    state: DeviceState | None
    """None where the device no longer answers."""

    def behind(self, value_a: float, *, samples: int) -> Measured:
        """Return a current behind the return, in A; None, and too much, where it clips."""
        if self.back.clipped(Label.CURRENT):
            most_a = 0.5 * self.back.full_scale(Label.CURRENT)
            return Measured(
                value=None, unit="A", waveforms=self.back.sha256(Label.CURRENT),
                reason=f"more than ±{most_a * 1e6:.0f} µA flowed once the supply returned",
            )  # fmt: skip
        return record_current(value_a, self.back, samples=samples)


class SupplyFall:
    """The session that ends with the supply."""

    def __init__(self, bench: Bench, chain: Chain) -> None:
        self._bench = bench
        self.returned = chain.session().step(self._returned)

    def _returned(self) -> Returned:
        """Let the supply fall; a device that falls silent with its output off is tried again.

        Raises LinkTimeout where it always does: that it is silent is not held against it.
        """
        cycle_s = self._bench.profile.waveform.polarity_cycle_s
        for attempt in range(DIP_TRIES):
            found = self._fall(attempt * GOLDEN % 1.0 * cycle_s)
            if found.state is not None or found.flowing_a > self._bench.profile.off_a:
                return found
            self._bench.treatment.power_cycle()
        raise LinkTimeout(
            f"the device did not answer after its supply fell to {DEPTH_V:g} V, {DIP_TRIES} times; its "
            "output was off each time"
        )

    def _fall(self, phase_s: float) -> Returned:
        bench = self._bench
        level, load_ohm = bench.profile.highest_level, bench.profile.loads_ohm[0]
        bench.run(level=level, load_ohm=load_ohm)
        bench.clock.sleep(phase_s)
        conditions = {"level": level, "load_ohm": load_ohm, "depth_v": DEPTH_V}
        fall = bench.records.look(
            f"supply falls to {DEPTH_V:g} V",
            {Label.CURRENT: bench.ranges.wide_a()},
            duration_s=FALL_S,
            conditions=conditions,
            meanwhile=lambda: bench.fixture.set_battery(DEPTH_V),
        )
        back = bench.records.look(
            "supply returns",
            {Label.CURRENT: bench.ranges.off_a()},
            duration_s=RETURN_S,
            conditions=conditions,
            points=points_for(RETURN_S, interval_s=INTERVAL_S),
            meanwhile=lambda: bench.fixture.set_battery(BATTERY_V),
        )
        return Returned(
            fall=fall,
            largest_a=largest_a(fall, averaging_s=PEAK_AVERAGING_S),
            back=back,
            peak_a=largest_a(back, averaging_s=PEAK_AVERAGING_S),
            flowing_a=flowing_a(back, bench.profile),
            state=self._state(),
        )

    def _state(self) -> DeviceState | None:
        """Return the state of the device once it has restarted."""
        link = self._bench.treatment.link
        try:
            self._bench.clock.wait_until(
                lambda: link.status().state is not DeviceState.BOOT,
                timeout_s=BOOT_LIMIT_S, poll_s=0.1,
            )  # fmt: skip
            return link.status().state
        except LinkTimeout:
            return None
