"""What a unit of a series shows at rest, right behind its power-up: locks, contact, leakage, battery."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bench.device.link import DeviceStatus
from bench.errors import DeviceRefused
from bench.station.commands import Attempt, WrongCommands, few_wrong_commands, locked_commands
from bench.station.contacts import SenseCurrent
from bench.station.direct_current import DirectReading
from bench.station.fixture import BATTERY_V
from bench.station.production.chain import Chain
from bench.station.residual import ResidualReadings
from bench.station.supply_events import BELOW_CUT_OFF_V, BatteryReading

if TYPE_CHECKING:
    from bench.station.bench import Bench

__all__ = ["AtRest", "EmptyBattery", "Idle"]

LOAD_OHM: Final = 2000.0
SENSE_S: Final = 1.0
"""Four of the sense pulses of a device that looks four times a second."""
APERTURE_S: Final = 0.1
"""Whole periods of either mains. An off-state current of 1 µA is a hundred times what it is read with."""
READINGS: Final = 4
"""With the meter's own zero between them they take as long as the record."""
DIRECT: Final = ResidualReadings(aperture_s=0.1, direct=3, alternating=0)
"""A limit of 10 µA is a hundred times what such a reading is known to."""
EMPTY_SETTLE_S: Final = 0.15
"""The supply moves within 50 ms; the device looks at its battery at least this often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Idle:
    """An idle device on a load: one look by scope and meter at the same time."""

    sense: SenseCurrent
    direct: DirectReading


@dataclass(frozen=True, slots=True, kw_only=True)
class EmptyBattery:
    """A device below its declared cut-off."""

    answer: str
    """To START; empty where it was accepted."""
    status: DeviceStatus
    volts: float
    """What the supply was set to."""


class AtRest:
    """The session at rest; nothing in it delivers."""

    def __init__(self, bench: Bench, chain: Chain) -> None:
        self._bench = bench
        session = chain.session()
        self.locked = session.step(self._locked)
        self.wrong = session.step(self._wrong)
        self.contact = session.step(bench.contact_thresholds.lowest)
        self.idle = session.step(self._idle)
        self.network = session.step(lambda: bench.measuring_device.read(DIRECT))
        self.battery = session.step(self._battery)
        self.empty = session.step(self._empty)

    def _locked(self) -> tuple[Attempt, ...]:
        """Try every test command on a device that has just been powered."""
        link, protection = self._bench.treatment.link, self._bench.profile.protection
        commands = locked_commands(link, protection.injections, protection.layers)
        return self._bench.commands.attempts(commands)

    def _wrong(self) -> WrongCommands:
        link = self._bench.treatment.link
        self._bench.treatment.make_idle()
        before = link.status()
        attempts = self._bench.commands.attempts(few_wrong_commands(link))
        return WrongCommands(attempts=attempts, before=before, after=link.status())

    def _idle(self) -> Idle:
        bench = self._bench
        bench.treatment.make_idle()
        bench.treatment.connect(LOAD_OHM)
        direct: list[DirectReading] = []
        sense = bench.contacts.sense_current(
            load_ohm=LOAD_OHM,
            state="idle",
            duration_s=SENSE_S,
            meanwhile=lambda: direct.append(bench.direct.over(APERTURE_S, readings=READINGS)),
        )
        return Idle(sense=sense, direct=direct[-1])

    def _battery(self) -> tuple[BatteryReading, float]:
        """Return the battery by meter and by the device."""
        return self._bench.supply_events.battery(), self._bench.treatment.link.status().battery_v

    def _empty(self) -> EmptyBattery:
        bench, link = self._bench, self._bench.treatment.link
        volts = bench.profile.protection.battery_cutoff_v - BELOW_CUT_OFF_V
        bench.treatment.connect(LOAD_OHM)
        bench.fixture.set_battery(volts)
        bench.clock.sleep(EMPTY_SETTLE_S)
        try:
            link.start(bench.profile.timers.session_s)
        except DeviceRefused as refusal:
            answer = refusal.word
        else:
            answer = ""
        status = link.status()
        link.stop()
        bench.fixture.set_battery(BATTERY_V)
        bench.clock.sleep(EMPTY_SETTLE_S)
        return EmptyBattery(answer=answer, status=status, volts=volts)
