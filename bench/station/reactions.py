"""Reactions of a running device to one cause, each in one record that holds cause and effect.

Times come from the record alone: the cause is the sync edge or the crossing of the overcurrent
threshold, the effect the last instant at which anything is still above the definition's threshold.
Source: docs/laboratory.md, "Times".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Literal

from bench.measure import Excursion, Shutdown, excursions, first_edge, shutdown, worst_mean
from bench.record.schema import Mark
from bench.station.acquisition import Capture
from bench.station.event_records import (
    OFF_AVERAGING_S,
    POINTS,
    EventRecords,
    by_itself,
    hold_off_s,
    off_averaging_s,
    off_interval_s,
    points_for,
    sync_edge,
)
from bench.station.fixture import Fixture
from bench.station.scales import Label
from bench.station.treatment import Treatment

__all__ = ["OFF_AVERAGING_S", "OVERCURRENT_FACTOR", "Layers", "Reaction", "Reactions"]

Layers = Literal["both", "hardware", "firmware"]

ELECTRODE_OFF_FRACTION: Final = 0.25
"""Of the declared compliance; contact-sense pulses of a healthy device stay below it."""
ELECTRODE_AVERAGING_S: Final = 100e-6
OVERCURRENT_FACTOR: Final = 2.0
"""The injected amplitude over the highest level: well above the threshold of 1.5."""
OVERCURRENT_OFF_FRACTION: Final = 0.1
OVERCURRENT_AVERAGING_S: Final = 5e-6
FIRMWARE_SAMPLES_S: Final = 2e-3
"""In which a firmware that looks every millisecond has two samples."""
WHOLE_SHARE: Final = 0.95
"""Of a pulse's declared duration: the shortest that is a whole one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """What one cause did."""

    capture: Capture
    label: Label
    cause_s: float
    result: Shutdown
    averaging_s: float
    threshold_relative: float
    """The threshold over what flowed before it."""
    threshold: float
    cause_level: float
    """Above which a layer must act: the overcurrent threshold, or the one of what counts as off."""
    zero: float = 0.0
    """What the range shows of nothing."""
    by_itself: float = 0.0
    """Up to where offset and noise take a mean on this range without any output."""
    hold_off_s: float = 0.0
    pulse_s: float = 0.0
    """What begins within this of the cause is a phase of the same pulse."""

    @property
    def doubtful_s(self) -> tuple[float, float] | None:
        """Return when the output ended for certain and when perhaps; None where the two are one.

        A stretch above the threshold that offset and noise explain by themselves, and that stands
        alone for longer than a pause lasts, is neither an output nor the proof of none. Both are
        seconds after the cause.
        """
        last_s = self.result.last_above_s
        if last_s is None or self.by_itself <= self.threshold:
            return None
        waveform = self.capture.waveforms[self.label]
        certain_s = self.cause_s
        for stretch in reversed(self._stretches()):
            end_s = stretch.start_s + stretch.duration_s
            mean = worst_mean(
                waveform.between(stretch.start_s, end_s),
                averaging_s=self.averaging_s,
                zero=self.zero,
            )
            if mean > self.by_itself:
                certain_s = end_s
                break
        if last_s - certain_s <= self.hold_off_s:
            return None
        return certain_s - self.cause_s, last_s - self.cause_s

    def certain(self) -> Reaction:
        """Return the reaction up to where its output flowed for certain.

        That is where the last mean starts that is too large for offset and noise.
        """
        doubt = self.doubtful_s
        if doubt is None:
            return self
        ended_s = max(0.0, doubt[0] - self.averaging_s)
        result = replace(
            self.result, last_above_s=self.cause_s + ended_s, latency_s=ended_s, still_on=False
        )
        return replace(self, result=result, by_itself=0.0)

    @property
    def flowing_s(self) -> float:
        """How long a current that a layer must end flowed on after the cause, pauses left out.

        Of a pulse that ended by itself, with more behind it, that is the time above the level of
        the cause; of those behind it, from there to off: slow edges are no part of a layer's time.
        """
        stretches = self._stretches()
        if len(stretches) < 2:
            return sum(stretch.duration_s for stretch in stretches)
        above = self._above(self.cause_level)
        total_s = 0.0
        for index, stretch in enumerate(stretches):
            end_s = stretch.start_s + stretch.duration_s
            seen = [found for found in above if stretch.start_s <= found.start_s < end_s]
            if index == 0:
                total_s += sum(found.duration_s for found in seen)
            else:
                total_s += end_s - (seen[0].start_s if seen else stretch.start_s)
        return total_s

    def latency_s(self, *, least_s: float = 0.0) -> float:
        """Return the time from cause to off.

        A rest of a pulse that ends before ``least_s``, with nothing to be seen in the pause behind
        it, counts for itself; the clock starts with the next pulse.
        """
        latency_s = max(0.0, self.result.latency_s or 0.0)
        if latency_s <= least_s or self.result.last_above_s is None:
            return latency_s
        stretches = self._stretches()
        if not stretches:
            return latency_s
        next_s = max(self.cause_s + self.pulse_s, stretches[0].start_s + stretches[0].duration_s)
        rest = [stretch for stretch in stretches if stretch.start_s < next_s]
        if len(rest) == len(stretches):
            return latency_s
        rest_s = rest[-1].start_s + rest[-1].duration_s - rest[0].start_s
        if rest_s >= least_s:
            return latency_s
        return rest_s + self.result.last_above_s - stretches[len(rest)].start_s

    def _stretches(self) -> tuple[Excursion, ...]:
        """Return where the output is above the threshold after the cause."""
        return self._above(self.threshold)

    def _above(self, level: float) -> tuple[Excursion, ...]:
        last_s = self.result.last_above_s
        if last_s is None:
            return ()
        after = self.capture.waveforms[self.label].between(
            self.cause_s, last_s + 2 * self.averaging_s
        )
        return excursions(after, ceiling=level, averaging_s=self.averaging_s, zero=self.zero)

    @property
    def marks(self) -> tuple[Mark, ...]:
        """Cause and end of output, for the figure."""
        marks = (Mark(label="cause", time_s=self.cause_s),)
        if self.result.last_above_s is not None and not self.result.still_on:
            marks = (*marks, Mark(label="off", time_s=self.result.last_above_s))
        return marks


