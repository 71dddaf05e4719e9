"""Delivering a session: the pulses' amplitude, ramps, and what is sampled on the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from bench.twin.analogue import OUTPUT, SOURCE, TERMINAL
from bench.twin.contact import ContactDetector
from bench.twin.description import ModeDescription, WaveformDescription
from bench.twin.machine import Machine
from bench.twin.part import Part
from bench.twin.parts import Bridge, Oscillator
from bench.twin.programme import Programme, therapy_programme
from bench.twin.protection import DirectCurrent, FirmwareOvercurrent
from bench.twin.pulses import PulseFate, PulseTimer, Step
from bench.twin.stage import OutputStage
from bench.twin.virtual_time import NS_PER_S, Timeline

__all__ = ["Delivery", "DeliveryEvents", "PlateauSample"]

_FIRST_PULSE_S = 0.002
"""From the decision to deliver to the first pulse."""
_JUDGEABLE_UA = 1.0
"""Below this current an output proves nothing about the contact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlateauSample:
    """What the converter saw late in a phase."""

    time_ns: int
    volts: float
    amperes: float
    set_ua: float


class DeliveryEvents(Protocol):
    """Whom delivery tells what happened."""

    def full_level(self) -> None:
        """The ramp is over."""
        ...

    def ramped_down(self) -> None:
        """The stop ramp is over."""
        ...

    def contact_lost(self) -> None:
        """The contact counts as lost."""
        ...

    def trip(self, name: str) -> None:
        """A protection wants the output off."""
        ...


