"""The WAVEDESC block by which Siglent scopes describe a record (346 bytes, after LeCroy's).

Source: public drivers of the SDS series (scopehal, pymeasure) and measurements on an SDS824X HD by
the author of scpi-instrument-control: offsets of the fields, gain and offset without the probe's
factor, ``codes a division`` as for 16 bits whatever the width. Volts at the probe's tip are
``code * volts_per_division * probe / codes_per_division - offset * probe``.

In sequence mode a frame's stamp of 16 bytes follows: the second as a double, a byte each for minute,
hour, day and month, the year in two bytes (the guide's example in EN11, and several public readers
of it).
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from datetime import UTC, datetime

__all__ = ["STAMP_BYTES", "WAVEDESC_BYTES", "FrameStamp", "Wavedesc", "acquired_frames"]

WAVEDESC_BYTES = 346
STAMP_BYTES = 16
_NAME = b"WAVEDESC"
_COMM_TYPE, _ARRAY_BYTES, _POINTS = 32, 60, 116
_VOLTS_PER_DIVISION, _OFFSET, _CODES_PER_DIVISION = 156, 160, 164
_INTERVAL, _DELAY, _PROBE = 176, 180, 328
_ACQUIRED_FRAMES = 148
_MINUTE_S = 60.0


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


def acquired_frames(block: bytes) -> int:
    """Return how many frames the sequence has; 0 for the zeros that stand for no record at all."""
    if not block.startswith(_NAME) or len(block) < WAVEDESC_BYTES:
        return 0
    (frames,) = struct.unpack_from("<i", block, _ACQUIRED_FRAMES)
    return int(frames)


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameStamp:
    """A moment by the scope's own clock, which has no zone; only differences are used."""

    minute: datetime
    second: float

    @classmethod
    def parse(cls, block: bytes) -> FrameStamp:
        """Read the stamp behind a frame's descriptor; raises ValueError for anything else."""
        if len(block) != WAVEDESC_BYTES + STAMP_BYTES:
            raise ValueError(
                f"expected a stamp of {STAMP_BYTES} bytes behind the descriptor, "
                f"found {len(block) - WAVEDESC_BYTES}"
            )
        second, minute, hour, day, month, year = struct.unpack_from("<d4Bh", block, WAVEDESC_BYTES)
        if not 0 <= second < _MINUTE_S:
            raise ValueError(f"second {second:g} of a minute")
        return cls(minute=datetime(year, month, day, hour, minute, tzinfo=UTC), second=second)

    def after(self, other: FrameStamp) -> float:
        """Return the seconds from another stamp to this one."""
        return (self.minute - other.minute).total_seconds() + (self.second - other.second)
