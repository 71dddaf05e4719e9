"""Budgets of currents, charges and r.m.s. values measured with a scope over the shunt.

All of them rest on one record, so its errors are shared: the gain error is one number for all
levels, the offset falls out of every difference, and each level's converter non-linearity is its
own. Currents in amperes, charges in coulombs. Source: docs/laboratory.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Final

from bench.judge.budget import Budget, Input, evaluate, normal, rectangular
from bench.judge.data_sheets import ScopeAccuracy

__all__ = [
    "Plateau",
    "ScopeRange",
    "amplitude_budget",
    "amplitude_ratio_budget",
    "level_budget",
    "mean_budget",
    "net_charge_budget",
    "phase_charge_budget",
    "rms_budget",
    "step_budget",
    "symmetry_budget",
]

_HARMONICS: Final = 50
"""Of the sawtooth by which rounding shifts a mean; noise leaves the first ones only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeRange:
    """One channel on one range, seen as a current meter."""

    accuracy: ScopeAccuracy
    full_scale_a: float
    """All divisions together."""
    amperes_per_volt: float
    noise_rms_a: float
    """Of one sample, as seen in the zero state."""
    shunt_relative: float
    """Standard uncertainty of the shunt (and its amplifier, if not transferred), relative."""
    shunt_source: str = "shunt, by its certificate"

    @property
    def lsb_a(self) -> float:
        """One code."""
        return self.full_scale_a / self.accuracy.codes

    @property
    def offset_limit_a(self) -> float:
        """Half-width of the offset error."""
        division_a = self.full_scale_a / self.accuracy.divisions
        return (
            self.accuracy.offset_div * division_a + self.accuracy.offset_v * self.amperes_per_volt
        )

    def gain(self) -> Input:
        """Return the gain error, as a share of full scale."""
        return rectangular(
            "scope gain",
            self.accuracy.gain_of_full_scale * self.full_scale_a,
            source=self.accuracy.vertical_reference,
        )

    def offset(self) -> Input:
        """Return the offset error of an absolute level."""
        return rectangular(
            "scope offset", self.offset_limit_a, source=self.accuracy.vertical_reference
        )

    def shunt(self) -> Input:
        """Return the shunt's relative error."""
        return normal("shunt", self.shunt_relative, source=self.shunt_source)

    def level(self, name: str, samples: int) -> tuple[Input, Input, Input]:
        """Return non-linearity, quantisation and noise of the mean of one plateau."""
        count = max(samples, 1)
        return (
            rectangular(
                f"{name}: non-linearity",
                self.accuracy.nonlinearity_lsb * self.lsb_a,
                source=self.accuracy.reference,
            ),
            self._quantisation(name, count),
            normal(
                f"{name}: noise",
                self.noise_rms_a / count**0.5,
                degrees_of_freedom=max(count - 1, 1),
                source=f"zero state of the record, {count} samples",
            ),
        )

    def mid_level_relative(self, amplitude_a: float) -> float:
        """Return the standard uncertainty of a transition's mid-level over its swing.

        The mid-level is the mean of two plateaus, each with the converter's non-linearity, and the
        instant is read off a third code with its own.
        """
        one_a = self.accuracy.nonlinearity_lsb * self.lsb_a / math.sqrt(3.0)
        return math.hypot(one_a / math.sqrt(2.0), one_a) / abs(amplitude_a)

    def _quantisation(self, name: str, count: int) -> Input:
        """Return the error of a mean by rounding to codes, which noise of the input dithers.

        For a normal noise of standard deviation s (in codes, without that of the rounding itself)
        the error is a Fourier series in the level's place between two codes, its k-th amplitude
        exp(-2 (pi k s)^2) / (pi k); here is its r.m.s. over all places: 0.29 codes (a rectangle)
        without noise. Source: Widrow and Kollar, Quantization Noise, 2008, chapter 5.
        """
        variance = max((self.noise_rms_a / self.lsb_a) ** 2 - 1.0 / 12.0, 0.0) if count > 1 else 0.0
        square = sum(
            math.exp(-4.0 * (math.pi * order) ** 2 * variance) / (2.0 * (math.pi * order) ** 2)
            for order in range(1, _HARMONICS + 1)
        )
        return Input(
            name=f"{name}: quantisation",
            value=0.0,
            standard_uncertainty=math.sqrt(square) * self.lsb_a,
            distribution="rectangular",
            source=f"{self.accuracy.bits} bit, dithered by the noise of the record",
        )


