"""Records around one event: armed before it, triggered by its sync edge, cause and effect in one.

Shared by everything that provokes the device. Source: docs/laboratory.md, "Times".
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

from bench.errors import FixtureError
from bench.measure import PulseTable, all_edges, analyse, worst_mean
from bench.profile import Profile
from bench.record.schema import Scalar
from bench.station.acquisition import Acquirer, Capture, Shot, Trigger
from bench.station.ceiling import SYNC_LEVEL_V
from bench.station.ranges import RangeChoice
from bench.station.scales import Label
from bench.waveform import Waveform

__all__ = [
    "MOST_POINTS", "OFF_AVERAGING_S", "POINTS", "EventRecords", "by_itself", "flowing_a", "hold_off_s",
    "largest_a", "off_averaging_s",
    "off_interval_s", "phases_in", "points_for", "sync_edge", "sync_edges",
]  # fmt: skip

OFF_AVERAGING_S: Final = 1e-3
OFF_SAMPLES: Final = 4.0
"""At least, in such a mean."""
OFF_CLEARANCE: Final = 8.0
"""What counts as off over the noise of such a mean: among a million means none is so far out."""
NOISE_OF_RANGE: Final = 0.5 / 256
"""R.m.s. of one sample over full scale: half a code of eight bits, noise and rounding together."""
ROUNDING: Final = 1.0 / math.sqrt(12.0)
"""R.m.s. of rounding, in codes."""
BY_ITSELF_SIGMAS: Final = 6.5
"""Of a mean's noise: as far as it goes by itself anywhere among the means of many records."""
PHASE_SHARE: Final = 0.5
"""Of a phase: the mean over more than one phase of a balanced pulse is zero."""
HOLD_OFF_PERIODS: Final = 2.0
SYNC_FULL_SCALE_V: Final = 8.0
SHORTEST_PULSE: Final = 0.05
"""Of the declared pulse duration: what is shorter is no phase."""
BEFORE_S: Final = 0.02
POINTS: Final = 100_000
MOST_POINTS: Final = 2_000_000
_RECORD_LENGTHS: Final = (10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000, MOST_POINTS)


class EventRecords:
    """Takes records that the sync channel triggers, or, without a cause, at once."""

    def __init__(self, *, acquirer: Acquirer, ranges: RangeChoice) -> None:
        self._acquirer = acquirer
        self.ranges = ranges

    def take(
        self,
        title: str,
        full_scale: Mapping[Label, float],
        *,
        observe_s: float,
        before_s: float = BEFORE_S,
        cause: Callable[[], None],
        conditions: Mapping[str, Scalar],
        single_fault: bool = False,
        points: int = POINTS,
        meanwhile: Callable[[], None] | None = None,
    ) -> Capture:
        """Arm, let ``cause`` make its sync edge, and return ``before_s`` and ``observe_s`` about it.

        ``meanwhile`` happens behind the cause, while the record fills.
        """
        shot = Shot(
            title=title,
            full_scale={**full_scale, Label.SYNC: SYNC_FULL_SCALE_V},
            duration_s=observe_s + before_s,
            before_s=before_s,
            points=points,
            trigger=Trigger(label=Label.SYNC, level=SYNC_LEVEL_V),
            single_fault=single_fault,
        )
        return self._acquirer.take(shot, conditions=conditions, cause=cause, during=meanwhile)

    def look(
        self,
        title: str,
        full_scale: Mapping[Label, float],
        *,
        duration_s: float,
        conditions: Mapping[str, Scalar],
        points: int = POINTS,
        meanwhile: Callable[[], None] | None = None,
        single_fault: bool = False,
    ) -> Capture:
        """Take a record at once; ``meanwhile`` happens while it fills."""
        shot = Shot(
            title=title,
            full_scale=full_scale,
            duration_s=duration_s,
            points=points,
            single_fault=single_fault,
        )
        return self._acquirer.take(shot, conditions=conditions, during=meanwhile)


def sync_edges(capture: Capture) -> tuple[float, ...]:
    """Return the instants of every sync edge; raises FixtureError where there is none."""
    found = all_edges(capture.waveforms[Label.SYNC], level=SYNC_LEVEL_V, slope="rising")
    if not found.size:
        raise FixtureError(
            f"{capture.shot.title}: the record holds no sync edge; check the sync wiring"
        )
    return tuple(float(edge_s) for edge_s in found)


def sync_edge(capture: Capture) -> float:
    """Return the instant of the first sync edge; raises FixtureError."""
    return sync_edges(capture)[0]


def off_averaging_s(profile: Profile) -> float:
    """Return over what a mean is taken to see whether anything still flows."""
    return min(OFF_AVERAGING_S, PHASE_SHARE * profile.waveform.pulse_duration_s)


def off_interval_s(profile: Profile, full_scale_a: float) -> float:
    """Return the sample interval at which a mean on a range is clear of what counts as off.

    The noise of a mean of n samples is that of one over the root of n.
    """
    noise_a = NOISE_OF_RANGE * full_scale_a
    samples = max(OFF_SAMPLES, (OFF_CLEARANCE * noise_a / profile.off_a) ** 2)
    return off_averaging_s(profile) / samples


def hold_off_s(profile: Profile) -> float:
    """Return for how long an output must stay off: a pause between pulses is no end."""
    return HOLD_OFF_PERIODS / profile.slowest_rate_hz


def points_for(duration_s: float, *, interval_s: float) -> int:
    """Return the record length that has a sample at least every ``interval_s``, or the longest."""
    wanted = duration_s / interval_s
    return next((points for points in _RECORD_LENGTHS if points >= wanted), _RECORD_LENGTHS[-1])


def flowing_a(capture: Capture, profile: Profile, part: Waveform | None = None) -> float:
    """Return the largest current, in magnitude, that flows anywhere in a record, or in a part."""
    return largest_a(capture, part, averaging_s=off_averaging_s(profile))


def largest_a(capture: Capture, part: Waveform | None = None, *, averaging_s: float) -> float:
    """Return the largest mean current, in magnitude, beyond what the range shows of nothing.

    ``part`` of the record, or all of it.
    """
    waveform = capture.waveforms[Label.CURRENT] if part is None else part
    return worst_mean(waveform, averaging_s=averaging_s, zero=capture.scales[Label.CURRENT].rest)


def by_itself(capture: Capture, label: Label, *, averaging_s: float) -> float:
    """Return up to where offset and noise take a mean of a channel without any output."""
    waveform, scale = capture.waveforms[label], capture.scales[label]
    samples = max(1, round(averaging_s / waveform.sample_interval_s))
    noise = NOISE_OF_RANGE * capture.full_scale(label)
    if scale.transferred:
        noise = max(scale.noise_v / scale.sensitivity, ROUNDING * abs(waveform.gain))
    offset = scale.current_range(noise_rms_a=noise).offset_limit_a
    return offset + BY_ITSELF_SIGMAS * noise / math.sqrt(samples)


def phases_in(waveform: Waveform, profile: Profile) -> PulseTable:
    """Return the phases of a record over the state nearest to zero.

    Where current flows for half of the time, the most occupied state need not be zero.
    """
    shortest_s = SHORTEST_PULSE * profile.waveform.pulse_duration_s
    found = analyse(waveform, minimum_pulse_s=shortest_s)
    nearest = min((state.level for state in found.states), key=abs, default=found.baseline)
    if nearest == found.baseline:
        return found.pulses
    return analyse(waveform, minimum_pulse_s=shortest_s, baseline=nearest).pulses
