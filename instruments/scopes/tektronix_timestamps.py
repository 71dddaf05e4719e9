"""The time stamps of FastFrame on Tektronix 4, 5 and 6 Series MSO scopes.

Source: the maker's description of ``HORizontal:FASTframe:TIMEStamp:ALL?`` (tm_devices 3.7.0,
commands of MSO4 to MSO6B): ``frame:stamp`` by commas, each stamp DD.MM.YYYY.HH:MM:SS and twelve
digits of a second. Unverified: quotation marks, brackets and blanks around them, which are taken off.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

__all__ = ["frame_times"]

_STAMP = re.compile(
    r"\s*(\d+)\s*:\s*(\d{1,2})\.(\d{1,2})\.(\d{4})\.\s*(\d{1,2}):(\d{2}):(\d{2})\.(\d{12})\s*"
)
_AROUND = "\"'() \t"
_PICOSECONDS = 10**12
_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)
"""The scope's own clock has no zone; only differences are used."""


def frame_times(reply: str, count: int) -> tuple[float, ...]:
    """Return the seconds from the first frame's stamp to that of each of ``count`` frames.

    Raises ValueError where they are not the stamps of frames 1 to ``count`` in this format.
    """
    fields = reply.strip(_AROUND).split(",")
    if len(fields) != count:
        raise ValueError(f"expected {count} time stamps, found {len(fields)}")
    stamps_ps = [_picoseconds(field, number) for number, field in enumerate(fields, start=1)]
    return tuple((stamp_ps - stamps_ps[0]) / _PICOSECONDS for stamp_ps in stamps_ps)


def _picoseconds(field: str, frame: int) -> int:
    match = _STAMP.fullmatch(field.strip(_AROUND))
    if match is None or int(match[1]) != frame:
        raise ValueError(f"expected the time stamp of frame {frame}, found {field[:60]!r}")
    day, month, year, hour, minute, second = (int(match[index]) for index in range(2, 8))
    passed = datetime(year, month, day, hour, minute, second, tzinfo=UTC) - _LONG_AGO
    return passed // timedelta(seconds=1) * _PICOSECONDS + int(match[8])
