"""The WAVEDESC block by which Siglent scopes describe a record (346 bytes, after LeCroy's).

Source: public drivers of the SDS series (scopehal, pymeasure) and measurements on an SDS824X HD by
the author of scpi-instrument-control: offsets of the fields, gain and offset without the probe's
factor, ``codes a division`` as for 16 bits whatever the width. Volts at the probe's tip are
``code * volts_per_division * probe / codes_per_division - offset * probe``.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass

__all__ = ["WAVEDESC_BYTES", "Wavedesc"]

WAVEDESC_BYTES = 346
_NAME = b"WAVEDESC"
_COMM_TYPE, _ARRAY_BYTES, _POINTS = 32, 60, 116
_VOLTS_PER_DIVISION, _OFFSET, _CODES_PER_DIVISION = 156, 160, 164
_INTERVAL, _DELAY, _PROBE = 176, 180, 328


@dataclass(frozen=True, slots=True, kw_only=True)
class Wavedesc:
    """The scaling of one record as the scope declares it."""

    words: bool
    array_bytes: int
    points: int
    volts_per_division: float
    offset_v: float
    codes_per_division: float
    interval_s: float
    delay_s: float
    probe: float

    @classmethod
    def parse(cls, block: bytes) -> Wavedesc:
        """Read the fields; raises ValueError for anything that cannot scale a record."""
        if len(block) != WAVEDESC_BYTES:
            raise ValueError(f"expected {WAVEDESC_BYTES} bytes, found {len(block)}")
        if not block.startswith(_NAME):
            raise ValueError(f"expected {_NAME!r} at its beginning, found {block[:8]!r}")
        (comm_type,) = struct.unpack_from("<h", block, _COMM_TYPE)
        (array_bytes,) = struct.unpack_from("<i", block, _ARRAY_BYTES)
        (points,) = struct.unpack_from("<i", block, _POINTS)
        scale_v, offset_v, codes = struct.unpack_from("<3f", block, _VOLTS_PER_DIVISION)
        (interval_s,) = struct.unpack_from("<f", block, _INTERVAL)
        (delay_s,) = struct.unpack_from("<d", block, _DELAY)
        (probe,) = struct.unpack_from("<f", block, _PROBE)
        if not all(map(math.isfinite, (scale_v, offset_v, codes, interval_s, delay_s, probe))):
            raise ValueError("a field is not a number")
        if comm_type not in (0, 1) or points < 1:
            raise ValueError(f"{points} points of width {comm_type}")
        if min(scale_v, codes, interval_s, probe) <= 0:
            raise ValueError(
                f"{scale_v:g} V/div, {codes:g} codes a division, {interval_s:g} s, probe {probe:g}"
            )
        return cls(
            words=comm_type == 1,
            array_bytes=array_bytes,
            points=points,
            volts_per_division=scale_v,
            offset_v=offset_v,
            codes_per_division=codes,
            interval_s=interval_s,
            delay_s=delay_s,
            probe=probe,
        )
