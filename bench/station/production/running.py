"""One session of a unit of a series, in which levels, loads and battery change while it runs.

Every level has its record; that of the highest lasts as long as a whole test wants, with the meter
reading the direct current meanwhile. The session ends with a lost contact.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from bench.device.link import DeviceStatus
from bench.errors import DeviceMisbehaved, NotOffered
from bench.station import measurands
from bench.station.commands import Attempt, WrongCommands, few_wrong_commands
from bench.station.contacts import HotConnection
from bench.station.direct_current import DirectReading
from bench.station.fixture import BATTERY_V, DRY_LOADS_OHM
from bench.station.production.chain import Chain, Step
from bench.station.reactions import Reaction
from bench.station.readings import bench_current_ua
from bench.station.steady_output import SteadyOutput, record_duration_s
from bench.station.supply_events import BatteryReading

if TYPE_CHECKING:
    from bench.station.bench import Bench

__all__ = ["Disturbed", "LostContact", "LowBattery", "OutputKey", "Running", "course"]

OutputKey = tuple[int, float, float]
"""Level, load in Ω, battery in V."""

LEAST_PULSES: Final = 10
TURNS: Final = 1.2
"""Of the slower rhythm, polarities or envelope: every record holds a whole one."""
PULSES: Final = 20
"""Of each polarity. Source: OUT-001."""
FEWEST_FOR_A_STEP_DOWN: Final = 3
DISTURBED_S: Final = 0.3
WHOLE_TURNS: Final = 2.2
LEVEL_SETTLE_S: Final = 0.1
"""A device may take as long as for a start; most are quicker, and the record shows which it was."""
REQUESTS: Final = 15
HOT_SHARES: Final = (0.0, 0.33, 0.67)
"""Of a pulse period: contact is broken at different instants of a pulse and of a pause."""
ABOVE_CUT_OFF_V: Final = 0.05
BATTERY_SETTLE_S: Final = 0.1
"""The supply moves within 50 ms, the rail behind it in some more."""
WIDENING: Final = 4.0
"""Of the electrode channel's range where the open-circuit voltage clips it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disturbed:
    """A running device that was told wrong things and asked without a pause."""

    commands: WrongCommands
    output: SteadyOutput
    requests: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LowBattery:
    """The output just above the battery's cut-off, and the battery by meter and device."""

    output: SteadyOutput
    set_v: float
    reading: BatteryReading
    reported_v: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LostContact:
    """The electrode was lifted; what the device said afterwards."""

    reaction: Reaction
    status: DeviceStatus
    lost_ohm: float
    """Nominal resistance on which the electrode hangs then."""


