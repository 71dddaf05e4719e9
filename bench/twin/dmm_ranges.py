"""Functions, ranges and one-year accuracy of the simulated multimeter.

Accuracy rows are those that the field recalls for the 34465A (1 year, 23 °C ± 5 °C); they set how
large the simulated errors are and are no source for an uncertainty budget.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

__all__ = [
    "FUNCTIONS",
    "KEYSIGHT_34465A",
    "LINE_PERIOD_S",
    "Function",
    "MeterModel",
    "accuracy_limit",
    "functions_with",
]

LINE_PERIOD_S = 0.02

_RESOLUTIONS = ((0.02, 3.0), (0.2, 0.7), (1.0, 0.3), (10.0, 0.1), (100.0, 0.03))
"""NPLC and the resolution it gives in ppm of range. Source: 34465A guide, resolution table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """One measurement function."""

    pattern: str
    unit: str
    ranges: tuple[float, ...]
    accuracy_ppm: tuple[tuple[float, float], ...]
    """Of reading and of range, one pair a range."""
    default_range: int
    direct: bool = True
    resolutions: tuple[tuple[float, float], ...] = _RESOLUTIONS

    def spellings(self) -> frozenset[str]:
        """Return the names that ``SENSe:FUNCtion`` takes, upper case."""
        first, _, rest = self.pattern.partition("[:DC]")
        heads = {"".join(c for c in first if not c.islower()), first.upper()}
        tails = {"", ":DC"} if "[:DC]" in self.pattern else {rest}
        return frozenset(head + tail for head in heads for tail in tails)

    def index_for(self, value: float) -> int:
        """Return the lowest range that takes ``value``."""
        return next(i for i, span in enumerate(self.ranges) if value <= span * (1 + 1e-9))


_VOLTS = (0.1, 1.0, 10.0, 100.0, 1000.0)
_OHMS = (1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9)
_AMPERES = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0, 3.0)
_OHM_ACCURACY = (
    (100.0, 40.0), (100.0, 10.0), (100.0, 10.0), (100.0, 10.0),
    (100.0, 10.0), (400.0, 10.0), (8000.0, 100.0), (80_000.0, 100.0),
)  # fmt: skip

FUNCTIONS = {
    "VOLT": Function(
        pattern="VOLTage[:DC]",
        unit="V",
        ranges=_VOLTS,
        accuracy_ppm=((40.0, 35.0), (35.0, 4.0), (30.0, 4.0), (40.0, 6.0), (40.0, 6.0)),
        default_range=2,
    ),
    "VOLT:AC": Function(
        pattern="VOLTage:AC",
        unit="V",
        ranges=_VOLTS,
        accuracy_ppm=((600.0, 300.0),) * 5,
        default_range=2,
        direct=False,
    ),
    "CURR": Function(
        pattern="CURRent[:DC]",
        unit="A",
        ranges=_AMPERES,
        accuracy_ppm=((500.0, 50.0),) * 8,
        default_range=5,
    ),
    "CURR:AC": Function(
        pattern="CURRent:AC",
        unit="A",
        ranges=_AMPERES,
        accuracy_ppm=((1000.0, 400.0),) * 8,
        default_range=5,
        direct=False,
    ),
    "RES": Function(
        pattern="RESistance", unit="OHM", ranges=_OHMS, accuracy_ppm=_OHM_ACCURACY, default_range=1
    ),
    "FRES": Function(
        pattern="FRESistance", unit="OHM", ranges=_OHMS, accuracy_ppm=_OHM_ACCURACY, default_range=1
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterModel:
    """What one model of meter can do, and how well."""

    functions: Mapping[str, Function] = field(default_factory=lambda: FUNCTIONS)
    nplc_steps: tuple[float, ...] = ()
    """Empty where any number of line cycles within ``nplc_limits`` is taken."""
    nplc_limits: tuple[float, float] = (0.0, 0.0)
    aperture_limits_s: tuple[float, float] | None = None
    """None where there is no aperture in seconds."""
    default_nplc: float = 10.0
    largest_count: int = 50_000
    noise_of_range: float = 0.4e-6
    """R.m.s. at one power line cycle. Source: proposed, no data sheet."""
    start_jitter_s: float = 0.0
    """A reading starts up to this much later than at once: network and meter."""

    def nplc_for(self, wanted: float) -> float:
        """Return the line cycles that are set for a wanted number: the next longer step."""
        steps = self.nplc_steps
        return next((step for step in steps if step >= wanted * (1 - 1e-9)), wanted)

    @property
    def fewest_and_most(self) -> tuple[float, float]:
        """Limits of the number of line cycles."""
        return (self.nplc_steps[0], self.nplc_steps[-1]) if self.nplc_steps else self.nplc_limits


KEYSIGHT_34465A = MeterModel(
    nplc_steps=(0.001, 0.002, 0.006, 0.02, 0.06, 0.2, 1.0, 10.0, 100.0),
    aperture_limits_s=(20e-6, 1.0),
    largest_count=1_000_000,
)


def functions_with(
    *,
    volts: tuple[float, ...] = _VOLTS,
    ohms: tuple[float, ...] = _OHMS,
    volts_ppm: tuple[float, float] = (40.0, 30.0),
    ohms_ppm: tuple[float, float] = (100.0, 40.0),
    ac_ppm: tuple[float, float] = (600.0, 300.0),
) -> Mapping[str, Function]:
    """Return the functions of a meter with other ranges and limits, the same on every range."""
    ac_volts = (*volts[:-1], 750.0)
    changes: dict[str, tuple[tuple[float, ...], tuple[float, float]]] = {
        "VOLT": (volts, volts_ppm),
        "VOLT:AC": (ac_volts, ac_ppm),
        "RES": (ohms, ohms_ppm),
        "FRES": (ohms, ohms_ppm),
    }
    return {
        name: function
        if name not in changes
        else replace(
            function,
            ranges=changes[name][0],
            accuracy_ppm=(changes[name][1],) * len(changes[name][0]),
        )
        for name, function in FUNCTIONS.items()
    }


def accuracy_limit(
    name: str, range_index: int, functions: Mapping[str, Function] = FUNCTIONS
) -> tuple[float, float]:
    """Return the one-year limit as fractions of reading and of range."""
    of_reading, of_range = functions[name].accuracy_ppm[range_index]
    return of_reading * 1e-6, of_range * 1e-6
