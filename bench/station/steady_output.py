"""A steady output: one long record of a running device, and every number that it yields.

One record serves every requirement that asks about the steady waveform. The numbers come from
:mod:`bench.measure`, their uncertainty from :mod:`bench.judge`; this module only joins the two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bench.device.link import DeviceStatus, Telemetry
from bench.errors import DeviceMisbehaved
from bench.measure import PulseTable, RecordAnalysis, analyse
from bench.profile import Profile
from bench.station.acquisition import Capture
from bench.station.course import at_crest, declared_shares
from bench.station.scales import Label

__all__ = ["Polarity", "SteadyOutput", "record_duration_s", "record_points"]

Polarity = int
"""+1 or -1."""

MINIMUM_DURATION_S: Final = 1.0
"""Repetition rate over at least a second. Source: OUT-007."""
MINIMUM_PULSES: Final = 20
"""Source: OUT-001, OUT-006."""
MINIMUM_CYCLES: Final = 4
SAMPLES_PER_PULSE: Final = 200
MAXIMUM_INTERVAL_S: Final = 2.5e-6
"""Four samples in the 10 µs over which the current ceiling is averaged."""
MAXIMUM_POINTS: Final = 2_000_000
_PAUSE_FACTOR: Final = 3.0
"""Of the declared pause: beyond it the device does not deliver; a single missing pulse is below."""
_POINTS: Final = (100_000, 200_000, 500_000, 1_000_000, 2_000_000)


def _declared_pause_s(profile: Profile) -> float:
    """Return the longest time without current that the profile declares."""
    wave = profile.waveform
    pause_s = wave.pulse_period_s - wave.on_time_per_pulse_s + wave.train_gap_s
    if wave.envelope is not None:
        pause_s += 1.0 / wave.envelope.rate_hz
    return pause_s


def record_duration_s(profile: Profile) -> float:
    """Return a duration with enough time, pulses and whole repetitions, and two cycles more."""
    waveform = profile.waveform
    longest = max(
        MINIMUM_DURATION_S,
        MINIMUM_PULSES / waveform.repetition_rate_hz,
        MINIMUM_CYCLES * waveform.polarity_cycle_s,
        waveform.repeat_s,
    )
    return longest + 2 * waveform.polarity_cycle_s


def record_points(profile: Profile, duration_s: float) -> int:
    """Return how many samples a record needs; long records give up the 10 µs average first."""
    interval_s = min(MAXIMUM_INTERVAL_S, profile.waveform.pulse_duration_s / SAMPLES_PER_PULSE)
    wanted = duration_s / interval_s
    return next((points for points in _POINTS if points >= wanted), MAXIMUM_POINTS)


@dataclass(frozen=True, kw_only=True)
class SteadyOutput:
    """One record of a running device at one level and load."""

    capture: Capture
    profile: Profile
    level: int
    load_ohm: float
    label: Label = Label.CURRENT
    telemetry: Telemetry | None = None
    """The device's own readings, taken beside the record; None where it offers none."""
    status: DeviceStatus | None = None

    @cached_property
    def analysis(self) -> RecordAnalysis:
        """The record's analysis in amperes, about the state that lies nearest to zero.

        Where current flows for half of the time, the most occupied state need not be zero.
        """
        waveform = self.capture.waveforms[self.label]
        shortest_s = self.profile.waveform.pulse_duration_s / 20
        found = analyse(waveform, minimum_pulse_s=shortest_s)
        nearest = min((state.level for state in found.states), key=abs, default=found.baseline)
        if nearest == found.baseline:
            return found
        return analyse(waveform, minimum_pulse_s=shortest_s, baseline=nearest)

    @cached_property
    def pulses(self) -> PulseTable:
        """The complete phases."""
        return self.analysis.pulses.whole()

    def of_polarity(self, polarity: Polarity) -> PulseTable:
        """Return the complete phases of one sign."""
        return self.pulses.select(self.pulses.polarity == polarity)

    @cached_property
    def at_crest(self) -> PulseTable:
        """The complete phases at the crest of the envelope; all of them where none is declared."""
        return at_crest(self.pulses, self.profile)

    @cached_property
    def shares(self) -> NDArray[np.float64]:
        """What each complete phase should have of the crest, by the declared envelope."""
        return declared_shares(self.pulses, self.profile)

    def crest_of(self, polarity: Polarity) -> PulseTable:
        """Return the phases of one sign at the crest of the envelope, brought to its very top."""
        return self.at_crest.select(self.at_crest.polarity == polarity)

    @property
    def polarities(self) -> Sequence[Polarity]:
        """The signs that the profile declares."""
        return (1,) if self.profile.waveform.kind == "monophasic" else (1, -1)

    @property
    def pulse_polarities(self) -> Sequence[Polarity]:
        """The signs of whole pulses: both phases of a biphasic pulse count as one."""
        return (1,) if self.profile.waveform.phases_per_pulse > 1 else self.polarities

    @property
    def evidence(self) -> tuple[str, ...]:
        """Name of the stored record."""
        return self.capture.sha256(self.label)

    def must_deliver(self) -> None:
        """Raise DeviceMisbehaved unless pulses of some kind run through the whole record."""
        phases = self.analysis.pulses
        waveform = self.capture.waveforms[self.label]
        longest_s = _PAUSE_FACTOR * _declared_pause_s(self.profile)
        if len(phases) == 0:
            raise DeviceMisbehaved(
                f"no pulses in {waveform.duration_s:.3g} s at level {self.level} into "
                f"{self.load_ohm:g} Ω: the current rests at {self.analysis.baseline * 1e6:.1f} µA"
            )
        starts = np.nan_to_num(phases.start_s, nan=waveform.t0_s)
        stops = np.nan_to_num(phases.stop_s, nan=waveform.t0_s + waveform.duration_s)
        pauses = np.append(starts, waveform.t0_s + waveform.duration_s) - np.append(
            waveform.t0_s, stops
        )
        if float(pauses.max()) > longest_s:
            at_s = float(np.append(waveform.t0_s, stops)[int(pauses.argmax())])
            raise DeviceMisbehaved(
                f"the output paused for {pauses.max() * 1e3:.1f} ms at t = {at_s:.4f} s of the "
                f"record, expected pauses of at most {longest_s * 1e3:.1f} ms"
            )
