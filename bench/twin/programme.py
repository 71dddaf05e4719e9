"""Pulse programmes: which phases follow each other, in integer nanoseconds of true time."""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd, pi, sin

from bench.twin.description import Envelope, ModeDescription, WaveformDescription
from bench.twin.virtual_time import NS_PER_S

__all__ = ["Phase", "Programme", "sense_programme", "therapy_programme"]

_SAMPLE_NS = 1_000_000
"""The firmware's converter samples at 1 kHz within a phase."""
_FIRST_SAMPLE_NS = 500_000
_SHORT_PHASE_SAMPLE = 0.9
"""Where in a phase shorter than 1 ms its only sample lies."""
_CONTACT_EVERY = 5
"""Within a long phase every fifth sample is also a look at the contact."""
_LONGEST_CYCLE = 4096
"""Pulses after which an envelope that does not divide the pulse rate is cut to repeat."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """A driven phase within a pulse; times count from the pulse's start."""

    start_ns: int
    stop_ns: int
    polarity: int

    def samples(self) -> list[tuple[int, bool]]:
        """Return when the firmware samples, and whether it judges the contact by that sample."""
        duration_ns = self.stop_ns - self.start_ns
        if duration_ns < _SAMPLE_NS:
            return [(self.start_ns + int(duration_ns * _SHORT_PHASE_SAMPLE), True)]
        instants = list(range(self.start_ns + _FIRST_SAMPLE_NS, self.stop_ns, _SAMPLE_NS))
        last = len(instants) - 1
        return [
            (instant, k == last or (last > 10 and k % _CONTACT_EVERY == _CONTACT_EVERY - 1))
            for k, instant in enumerate(instants)
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """A cycle of pulses that repeats for ever."""

    kind: str
    cycle_ns: int
    starts_ns: tuple[int, ...]
    phases: tuple[tuple[Phase, ...], ...]
    factors: tuple[float, ...]

    @property
    def pulses(self) -> int:
        """Pulses in a cycle."""
        return len(self.starts_ns)

    def start_of(self, index: int) -> int:
        """Return when pulse ``index`` starts, counted from the start of pulse 0."""
        cycle, pulse = divmod(index, self.pulses)
        return cycle * self.cycle_ns + self.starts_ns[pulse]


def therapy_programme(
    waveform: WaveformDescription,
    *,
    device_s: float,
    skew: float = 0.0,
    mode_rate: float = 1.0,
    mode: ModeDescription | None = None,
) -> Programme:
    """Return the programme of a waveform.

    ``device_s``: true seconds in a second of the device's clock. ``skew``: part by which positive
    phases are longer and negative ones shorter. ``mode_rate``: factor on the repetition rate.
    ``mode``: rates in place of the waveform's own.
    """
    if mode is not None and not mode.steady:
        return _sequence(waveform, mode, device_s=device_s, skew=skew, mode_rate=mode_rate)
    rate_hz = waveform.repetition_rate_hz if mode is None else mode.rates_hz[0]
    period_ns = _ns(device_s / (rate_hz * mode_rate))
    one_train = waveform.pulses_per_train if waveform.kind == "alternating" else 1
    signs = _signs(waveform)
    count = _cycle_pulses(len(signs), waveform)
    gap_ns = _ns(waveform.train_gap_s * device_s)
    starts = tuple(k * period_ns + (k // one_train) * gap_ns for k in range(count))
    trains = -(-count // one_train)
    return Programme(
        kind="therapy",
        cycle_ns=count * period_ns + trains * gap_ns,
        starts_ns=starts,
        phases=tuple(
            _phases(waveform, signs[k % len(signs)], device_s=device_s, skew=skew)
            for k in range(count)
        ),
        factors=tuple(_factor(waveform.envelope, k, waveform) for k in range(count)),
    )


def _sequence(
    waveform: WaveformDescription,
    mode: ModeDescription,
    *,
    device_s: float,
    skew: float,
    mode_rate: float,
) -> Programme:
    """Return a programme whose pulses come at one rate after another; each step holds whole pulses.

    The steps are gone through as often as it takes until the polarities repeat too.
    """
    signs = _signs(waveform)
    starts: list[int] = []
    now_ns = 0
    while not starts or len(starts) % len(signs):
        for rate_hz, duration_s in zip(mode.rates_hz, mode.durations_s, strict=True):
            period_ns = _ns(device_s / (rate_hz * mode_rate))
            for _ in range(max(1, round(duration_s * rate_hz))):
                starts.append(now_ns)
                now_ns += period_ns
    return Programme(
        kind="therapy",
        cycle_ns=now_ns,
        starts_ns=tuple(starts),
        phases=tuple(
            _phases(waveform, signs[k % len(signs)], device_s=device_s, skew=skew)
            for k in range(len(starts))
        ),
        factors=(1.0,) * len(starts),
    )


def sense_programme(*, duration_s: float, rate_hz: float, device_s: float) -> Programme:
    """Return the programme of contact sensing: one positive pulse a period."""
    phase = Phase(start_ns=0, stop_ns=_ns(duration_s * device_s), polarity=1)
    period_ns = _ns(device_s / rate_hz)
    return Programme(
        kind="sense", cycle_ns=period_ns, starts_ns=(0,), phases=((phase,),), factors=(1.0,)
    )


def _signs(waveform: WaveformDescription) -> list[int]:
    if waveform.kind != "alternating":
        return [1]
    return [1] * waveform.pulses_per_train + [-1] * waveform.pulses_per_train


def _phases(
    waveform: WaveformDescription, sign: int, *, device_s: float, skew: float
) -> tuple[Phase, ...]:
    first_ns = _ns(waveform.pulse_duration_s * device_s * (1.0 + sign * skew))
    first = Phase(start_ns=0, stop_ns=first_ns, polarity=sign)
    if waveform.kind != "biphasic":
        return (first,)
    second_ns = first_ns + _ns(waveform.inter_phase_gap_s * device_s)
    last_ns = second_ns + _ns(waveform.pulse_duration_s * device_s * (1.0 - skew))
    return (first, Phase(start_ns=second_ns, stop_ns=last_ns, polarity=-sign))


def _cycle_pulses(polarity_pulses: int, waveform: WaveformDescription) -> int:
    """Return after how many pulses polarity and envelope repeat together."""
    if waveform.envelope is None:
        return polarity_pulses
    rate_millihz = round(waveform.repetition_rate_hz * 1000)
    envelope_millihz = round(waveform.envelope.rate_hz * 1000)
    envelope_pulses = rate_millihz // gcd(rate_millihz, envelope_millihz)
    both = polarity_pulses * envelope_pulses // gcd(polarity_pulses, envelope_pulses)
    return min(both, _LONGEST_CYCLE - _LONGEST_CYCLE % polarity_pulses)


def _factor(envelope: Envelope | None, index: int, waveform: WaveformDescription) -> float:
    if envelope is None:
        return 1.0
    turn = (index * envelope.rate_hz / waveform.repetition_rate_hz + 1e-9) % 1.0
    if envelope.shape == "square":
        return 1.0 if turn < 0.5 else 1.0 - envelope.depth
    return 1.0 - envelope.depth * (0.5 - 0.5 * sin(2.0 * pi * turn))


def _ns(seconds: float) -> int:
    return round(seconds * NS_PER_S)