class Running:
    """The session; its outputs by level, load and battery."""

    def __init__(self, bench: Bench, chain: Chain) -> None:
        self._bench = bench
        profile = bench.profile
        self._level = profile.highest_level
        self._first_ohm, self._last_ohm = profile.loads_ohm[0], profile.loads_ohm[-1]
        self._low_v = round(profile.protection.battery_cutoff_v + ABOVE_CUT_OFF_V, 3)
        self._reading: DirectReading | None = None
        self._unread: NotOffered | None = None
        """Why the bench could not read it."""
        *others, _ = self._course = course([row.number for row in profile.levels])
        session = chain.session(lambda: bench.run(level=self._course[0], load_ohm=self._first_ohm))
        self._levels = {number: session.step(partial(self._at, number)) for number in others}
        self.highest = self._levels[self._level] = session.step(self._highest)
        self.direct_current = session.step(self._direct_current)
        self.disturbed = session.step(self._disturbed)
        self.hot = session.step(self._hot)
        self.capacitive = session.step(self._capacitive)
        self.last_load = session.step(self._into_last_load)
        self.low_battery = session.step(self._low_battery)
        self.lost_contact = session.step(self._lost_contact)

    @property
    def outputs(self) -> Mapping[OutputKey, Step[SteadyOutput]]:
        """The steady records of the session at the nominal battery voltage."""
        at_levels = {
            (number, self._first_ohm, BATTERY_V): step for number, step in self._levels.items()
        }
        return at_levels | {(self._level, self._last_ohm, BATTERY_V): self.last_load}

    @property
    def _short_s(self) -> float:
        wave = self._bench.profile.waveform
        return max(LEAST_PULSES / wave.repetition_rate_hz, TURNS * wave.rhythm_s)

    @property
    def _whole_s(self) -> float:
        """Twenty pulses of each polarity in whole cycles; not the second that a rate wants."""
        profile = self._bench.profile
        wave = profile.waveform
        pulses = PULSES * len(self._bench.polarities) / wave.phases_per_pulse
        wanted_s = max(pulses / wave.repetition_rate_hz, WHOLE_TURNS * wave.polarity_cycle_s)
        return min(max(wanted_s, self._short_s), record_duration_s(profile))

    def _at(self, number: int) -> SteadyOutput:
        """Change to a level and record it; once more where the record still shows another."""
        self._go_to(number)
        output = self._delivering(self._short_s, number, self._first_ohm)
        if self._nearest(output) == number:
            return output
        self._bench.clock.sleep(self._bench.profile.timers.start_delay_s)
        return self._delivering(self._short_s, number, self._first_ohm)

    def _go_to(self, number: int) -> None:
        self._bench.treatment.must_run()
        self._bench.treatment.link.set_level(number)
        self._bench.clock.sleep(LEVEL_SETTLE_S)

    def _nearest(self, output: SteadyOutput) -> int:
        """Return the number of the level whose declared current is nearest to what was seen."""
        seen_ua = bench_current_ua(output)
        profile = self._bench.profile

        def distance(number: int) -> float:
            return abs(profile.current_ua(number, self._first_ohm) - seen_ua)

        return min(self._course, key=distance)

    def _delivering(self, duration_s: float, number: int, load_ohm: float) -> SteadyOutput:
        output = self._bench.record_for(duration_s, number, load_ohm)
        output.must_deliver()
        return output

    def _highest(self) -> SteadyOutput:
        """Record the highest level while the meter reads, in apertures of the cycle just seen."""
        bench = self._bench
        self._go_to(self._level)
        try:
            repetition = measurands.repetition(self._before(), timebase_ppm=bench.timebase_ppm)
        except DeviceMisbehaved:  # no grid: the records say what is wrong
            repetition = None
        except NotOffered as reason:
            self._unread = reason
            raise

        def read() -> None:
            if repetition is not None:
                self._reading = bench.direct.of_cycles(repetition, quick=True)

        duration_s = record_duration_s(bench.profile)
        try:
            output = bench.record_for(duration_s, self._level, self._first_ohm, meanwhile=read)
        except NotOffered:  # no memory for all channels: once more, the current alone
            output = bench.record_for(duration_s, self._level, self._first_ohm)
        output.must_deliver()
        return output

    def _before(self) -> SteadyOutput:
        """Return a record whose cycle is that of the highest level: that of the level before it."""
        *others, _ = self._course
        if others:
            return self._levels[others[-1]]()
        return self._delivering(self._short_s, self._level, self._first_ohm)

    def _direct_current(self) -> DirectReading:
        if self._unread is not None:
            raise self._unread
        if self._reading is None:
            raise DeviceMisbehaved("the pulses form no regular grid: there is no polarity cycle")
        return self._reading

    def _disturbed(self) -> Disturbed:
        """Send wrong commands, then requests without a pause, and look at the output meanwhile."""
        bench, link = self._bench, self._bench.treatment.link
        wrong, attempts = few_wrong_commands(link), list[Attempt]()

        def disturb() -> None:
            attempts.extend(bench.commands.attempts(wrong))
            for _ in range(REQUESTS):
                link.status()

        before = link.status()
        output = bench.record_for(
            max(self._short_s, DISTURBED_S), self._level, self._first_ohm, meanwhile=disturb
        )
        commands = WrongCommands(attempts=tuple(attempts), before=before, after=link.status())
        return Disturbed(commands=commands, output=output, requests=REQUESTS)

    def _hot(self) -> Sequence[HotConnection]:
        """Break and make the contact, each time at another instant."""
        found: list[HotConnection] = []
        period_s = self._bench.profile.waveform.pulse_period_s
        for share in HOT_SHARES:
            self._bench.treatment.must_run()
            found.append(
                self._bench.contacts.hot_connection(
                    load_ohm=self._first_ohm, phase_s=share * period_s
                )
            )
        return found

    def _capacitive(self) -> SteadyOutput:
        """Record the highest level into 10 kΩ with 100 nF."""
        if self._bench.profile.output.regulation != "current":
            raise NotOffered("the output is no current: it is not loaded with a capacitance")
        return self._bench.fast_records.while_running(self.highest(), relay="load_rc")

    def _into_last_load(self) -> SteadyOutput:
        bench = self._bench
        bench.fixture.select_load(self._last_ohm)
        bench.treatment.run_again(after=f"the change to {self._last_ohm:g} Ω")
        return self._delivering(self._whole_s, self._level, self._last_ohm)

    def _low_battery(self) -> LowBattery:
        bench = self._bench
        bench.fixture.set_battery(self._low_v)
        bench.clock.sleep(BATTERY_SETTLE_S)
        try:
            output = self._delivering(self._whole_s, self._level, self._last_ohm)
            reading = bench.supply_events.battery()
            reported_v = bench.treatment.link.status().battery_v
        finally:
            bench.fixture.set_battery(BATTERY_V)
            bench.clock.sleep(BATTERY_SETTLE_S)
        return LowBattery(output=output, set_v=self._low_v, reading=reading, reported_v=reported_v)

    def _lost_contact(self) -> LostContact:
        """Lift the electrode; the whole of it again where the open-circuit voltage clips."""
        bench = self._bench
        bench.treatment.must_run()
        level, load_ohm = self._level, self._last_ohm
        reaction = bench.reactions.contact_lifted(level=level, load_ohm=load_ohm)
        status = bench.treatment.link.status()
        if reaction.capture.clipped(reaction.label):
            reaction = bench.reactions.contact_loss(
                level=level, load_ohm=load_ohm, phase_s=0.0, widening=WIDENING
            )
        bench.fixture.isolate_device()
        bench.fixture.open("load_open")
        lost = bench.fixture.lost_contact_load(bench.profile.contact_off_limit_ohm)
        return LostContact(
            reaction=reaction, status=status, lost_ohm=DRY_LOADS_OHM.get(lost, math.inf)
        )


def course(numbers: Sequence[int]) -> list[int]:
    """Return the levels in the order in which they are gone through: up, with one step down."""
    if len(numbers) < FEWEST_FOR_A_STEP_DOWN:
        return list(numbers)
    first, second, *others = numbers
    return [second, first, *others]
