"""Rigol MSO5000 oscilloscopes: the memory in one block.

Manual: *MSO5000 Series Programming Guide*. Verified on quotations of its pages: the definitions of
the preamble in RAW mode. From public drivers (scopehal) and Rigol's support: the whole depth in one
reply, mode and format sent again before every reading. Not driven: the record mode, whose frames
libsigrok's page on Rigol says are not read properly on it. Unverified (recalled): the memory depths.

| purpose         | command                                                                   |
|-----------------|---------------------------------------------------------------------------|
| all but these   | as ``instruments/scopes/rigol.py``                                        |
| record          | ``:WAV:STAR  :STOP  :DATA?`` once, up to the whole depth                  |
| errors          | ``:SYST:ERR?``                                                            |
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from instruments.roles import ScopeCapabilities
from instruments.scopes.rigol import RigolScope

__all__ = ["RigolMso5000"]


class RigolMso5000(RigolScope):
    """An MSO5000 used for single shots."""

    MODELS: ClassVar[tuple[str, ...]] = (r"RIGOL TECHNOLOGIES,MSO5[0-3]\d[24](-E)?",)
    MANUAL: ClassVar[str] = "MSO5000 Series Programming Guide"
    CAPABILITIES: ClassVar[ScopeCapabilities] = ScopeCapabilities(
        bits=8,
        codes_per_division=25.0,
        error_report="queue",
        peak_detect=True,
        most_points=25_000_000,
        most_points_alone=50_000_000,
    )
    HORIZONTAL_DIVISIONS: ClassVar[int] = 10
    MEMORY_POINTS: ClassVar[Mapping[int, tuple[int, ...]]] = {
        1: (1_000, 10_000, 100_000, 1_000_000, 10_000_000, 25_000_000, 50_000_000),
        4: (1_000, 10_000, 100_000, 1_000_000, 10_000_000, 25_000_000),
    }
    WINDOW_POINTS: ClassVar[int] = 50_000_000
