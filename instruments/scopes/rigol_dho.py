"""Rigol DHO800 and DHO900 oscilloscopes: twelve bits, sent as words.

Manual: *DHO800/DHO900 Series Programming Guide*, April 2025. Verified on quotations of its pages:
ten horizontal divisions, the error queue's form, ``YINCrement = VerticalScale / 7500`` and the
formula, ``:TRIG:POS?`` (its section 3.27.7, not its answers), the record mode (3.19). From public drivers (scopehal,
pymeasure): words with the low byte first, the count that is only refreshed by leaving RAW.
Unverified (recalled): the memory depths with several channels on.

| purpose         | command                                                                   |
|-----------------|---------------------------------------------------------------------------|
| all but these   | as ``instruments/scopes/rigol.py``                                        |
| record          | ``:WAV:SOUR  :MODE NORM  :MODE RAW  :FORM WORD  :PRE?  :STAR  :STOP``     |
| segments        | ``:REC:WREC:ENAB  :FRAM  :FINT  :PROM  :OPER``  ``:REC:WREP:FMAX?  :FCUR`` |
| errors          | ``:SYST:ERR?``                                                            |
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from instruments.roles import ScopeCapabilities
from instruments.scopes.rigol_record_mode import RecordCommands, RigolRecordMode
from instruments.scopes.segmented import MOST_SEGMENTS

__all__ = ["RigolDho"]


class RigolDho(RigolRecordMode):
    """A DHO800 or DHO900 used for single shots."""

    MODELS: ClassVar[tuple[str, ...]] = (r"RIGOL TECHNOLOGIES,DHO[89][0-2][24]S?",)
    MANUAL: ClassVar[str] = "DHO800/DHO900 Series Programming Guide, April 2025"
    CAPABILITIES: ClassVar[ScopeCapabilities] = ScopeCapabilities(
        bits=12,
        codes_per_division=7500.0,
        error_report="queue",
        peak_detect=True,
        most_points=1_000_000,
        most_points_alone=10_000_000,
        most_segments=MOST_SEGMENTS,
    )
    HORIZONTAL_DIVISIONS: ClassVar[int] = 10
    MEMORY_POINTS: ClassVar[Mapping[int, tuple[int, ...]]] = {
        1: (1_000, 10_000, 100_000, 1_000_000, 10_000_000, 25_000_000),
        2: (1_000, 10_000, 100_000, 1_000_000, 10_000_000),
        4: (1_000, 10_000, 100_000, 1_000_000),
    }
    FORMAT: ClassVar[str] = "WORD"
    MODES: ClassVar[tuple[str, ...]] = ("NORM", "RAW")
    HIGHEST_CODE: ClassVar[int] = 32752
    """Of 16 bits, twelve of them in use, less their middle."""
    RECORD: ClassVar[RecordCommands] = RecordCommands(
        record=":REC:WREC", replay=":REC:WREP", frames="FRAM", least_interval_s=10e-9
    )
