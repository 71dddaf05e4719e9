"""Captures: all channels of one trigger, in amperes and volts, stored before they are used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from bench.clock import Clock
from bench.errors import (
    DeviceMisbehaved,
    FixtureError,
    InstrumentError,
    NotOffered,
    TooFewSamples,
)
from bench.record.schema import CaptureRecord, Scalar, WaveformRecord
from bench.station.scales import Label, Scale, Scales
from bench.stopwatch import Stopwatch
from bench.waveform import Waveform
from instruments.roles import Oscilloscope, Slope

__all__ = ["Acquirer", "Capture", "Shot", "Trigger"]

_POLL_S: Final = 0.005
_TRIGGER_PATIENCE_S: Final = 2.0
"""How much longer than its cause an expected trigger may take."""

RANGE_MISMATCH: Final = 0.01
"""Preambles and ranges are answered with four digits and more; another range differs by far more."""
_NEVER_ALONE: Final = 1 << 62
COARSEST_INTERVAL: Final = 2.0
"""Of the sample interval that was asked for; a scope that has no memory for it cannot do the test."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """An edge on one of the labelled channels; ``level`` in that channel's unit (A or V)."""

    label: Label
    level: float
    slope: Slope = "rising"
    from_device: bool = False
    """True where the device itself must cause the edge: no edge is then the device's failure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One acquisition as it is asked for."""

    title: str
    full_scale: Mapping[Label, float]
    """Vertical full scale by channel, in amperes or volts of the current path."""
    duration_s: float
    points: int
    before_s: float = 0.0
    trigger: Trigger | None = None
    """None takes the record at once."""
    single_fault: bool = False
    """True where a fault is injected: the fault limits hold instead of the current ceiling."""
    patience_s: float = _TRIGGER_PATIENCE_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """One acquisition as it came; waveforms are in amperes (current) or volts (the others)."""

    record: CaptureRecord
    shot: Shot
    waveforms: Mapping[Label, Waveform]
    hashes: Mapping[Label, str]
    volts_per_division: Mapping[Label, float]
    codes: float
    """Of the scope's whole screen, vertically."""
    scales: Mapping[Label, Scale]
    """What each channel's range reads, and how well."""

    def full_scale(self, label: Label) -> float:
        """Return the vertical full scale of a channel in its unit."""
        return abs(self.waveforms[label].gain) * self.codes

    def clipped(self, label: Label) -> bool:
        """Return whether any sample of a channel lies at a rail."""
        waveform = self.waveforms[label]
        return bool(
            waveform.codes.min() <= waveform.code_low or waveform.codes.max() >= waveform.code_high
        )

    def sha256(self, *labels: Label) -> tuple[str, ...]:
        """Return the names of the stored waveforms."""
        return tuple(self.hashes[label] for label in labels if label in self.hashes)