def amplitude_budget(
    amplitude_a: float, *, on: ScopeRange, plateau_samples: int, zero_samples: int
) -> Budget:
    """Budget of a plateau against the zero state of the same record: the offset falls out."""
    inputs = [
        on.gain(),
        on.shunt(),
        *on.level("plateau", plateau_samples),
        *on.level("zero state", zero_samples),
    ]

    def equation(gain: Any, shunt: Any, *errors: Any) -> Any:
        top, zero = errors[:3], errors[3:]
        return (amplitude_a + gain + sum(top) - sum(zero)) * (1.0 + shunt)

    return evaluate("amplitude", "A", inputs, equation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plateau:
    """An amplitude and what it was read from."""

    amplitude_a: float
    on: ScopeRange
    plateau_samples: int
    zero_samples: int


def step_budget(lower: Plateau, upper: Plateau) -> Budget:
    """Budget of the difference of two amplitudes of two records, each on its own range.

    The shunt is common to both and acts on the difference alone; each range has a gain of its own.
    """
    inputs = [upper.on.shunt()]
    for name, plateau in (("upper", upper), ("lower", lower)):
        gain = plateau.on.gain()
        inputs += [
            replace(gain, name=f"{name}: {gain.name}"),
            *plateau.on.level(f"{name} plateau", plateau.plateau_samples),
            *plateau.on.level(f"{name} zero state", plateau.zero_samples),
        ]

    def equation(shunt: Any, *errors: Any) -> Any:
        high = upper.amplitude_a + sum(errors[:4]) - sum(errors[4:7])
        low = lower.amplitude_a + sum(errors[7:11]) - sum(errors[11:])
        return (high - low) * (1.0 + shunt)

    return evaluate("level step", "A", inputs, equation)


def level_budget(level_a: float, *, on: ScopeRange, samples: int) -> Budget:
    """Budget of an absolute level: nothing cancels the offset."""
    inputs = [on.gain(), on.offset(), on.shunt(), *on.level("level", samples)]

    def equation(gain: Any, offset: Any, shunt: Any, *errors: Any) -> Any:
        scale = level_a / (0.5 * on.full_scale_a)
        return (level_a + scale * gain + offset + sum(errors)) * (1.0 + shunt)

    return evaluate("level", "A", inputs, equation)


def mean_budget(
    mean_a: float, *, on: ScopeRange, samples: int, whole_cycles: bool = True
) -> Budget:
    """Budget of the mean over whole cycles: an absolute level made of many codes."""
    if not whole_cycles:
        raise ValueError("a mean over a part of a cycle invents direct current; trim it first")
    return level_budget(mean_a, on=on, samples=samples).named("mean")


def symmetry_budget(
    positive_a: float,
    negative_a: float,
    *,
    on: ScopeRange,
    plateau_samples: int,
    zero_samples: int,
) -> Budget:
    """Budget of the sum of the two (signed) amplitudes of one record.

    The gain is common to both and acts on their sum alone; the zero state counts twice.
    """
    total_a = positive_a + negative_a
    largest_a = max(abs(positive_a), abs(negative_a))
    inputs = [
        on.gain(),
        on.shunt(),
        *on.level("positive plateau", plateau_samples),
        *on.level("negative plateau", plateau_samples),
        *on.level("zero state", zero_samples),
    ]

    def equation(gain: Any, shunt: Any, *errors: Any) -> Any:
        positive, negative, zero = errors[:3], errors[3:6], errors[6:]
        relative = gain / largest_a
        sums = sum(positive) + sum(negative) - 2.0 * sum(zero)
        return (total_a * (1.0 + relative) + sums) * (1.0 + shunt)

    return evaluate("symmetry", "A", inputs, equation)


def amplitude_ratio_budget(
    amplitude_a: float,
    reference_a: float,
    *,
    on: ScopeRange,
    plateau_samples: int,
    zero_samples: int,
) -> Budget:
    """Budget of the ratio of two amplitudes (load regulation).

    Both are taken on one range over one shunt: gain and shunt are common to both and act on the
    deviation from one alone.
    """
    inputs = [
        on.gain(),
        on.shunt(),
        *on.level("plateau", plateau_samples),
        *on.level("plateau's zero state", zero_samples),
        *on.level("reference", plateau_samples),
        *on.level("reference's zero state", zero_samples),
    ]

    def equation(gain: Any, shunt: Any, *errors: Any) -> Any:
        factor = (1.0 + gain / reference_a) * (1.0 + shunt)
        here = amplitude_a * factor + sum(errors[:3]) - sum(errors[3:6])
        there = reference_a * factor + sum(errors[6:9]) - sum(errors[9:])
        return here / there

    return evaluate("load regulation", "1", inputs, equation)


def phase_charge_budget(
    charge_c: float,
    *,
    duration_s: float,
    on: ScopeRange,
    sample_interval_s: float,
    zero_samples: int,
) -> Budget:
    """Budget of the integral of one phase against the zero state."""
    samples = max(1, round(duration_s / sample_interval_s))
    inputs = [
        on.gain(),
        on.shunt(),
        *on.level("phase", samples),
        *on.level("zero state", zero_samples),
        _timebase(on),
    ]

    def equation(gain: Any, shunt: Any, *errors: Any) -> Any:
        current = charge_c / duration_s + gain + sum(errors[:3]) - sum(errors[3:6])
        return current * duration_s * (1.0 + shunt) * (1.0 + errors[6])

    return evaluate("phase charge", "C", inputs, equation)


def net_charge_budget(
    net_c: float,
    *,
    positive_s: float,
    negative_s: float,
    amplitude_a: float,
    on: ScopeRange,
    sample_interval_s: float,
    zero_samples: int,
) -> Budget:
    """Budget of the charges of all phases of a pulse or a polarity cycle, added with their signs.

    ``positive_s`` and ``negative_s`` are the times spent in positive and in negative phases. The
    gain acts on the sum; non-linearity and the zero state act for the whole time.
    """
    inputs = [
        on.gain(),
        on.shunt(),
        *on.level("positive phases", round(positive_s / sample_interval_s)),
        *on.level("negative phases", round(negative_s / sample_interval_s)),
        *on.level("zero state", zero_samples),
    ]

    def equation(gain: Any, shunt: Any, *errors: Any) -> Any:
        positive = sum(errors[:3]) * positive_s
        negative = sum(errors[3:6]) * negative_s
        zero = sum(errors[6:]) * (positive_s + negative_s)
        own = net_c * (1.0 + gain / abs(amplitude_a)) + positive + negative - zero
        return own * (1.0 + shunt)

    return evaluate("net charge", "C", inputs, equation)


def rms_budget(
    rms_a: float, *, duty: float, on: ScopeRange, plateau_samples: int, zero_samples: int
) -> Budget:
    """Budget of an r.m.s. value about the zero state, from that of its amplitude.

    For rectangular pulses I_rms = I sqrt(d) with the share of time ``duty`` = d in which current
    flows; the relative uncertainty is the amplitude's.
    """
    root = duty**0.5
    amplitude = amplitude_budget(
        rms_a / root, on=on, plateau_samples=plateau_samples, zero_samples=zero_samples
    )
    return amplitude.scaled(root, unit="A").named("r.m.s. current")


def _timebase(on: ScopeRange) -> Input:
    return rectangular("timebase", on.accuracy.timebase_ppm * 1e-6, source=on.accuracy.reference)
