"""A device profile: what is declared, its identity, and how sure each figure is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from bench.profile.declaration import Declaration
from bench.profile.nominals import NOMINALS
from bench.profile.parts import ModeStep

__all__ = ["Profile", "Provenance"]

LOW_SETTING = 0.02
"""A lowest setting of this share of the highest. Source: IEC 60601-2-10, 201.12.1.101 (recalled)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """How sure a declared figure is: V, V2, R, R?, D or P, and where it comes from."""

    mark: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile(Declaration):
    """A device profile as read from its file: identity, declaration, and who says so."""

    title: str
    modelled_on: str
    model: str
    hardware: str
    modes: tuple[str, ...]
    mode_steps: Mapping[str, tuple[ModeStep, ...]]
    """Of each mode that is not as ``waveform`` says: the rates that follow one another."""
    unlock_key: str
    provenance: Mapping[str, Provenance]
    declared: Mapping[str, str]
    """What the file declares, dotted key to text, for the report."""
    sha256: str
    path: Path

    @property
    def features(self) -> frozenset[str]:
        """What the device has, in the words that requirements ask for."""
        wave, timers = self.waveform, self.timers
        has = {
            wave.kind: True,
            f"{self.output.regulation}-regulated": True,
            "symmetric": wave.symmetric,
            "polarity cycle": wave.kind != "monophasic",
            "microcurrent": self.output.current_class == "microampere",
            "trains": wave.pulses_per_train > 1,
            "envelope": wave.envelope is not None,
            "off level": self.output.off_level,
            "low setting": self.output.off_level or self._lowest_share <= LOW_SETTING,
            "link watchdog": timers.link_timeout_s is not None,
            "charge inhibit": self.protection.charge_inhibit,
            "several levels": len(self.output.levels) > 1,
            "several modes": bool(self.mode_steps),
            "sequence": any(len(steps) > 1 for steps in self.mode_steps.values()),
            "course": wave.pulses_per_train > 1
            or wave.envelope is not None
            or bool(self.mode_steps),
            "boost": self.output.boost is not None,
            "second d.c. limiter": self.protection.dc_limit_ua is not None
            or self.output.blocking_uf is not None,
        }
        return frozenset(name for name, present in has.items() if present)

    @property
    def slowest_rate_hz(self) -> float:
        """Lowest repetition rate of all modes: its pauses are the longest that are no end."""
        rates = [step.rate_hz for steps in self.mode_steps.values() for step in steps]
        return min((self.waveform.repetition_rate_hz, *rates))

    def with_rate(self, rate_hz: float) -> Self:
        """Return the profile with its pulses at another rate: what a step of a mode declares."""
        return replace(self, waveform=replace(self.waveform, repetition_rate_hz=rate_hz))

    @property
    def _lowest_share(self) -> float:
        """Lowest declared level over the highest."""
        return self.output.levels[0].current_ua / self.output.levels[-1].current_ua

    @property
    def assumptions(self) -> tuple[str, ...]:
        """One line for each declared figure that is only proposed, derived or recalled."""
        return tuple(
            f"{key} = {self.declared.get(key, '')}: {how.mark}, {how.source}"
            for key, how in self.provenance.items()
            if not how.mark.startswith("V")
        )

    def nominal(self, name: str, *, level: int, load_ohm: float) -> tuple[float, str]:
        """Return a declared figure by its name, and its unit.

        Raises LookupError for a name that :data:`~bench.profile.nominals.NOMINALS` lacks.
        """
        found = NOMINALS.get(name)
        if found is None:
            raise LookupError(f"profile {self.id}: no nominal {name!r}")
        return found.value(self, level, load_ohm), found.unit