class Acquirer:
    """Takes captures with one scope, stores them, and shows each to whoever watches."""

    def __init__(
        self,
        *,
        scope: Oscilloscope,
        clock: Clock,
        scales: Scales,
        stopwatch: Stopwatch,
        store: Callable[[Waveform], str],
        record: Callable[[CaptureRecord], None],
        on_action: Callable[[], None],
        timestamp: Callable[[], str],
    ) -> None:
        self._scope = scope
        self._clock = clock
        self.scales = scales
        self._stopwatch = stopwatch
        self._store = store
        self._record = record
        self._on_action = on_action
        self._timestamp = timestamp
        self.codes_per_division = scope.capabilities.codes_per_division
        self._codes = scope.vertical_divisions * self.codes_per_division
        self._ranges: Mapping[Label, float] = {}
        self._shown: dict[int, float] = {}
        self._alone_from = _NEVER_ALONE
        """Records of so many points did not fit into the memory that all channels share."""
        self._after_trigger_s = 0.0
        self._count = 0
        self.watchers: list[Callable[[Capture], None]] = []

    def take(
        self,
        shot: Shot,
        *,
        conditions: Mapping[str, Scalar],
        cause: Callable[[], None] | None = None,
        during: Callable[[], None] | None = None,
    ) -> Capture:
        """Arm the scope, let ``cause`` happen, and return the stored record.

        ``during`` happens while the record fills, behind any cause. Where the memory is
        too small, the record is taken again with the channels off that it does not need. Raises
        DeviceMisbehaved or FixtureError where the trigger never came, by who must cause it.
        """
        try:
            return self._take(shot, conditions, cause, during)
        except NotOffered:
            if cause is not None or during is not None or not self._gains_memory_alone(shot):
                raise
            self._alone_from = shot.points
            return self._take(shot, conditions, cause, during)

    def _take(
        self,
        shot: Shot,
        conditions: Mapping[str, Scalar],
        cause: Callable[[], None] | None,
        during: Callable[[], None] | None,
    ) -> Capture:
        self._on_action()
        with self._stopwatch.during("acquire"):
            ranges = self.configure(shot)
            self._scope.arm_single()
            if cause is not None:
                cause()
            self._wait(shot, during)
        with self._stopwatch.during("transfer"):
            raw = self.fetch(shot)
        capture = self._stored(shot, raw, ranges, conditions)
        for watch in self.watchers:
            watch(capture)
        return capture

    def configure(self, shot: Shot) -> Mapping[Label, float]:
        """Set the scope up for a shot; return the volts per division that it reports."""
        ranges: dict[Label, float] = {}
        for label, full_scale in shot.full_scale.items():
            view = self.scales.view(label)
            ranges[label] = self._scope.configure_channel(
                view.channel,
                volts_per_division=float(
                    f"{full_scale * view.sensitivity / self._scope.vertical_divisions:.3g}"
                ),
            )
            self._shown[view.channel] = ranges[label]
        if shot.points >= self._alone_from:
            self._switch_off_others(shot)
        self._after_trigger_s = self._scope.configure_timebase(
            duration_s=shot.duration_s, before_trigger_s=shot.before_s, points=shot.points
        )
        if shot.trigger is not None:
            self._configure_trigger(shot.trigger, ranges)
        self._ranges = ranges
        return ranges

    def _gains_memory_alone(self, shot: Shot) -> bool:
        has = self._scope.capabilities
        return has.most_points_alone > has.most_points and shot.points < self._alone_from

    def _switch_off_others(self, shot: Shot) -> None:
        """Leave the memory to the channels of a shot: a scope shares it among those that are on."""
        labels = (*shot.full_scale, *([] if shot.trigger is None else [shot.trigger.label]))
        used = {self.scales.view(label).channel for label in labels}
        for channel in [channel for channel in self._shown if channel not in used]:
            self._scope.configure_channel(
                channel, volts_per_division=self._shown.pop(channel), enabled=False
            )

    def fetch(self, shot: Shot) -> Mapping[Label, Waveform]:
        """Transfer the completed record's channels, in volts at the scope."""
        channels = {self.scales.view(label).channel: label for label in shot.full_scale}
        raw = self._scope.fetch(tuple(channels), points=shot.points)
        for channel, waveform in raw.items():
            self._require_dense(shot, waveform)
            self._require_range(waveform, self._ranges[channels[channel]])
        return {label: raw[channel] for channel, label in channels.items()}

    def _require_dense(self, shot: Shot, waveform: Waveform) -> None:
        """Raise TooFewSamples where the scope's memory is too small for the record."""
        wanted_s = shot.duration_s / shot.points
        if waveform.sample_interval_s > COARSEST_INTERVAL * wanted_s:
            raise TooFewSamples(
                f"{shot.title}: a sample every {wanted_s * 1e6:.3g} µs is needed over "
                f"{shot.duration_s:.3g} s, the {self._scope.identity.model} has one every "
                f"{waveform.sample_interval_s * 1e6:.3g} µs: its memory is too small"
            )

    def _require_range(self, waveform: Waveform, volts_per_division: float) -> None:
        """Raise InstrumentError where the record is not scaled as the range that was reported."""
        found_v = abs(waveform.gain) * self.codes_per_division
        if abs(found_v / volts_per_division - 1.0) > RANGE_MISMATCH:
            raise InstrumentError(
                f"scope: channel {waveform.channel} was set to {volts_per_division:g} V/div, its "
                f"record is scaled as {found_v:g} V/div; take the record again, and check the "
                "driver's codes a division if it stays"
            )

    def force(self, shot: Shot) -> Mapping[Label, Waveform]:
        """Take a record at once and return it in volts at the scope, unstored."""
        self._on_action()
        with self._stopwatch.during("acquire"):
            self._scope.arm_single()
            self._wait(replace(shot, trigger=None))
        with self._stopwatch.during("transfer"):
            return self.fetch(shot)

    def _configure_trigger(self, trigger: Trigger, ranges: Mapping[Label, float]) -> None:
        view = self.scales.view(trigger.label)
        scale = self.scales.of(trigger.label, ranges[trigger.label])
        self._scope.configure_edge_trigger(
            channel=view.channel,
            level_v=trigger.level * scale.sensitivity + scale.zero_v,
            slope=trigger.slope,
        )

    def _wait(self, shot: Shot, during: Callable[[], None] | None = None) -> None:
        if shot.trigger is None:
            self._clock.sleep(shot.before_s)
            self._scope.force_trigger()
        begun_ns = self._clock.now_ns()
        if during is not None:
            during()
        elapsed_s = (self._clock.now_ns() - begun_ns) / 1e9
        self._clock.sleep(self._after_trigger_s - elapsed_s)
        if self._clock.wait_until(self._complete, timeout_s=shot.patience_s, poll_s=_POLL_S):
            return
        state = self._scope.acquisition_state()
        self._scope.stop()
        raise self._missing(shot, state)

    def _complete(self) -> bool:
        return self._scope.acquisition_state() == "complete"

    @staticmethod
    def _missing(shot: Shot, state: str) -> Exception:
        if state != "armed" or shot.trigger is None:
            return InstrumentError(
                f"scope: the record {shot.title!r} is not complete after "
                f"{shot.duration_s + shot.patience_s:.3g} s, the scope says {state}"
            )
        trigger = shot.trigger
        text = (
            f"no {trigger.slope} edge on the {trigger.label.value} channel within "
            f"{shot.duration_s + shot.patience_s:.3g} s of its cause ({shot.title})"
        )
        if trigger.from_device:
            return DeviceMisbehaved(f"no output: {text}")
        return FixtureError(f"{text}: check the sync wiring, then run `bench doctor`")

    def _stored(
        self,
        shot: Shot,
        raw: Mapping[Label, Waveform],
        ranges: Mapping[Label, float],
        conditions: Mapping[str, Scalar],
    ) -> Capture:
        self._count += 1
        acquisition_id = f"a{self._count:05d}"
        waveforms = {
            label: self._in_path_units(label, waveform, ranges[label], acquisition_id)
            for label, waveform in raw.items()
        }
        scales = {label: self.scales.of(label, volts) for label, volts in ranges.items()}
        with self._stopwatch.during("record"):
            hashes = {label: self._store(waveform) for label, waveform in waveforms.items()}
            record = CaptureRecord(
                acquisition_id=acquisition_id,
                title=shot.title,
                conditions=dict(conditions),
                waveforms=tuple(
                    _describe(
                        label,
                        waveforms[label],
                        hashes[label],
                        abs(waveforms[label].gain) * self._codes,
                    )
                    for label in waveforms
                ),
                taken_at=self._timestamp(),
            )
            self._record(record)
        return Capture(
            record=record,
            shot=shot,
            waveforms=waveforms,
            hashes=hashes,
            volts_per_division=dict(ranges),
            codes=self._codes,
            scales=scales,
        )

    def _in_path_units(
        self, label: Label, waveform: Waveform, volts_per_division: float, acquisition_id: str
    ) -> Waveform:
        scale = self.scales.of(label, volts_per_division)
        scaled = waveform.rescaled(
            factor=1.0 / scale.sensitivity,
            shift=-scale.zero_v / scale.sensitivity,
            unit=self.scales.view(label).unit,
        )
        return replace(scaled, acquisition_id=acquisition_id)


def _describe(label: Label, waveform: Waveform, sha256: str, full_scale: float) -> WaveformRecord:
    return WaveformRecord(
        sha256=sha256,
        label=label.value,
        channel=waveform.channel,
        unit=waveform.unit,
        record_length=waveform.record_length,
        sample_interval_s=waveform.sample_interval_s,
        instrument=waveform.instrument,
        full_scale=full_scale,
    )
