"""What ends the output of a unit of a series: one start for each, and what the device is like behind it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from bench.device.link import DeviceStatus
from bench.errors import DeviceRefused
from bench.judge import evaluate, rectangular
from bench.measure import PulseTable
from bench.profile import Profile
from bench.station.acquisition import Capture
from bench.station.direct_current import DirectReading
from bench.station.event_records import phases_in, points_for, sync_edge
from bench.station.measured import Measured
from bench.station.production.chain import Chain
from bench.station.pulse_grid import defective_pulses
from bench.station.reactions import Reaction
from bench.station.residual import LEAKAGE_PATHS, LOAD_OHM, Residual, ResidualReadings
from bench.station.scales import Label
from bench.station.transitions import RampRecord

if TYPE_CHECKING:
    from bench.station.bench import Bench

__all__ = ["Charging", "Ends", "Trip", "WholeSession"]

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
SAMPLES_PER_PULSE: Final = 40
ENVELOPES: Final = 1.5
QUICK_START: Final = 0.3
"""Of the declared start delay: most devices begin by then, and the record is the shorter."""
CERTAIN: Final = 1.2
"""The tolerance of a session over what of it cannot be seen: half of that, and its uncertainty."""
OVERTIME: Final = 0.1
"""Twice the tolerance of a session, over its length."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeSession:
    """A session of a few seconds in one record, from START to its end by the timer."""

    capture: Capture
    session_s: float
    delay_s: float | None
    """From START to the first output; None where there was none."""
    phases: PulseTable
    """From the first that counts as output on, up to shortly before the end."""
    rise: RampRecord
    running: DeviceStatus
    """Behind the ramp."""
    ended: DeviceStatus
    length_s: float | None
    """From the first output to the last; None where the record ends before it."""

    def defects(self, profile: Profile) -> tuple[Measured, int]:
        """Return the number of missing, extra and cut pulses, and of all pulses."""
        evidence = self.capture.sha256(Label.CURRENT)
        wrong, pulses = defective_pulses(self.phases, profile)
        if not pulses:
            return Measured(value=None, unit="pulses", waveforms=evidence, reason="no output"), 0
        found = Measured(value=float(wrong), unit="pulses", waveforms=evidence, exact=True)
        return found, pulses

    def length(self, profile: Profile, timebase_ppm: float) -> Measured:
        """Return how long the session lasted by its record, in s; None where it did not end.

        What of it cannot be seen is added in half, and half of it is as uncertain.
        """
        evidence = self.capture.sha256(Label.CURRENT, Label.SYNC)
        if self.length_s is None:
            return Measured(
                value=None, unit="s", waveforms=evidence,
                reason="no output" if self.delay_s is None else "the output did not end",
            )  # fmt: skip
        half_s = 0.5 * unseen_s(profile)
        budget = evaluate(
            "session", "s",
            [
                rectangular(
                    "ends", half_s, value=self.length_s + half_s,
                    source="declared ramp, period and stop ramp",
                ),
                rectangular("timebase", timebase_ppm * 1e-6, source="scope"),
            ],
            lambda ends, base: ends * (1.0 + base),
        )  # fmt: skip
        return Measured(value=self.length_s + half_s, unit="s", budget=budget, waveforms=evidence)


def unseen_s(profile: Profile) -> float:
    """Return how much of a session's ends no record shows.

    The first pulses, before the ramp has brought them above what counts as off, the pause behind the
    last pulse, and what a ramp at the end takes.
    """
    wave, timers = profile.waveform, profile.timers
    hidden_s = timers.ramp_s * profile.off_a / (profile.levels[-1].current_ua * 1e-6)
    return hidden_s + wave.pulse_period_s + wave.train_gap_s + timers.stop_ramp_s


