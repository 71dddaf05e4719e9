"""What repeats in a pulsed output: what an aperture must hold a whole number of."""

from __future__ import annotations

from dataclasses import dataclass

from bench.profile import Profile

__all__ = ["Repetition"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Repetition:
    """The times of an output, as the scope measured them or the profile declares them."""

    repeat_s: float
    """Until everything repeats: polarities, trains and envelope."""
    cycle_s: float
    """Until the pattern of polarities repeats; a part of ``repeat_s`` under an envelope."""
    envelope_s: float | None
    timebase_ppm: float
    """Limit of error of both times: the scope's time base."""
    peak_a: float
    """Largest current of a pulse."""
    duty: float = 1.0
    """Share of the time in which current flows."""
    charge_c: float = float("inf")
    """Bound of the charge by which an incomplete repetition can be off."""

    @classmethod
    def declared(
        cls, profile: Profile, *, peak_a: float, timebase_ppm: float, stretch: float = 1.0
    ) -> Repetition:
        """Return the repetition of a profile, its times ``stretch`` as long as declared."""
        wave = profile.waveform
        envelope_s = None if wave.envelope is None else stretch / wave.envelope.rate_hz
        driven_s = (
            wave.half_cycle_s * wave.duty if wave.phases_per_pulse == 1 else (wave.pulse_duration_s)
        )
        swing_s = driven_s if envelope_s is None else driven_s + 0.5 * envelope_s * wave.duty
        return cls(
            repeat_s=wave.repeat_s * stretch,
            cycle_s=wave.polarity_cycle_s * stretch,
            envelope_s=envelope_s,
            timebase_ppm=timebase_ppm,
            peak_a=peak_a,
            duty=wave.duty,
            charge_c=peak_a * swing_s * stretch,
        )
