"""Binary capture files of scope makers, through the library RigolWFM (an optional extra)."""

from __future__ import annotations

import contextlib
import importlib
import struct
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.errors import FileFormatError
from bench.waveform import Waveform
from instruments.files.quantised import waveform_from_values
from instruments.files.timebase import even_timebase

__all__ = ["read_vendor"]

_LIBRARY = "RigolWFM.wfm"
_UNREADABLE = (
    OSError, ValueError, TypeError, LookupError, ArithmeticError, AttributeError, AssertionError,
    EOFError, RuntimeError, struct.error,
)  # fmt: skip
"""What a parser of foreign bytes raises on bytes that are not its own."""


def read_vendor(path: Path) -> tuple[Waveform, ...]:
    """Return the channels of a Rigol, Keysight, LeCroy, R&S, Siglent or Tektronix capture.

    Raises FileFormatError, which names the extra where the library is missing.
    """
    try:
        library: Any = importlib.import_module(_LIBRARY)
    except ImportError as error:
        raise FileFormatError(
            f"{path}: neither ISF, NPZ nor text; a scope maker's own format needs the library "
            f"RigolWFM ({error}): pip install 'microcurrent-bench[vendor]'"
        ) from error
    own = tuple(
        found for name in ("Read_WFM_Error", "Parse_WFM_Error", "Unknown_Scope_Error")
        if (found := getattr(library, name, None)) is not None
    )  # fmt: skip
    try:
        with contextlib.redirect_stdout(sys.stderr):  # the library prints; stdout is for results
            capture = library.Wfm.from_file(str(path))
            channels = [channel for channel in capture.channels if channel.enabled]
            found = tuple(_waveform(channel, capture) for channel in channels)
    except (*own, *_UNREADABLE) as error:
        if isinstance(error, FileFormatError):
            raise
        raise FileFormatError(
            f"{path}: not a capture that RigolWFM can read ({type(error).__name__}: {error}); "
            "expected ISF, CSV, NPZ or a whole file as the scope saved it"
        ) from error
    if not found:
        raise FileFormatError(f"{path}: the capture holds no enabled channel")
    return found


def _waveform(channel: Any, capture: Any) -> Waveform:
    values = np.asarray(channel.volts, np.float64)
    t0_s, interval_s = even_timebase(
        np.asarray(channel.times, np.float64), where=f"channel {channel.name}"
    )
    unit = {"a": "A", "v": "V"}.get(str(getattr(channel.unit, "name", "v")).lower(), "V")
    common: dict[str, Any] = {
        "t0_s": t0_s,
        "sample_interval_s": interval_s,
        "channel": str(channel.name).replace(" ", ""),
        "unit": unit,
    }
    raw: NDArray[Any] = np.asarray(channel.raw) if channel.raw is not None else np.empty(0)
    if raw.dtype == np.uint8 and raw.size == values.size and int(np.ptp(raw)):
        return _from_codes(raw, values, instrument=_name(capture), **common)
    return waveform_from_values(values, instrument=_name(capture), **common)


def _from_codes(
    raw: NDArray[np.uint8], values: NDArray[np.float64], *, instrument: str, **common: Any
) -> Waveform:
    """Keep the capture's own codes; the library's values give their scale."""
    codes = (raw.astype(np.int16) - 128).astype(np.int8)
    low, high = int(codes.argmin()), int(codes.argmax())
    gain = float(values[high] - values[low]) / (int(codes[high]) - int(codes[low]))
    return Waveform(
        codes=codes,
        gain=gain,
        offset=float(values[low]) - gain * int(codes[low]),
        instrument=instrument,
        **common,
    )


def _name(capture: Any) -> str:
    return str(getattr(capture, "header_name", "") or "vendor capture").strip()
