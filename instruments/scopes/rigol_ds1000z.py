"""Rigol DS1000Z and MSO1000Z oscilloscopes.

Manual: *MSO1000Z/DS1000Z Series Digital Oscilloscope Programming Guide*, PGA19108-1110, December
2015. Verified on quotations of its pages: the memory depths. The record mode is written from two public
wrappers that quote the guide, which has no query for the time of a frame, and from programs and
libsigrok, which record, select a frame and read it as any other record. Unverified (recalled): that
``:STOP`` before ``ENAB 1`` is taken; that RAW reads a frame of every firmware.

| purpose         | command                                                                   |
|-----------------|---------------------------------------------------------------------------|
| all but these   | as ``instruments/scopes/rigol.py``                                        |
| segments        | ``:FUNC:WREC:ENAB  :FEND  :FINT  :PROM  :OPER``  ``:FUNC:WREP:FMAX?``     |
|                 | ``:FUNC:WREP:FCUR``                                                       |
| errors          | ``:SYST:ERR?``                                                            |
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from instruments.roles import ScopeCapabilities
from instruments.scopes.rigol_record_mode import RecordCommands, RigolRecordMode
from instruments.scopes.segmented import MOST_SEGMENTS

__all__ = ["RigolDs1000z"]


class RigolDs1000z(RigolRecordMode):
    """A DS1000Z or MSO1000Z used for single shots."""

    MODELS: ClassVar[tuple[str, ...]] = (
        r"RIGOL TECHNOLOGIES,(DS|MSO)1(05|07|10)[24]Z(-E|-S)?( ?PLUS)?",
    )
    MANUAL: ClassVar[str] = "MSO1000Z/DS1000Z Programming Guide, PGA19108-1110, December 2015"
    CAPABILITIES: ClassVar[ScopeCapabilities] = ScopeCapabilities(
        bits=8,
        codes_per_division=25.0,
        error_report="queue",
        peak_detect=True,
        most_points=3_000_000,
        most_points_alone=12_000_000,
        most_segments=MOST_SEGMENTS,
    )
    HORIZONTAL_DIVISIONS: ClassVar[int] = 12
    MEMORY_POINTS: ClassVar[Mapping[int, tuple[int, ...]]] = {
        1: (12_000, 120_000, 1_200_000, 12_000_000, 24_000_000),
        2: (6_000, 60_000, 600_000, 6_000_000, 12_000_000),
        4: (3_000, 30_000, 300_000, 3_000_000, 6_000_000),
    }
    RECORD: ClassVar[RecordCommands] = RecordCommands(
        record=":FUNC:WREC", replay=":FUNC:WREP", frames="FEND", least_interval_s=100e-9
    )
