"""The simulated Rigol DHO804 (twelve bits, sent as words) and MSO5104 (eight bits).

Dialect: DHO800/DHO900 Series Programming Guide, April 2025; MSO5000 Series Programming Guide.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from bench.twin.scope_body import ScopeBody
from bench.twin.scopes.rigol import RigolScope

__all__ = ["RigolDho800", "RigolMso5000"]

_ADC_STEPS = 16


class RigolDho800(RigolScope):
    """A DHO804: 7500 of the 16 bits' codes to a division."""

    RECORD: ClassVar[tuple[str, str, str] | None] = (
        "RECord:WRECord", "RECord:WREPlay", "FRAMes",
    )  # fmt: skip
    FASTEST_HZ: ClassVar[float] = 1.25e9
    BODY: ClassVar[ScopeBody] = ScopeBody(
        codes_per_division=7500 / 256,
        steps=_ADC_STEPS,
        lowest_code=0,
        highest_code=256 - 1 / _ADC_STEPS,
        noise_lsb=0.10,
        noise_floor_v=90e-6,
        nonlinearity_lsb=0.05,
        gain_common=0.008,
        gain_range=0.004,
        scale_v=(5e-4, 10.0),
    )
    DEPTHS: ClassVar[Mapping[int, tuple[int, ...]]] = {
        1: (1_000, 10_000, 100_000, 1_000_000, 10_000_000, 25_000_000),
        2: (1_000, 10_000, 100_000, 1_000_000, 10_000_000),
        4: (1_000, 10_000, 100_000, 1_000_000),
    }
    CODES_PER_DIVISION: ClassVar[Mapping[str, float]] = {"BYTE": 7500 / 256, "WORD": 7500.0}
    REFERENCES: ClassVar[Mapping[str, int]] = {"BYTE": 128, "WORD": 32768}

    def _sent_codes(self) -> NDArray[np.uint8] | NDArray[np.uint16]:
        """Return words of which twelve bits are in use; bytes are their upper halves."""
        words = np.rint(self.codes(self.source, steps=_ADC_STEPS) * 256).astype("<u2")
        return words if self.data_format == "WORD" else (words >> 8).astype(np.uint8)


class RigolMso5000(RigolScope):
    """An MSO5104: gives its memory in one block."""

    FASTEST_HZ: ClassVar[float] = 8e9
    WINDOW_BYTES: ClassVar[int] = 200_000_000
    BODY: ClassVar[ScopeBody] = ScopeBody(
        codes_per_division=25.0,
        noise_lsb=0.45,
        noise_floor_v=150e-6,
        gain_common=0.010,
        gain_range=0.005,
        scale_v=(5e-4, 10.0),
    )
    DEPTHS: ClassVar[Mapping[int, tuple[int, ...]]] = {
        1: (1_000, 10_000, 100_000, 1_000_000, 10_000_000, 25_000_000, 50_000_000),
        2: (1_000, 10_000, 100_000, 1_000_000, 10_000_000, 25_000_000),
        4: (1_000, 10_000, 100_000, 1_000_000, 10_000_000, 25_000_000),
    }
