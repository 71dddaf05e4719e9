"""Functions, ranges and one-year accuracy of the simulated multimeter.

Accuracy rows are those that the field recalls for the 34465A (1 year, 23 °C ± 5 °C); they set how
large the simulated errors are and are no source for an uncertainty budget.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "FUNCTIONS",
    "LINE_PERIOD_S",
    "LONGEST_APERTURE_S",
    "NPLC_STEPS",
    "SHORTEST_APERTURE_S",
    "Function",
    "accuracy_limit",
]

NPLC_STEPS = (0.001, 0.002, 0.006, 0.02, 0.06, 0.2, 1.0, 10.0, 100.0)
LINE_PERIOD_S = 0.02
SHORTEST_APERTURE_S, LONGEST_APERTURE_S = 20e-6, 1.0

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


def accuracy_limit(name: str, range_index: int) -> tuple[float, float]:
    """Return the one-year limit as fractions of reading and of range."""
    of_reading, of_range = FUNCTIONS[name].accuracy_ppm[range_index]
    return of_reading * 1e-6, of_range * 1e-6