class Reactions:
    """Provokes one reaction at a time."""

    def __init__(
        self,
        *,
        treatment: Treatment,
        fixture: Fixture,
        records: EventRecords,
        sleep: Callable[[float], None],
    ) -> None:
        self._treatment = treatment
        self._fixture = fixture
        self._records = records
        self._ranges = records.ranges
        self._sleep = sleep
        self._profile = records.ranges.profile

    def contact_loss(
        self, *, level: int, load_ohm: float, phase_s: float, widening: float = 1.0
    ) -> Reaction:
        """Lift the electrode from a running device; judged on the electrode voltage.

        ``widening`` is the factor on the electrode channel's range, which holds the compliance.
        """
        self._fixture.close(self._lost)
        self._treatment.run(level=level, load_ohm=load_ohm)
        self._sleep(phase_s)
        return self.contact_lifted(level=level, load_ohm=load_ohm, widening=widening)

    def contact_lifted(self, *, level: int, load_ohm: float, widening: float = 1.0) -> Reaction:
        """Lift the electrode from a device that runs already at a level on a load."""
        self._fixture.close(self._lost)
        capture = self._records.take(
            "contact lost while running",
            {Label.ELECTRODE: widening * self._ranges.electrode_v()},
            observe_s=1.5 * self._profile.timers.contact_loss_s + hold_off_s(self._profile),
            cause=lambda: self._fixture.open("contact"),
            conditions={"level": level, "load_ohm": load_ohm},
        )
        threshold = ELECTRODE_OFF_FRACTION * self._profile.output.compliance_v
        return self.after_sync(
            capture,
            Label.ELECTRODE,
            threshold=threshold,
            averaging_s=min(ELECTRODE_AVERAGING_S, off_averaging_s(self._profile)),
        )

    def user_stop(self, *, level: int, load_ohm: float, phase_s: float) -> Reaction:
        """Send STOP to a running device; the link's receive line is the cause."""
        self._treatment.run(level=level, load_ohm=load_ohm)
        self._fixture.close("sync_link")
        self._sleep(phase_s)
        observe_s = 1.5 * self._profile.timers.stop_s + 1.5 * hold_off_s(self._profile)
        capture = self._records.take(
            "STOP while running",
            {Label.CURRENT: self._ranges.level_a(level)},
            observe_s=observe_s,
            cause=self._treatment.link.stop,
            conditions={"level": level, "load_ohm": load_ohm},
            points=self._points(level, observe_s),
        )
        self._fixture.open("sync_link")
        return self.after_sync(capture)

    def charger(self, *, level: int, load_ohm: float, phase_s: float) -> Reaction:
        """Plug the charger into a running device; it stays plugged."""
        self._fixture.prepare_charger()
        self._treatment.run(level=level, load_ohm=load_ohm)
        self._sleep(phase_s)
        observe_s = 1.5 * self._profile.timers.charge_s + hold_off_s(self._profile)
        capture = self._records.take(
            "charger plugged while running",
            {Label.CURRENT: self._ranges.level_a(level)},
            observe_s=observe_s,
            cause=self._fixture.plug_charger,
            conditions={"level": level, "load_ohm": load_ohm},
            points=self._points(level, observe_s),
        )
        return self.after_sync(capture)

    def overcurrent(
        self,
        *,
        layers: Layers,
        load_ohm: float,
        phase_s: float,
        limit_s: float,
        stop_after: bool = True,
        injected_ua: float | None = None,
        rising: bool = False,
    ) -> Reaction | None:
        """Inject an overcurrent with the named protection layers alive.

        None where the injected current never crossed the threshold: nothing was provoked.
        ``injected_ua``: by default twice the highest level. ``stop_after``: end a fault that nothing
        has ended; otherwise the device is left as it is. ``rising``: right behind START, where a
        protection must act as well and the ramp is not waited for.
        """
        level = self._profile.levels[-1].number
        link = self._treatment.link
        begin = self._treatment.start if rising else self._treatment.run
        begin(level=level, load_ohm=load_ohm)
        self._treatment.unlock()
        link.enable_protection("oc_hw", enabled=layers != "firmware")
        link.enable_protection("oc_fw", enabled=layers != "hardware")
        self._fixture.close("sync_link")
        self._sleep(phase_s)
        if injected_ua is None:
            injected_ua = OVERCURRENT_FACTOR * self._profile.levels[-1].current_ua
        period_s = 1.0 / self._profile.waveform.repetition_rate_hz
        capture = self._records.take(
            f"overcurrent, {layers} protection",
            {Label.TRANSIENT: self._ranges.fault_a()},
            observe_s=limit_s + 2 * period_s + hold_off_s(self._profile),
            cause=lambda: link.inject("overcurrent_ua", injected_ua),
            conditions={"layers": layers, "load_ohm": load_ohm, "injected_ua": injected_ua},
            single_fault=True,
            points=2 * POINTS,
        )
        if stop_after:
            link.stop()
        self._fixture.open("sync_link")
        return self._after_threshold(capture, fault_a=injected_ua * 1e-6)

    def undecided_s(self, layers: Layers) -> float:
        """Return up to which rest of a pulse these layers need not have decided.

        The hardware ends its time in a pulse. The firmware's has the pause in it, unless one pause
        alone is longer, or with two samples on either side of it: a whole pulse holds both of them.
        """
        protection, wave = self._profile.protection, self._profile.waveform
        if layers != "firmware":
            return protection.overcurrent_hardware_s
        limit_s = protection.overcurrent_firmware_s
        pause_s = wave.pulse_period_s - wave.pulse_extent_s
        if pause_s > limit_s:
            return limit_s
        samples_s = min(wave.pulse_extent_s, FIRMWARE_SAMPLES_S)
        slow = 1.0 + self._profile.tolerance.repetition_rate.relative
        return WHOLE_SHARE * samples_s if slow * (pause_s + samples_s) > limit_s else 0.0

    def start(self, *, level: int, load_ohm: float) -> tuple[Capture, float | None]:
        """Send START to an idle device on a load; return the record and the delay in seconds."""
        self._treatment.make_idle()
        self._treatment.connect(load_ohm)
        self._fixture.close("sync_link")
        delay_s = self._profile.timers.start_delay_s
        self._treatment.link.set_level(level)
        capture = self._records.take(
            "START from idle",
            {Label.CURRENT: self._ranges.level_a(level)},
            observe_s=delay_s + 1.5 * self._profile.timers.ramp_s,
            cause=lambda: self._treatment.begin(level=level),
            conditions={"level": level, "load_ohm": load_ohm},
        )
        self._fixture.open("sync_link")
        return capture, self._first_output_s(capture)

    def after_sync(
        self,
        capture: Capture,
        label: Label = Label.CURRENT,
        *,
        threshold: float | None = None,
        averaging_s: float | None = None,
    ) -> Reaction:
        """Return how the output ended after the first sync edge of a record."""
        if averaging_s is None:
            averaging_s = off_averaging_s(self._profile)
        threshold = self._profile.off_a if threshold is None else threshold
        return self._ended(
            capture,
            label,
            cause_s=sync_edge(capture),
            threshold=threshold,
            averaging_s=averaging_s,
            before=self._before(label),
        )

    def _after_threshold(self, capture: Capture, *, fault_a: float) -> Reaction | None:
        waveform = capture.waveforms[Label.TRANSIENT]
        threshold_a = self._profile.protection.overcurrent_ua * 1e-6
        edge_s = sync_edge(capture)
        crossings = [
            first_edge(waveform, level=threshold_a, slope="rising", after_s=edge_s),
            first_edge(waveform, level=-threshold_a, slope="falling", after_s=edge_s),
        ]
        cause_s = min((c for c in crossings if c is not None), default=None)
        if cause_s is None:
            return None
        return self._ended(
            capture,
            Label.TRANSIENT,
            cause_s=cause_s,
            threshold=OVERCURRENT_OFF_FRACTION * fault_a,
            averaging_s=OVERCURRENT_AVERAGING_S,
            before=fault_a,
            cause_level=threshold_a,
        )

    def _ended(
        self,
        capture: Capture,
        label: Label,
        *,
        cause_s: float,
        threshold: float,
        averaging_s: float,
        before: float,
        cause_level: float | None = None,
    ) -> Reaction:
        waveform, hold_s = capture.waveforms[label], hold_off_s(self._profile)
        wave = self._profile.waveform
        zero = capture.scales[label].rest
        return Reaction(
            capture=capture,
            label=label,
            cause_s=cause_s,
            result=shutdown(
                waveform,
                cause_s=cause_s,
                threshold=threshold,
                averaging_s=averaging_s,
                hold_off_s=hold_s,
                zero=zero,
            ),
            averaging_s=averaging_s,
            threshold_relative=threshold / before,
            threshold=threshold,
            cause_level=threshold if cause_level is None else cause_level,
            zero=zero,
            by_itself=by_itself(capture, label, averaging_s=averaging_s),
            hold_off_s=hold_s,
            pulse_s=min(wave.pulse_extent_s, wave.pulse_period_s - wave.pulse_extent_s),
        )

    def _points(self, level: int, observe_s: float) -> int:
        """Return how many samples show the end of an output on a level's range."""
        interval_s = off_interval_s(self._profile, self._ranges.level_a(level))
        return max(POINTS, points_for(observe_s, interval_s=interval_s))

    @property
    def _lost(self) -> str:
        return self._fixture.lost_contact_load(self._profile.contact_off_limit_ohm)

    def _before(self, label: Label) -> float:
        """Return what the channel shows of a running device: the compliance or the level."""
        if label is Label.ELECTRODE:
            return self._profile.output.compliance_v
        return self._profile.levels[-1].current_ua * 1e-6

    def _first_output_s(self, capture: Capture) -> float | None:
        waveform = capture.waveforms[Label.CURRENT]
        edge_s = sync_edge(capture)
        edges = [
            first_edge(waveform, level=self._profile.off_a, slope="rising", after_s=edge_s),
            first_edge(waveform, level=-self._profile.off_a, slope="falling", after_s=edge_s),
        ]
        first_s = min((e for e in edges if e is not None), default=None)
        return None if first_s is None else first_s - edge_s
