"""NumPy archives: the bench's own waveforms, and plain arrays of anyone's.

Plain arrays are one-dimensional and of one length; one of them is the time in seconds (``t``,
``time``, ``time_s``), or a scalar ``dt``, ``sample_interval_s``, ``fs`` or ``sample_rate`` stands
for it. A name such as ``current_ua`` or ``ch1_mV`` tells the unit; a name that begins with ``i``
or ``current`` without one is taken as amperes, any other as volts. Nothing is ever unpickled.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.errors import FileFormatError
from bench.waveform import Waveform
from bench.waveform_file import dump_waveform, load_waveform
from instruments.files.quantised import waveform_from_values
from instruments.files.timebase import even_timebase
from instruments.files.units import split_name

__all__ = ["dump", "is_zip", "load", "read_npz"]

_TIME_NAMES = ("t", "time", "time_s", "times", "x")
_INTERVAL_NAMES = ("dt", "sample_interval_s", "sample_interval", "interval_s")
_RATE_NAMES = ("fs", "sample_rate", "sample_rate_hz")

dump = dump_waveform
load = load_waveform


def is_zip(data: bytes) -> bool:
    """Tell whether the bytes are a ZIP archive, as every NPZ is."""
    return data[:4] in (b"PK\x03\x04", b"PK\x05\x06")


def read_npz(data: bytes, path: Path) -> tuple[Waveform, ...]:
    """Return the archive's waveforms; raises FileFormatError."""
    arrays = _arrays(data, path)
    if "codes" in arrays and "scale" in arrays:
        return (load_waveform(data, name=str(path)),)
    t0_s, interval_s, time_name, length = _timebase(arrays, path)
    channels = {
        name: array
        for name, array in arrays.items()
        if name != time_name and array.ndim == 1 and array.size == length and array.size > 1
    }
    if not channels:
        shapes = ", ".join(f"{name} {array.shape}" for name, array in arrays.items()) or "nothing"
        raise FileFormatError(
            f"{path}: expected one-dimensional arrays of {length} samples beside the time, "
            f"found {shapes}"
        )
    return tuple(
        _waveform(name, array, t0_s=t0_s, interval_s=interval_s, path=path)
        for name, array in channels.items()
    )


def _arrays(data: bytes, path: Path) -> dict[str, NDArray[Any]]:
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
        raise FileFormatError(
            f"{path}: not a readable NPZ of plain arrays ({error}); save it with numpy.savez, "
            "without objects"
        ) from error


def _timebase(arrays: dict[str, NDArray[Any]], path: Path) -> tuple[float, float, str, int]:
    """Return t0, interval, the time array's name (empty if a scalar told) and the length."""
    longest = max((array.size for array in arrays.values() if array.ndim == 1), default=0)
    for name in _TIME_NAMES:
        if name in arrays and arrays[name].ndim == 1:
            times = _numbers(arrays[name], name, path)
            t0_s, interval_s = even_timebase(times, where=f"{path}, array {name}")
            return t0_s, interval_s, name, times.size
    for names, inverse in ((_INTERVAL_NAMES, False), (_RATE_NAMES, True)):
        for name in names:
            if name in arrays and arrays[name].size == 1:
                number = float(arrays[name].reshape(()))
                if number > 0.0:
                    return 0.0, 1.0 / number if inverse else number, "", longest
    raise FileFormatError(
        f"{path}: expected a time array ({', '.join(_TIME_NAMES[:3])}) or a scalar "
        f"{_INTERVAL_NAMES[0]} or {_RATE_NAMES[0]}, found {', '.join(arrays) or 'no arrays'}"
    )


def _waveform(
    name: str, array: NDArray[Any], *, t0_s: float, interval_s: float, path: Path
) -> Waveform:
    channel, unit = split_name(name)
    base, factor = unit or (("A" if _is_current(name) else "V"), 1.0)
    if array.dtype in (np.dtype(np.int8), np.dtype(np.int16)):
        rails = np.iinfo(array.dtype)
        return Waveform(
            codes=array,
            gain=factor,
            offset=0.0,
            t0_s=t0_s,
            sample_interval_s=interval_s,
            channel=channel,
            unit=base,
            instrument="NPZ (codes as they are)",
            code_low=int(rails.min),
            code_high=int(rails.max),
        )
    return waveform_from_values(
        _numbers(array, name, path) * factor,
        t0_s=t0_s,
        sample_interval_s=interval_s,
        channel=channel,
        unit=base,
        instrument="NPZ",
    )


def _is_current(name: str) -> bool:
    lowered = name.lower()
    return lowered in ("i", "amps") or lowered.startswith(("i_", "current"))


def _numbers(array: NDArray[Any], name: str, path: Path) -> NDArray[np.float64]:
    if array.dtype.kind not in "iufb":
        raise FileFormatError(f"{path}, array {name}: expected numbers, found {array.dtype}")
    values = array.astype(np.float64)
    bad = np.flatnonzero(~np.isfinite(values))
    if bad.size:
        raise FileFormatError(
            f"{path}, array {name}, element {bad[0]}: expected a finite number, "
            f"found {values[bad[0]]}"
        )
    return values
