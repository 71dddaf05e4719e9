"""What the device shows of itself, beside what the instruments see in the same state."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from bench.clock import Clock
from bench.device.link import DeviceState, DeviceStatus
from bench.errors import DeviceRefused, NotOffered
from bench.station.acquisition import Capture
from bench.station.event_records import EventRecords, flowing_a
from bench.station.fixture import BATTERY_V, Fixture
from bench.station.scales import Label
from bench.station.steady_output import SteadyOutput
from bench.station.treatment import Treatment

__all__ = ["IndicatorNeed", "Indicators", "Seen", "TimerLimit", "need_of_indicator"]

NEED_RMS_A: Final = 10e-3
NEED_RMS_V: Final = 10.0
NEED_PULSE_J: Final = 10e-3
"""Beyond any of these an output indicator is needed. Source: IEC 60601-2-10, 201.12.4.103 (R)."""

LOAD_OHM: Final = 2000.0
DELIVERS_SHARE: Final = 0.2
"""Of the declared current: more is output, less is contact sensing."""
SETTLE_S: Final = 0.5
SHORT_SESSION_S: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorNeed:
    """Whether the output is large enough to need an indicator, with the figures behind it."""

    needed: bool
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One state: what was reported against what is true."""

    name: str
    agrees: bool
    text: str
    capture: Capture


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerLimit:
    """One limit of the settable session."""

    name: str
    holds: bool
    text: str


def need_of_indicator(outputs: Sequence[SteadyOutput]) -> IndicatorNeed:
    """Return the need of an output indicator, from records at the highest level."""
    rms_a = max(output.analysis.rms for output in outputs)
    rms_v = max(output.analysis.rms * output.load_ohm for output in outputs)
    pulse_j = max(_largest_pulse_j(output) for output in outputs)
    needed = rms_a > NEED_RMS_A or rms_v > NEED_RMS_V or pulse_j > NEED_PULSE_J
    loads = " and ".join(f"{output.load_ohm:g} Ω" for output in outputs)
    return IndicatorNeed(
        needed=needed,
        text=f"at most {rms_a * 1e3:.3g} mA r.m.s., {rms_v:.3g} V r.m.s. and {pulse_j * 1e6:.3g} µJ "
        f"a pulse into {loads}; an indicator is needed above 10 mA, 10 V or 10 mJ into 1 kΩ",
    )


