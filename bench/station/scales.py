"""What a scope range reads in amperes: transferred from the multimeter on the reference current."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bench.errors import ConfigurationError, FixtureError
from bench.judge import ScopeAccuracy, ScopeRange

__all__ = ["ChannelView", "Label", "Scale", "Scales"]

GAIN_CORRECTION_FACTOR: Final = 2.0
"""Of the data sheet's gain error, which is of full scale: doubled for half-used ranges. Beyond it a
correction is a fault, not a correction; a probe factor is 10."""

MAXIMUM_ZERO_DIV: Final = 0.5
"""Of a wide range; on a small one what the data sheet of the scope and the amplifier allow."""

AMPLIFIER_OFFSET_V: Final = 1e-3
"""Of the current channel's amplifier, at most. Source: docs/your-bench.md."""


class Label(StrEnum):
    """What a scope channel sees."""

    CURRENT = "current"
    TRANSIENT = "transient current"
    ELECTRODE = "electrode voltage"
    SYNC = "sync"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelView:
    """One scope channel: its number, and volts at the scope per ampere or volt in the path."""

    label: Label
    channel: int
    sensitivity: float
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """One range of one channel: ``value = (scope_volts - zero_v) / sensitivity``."""

    label: Label
    volts_per_division: float
    sensitivity: float
    zero_v: float
    noise_v: float
    """R.m.s. of one sample of the reference's record."""
    accuracy: ScopeAccuracy
    """What is left of the scope's errors: those of its data sheet where nothing was transferred."""
    shunt_relative: float = 0.0
    """Relative standard uncertainty of the shunt that stands behind the sensitivity."""
    shunt_source: str = ""
    transferred: bool = True
    """False: nominal sensitivity, with the uncertainty of the scope's data sheet."""
    rest_v: float = 0.0
    """What the range shows of no current beyond ``zero_v``, which lies on the line through both
    reference currents: the converter's non-linearity bends it, by up to a code of eight bits."""

    @property
    def rest(self) -> float:
        """Return what the range shows of nothing, in the path's unit."""
        return self.rest_v / self.sensitivity

    def current_range(self, *, noise_rms_a: float) -> ScopeRange:
        """Return this range as the current meter that a budget is made for."""
        divisions = self.accuracy.divisions
        return ScopeRange(
            accuracy=self.accuracy,
            full_scale_a=divisions * self.volts_per_division / self.sensitivity,
            amperes_per_volt=1.0 / self.sensitivity,
            noise_rms_a=noise_rms_a,
            shunt_relative=self.shunt_relative,
            shunt_source=self.shunt_source,
        )

    def problem(self, view: ChannelView, scope: ScopeAccuracy) -> str | None:
        """Return why this correction cannot be believed by the scope's data sheet, or None."""
        most = GAIN_CORRECTION_FACTOR * scope.gain_of_full_scale
        gain = self.sensitivity / view.sensitivity - 1.0
        if abs(gain) > most:
            return (
                f"channel {view.channel} ({self.label.value}) at {self.volts_per_division:g} V/div "
                f"reads {gain:+.1%} against the multimeter on the reference current, expected "
                f"within ±{most:.0%}: check probe factor, coupling, range, "
                "zero and amplifier"
            )
        division_v = self.volts_per_division
        amplifier_v = AMPLIFIER_OFFSET_V if view.label is Label.CURRENT else 0.0
        sheet_v = scope.offset_div * division_v + scope.offset_v
        most_v = max(MAXIMUM_ZERO_DIV * division_v, sheet_v + amplifier_v)
        if abs(self.zero_v) > most_v:
            return (
                f"channel {view.channel} ({self.label.value}) at {self.volts_per_division:g} V/div "
                f"reads {self.zero_v:+.3g} V without current, expected within "
                f"±{most_v / division_v:.2g} div: check the coupling and let the scope warm up"
            )
        rest_v = self._most_rest_v()
        if abs(self.rest_v) > rest_v:
            return (
                f"channel {view.channel} ({self.label.value}) at {self.volts_per_division:g} V/div "
                f"reads {self.rest_v:+.3g} V with the reference off, expected within ±{rest_v:.2g} V "
                "of its zero: a current flows in the shunt; check the reference's relays and supply"
            )
        return None

    def _most_rest_v(self) -> float:
        """Return how far the middle of a line through two codes may lie from the code between."""
        accuracy = self.accuracy
        code_v = self.volts_per_division / accuracy.codes_per_division
        return (
            2 * accuracy.nonlinearity_lsb * code_v
            + accuracy.offset_div * self.volts_per_division
            + accuracy.offset_v
        )


class Scales:
    """All ranges that were transferred; any other has the channel's nominal sensitivity."""

    def __init__(
        self,
        views: Iterable[ChannelView],
        *,
        accuracy: ScopeAccuracy,
        shunt_tolerance: float = 0.0,
    ) -> None:
        """``shunt_tolerance`` bounds the shunt relative to its nominal, where nothing is better."""
        self.views: Mapping[Label, ChannelView] = {view.label: view for view in views}
        self.accuracy = accuracy
        self._shunt_tolerance = shunt_tolerance
        self._scales: dict[tuple[Label, float], Scale] = {}

    def add(self, scale: Scale) -> None:
        """Keep a transferred range; raises FixtureError where it cannot be believed."""
        problem = scale.problem(self.views[scale.label], self.accuracy)
        if problem is not None:
            raise FixtureError(problem)
        self._scales[scale.label, _key(scale.volts_per_division)] = scale

    def of(self, label: Label, volts_per_division: float) -> Scale:
        """Return the scale of a range; one that was not transferred has its nominal."""
        found = self._scales.get((label, _key(volts_per_division)))
        if found is not None:
            return found
        view = self.views[label]
        return Scale(
            label=label,
            volts_per_division=volts_per_division,
            sensitivity=view.sensitivity,
            zero_v=0.0,
            noise_v=0.0,
            accuracy=self.accuracy,
            shunt_relative=self._shunt_tolerance / math.sqrt(3.0),
            shunt_source="shunt, by its tolerance in the station file",
            transferred=False,
        )

    def view(self, label: Label) -> ChannelView:
        """Return the channel that sees ``label``; raises ConfigurationError."""
        try:
            return self.views[label]
        except KeyError:
            raise ConfigurationError(
                f"station: no scope channel sees the {label.value}; add it to [scope.channels]"
            ) from None

    def __iter__(self) -> Iterator[Scale]:
        return iter(self._scales.values())


def _key(volts_per_division: float) -> float:
    return float(f"{volts_per_division:.4g}")
