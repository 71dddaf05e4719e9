"""What ends the output of a unit of a series: one start for each, and what the device is like behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bench.device.link import DeviceStatus
from bench.errors import DeviceRefused
from bench.station.direct_current import DirectReading
from bench.station.measured import Measured
from bench.station.production.chain import Chain
from bench.station.reactions import Reaction
from bench.station.residual import LEAKAGE_PATHS, LOAD_OHM, Residual, ResidualReadings

if TYPE_CHECKING:
    from bench.station.bench import Bench

__all__ = ["Charging", "Ends", "Trip"]

APERTURE_S: Final = 0.1
"""Whole periods of either mains."""
READINGS: Final = 2
LEAKAGE: Final = ResidualReadings(aperture_s=APERTURE_S, direct=READINGS, alternating=READINGS)
ABOVE_THRESHOLD: Final = 1.2
"""Of the declared overcurrent threshold, which may lie 15 % higher: this trips. Source: FLT-024."""
LATCH_S: Final = 1.0
COOL_C: Final = 25.0
TEMPERATURE_S: Final = 0.15
"""A device looks at its temperature ten times a second."""
AFTER_WATCHDOG_S: Final = 0.6
"""The device restarts, and what it might resume would be seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Charging:
    """A device on its charger."""

    refusal: str
    """Of START; empty where it was accepted."""
    direct: DirectReading
    ripple: Measured


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """A device behind an overcurrent that its hardware protection ended."""

    reaction: Reaction | None
    status: DeviceStatus
    """A second later."""
    refusal: str
    """Of START; empty where it was accepted."""


class Ends:
    """One session for each cause."""

    def __init__(self, bench: Bench, chain: Chain) -> None:
        self._bench = bench
        profile = bench.profile
        self._level, self._load_ohm = profile.highest_level, profile.loads_ohm[0]
        charging = chain.session()
        self.charger = charging.step(self._charger)
        self.charging = charging.step(self._charging)
        self.leakage = {
            path: charging.step(lambda path=path: self._leakage(path)) for path in LEAKAGE_PATHS
        }
        charging.step(bench.fixture.unplug_charger)
        self.overcurrent = chain.session().step(self._overcurrent)
        tripped = chain.session()
        self.trip = tripped.step(self._trip)
        self.hot = tripped.step(self._hot)
        tripped.step(self._undo_trip)
        self.hang = chain.session().step(self._hang)
        self.stop = chain.session().step(self._stop)

    def _phase_s(self, purpose: str) -> float:
        return self._bench.phases_s(1, purpose)[0]

    def _charger(self) -> Reaction | None:
        if not self._bench.profile.protection.charge_inhibit:
            self._bench.quiet.enter("charging")
            return None
        return self._bench.reactions.charger(
            level=self._level, load_ohm=self._load_ohm, phase_s=self._phase_s("FLT-009")
        )

    def _charging(self) -> Charging:
        bench = self._bench
        inhibited = bench.profile.protection.charge_inhibit
        refusal = self._try_to_start() if inhibited else "not tried"
        bench.treatment.connect(LOAD_OHM)
        return Charging(
            refusal=refusal,
            direct=bench.direct.over(APERTURE_S, readings=READINGS),
            ripple=bench.measuring_device.ripple(bench.shunt, readings=READINGS),
        )

    def _leakage(self, path: str) -> Residual:
        return self._bench.measuring_device.leakage(path, LEAKAGE)

    def _overcurrent(self) -> Reaction | None:
        """Inject twice the highest level with both layers alive, and take it away."""
        bench = self._bench
        reaction = bench.reactions.overcurrent(
            layers="both",
            load_ohm=self._load_ohm,
            phase_s=self._phase_s("FLT-004"),
            limit_s=bench.profile.protection.overcurrent_firmware_s,
            rising=True,
        )
        bench.treatment.link.inject("overcurrent_ua", 0)
        return reaction

    def _trip(self) -> Trip:
        """Let the hardware protection trip alone, take its cause away, and wait."""
        bench, link = self._bench, self._bench.treatment.link
        protection = bench.profile.protection
        reaction = bench.reactions.overcurrent(
            layers="hardware",
            load_ohm=self._load_ohm,
            phase_s=self._phase_s("FLT-022"),
            limit_s=protection.overcurrent_hardware_s,
            stop_after=False,
            injected_ua=ABOVE_THRESHOLD * protection.overcurrent_ua,
        )
        link.inject("overcurrent_ua", 0)
        bench.clock.sleep(LATCH_S)
        return Trip(reaction=reaction, status=link.status(), refusal=self._try_to_start())

    def _hot(self) -> DeviceStatus:
        """Substitute the declared temperature of the cut-off, at rest behind the trip."""
        bench, link = self._bench, self._bench.treatment.link
        link.inject("thermistor_c10", 10 * bench.profile.protection.over_temperature_c)
        bench.clock.sleep(TEMPERATURE_S)
        return link.status()

    def _undo_trip(self) -> None:
        """Take back what was injected, without the time that a restart takes: a hang comes next."""
        link = self._bench.treatment.link
        if "thermistor_c10" in self._bench.profile.protection.injections:
            link.inject("thermistor_c10", 10 * COOL_C)
        link.enable_protection("oc_fw", enabled=True)

    def _hang(self) -> Reaction:
        return self._bench.injections.hang(
            "hang_all", load_ohm=self._load_ohm, phase_s=self._phase_s("FLT-012"),
            after_s=AFTER_WATCHDOG_S,
        )  # fmt: skip

    def _stop(self) -> Reaction:
        return self._bench.reactions.user_stop(
            level=self._level, load_ohm=self._load_ohm, phase_s=self._phase_s("FLT-017")
        )

    def _try_to_start(self) -> str:
        """Return the word with which START is refused; nothing where it is accepted."""
        link = self._bench.treatment.link
        try:
            link.start(self._bench.profile.timers.session_s)
        except DeviceRefused as refusal:
            return refusal.word
        return ""
