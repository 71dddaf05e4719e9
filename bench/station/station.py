"""An open station: sessions, fixture, scales and captures, in the order in which they are proved."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from bench.clock import Clock, TwinClock, WallClock
from bench.device import open_link
from bench.device.link import DeviceLink
from bench.errors import BenchError, FixtureError, NotConnected
from bench.judge import Limit
from bench.profile import Profile
from bench.record import utc_now
from bench.record.events import Kind
from bench.record.schema import Equipment, SelfTestStep
from bench.station.accuracy import accuracy_of_models
from bench.station.acquisition import Acquirer
from bench.station.attention import AttentiveClock
from bench.station.configuration import InstrumentEntry, Station
from bench.station.corrections import CorrectedMultimeter
from bench.station.direct_current import Shunt
from bench.station.fixture import (
    BATTERY_OUTPUT,
    CHARGER_OUTPUT,
    CHECK_SOURCE,
    REFERENCE_OUTPUT,
    Fixture,
)
from bench.station.guardian import Guardian, GuardianOrders
from bench.station.network_check import NetworkCheck
from bench.station.network_proof import NetworkProof, not_checked
from bench.station.ranges import RangeChoice
from bench.station.safe_state import SafeStateParts
from bench.station.scales import ChannelView, Label, Scales
from bench.station.scope_tests import ScopeTests
from bench.station.self_test import SelfTest, lead_loop_problem, meter_range_ohm
from bench.station.transfer import Transfer
from bench.stopwatch import Stopwatch
from bench.waveform import Waveform
from instruments import (
    OpenOptions,
    is_board,
    open_generator,
    open_load_switch,
    open_multimeter,
    open_oscilloscope,
    open_supply,
)
from instruments.roles import (
    Instrument,
    LoadSwitch,
    Multimeter,
    Oscilloscope,
    Supply,
    WaveformGenerator,
)

__all__ = ["OpenStation"]

OUTPUTS: Final = (BATTERY_OUTPUT, REFERENCE_OUTPUT, CHARGER_OUTPUT)


class OpenStation:
    """The station of a configuration, connected part by part."""

    def __init__(
        self,
        configuration: Station,
        *,
        stopwatch: Stopwatch,
        on_action: Callable[[], None],
        store: Callable[[Waveform], str],
        record: Callable[[Kind, object], None],
        dialogues: Path | None = None,
    ) -> None:
        """``dialogues`` is the folder into which each instrument's line is written, where wanted."""
        self._dialogues = dialogues
        self.configuration = configuration
        self.stopwatch = stopwatch
        self._own_clock: Clock = _clock(configuration)
        self.clock = AttentiveClock(self._own_clock)
        self._started_ns = self.clock.now_ns()
        self._on_action = on_action
        self._store = store
        self._record = record
        self._instruments: dict[str, Instrument] = {}
        self._generator: WaveformGenerator | None = None
        self._device: DeviceLink | None = None
        self._transfer: Transfer | None = None
        self.device_released = False
        self.network: NetworkProof = not_checked("nothing in this run was to be read through it")

    def elapsed_s(self) -> float:
        """Return the time since the station was opened, on its own clock."""
        return (self.clock.now_ns() - self._started_ns) / 1e9

    def start_guardian(self, *, journal: Path, pass_fds: tuple[int, ...]) -> Guardian:
        """Start the guardian with connections of its own; nothing is switched on before it."""
        entries = self.configuration.instruments
        orders = GuardianOrders(
            switch=entries["switch"].resource,
            supply=entries["supply"].resource,
            dmm=entries["dmm"].resource,
            generator=entries["generator"].resource if "generator" in entries else "",
            device=self.configuration.device.url,
            adapter=self.configuration.device.adapter or "",
            clock=self.configuration.clock or "",
            relays=dict(self.configuration.relays),
            supply_outputs=OUTPUTS,
            board=entries["switch"].model if is_board(entries["switch"].model) else "",
            journal=str(journal.resolve()),
            runner_pid=_own_pid(),
        )
        return Guardian(orders, pass_fds=pass_fds)

    def connect(self) -> None:
        """Open every instrument, commanding nothing; failures are shown together."""
        failures = [text for role, text in self._open_all() if text and role]
        if failures:
            raise NotConnected(
                f"station {self.configuration.name}: {len(failures)} of "
                f"{len(self.configuration.instruments)} instruments cannot be used:\n  "
                + "\n  ".join(failures)
            )

    def prepare(self) -> None:
        """Reset every instrument, open every relay, and build the fixture."""
        for role, instrument in self._instruments.items():
            instrument.reset()
            self._record(Kind.EQUIPMENT, self._equipment(role, instrument))
        self.accuracy = accuracy_of_models(
            dmm=self.dmm.identity.model,
            scope=self.scope.identity.model,
            station=self.configuration.name,
            meter=self.configuration.instruments["dmm"],
        )
        self._correct_meter()
        self.timebase_ppm = self.accuracy.scope.timebase_ppm
        self.scales = Scales(
            _views(self.configuration),
            accuracy=self.accuracy.scope,
            shunt_tolerance=self.configuration.shunt.tolerance,
        )
        self.fixture = Fixture(
            switch=self._switch,
            supply=self._supply,
            relays=self.configuration.relays,
            loads={load.nominal_ohm: load.relay for load in self.configuration.loads},
            reference_resistance_ohm=self.configuration.reference.series_ohm,
            on_action=self._on_action,
        )
        self.fixture.open_everything()
        self.acquirer = Acquirer(
            scope=self.scope,
            clock=self.clock,
            scales=self.scales,
            stopwatch=self.stopwatch,
            store=self._store,
            record=lambda capture: self._record(Kind.CAPTURE, capture),
            on_action=self._on_action,
            timestamp=utc_now,
        )

    def self_test(self, profile: Profile) -> None:
        """Prove fixture and scope with the device isolated; raises FixtureError."""
        test = SelfTest(
            fixture=self.fixture,
            dmm=self.dmm,
            accuracy=self.accuracy.multimeter,
            acquirer=self.acquirer,
            record=self._step,
        )
        test.error_queues(self._instruments)
        shunt = self.configuration.shunt
        shunt_ohm = test.shunt(expected_ohm=shunt.value_ohm, tolerance=shunt.tolerance)
        test.open_path()
        for load in self.configuration.loads:
            if load.nominal_ohm in profile.loads_ohm:
                test.load(load.nominal_ohm, expected_ohm=load.value_ohm, tolerance=load.tolerance)
        test.lead_loop()
        test.release_path()
        meter = self.accuracy.multimeter
        self.shunt = Shunt(
            ohm=shunt_ohm,
            relative_uncertainty=meter.resistance_uncertainty(
                shunt_ohm, range_ohm=meter_range_ohm(shunt.value_ohm)
            ),
            source=f"four-wire ohms in the self-test; {meter.reference}",
            zero_readings_v=test.meter_zero(),
        )
        test.electrode_channel()
        self._transfer = Transfer(
            fixture=self.fixture,
            dmm=self.dmm,
            acquirer=self.acquirer,
            shunt=self.shunt,
            ranges=RangeChoice(profile=profile).plans(),
        )
        for step in self._transfer.opening(self.scales):
            self._step(step)
        self._scope_tests(test.judge, RangeChoice(profile=profile))

    def _scope_tests(self, judge: Callable[[SelfTestStep, str], None], ranges: RangeChoice) -> None:
        tests = ScopeTests(
            fixture=self.fixture,
            acquirer=self.acquirer,
            judge=judge,
            scale=ranges.profile.scale,
        )
        tests.trigger()
        lowest = min(ranges.profile.levels, key=lambda level: level.current_ua)
        tests.background(
            lowest_level_a=lowest.current_ua * 1e-6, full_scale_a=ranges.level_a(lowest.number)
        )
        tests.compensation()
        self.fixture.isolate_device()

    def check_network(self, limits: Sequence[Limit]) -> None:
        """Hold the measuring device against its model, before the device has power.

        What is wrong with it is kept for the tests that would read through it.
        """
        if self._generator is None:
            self.network = not_checked("the station has no check source ([instruments.generator])")
        elif not self.fixture.has(CHECK_SOURCE):
            self.network = not_checked(f"the station has no relay {CHECK_SOURCE!r}")
        else:
            check = NetworkCheck(
                fixture=self.fixture,
                dmm=self.dmm,
                accuracy=self.accuracy.multimeter,
                acquirer=self.acquirer,
                generator=self._generator,
                record=self._step,
            )
            self.network = check.prove(limits)

    def suspected(self) -> str:
        """Return what of the bench explains that a device misbehaved, or nothing."""
        return self.fixture.battery_fault() or lead_loop_problem(self.fixture, self.dmm)

    def load_tolerance(self, load_ohm: float) -> float:
        """Return the relative tolerance within which the self-test proved a load."""
        return next(
            load.tolerance for load in self.configuration.loads if load.nominal_ohm == load_ohm
        )

    def closing_reference(self) -> Sequence[SelfTestStep]:
        """Check every transferred range again; steps that did not pass have drifted."""
        if self._transfer is None:
            return ()
        steps = self._transfer.closing(self.scales)
        for step in steps:
            self._step(step)
        return steps

    def open_device(self) -> DeviceLink:
        """Open the device link, once."""
        if self._device is None:
            device = self.configuration.device
            self._device = open_link(
                device.url,
                clock=self._own_clock,
                unlock_key=device.unlock_key,
                adapter=device.adapter or None,
            )
        return self._device

    def safe_state_parts(self) -> SafeStateParts:
        """Return whatever is open, for the safe state."""
        found = self._instruments
        return SafeStateParts(
            switch=self._switch if "switch" in found else None,
            supply=self._supply if "supply" in found else None,
            dmm=self.dmm if "dmm" in found else None,
            with_generator="generator" in self.configuration.instruments,
            generator=self._generator,
            relays=self.configuration.relays,
            supply_outputs=OUTPUTS,
            open_device=None if self._device is None or self.device_released else self.open_device,
            without_device="stopped, isolated and without battery since its last test"
            if self.device_released
            else "the device was never connected",
        )

    def close(self) -> None:
        """Close every session; never raises."""
        if self._device is not None:
            self._device.close()
        for instrument in self._instruments.values():
            instrument.close()
        if isinstance(self._own_clock, TwinClock):
            self._own_clock.close()

    def _open_all(self) -> Iterator[tuple[str, str]]:
        """Open each instrument; yield its role with the failure, or with nothing."""
        for role, entry in self.configuration.instruments.items():
            try:
                self._instruments[role] = self._open_one(role, entry)
            except BenchError as error:
                yield role, str(error)

    def _open_one(self, role: str, entry: InstrumentEntry) -> Instrument:
        options = OpenOptions(
            expected_model=entry.model or None,
            expected_serial=entry.serial or None,
            clock=self.clock,
            timeout_s=entry.timeout_s,
            dialogue=None if self._dialogues is None else self._dialogues / f"{role}.jsonl",
        )
        match role:
            case "scope":
                self.scope: Oscilloscope = open_oscilloscope(entry.resource, **options)
                return self.scope
            case "dmm":
                self.dmm: Multimeter = open_multimeter(entry.resource, **options)
                return self.dmm
            case "switch":
                self._switch: LoadSwitch = open_load_switch(entry.resource, **options)
                return self._switch
            case "supply":
                self._supply: Supply = open_supply(entry.resource, **options)
                return self._supply
            case "generator":
                self._generator = open_generator(entry.resource, **options)
                return self._generator
            case _:
                raise FixtureError(
                    f"station {self.configuration.name}: no role {role!r}; "
                    "the roles are scope, dmm, switch, supply and generator"
                )

    def _correct_meter(self) -> None:
        corrections = self.configuration.instruments["dmm"].corrections
        if corrections:
            self.dmm = CorrectedMultimeter(self.dmm, corrections, self.accuracy.multimeter)

    def _equipment(self, role: str, instrument: Instrument) -> Equipment:
        identity = instrument.identity
        entry = self.configuration.instruments[role]
        due = entry.calibration_due
        return Equipment(
            role=role,
            manufacturer=identity.manufacturer,
            model=identity.model,
            serial=identity.serial,
            firmware=identity.firmware,
            resource=instrument.resource_name,
            calibration_due=due.isoformat() if due else "",
            calibration_status=self.configuration.calibration_status(role),
            calibrated=self.configuration.calibrated(role),
            corrections=tuple(str(correction) for correction in entry.corrections),
        )

    def _step(self, step: SelfTestStep) -> None:
        self._record(Kind.SELF_TEST, step)


def _clock(configuration: Station) -> Clock:
    return TwinClock(configuration.clock) if configuration.clock else WallClock()


def _views(configuration: Station) -> Iterator[ChannelView]:
    channels = configuration.scope_channels
    yield ChannelView(
        label=Label.CURRENT,
        channel=channels.amplitude.channel,
        sensitivity=channels.amplitude.sensitivity,
        unit="A",
    )
    yield ChannelView(
        label=Label.TRANSIENT,
        channel=channels.transient.channel,
        sensitivity=channels.transient.sensitivity,
        unit="A",
    )
    yield ChannelView(
        label=Label.ELECTRODE,
        channel=channels.electrode.channel,
        sensitivity=channels.electrode.sensitivity,
        unit="V",
    )
    yield ChannelView(label=Label.SYNC, channel=channels.sync.channel, sensitivity=1.0, unit="V")


def _own_pid() -> int:
    import os

    return os.getpid()
