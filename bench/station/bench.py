"""The open bench as a test sees it: the device, its captures, its reactions."""

from __future__ import annotations

import random
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from functools import cached_property, partial
from typing import Final, Self

from bench.device.link import DeviceState
from bench.errors import BenchError, DeviceMisbehaved, FixtureError, LinkTimeout, SupplyFault
from bench.profile import Profile
from bench.record.schema import DeviceRecord, Scalar
from bench.station.acquisition import Capture, Shot
from bench.station.boost import Boosts
from bench.station.ceiling import CeilingWatch
from bench.station.commands import Commands
from bench.station.contact_thresholds import ContactThresholds
from bench.station.contacts import Contacts
from bench.station.direct_current import DirectCurrent, DirectReading
from bench.station.disturbed_session import DisturbedSession
from bench.station.edges import FastRecords
from bench.station.electrode import ElectrodeVoltage
from bench.station.event_records import EventRecords
from bench.station.fixture import BATTERY_V
from bench.station.histories import Histories
from bench.station.indicators import Indicators
from bench.station.injections import Injections
from bench.station.latch import Latch
from bench.station.modulated import Modulated
from bench.station.production import ProductionLine
from bench.station.programmes import Programmes
from bench.station.ranges import RangeChoice
from bench.station.reactions import Reaction, Reactions
from bench.station.readings import Readings
from bench.station.repetition import Repetition
from bench.station.residual import MeasuringDevice, QuietStates, Residual
from bench.station.rest import Rest
from bench.station.rollovers import Rollovers
from bench.station.scales import Label
from bench.station.second_limiter import SecondLimiter
from bench.station.session import FullSession, SessionWatch
from bench.station.shorts import Shorts
from bench.station.skin_output import SkinOutput
from bench.station.station import OpenStation
from bench.station.steady_output import SteadyOutput, record_duration_s, record_points
from bench.station.stop_after import StopAfter
from bench.station.supply_events import SupplyEvents
from bench.station.transitions import Transitions
from bench.station.treatment import BOOT_LIMIT_S, Treatment
from bench.station.walk import Walker

__all__ = ["Bench"]

RESIDUAL_APERTURE_S: Final = 1.0
"""Off-state d.c. is a mean over at least a second. Source: docs/laboratory.md."""

ELECTRODE_WIDENING: Final = 4.0
"""How much wider the electrode channel's range is where the open-circuit voltage clips it."""
CHARGED_RATIO: Final = 4.2 / 3.7
"""A charged lithium cell over its nominal voltage."""
LATE_SHARE: Final = 0.9
"""Of the declared session: when its end is looked at, with time left to measure."""
READING_ROOM: Final = 1.5
"""Time kept for a record and a direct current, over that of the direct current alone."""
BATTERY_SETTLE_S: Final = 1.0
"""A device reads its battery at least this often."""


