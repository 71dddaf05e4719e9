"""Networks that stand for skin under electrodes: a resistance, then up to six R‖C in series.

One section is the common model; six follow a Cole element (R + CPE, as skin is measured) within 1 %
from 0.1 Hz to 100 kHz.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from bench.quantity import QuantityError, in_unit

__all__ = ["DEFAULT_SKINS", "MOST_SECTIONS", "SKINS", "Section", "SkinNetwork", "skin_network"]

MOST_SECTIONS: Final = 6
DEFAULT_SKINS: Final[Mapping[str, str]] = MappingProxyType(
    {"microampere": "typical", "milliampere": "large"}
)
"""What docs/laboratory.md builds, by the class of the devices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A resistance with a capacitance across it."""

    ohm: float
    farad: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SkinNetwork:
    """What is put between the electrodes in place of skin."""

    name: str
    series_ohm: float
    sections: tuple[Section, ...]

    @property
    def direct_ohm(self) -> float:
        """Resistance to direct current."""
        return self.series_ohm + sum(section.ohm for section in self.sections)

    @property
    def text(self) -> str:
        """The network as a profile or a station file writes it."""
        parts = [f"{self.series_ohm:g} ohm"]
        parts += [f"{one.ohm:.6g} ohm || {one.farad * 1e9:.6g} nF" for one in self.sections]
        return " + ".join(parts)


def _network(name: str, series_ohm: float, *sections: tuple[float, float]) -> SkinNetwork:
    """``sections`` in ohms and nanofarads."""
    return SkinNetwork(
        name=name,
        series_ohm=series_ohm,
        sections=tuple(Section(ohm=ohm, farad=nf * 1e-9) for ohm, nf in sections),
    )


SKINS: Final[Mapping[str, SkinNetwork]] = MappingProxyType(
    {
        network.name: network
        for network in (
            _network("typical", 1e3, (20e3, 100.0)),
            _network("gel", 600.0, (4e3, 150.0)),
            _network("dry", 2e3, (60e3, 50.0)),
            _network("large", 300.0, (1e3, 200.0)),
            _network("very-dry", 5e3, (300e3, 20.0)),
            _network(
                "cole",
                1e3,
                (88.6, 30.7),
                (439.6, 76.48),
                (2212.1, 110.8),
                (13187.0, 109.0),
                (26483.0, 196.8),
                (6157.0, 5126.0),
            ),
        )
    }
)
"""``large`` is gel under the large electrodes of a stimulator. Orders of magnitude, recalled, but for ``cole``: fitted to R0 = 50 kΩ, R∞ = 1 kΩ, α = 0.8,
τ = 4 ms (tests/profile/test_skin.py)."""


def skin_network(text: str) -> SkinNetwork:
    """Read a name of :data:`SKINS`, or a network: ``1 kohm + 20 kohm || 100 nF + ...``.

    Raises QuantityError for anything else.
    """
    if text in SKINS:
        return SKINS[text]
    first, *rest = (part.strip() for part in text.split("+"))
    if not rest:
        near = difflib.get_close_matches(text, SKINS, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise QuantityError(
            f"expected one of {', '.join(SKINS)} or a network such as "
            f"'1 kohm + 20 kohm || 100 nF', found {text!r}{hint}"
        )
    if len(rest) > MOST_SECTIONS:
        raise QuantityError(f"expected at most {MOST_SECTIONS} sections, found {len(rest)}")
    return SkinNetwork(
        name=text, series_ohm=_positive(first, "ohm"), sections=tuple(_section(s) for s in rest)
    )


def _section(text: str) -> Section:
    ohm, bars, farad = text.partition("||")
    if not bars:
        raise QuantityError(f"expected a section such as '20 kohm || 100 nF', found {text!r}")
    return Section(ohm=_positive(ohm.strip(), "ohm"), farad=_positive(farad.strip(), "F"))


def _positive(text: str, unit: str) -> float:
    value = in_unit(text, unit)
    if value <= 0.0:
        raise QuantityError(f"expected more than 0 {unit}, found {text!r}")
    return value
