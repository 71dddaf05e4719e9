"""A session of a few seconds in one record: start delay, ramp, pulses, and the end by its timer."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from bench.device.link import DeviceStatus
from bench.judge import evaluate, rectangular
from bench.measure import PulseTable
from bench.profile import Profile
from bench.station.acquisition import Capture
from bench.station.event_records import phases_in, points_for, sync_edge
from bench.station.measured import Measured
from bench.station.production.chain import Chain
from bench.station.pulse_grid import defective_pulses, stuck_pulses
from bench.station.scales import Label
from bench.station.transitions import RampRecord

if TYPE_CHECKING:
    from bench.station.bench import Bench

__all__ = ["ShortSession", "WholeSession", "delivered", "unseen_s"]

SAMPLES_PER_PULSE: Final = 40
ENVELOPES: Final = 1.5
"""Whole turns of an envelope behind the ramp."""
QUICK_START: Final = 0.3
"""Of the declared start delay: most devices begin by then, and the record is the shorter."""
CERTAIN: Final = 1.2
"""How many times what cannot be seen of a session's ends its tolerance must be, at least: half of it is
the most that the length is wrong by, and that is uncertain too."""
OVERTIME: Final = 0.1
"""Of a session: how much longer it is watched; its last part is no ramp."""


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
        """Return the number of missing, extra, cut and stuck pulses, and of all pulses."""
        evidence = self.capture.sha256(Label.CURRENT)
        wrong, pulses = defective_pulses(self.phases, profile)
        if not pulses:
            return Measured(value=None, unit="pulses", waveforms=evidence, reason="no output"), 0
        wrong += stuck_pulses(self.phases, profile)
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


def delivered(phases: PulseTable, off_a: float) -> PulseTable:
    """Return the phases from the first to the last that counts as output.

    Those between them are output too: in a slow ramp one may lie below ``off_a`` and the one before it above.
    """
    loud = np.flatnonzero(np.abs(phases.top) > off_a)
    return phases.select(slice(loud[0], loud[-1] + 1) if loud.size else slice(0, 0))


class ShortSession:
    """The session, as one step."""

    def __init__(self, bench: Bench, chain: Chain) -> None:
        self._bench = bench
        profile = bench.profile
        self._level, self._load_ohm = profile.highest_level, profile.loads_ohm[0]
        self.whole = chain.session().step(self._session)

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
        phases = delivered(phases_in(waveform, profile), profile.off_a)
        delay_s = length_s = None
        if len(phases):
            first_s = float(phases.start_s[0])
            delay_s = first_s - start_s
            length_s = self._length_s(phases, first_s, waveform.t0_s + waveform.duration_s)
            full = phases.start_s < first_s + (1.0 - OVERTIME) * session_s
            phases = phases.select(full)
        rise = RampRecord(
            capture=capture, ramp=self._bench.transitions.rise(phases, capture), edge_s=start_s
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