class Delivery(Part):
    """The pulse client of a session."""

    def __init__(
        self,
        timeline: Timeline,
        machine: Machine,
        stage: OutputStage,
        *,
        waveform: WaveformDescription,
        oscillator: Oscillator,
        bridge: Bridge,
        detector: ContactDetector,
        overcurrent: FirmwareOvercurrent,
        direct_current: DirectCurrent,
        charge_limiter: DirectCurrent,
        events: DeliveryEvents,
    ) -> None:
        self._timeline = timeline
        self._machine = machine
        self._stage = stage
        self._oscillator = oscillator
        self._bridge = bridge
        self._detector = detector
        self._overcurrent = overcurrent
        self._direct_current = direct_current
        self._charge_limiter = charge_limiter
        self._events = events
        self._begun_ns = 0
        self._down_since_ns: int | None = None
        self._amplitude_ua = 0.0
        self._programme: Programme | None = None
        self.waveform = waveform
        self.set_ua = 0.0
        self.level = 1
        self.ramp_s = 0.0
        self.ramp_factor = 1.0
        """Faulty: how long the ramp lasts against what it should."""
        self.stop_ramp_s = 0.0
        self.phase_skew = 0.0
        self.mode_rate = 1.0
        """Faulty: factor on every repetition rate."""
        self.mode = 0
        """Number of the mode that is played."""
        self.skips_step: int | None = None
        """Faulty: this step of a sequence is left out (-1: the last)."""
        self.boost_ua = 0.0
        """Commanded instead of the level while a boost lasts."""
        self.fates: list[PulseFate] = []
        self.last: PlateauSample | None = None

    def begin(self, set_ua: float, level: int) -> None:
        """Ramp up to a level from the next pulse on."""
        self.set_ua, self.level = set_ua, level
        self._down_since_ns = None
        self._overcurrent.count = 0
        self._detector.forget()
        self._programme = therapy_programme(
            self.waveform,
            device_s=self._oscillator.device_s,
            skew=self.phase_skew,
            mode_rate=self.mode_rate,
            mode=self._mode(),
        )
        for monitor in (self._direct_current, self._charge_limiter):
            monitor.begin(self._programme.cycle_ns / self._programme.pulses / NS_PER_S)
        self._begun_ns = self._timeline.now_ns + round(_FIRST_PULSE_S * NS_PER_S)
        self._stage.enabled_ns = self._begun_ns
        timer = PulseTimer(self._programme, self, self._begun_ns)
        timer.fates = self.fates
        for fate in self.fates:
            fate.restart()
        self._machine.play(timer)

    def change_level(self, set_ua: float, level: int) -> None:
        """Use another level from the next pulse on."""
        self._machine.disturb()
        self.set_ua, self.level = set_ua, level

    def boost(self, set_ua: float) -> None:
        """Use another current from the next pulse on, zero for the level's own."""
        self._machine.disturb()
        self.boost_ua = set_ua

    def ramp_down(self) -> None:
        """Bring the amplitude to zero within the stop ramp, then tell."""
        self._machine.disturb()
        self._down_since_ns = self._down_since_ns or self._timeline.now_ns

    @property
    def ramping_down(self) -> bool:
        """Whether the stop ramp runs."""
        return self._down_since_ns is not None

    def drive_again(self) -> None:
        """Apply a change of the output stage within the phase that is being driven."""
        timer = self._machine.timer
        if timer is not None and timer.client is self:
            timer.drive()

    def pulse_begins(self, index: int) -> float | None:
        """Return the amplitude of the pulse that begins now."""
        up = self._ramp_up(index)
        down = self._ramp_down()
        if down <= 0.0:
            self._events.ramped_down()
            return None
        if up >= 1.0 and not self.ramping_down:
            self._events.full_level()
        self._amplitude_ua = (self.boost_ua or self.set_ua) * up * down
        return self._amplitude_ua

    def pulse_ended(self, index: int, charge_c: float) -> None:
        """Feed the d.c. monitors; each looks at every pulse, whatever the other does."""
        commanded_c = self._commanded(index)
        tripped = self._direct_current.pulse(charge_c, commanded_c)
        limited = self._charge_limiter.pulse(charge_c, commanded_c)
        if tripped or limited:
            self._events.trip("DC")

    def steps(self, before: int, polarity: int) -> tuple[Step, ...]:
        """Return how the current comes up behind an edge."""
        return self._stage.steps(before, polarity)

    def drive_phase(
        self, set_ua: float, polarity: int, index: int, *, through: bool = False
    ) -> None:
        """Drive a phase of the level."""
        if through:
            self._stage.drive_through(polarity)
        else:
            self._stage.drive_phase(set_ua, polarity, self.level, self._rank(index))

    def sample(self, *, judge_contact: bool) -> None:
        """Look at current and voltage on a plateau."""
        if self._overcurrent.sample(self._machine.value(SOURCE)):
            self._events.trip("OC_FW")
            return
        if judge_contact:
            self._judge(self._machine.value(OUTPUT), self._machine.value(TERMINAL))

    def suspicious(self) -> bool:
        """Whether the current may be above the firmware's threshold."""
        if self._overcurrent.count:
            return True
        return self._machine.solution.bound(SOURCE) > self._overcurrent.limit_a

    def steady(self) -> object | None:
        """Return what decides the coming pulses once the level is reached."""
        assert self._programme is not None
        odd = self._bridge.open_one_in > 1 and self._programme.pulses % (
            2 * self._bridge.open_one_in
        )
        if (
            self.ramping_down
            or odd
            or self._overcurrent.count
            or self._up(self._timeline.now_ns) < 1.0
        ):
            return None
        return (
            self.set_ua,
            self.boost_ua,
            self.level,
            self._direct_current.memory(),
            self._detector.memory(),
        )

    def _judge(self, volts: float, amperes: float) -> None:
        now_ns = self._timeline.now_ns
        self.last = PlateauSample(
            time_ns=now_ns, volts=volts, amperes=amperes, set_ua=self.boost_ua or self.set_ua
        )
        if self._machine.solution.bound(SOURCE) * 1e6 < _JUDGEABLE_UA:
            return
        contact = self._detector.judge(volts, amperes)
        if self._detector.lost(contact=contact, now_ns=now_ns):
            self._detector.present = False
            self._events.contact_lost()

    def _mode(self) -> ModeDescription | None:
        modes = self.waveform.modes
        if not modes:
            return None
        mode = modes[self.mode % len(modes)]
        if self.skips_step is None or len(mode.rates_hz) < 2:
            return mode
        left = [k for k in range(len(mode.rates_hz)) if k != self.skips_step % len(mode.rates_hz)]
        return ModeDescription(
            rates_hz=tuple(mode.rates_hz[k] for k in left),
            durations_s=tuple(mode.durations_s[k] for k in left),
        )

    def _ramp_up(self, index: int) -> float:
        assert self._programme is not None
        return self._up(self._begun_ns + self._programme.start_of(index + 1))

    def _up(self, time_ns: int) -> float:
        ramp_s = self.ramp_s * self.ramp_factor * self._oscillator.device_s
        if ramp_s <= 0.0:
            return 1.0
        return min(1.0, (time_ns - self._begun_ns) / NS_PER_S / ramp_s)

    def _ramp_down(self) -> float:
        if self._down_since_ns is None:
            return 1.0
        down_s = (self._timeline.now_ns - self._down_since_ns) / NS_PER_S
        return 1.0 - down_s / self.stop_ramp_s if self.stop_ramp_s > 0.0 else 0.0

    def _commanded(self, index: int) -> float:
        assert self._programme is not None
        pulse = index % self._programme.pulses
        driven_ns = sum(
            phase.polarity * (phase.stop_ns - phase.start_ns)
            for phase in self._programme.phases[pulse]
        )
        return self._amplitude_ua * self._programme.factors[pulse] * 1e-6 * driven_ns / NS_PER_S

    def _rank(self, index: int) -> int:
        """Return how many pulses of this pulse's polarity came before it."""
        if self.waveform.kind != "alternating":
            return index
        train = self.waveform.pulses_per_train
        return index // (2 * train) * train + index % train