class Bench:
    """Everything that a test plan may use; built when the fixture is proved and the scope scaled."""

    def __init__(
        self,
        station: OpenStation,
        *,
        profile: Profile,
        seed: int,
        wanted: Callable[[str], bool],
        expected: DeviceRecord,
        short: bool = False,
    ) -> None:
        """``short``: a unit of a series, measured in few starts (see :mod:`.production`)."""
        self._station = station
        self.profile = profile
        self.expected = expected
        self.wanted = wanted
        self.clock = station.clock
        self.fixture = station.fixture
        self.acquirer = station.acquirer
        self.stopwatch = station.stopwatch
        self.timebase_ppm = station.timebase_ppm
        self.shunt = station.shunt
        self.treatment = Treatment(
            link=station.open_device(),
            fixture=station.fixture,
            clock=station.clock,
            profile=profile,
        )
        if profile.timers.link_timeout_s is not None:
            self.clock.attend(
                self.treatment.link.status,
                timeout_s=profile.timers.link_timeout_s,
                tapped=partial(self.fixture.closed, "sync_link"),
            )
        self.ranges = RangeChoice(profile=profile)
        self.records = EventRecords(acquirer=self.acquirer, ranges=self.ranges)
        self.reactions = Reactions(
            treatment=self.treatment,
            fixture=self.fixture,
            records=self.records,
            sleep=self.clock.sleep,
        )
        self.histories = Histories(treatment=self.treatment, fixture=self.fixture, clock=self.clock)
        self.latch = Latch(treatment=self.treatment, fixture=self.fixture, clock=self.clock)
        self.rest_watch = Rest(
            treatment=self.treatment,
            fixture=self.fixture,
            records=self.records,
            clock=self.clock,
        )
        self.disturbed_session = DisturbedSession(
            treatment=self.treatment,
            fixture=self.fixture,
            records=self.records,
            clock=self.clock,
        )
        self.rollovers = Rollovers(
            treatment=self.treatment,
            fixture=self.fixture,
            records=self.records,
            clock=self.clock,
        )
        self.injections = Injections(
            treatment=self.treatment,
            fixture=self.fixture,
            records=self.records,
            reactions=self.reactions,
            clock=self.clock,
        )
        self.quiet = QuietStates(
            treatment=self.treatment,
            fixture=self.fixture,
            reactions=self.reactions,
            clock=self.clock,
            profile=profile,
        )
        self.measuring_device = MeasuringDevice(
            fixture=self.fixture,
            dmm=station.dmm,
            accuracy=station.accuracy.multimeter,
            acquirer=self.acquirer,
            clock=self.clock,
            network=station.network,
        )
        self._residuals: dict[str, Residual] = {}
        self.direct = DirectCurrent(
            dmm=station.dmm,
            fixture=self.fixture,
            clock=self.clock,
            shunt=station.shunt,
            accuracy=station.accuracy.multimeter,
        )
        self.contacts = Contacts(
            treatment=self.treatment,
            fixture=self.fixture,
            records=self.records,
            clock=self.clock,
        )
        self.shorts = Shorts(
            treatment=self.treatment,
            fixture=self.fixture,
            records=self.records,
            direct=self.direct,
            clock=self.clock,
        )
        self.transitions = Transitions(
            treatment=self.treatment,
            fixture=self.fixture,
            records=self.records,
            clock=self.clock,
        )
        self.supply_events = SupplyEvents(
            treatment=self.treatment,
            fixture=self.fixture,
            records=self.records,
            dmm=station.dmm,
            accuracy=station.accuracy.multimeter,
            clock=self.clock,
        )
        self.commands = Commands(
            treatment=self.treatment,
            fixture=self.fixture,
            records=self.records,
            reactions=self.reactions,
            clock=self.clock,
        )
        self.readings = Readings(
            treatment=self.treatment,
            fixture=self.fixture,
            records=self.records,
            supply_events=self.supply_events,
            clock=self.clock,
        )
        self.second_limiter = SecondLimiter(
            treatment=self.treatment, direct=self.direct, clock=self.clock
        )
        self.programmes = Programmes(treatment=self.treatment, records=self.records)
        self.modulated = Modulated(treatment=self.treatment, records=self.records)
        self.boosts = Boosts(treatment=self.treatment, records=self.records, clock=self.clock)
        self.contact_thresholds = ContactThresholds(
            treatment=self.treatment,
            fixture=self.fixture,
            dmm=station.dmm,
            clock=self.clock,
            level=profile.highest_level,
        )
        self.indicators = Indicators(
            treatment=self.treatment,
            fixture=self.fixture,
            records=self.records,
            clock=self.clock,
        )
        self.walker = Walker(
            treatment=self.treatment,
            fixture=self.fixture,
            records=self.records,
            clock=self.clock,
        )
        self.ceiling = CeilingWatch(
            ceiling_a=profile.output.ceiling_ua * 1e-6, stopwatch=self.stopwatch
        )
        self.acquirer.watchers.append(self.ceiling)
        self.sessions = SessionWatch(
            treatment=self.treatment, acquirer=self.acquirer, clock=self.clock, ranges=self.ranges
        )
        self._seed = seed
        self._steady: dict[tuple[int, float, float], SteadyOutput | BenchError] = {}
        self.electrode = ElectrodeVoltage(treatment=self.treatment, acquirer=self.acquirer)
        self.fast_records = FastRecords(
            treatment=self.treatment,
            fixture=self.fixture,
            acquirer=self.acquirer,
            ranges=self.ranges,
        )
        self.stop_after = StopAfter(
            treatment=self.treatment, records=self.records, clock=self.clock
        )
        self.skin = SkinOutput(
            treatment=self.treatment,
            fixture=self.fixture,
            profile=profile,
            fitted=station.configuration.skin,
        )
        self._session: FullSession | BenchError | None = None
        self._short = short
        self._rested_ns: int | None = None

    @classmethod
    def open(
        cls,
        station: OpenStation,
        *,
        profile: Profile,
        seed: int,
        wanted: Callable[[str], bool],
        expected: DeviceRecord,
        short: bool = False,
    ) -> Self:
        """Power the device and wait for it; a device that does not boot is left to the tests."""
        bench = cls(
            station, profile=profile, seed=seed, wanted=wanted, expected=expected, short=short
        )
        bench.fixture.power_device()
        return bench

    def identify(self) -> DeviceRecord:
        """Wait until the device is up and return what it says it is.

        A device that says for ever that it boots is left to the tests.
        """
        link = self.treatment.link
        self.clock.wait_until(
            lambda: link.status().state is not DeviceState.BOOT, timeout_s=BOOT_LIMIT_S, poll_s=0.1
        )
        found = self.treatment.link.identify()
        return DeviceRecord(
            model=found.model,
            serial=found.serial,
            firmware=found.firmware,
            udi=found.udi,
            hardware=found.hardware,
            build=found.build,
        )

    def rest(self, *, power_cycle: bool = False) -> None:
        """Leave the device idle and the path open; one that does not idle loses its power.

        ``power_cycle``: a test ended in an error of the bench, and nobody undid what it injected.
        """
        if power_cycle:
            self.fixture.open_everything()
        elif self._short and self.clock.now_ns() == self._rested_ns:
            return  # no time has passed: nothing was done
        self.fixture.isolate_device()
        self.fixture.open("dmm_shunt", "sync_link", "load_open", "charger")
        try:
            if power_cycle:
                self.treatment.power_cycle()
            else:
                self.treatment.make_idle()
        except (DeviceMisbehaved, LinkTimeout):
            with suppress(DeviceMisbehaved):  # its path is open: the tests say what it does not do
                self.treatment.power_cycle()
        self._rested_ns = self.clock.now_ns()

    def suspected(self) -> str:
        """Return what of the bench explains that the device misbehaved, or nothing."""
        return self._station.suspected()

    def release(self) -> None:
        """Stop, isolate and unpower the device before the reference is measured again."""
        self.rest()
        self.fixture.isolate_device()
        self.fixture.open("battery", "dmm_shunt", "sync_link", "load_open", "charger")
        self._station.device_released = True

    @cached_property
    def line(self) -> ProductionLine:
        """The steps of a production run."""
        return ProductionLine(self)

    @property
    def polarities(self) -> tuple[int, ...]:
        """The signs of the phases that the profile declares."""
        return (1,) if self.profile.waveform.kind == "monophasic" else (1, -1)

    @property
    def walk_seed(self) -> str:
        """Seed of the random walks; the same for the same run."""
        return f"{self._seed}/FLT-030"

    def phases_s(self, count: int, purpose: str) -> list[float]:
        """Return random instants within a polarity cycle; the same for the same seed."""
        source = random.Random(f"{self._seed}/{purpose}")
        cycle_s = self.profile.waveform.polarity_cycle_s
        return [source.uniform(0.0, cycle_s) for _ in range(count)]

    def steady(self, *, level: int, load_ohm: float, battery_v: float = BATTERY_V) -> SteadyOutput:
        """Return the shared record of the steady output; a device that failed once failed."""
        key = (level, load_ohm, battery_v)
        if self._short and key in self.line.outputs:
            return self.line.outputs[key]()
        known = self._steady.get(key)
        if known is None:
            try:
                known = self._take_steady(level, load_ohm, battery_v)
            except DeviceMisbehaved as failure:
                known = failure
            self._steady[key] = known
        if isinstance(known, BenchError):
            raise known
        return known

    def fresh_steady(self, *, level: int, load_ohm: float) -> SteadyOutput:
        """Return a record taken now, for a test that did something to the device before."""
        return self._take_steady(level, load_ohm, BATTERY_V)

    def late_steady(self, *, level: int, load_ohm: float) -> tuple[SteadyOutput, float]:
        """Return a record from near the end of a session that runs on, and the time since START.

        What is left of the session holds a reading of the direct current behind the record.
        """
        self.run(level=level, load_ohm=load_ohm)
        begun_ns = self.clock.now_ns()
        session_s = self.profile.timers.session_s
        declared = Repetition.declared(self.profile, peak_a=0.0, timebase_ppm=self.timebase_ppm)
        reading_s = READING_ROOM * self.direct.duration_s(declared)
        self.clock.sleep(max(0.0, session_s - max((1.0 - LATE_SHARE) * session_s, reading_s)))
        output = self.record_running(level=level, load_ohm=load_ohm)
        elapsed_s = self.profile.timers.ramp_s + (self.clock.now_ns() - begun_ns) / 1e9
        output.must_deliver()
        return output, elapsed_s

    def run(self, *, level: int, load_ohm: float) -> None:
        """Start a session at a level into a load and wait for the full output."""
        with self.stopwatch.during("device wait"):
            self.treatment.run(level=level, load_ohm=load_ohm)

    def residual_current(self) -> DirectReading:
        """Return the mean current over a second of a device that should deliver nothing."""
        with self.stopwatch.during("acquire"):
            return self.direct.over(RESIDUAL_APERTURE_S)

    def through_measuring_device(self, state: str) -> Residual:
        """Return what the measuring device showed in a state that delivers nothing; read once."""
        if state not in self._residuals:
            self.measuring_device.network.must_be_usable()
            self.quiet.enter(state)
            self._residuals[state] = self.measuring_device.read()
            self.quiet.leave(state)
        return self._residuals[state]

    def full_session(self) -> FullSession:
        """Return the one session that runs to its timer's end, observed where a test wants it."""
        if self._session is None:
            try:
                self._session = self.sessions.run(observe_pulses=self.wanted("OUT-031"))
            except DeviceMisbehaved as failure:
                self._session = failure
        if isinstance(self._session, BenchError):
            raise self._session
        return self._session

    def into_skin(self, level: int) -> SteadyOutput:
        """Return the output at a level into the network in place of skin."""
        text = f"skin, {self.profile.output.skin.text}"
        return self.skin.record(
            level,
            lambda number, ohm: self.record_running(level=number, load_ohm=ohm, load=text),
        )

    def load_tolerance(self, load_ohm: float) -> float:
        """Return the relative tolerance within which the self-test proved a load."""
        return self._station.load_tolerance(load_ohm)

    @cached_property
    def contact_lost(self) -> Reaction:
        """One contact loss at the highest level into the largest load, on the electrode channel."""
        return self._contact_lost()

    @cached_property
    def contact_lost_charged(self) -> Reaction:
        """The same on a charged battery, which drives the rail hardest."""
        with self.on_battery(CHARGED_RATIO * self.profile.protection.battery_nominal_v):
            return self._contact_lost()

    def _contact_lost(self) -> Reaction:
        """Lift the electrode; taken again on a wider range where the record is clipped."""
        for widening in (1.0, ELECTRODE_WIDENING):
            reaction = self.reactions.contact_loss(
                level=self.profile.highest_level,
                load_ohm=self.profile.loads_ohm[-1],
                phase_s=0.0,
                widening=widening,
            )
            if not reaction.capture.clipped(reaction.label):
                break
        return reaction

    def _take_steady(self, level: int, load_ohm: float, battery_v: float) -> SteadyOutput:
        with self.on_battery(battery_v):
            self.run(level=level, load_ohm=load_ohm)
            output = self.record_running(level=level, load_ohm=load_ohm)
            with self.stopwatch.during("device wait"):
                self.treatment.stop()
        with self.stopwatch.during("analyse"):
            output.must_deliver()
        return output

    def record_running(self, *, level: int, load_ohm: float, load: str = "") -> SteadyOutput:
        """Record a running device, and ask what it says of itself meanwhile.

        ``load`` names one that is no plain resistance.
        """
        duration_s = record_duration_s(self.profile)
        return self.record_for(duration_s, level, load_ohm, load=load, proves_supply=True)

    def record_for(
        self,
        duration_s: float,
        level: int,
        load_ohm: float,
        *,
        load: str = "",
        meanwhile: Callable[[], None] | None = None,
        proves_supply: bool = False,
    ) -> SteadyOutput:
        """Record a running device for a while; ``meanwhile`` happens while the record fills."""
        capture, label = self._unclipped(duration_s, level, load_ohm, load, meanwhile)
        with self.stopwatch.during("device wait"):
            self.treatment.must_run()
            if proves_supply and (problem := self.fixture.battery_fault()):
                raise SupplyFault(problem)
            telemetry, status = self.readings.now()
        return SteadyOutput(
            capture=capture,
            profile=self.profile,
            level=level,
            load_ohm=load_ohm,
            label=label,
            telemetry=telemetry,
            status=status,
        )

    def _unclipped(
        self,
        duration_s: float,
        level: int,
        load_ohm: float,
        load: str,
        meanwhile: Callable[[], None] | None,
    ) -> tuple[Capture, Label]:
        """Retake a clipped record on wider ranges, and on the direct channel at the last.

        The next one first: a zero far from the middle may clip a healthy level, which the widest
        range would not show.
        """
        attempts = (
            *((Label.CURRENT, range_a) for range_a in self.ranges.for_level_a(level)),
            (Label.TRANSIENT, self.ranges.transient_a()),
        )
        into: dict[str, Scalar] = {"load": load} if load else {"load_ohm": load_ohm}
        for label, full_scale_a in attempts:
            shot = Shot(
                title=f"steady output, level {level}, {load or f'{load_ohm:g} Ω'}",
                full_scale={label: full_scale_a},
                duration_s=duration_s,
                points=record_points(self.profile, duration_s),
            )
            capture = self.acquirer.take(
                shot, conditions={"level": level, **into}, during=meanwhile
            )
            if not capture.clipped(label):
                return capture, label
        raise FixtureError(
            f"level {level} into {load or f'{load_ohm:g} Ω'} clips every range up to "
            f"{self.ranges.transient_a() * 1e3:g} mA peak to peak: there is no number"
        )

    @contextmanager
    def on_battery(self, voltage_v: float) -> Generator[None]:
        """Give an idle device another battery voltage for a while."""
        if voltage_v == BATTERY_V:
            yield
            return
        self.treatment.make_idle()
        self.fixture.set_battery(voltage_v)
        self.clock.sleep(BATTERY_SETTLE_S)
        try:
            yield
        finally:
            self.fixture.set_battery(BATTERY_V)
            self.clock.sleep(BATTERY_SETTLE_S)