class Indicators:
    """Brings the device into each state and asks what it shows."""

    def __init__(
        self, *, treatment: Treatment, fixture: Fixture, records: EventRecords, clock: Clock
    ) -> None:
        self._treatment = treatment
        self._fixture = fixture
        self._records = records
        self._clock = clock
        self._profile = records.ranges.profile
        self._level = self._profile.highest_level

    def in_every_state(self) -> list[Seen]:
        """Return what is reported and what is true, from idle to charging."""
        treatment, fixture, profile = self._treatment, self._fixture, self._profile
        seen: list[Seen] = []
        treatment.make_idle()
        treatment.connect(LOAD_OHM)
        self._clock.sleep(2 * SETTLE_S)
        seen.append(self._seen("idle", DeviceState.IDLE, lambda s: s.contact and not s.charging))
        lowest = profile.levels[0].number
        for level in (lowest, self._level):
            treatment.run(level=level, load_ohm=LOAD_OHM)
            seen.append(
                self._seen(
                    f"running at level {level}", DeviceState.RUN,
                    lambda s, level=level: s.level == level and s.contact, level=level,
                )
            )  # fmt: skip
        try:
            treatment.link.pause()
            self._clock.sleep(SETTLE_S)
            seen.append(self._seen("paused", DeviceState.PAUSE, lambda s: s.contact))
        except NotOffered:
            pass
        treatment.run(level=self._level, load_ohm=LOAD_OHM)
        fixture.close(fixture.lost_contact_load(profile.contact_off_limit_ohm))
        fixture.open("contact")
        self._clock.sleep(2 * profile.timers.contact_loss_s)
        seen.append(self._seen("contact lost", DeviceState.PAUSE, lambda s: not s.contact))
        seen.append(self._low_battery())
        if profile.protection.charge_inhibit:
            fixture.prepare_charger()
            fixture.plug_charger()
            self._clock.sleep(2 * profile.timers.charge_s)
            seen.append(self._seen("charging", DeviceState.CHARGE, lambda s: s.charging))
            fixture.unplug_charger()
        return seen

    def timer_limits(self) -> list[TimerLimit]:
        """Return how the shortest and the longest session are taken, and what lies beyond."""
        link, longest_s = self._treatment.link, self._profile.timers.session_s
        self._treatment.make_idle()
        self._treatment.connect(LOAD_OHM)
        reported_s = link.limits().session_max_s
        found = [
            TimerLimit(
                name="longest session reported", holds=reported_s == longest_s,
                text=f"{reported_s:g} s, declared {longest_s:g} s",
            )
        ]  # fmt: skip
        for session_s, legal in ((0, False), (longest_s + 1, False), (longest_s, True)):
            answer = self._try(session_s)
            found.append(
                TimerLimit(
                    name=f"START {session_s:g} s", holds=(answer == "accepted") is legal,
                    text=f"{answer}, expected {'accepted' if legal else 'a refusal'}",
                )
            )  # fmt: skip
        found.append(self._short_session())
        return found

    def _short_session(self) -> TimerLimit:
        """Run the shortest session that the bench can tell from none."""
        self._treatment.begin(level=self._level, session_s=SHORT_SESSION_S)
        self._clock.sleep(SHORT_SESSION_S + self._profile.timers.start_delay_s + SETTLE_S)
        state = self._treatment.link.status().state
        return TimerLimit(
            name=f"end of a session of {SHORT_SESSION_S} s", holds=state is DeviceState.IDLE,
            text=state.value,
        )  # fmt: skip

    def _try(self, session_s: float) -> str:
        try:
            self._treatment.link.start(session_s)
        except DeviceRefused as refusal:
            return f"refused: {refusal.word}"
        self._treatment.make_idle()
        return "accepted"

    def _low_battery(self) -> Seen:
        low_v = 0.5 * (
            self._profile.protection.battery_low_v + self._profile.protection.battery_cutoff_v
        )
        self._treatment.make_idle()
        self._treatment.connect(LOAD_OHM)
        self._fixture.set_battery(low_v)
        self._clock.sleep(SETTLE_S)
        seen = self._seen("battery low", DeviceState.IDLE, lambda s: s.battery_low in (None, True))
        self._fixture.set_battery(BATTERY_V)
        self._clock.sleep(SETTLE_S)
        return seen

    def _seen(
        self,
        name: str,
        state: DeviceState,
        flags: Callable[[DeviceStatus], bool],
        *,
        level: int | None = None,
    ) -> Seen:
        """Look at the output and ask for the status; both must be those of ``state``."""
        profile = self._profile
        range_level = self._level if level is None else level
        capture = self._records.look(
            f"output, {name}",
            {Label.CURRENT: self._records.ranges.level_a(range_level)},
            duration_s=1.2
            * max(profile.waveform.polarity_cycle_s, 2 * profile.waveform.pulse_period_s),
            conditions={"state": name},
        )
        status = self._treatment.link.status()
        declared_a = profile.current_ua(range_level, LOAD_OHM) * 1e-6
        delivers = flowing_a(capture, profile) > DELIVERS_SHARE * declared_a
        agrees = status.state is state and flags(status) and delivers is (state is DeviceState.RUN)
        return Seen(
            name=name,
            agrees=agrees,
            text=f"{status.state.value}, level {status.level}, contact {status.contact:d}, "
            f"charging {status.charging:d}, battery low {status.battery_low}, "
            f"{'output' if delivers else 'no output'}",
            capture=capture,
        )


def _largest_pulse_j(output: SteadyOutput) -> float:
    """Return the energy of the largest pulse, phases together, in J."""
    phases = output.pulses
    if not len(phases):
        return 0.0
    energies = phases.top**2 * phases.duration_s * output.load_ohm
    return float(np.max(energies)) * output.profile.waveform.phases_per_pulse