class Ends:
    """One session for each cause."""

    def __init__(self, bench: Bench, chain: Chain) -> None:
        self._bench = bench
        profile = bench.profile
        self._level, self._load_ohm = profile.highest_level, profile.loads_ohm[0]
        self.session = chain.session().step(self._session)
        charging = chain.session()
        self.charger = charging.step(self._charger)
        self.charging = charging.step(self._charging)
        self.leakage = {
            path: charging.step(lambda path=path: self._leakage(path)) for path in LEAKAGE_PATHS
        }
        charging.step(bench.fixture.unplug_charger)
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

    def _session(self) -> WholeSession:
        """Record a session of a few seconds; once more, and longer, where it began late."""
        timers, session_s = self._bench.profile.timers, self._session_s
        lasting_s = (1.0 + OVERTIME) * session_s + timers.stop_ramp_s
        found = self._session_within(QUICK_START * timers.start_delay_s + lasting_s)
        if found.delay_s is not None and found.length_s is not None:
            return found
        return self._session_within(timers.start_delay_s + lasting_s)

    def _session_within(self, observe_s: float) -> WholeSession:
        bench, link, timers = self._bench, self._bench.treatment.link, self._bench.profile.timers
        session_s = self._session_s
        bench.treatment.make_idle()
        bench.treatment.connect(self._load_ohm)
        link.set_level(self._level)
        bench.fixture.close("sync_link")
        running: list[DeviceStatus] = []

        def ask() -> None:
            bench.clock.sleep(observe_s - session_s + timers.ramp_s)
            running.append(link.status())

        capture = bench.records.take(
            f"session of {session_s:g} s",
            {Label.CURRENT: bench.ranges.level_a(self._level)},
            observe_s=observe_s,
            cause=lambda: link.start(session_s),
            conditions={"level": self._level, "load_ohm": self._load_ohm},
            points=points_for(
                observe_s, interval_s=bench.profile.waveform.pulse_duration_s / SAMPLES_PER_PULSE
            ),
            meanwhile=ask,
        )
        bench.fixture.open("sync_link")
        return self._seen(capture, session_s, running[0], link.status())

    @property
    def _session_s(self) -> float:
        """Return whole seconds: for the ramp, what comes behind it, and a tolerance that shows."""
        profile = self._bench.profile
        ramp_s, relative = profile.timers.ramp_s, profile.tolerance.session.relative
        risen_s = ramp_s + max(ramp_s, ENVELOPES * profile.waveform.rhythm_s)
        decided_s = CERTAIN * unseen_s(profile) / relative if relative else 0.0
        return float(math.ceil(max(risen_s, decided_s)))

    def _seen(
        self, capture: Capture, session_s: float, running: DeviceStatus, ended: DeviceStatus
    ) -> WholeSession:
        profile, start_s = self._bench.profile, sync_edge(capture)
        waveform = capture.waveforms[Label.CURRENT]
        phases = phases_in(waveform, profile)
        phases = phases.select(np.abs(phases.top) > profile.off_a)
        delay_s = length_s = None
        if len(phases):
            first_s = float(phases.start_s[0])
            delay_s = first_s - start_s
            length_s = self._length_s(phases, first_s, waveform.t0_s + waveform.duration_s)
            full = phases.start_s < first_s + (1.0 - OVERTIME) * session_s
            phases = phases.select(full)
        rise = RampRecord(
            capture=capture, ramp=self._bench.transitions.rise(phases), edge_s=start_s
        )
        return WholeSession(
            capture=capture, session_s=session_s, delay_s=delay_s, phases=phases, rise=rise, running=running,
            ended=ended, length_s=length_s,
        )  # fmt: skip

    def _length_s(self, phases: PulseTable, first_s: float, end_s: float) -> float | None:
        """Return the time from the first output to the last; None where the record shows no end."""
        last_s = float(phases.stop_s[-1])
        pause_s = 2.0 / self._bench.profile.slowest_rate_hz
        if np.isnan(last_s) or end_s - last_s < pause_s:
            return None
        return last_s - first_s

    def _try_to_start(self) -> str:
        """Return the word with which START is refused; nothing where it is accepted."""
        link = self._bench.treatment.link
        try:
            link.start(self._bench.profile.timers.session_s)
        except DeviceRefused as refusal:
            return refusal.word
        return ""
