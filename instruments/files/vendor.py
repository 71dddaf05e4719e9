"""Binary capture files of scope makers, through the library RigolWFM (an optional extra)."""

from __future__ import annotations

import contextlib
import importlib
import struct
import sys
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from bench.errors import FileFormatError
from bench.waveform import Waveform
from instruments.files.quantised import waveform_from_values
from instruments.files.timebase import even_timebase

__all__ = ["is_vendor_text", "read_vendor"]

_LIBRARY = "RigolWFM.wfm"
_GENERATOR = "kaitaistruct"
_UNREADABLE = (
    OSError, ValueError, TypeError, LookupError, ArithmeticError, AttributeError, AssertionError,
    EOFError, MemoryError, RuntimeError, SyntaxError, struct.error,
)  # fmt: skip
"""What a parser of foreign bytes (or of XML: SyntaxError) raises on bytes that are not its own."""
_CODE_PARSERS = ("wfm1000", "wfm2000", "wfm4000", "wfm6000")
"""Parsers of which ``raw`` is the converter's; others make it up from calibrated values."""
_ON_LINE = 0.01
"""Distance of a value from gain * code + offset, in steps, that rounding may have made."""
_TEXT_SIGNS = (
    (b"<?xml", b"<Database"),  # R&S RTP: the samples are in a second file
    (b"$PublicInfo",),  # Yokogawa .hdr beside .wvf
    (b"NR_PT:", b"PT_O:", b"XIN:", b"YMU:"),  # Yokogawa .wfm: text, then the curve
)
_HEADER_BYTES = 8192


def is_vendor_text(data: bytes) -> bool:
    """Tell a maker's format that begins as text, so that no table is looked for in it."""
    head = data[:_HEADER_BYTES]
    return any(all(sign in head for sign in signs) for signs in _TEXT_SIGNS)


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
    own = _own_errors(library)
    try:
        # The library prints; stdout is for results.
        with contextlib.redirect_stdout(sys.stderr), _files_closed():
            capture = library.Wfm.from_file(str(path))
            channels = [channel for channel in capture.channels if channel.enabled]
            found = tuple(_waveform(channel, capture) for channel in channels)
    except (*own, *_UNREADABLE) as error:
        if isinstance(error, FileFormatError):
            raise
        raise FileFormatError(
            f"{path}: not a capture that RigolWFM can read ({_one_line(error)}); "
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
    if str(capture.parser_name).startswith(_CODE_PARSERS) and channel.raw is not None:
        raw: NDArray[Any] = np.asarray(channel.raw)
        if _are_codes(raw, values):
            return _from_codes(raw, values, instrument=_name(capture), **common)
    return waveform_from_values(values, instrument=_name(capture), **common)


@contextlib.contextmanager
def _files_closed() -> Generator[None]:
    """Close what the parser generator of the library opens: it leaves that to the collector."""
    generator: Any = importlib.import_module(_GENERATOR)
    opened = contextlib.ExitStack()
    plain: Callable[..., BinaryIO] = generator.open

    def tracked(*arguments: Any, **options: Any) -> BinaryIO:
        return opened.enter_context(plain(*arguments, **options))

    generator.open = tracked
    try:
        with opened:
            yield
    finally:
        generator.open = plain


def _own_errors(library: Any) -> tuple[type[Exception], ...]:
    """Return the exception classes of the library and of the parser generator that it uses."""
    generator: Any = importlib.import_module(_GENERATOR)
    named = [
        getattr(library, name, None)
        for name in ("Read_WFM_Error", "Parse_WFM_Error", "Unknown_Scope_Error")
    ]
    named.append(getattr(generator, "KaitaiStructError", None))
    return tuple(found for found in named if found is not None)


def _one_line(error: BaseException) -> str:
    """Return class and message; the library's messages may be lists of scopes."""
    lines = str(error).splitlines()
    return f"{type(error).__name__}: {lines[0].strip()}" if lines else type(error).__name__


def _are_codes(raw: NDArray[Any], values: NDArray[np.float64]) -> bool:
    """Tell whether every value is one gain and one offset away from its code."""
    if raw.dtype != np.uint8 or raw.size != values.size or not int(np.ptp(raw)):
        return False
    low, high = int(raw.argmin()), int(raw.argmax())
    gain = float(values[high] - values[low]) / (int(raw[high]) - int(raw[low]))
    line = values[low] + gain * (raw.astype(np.float64) - float(raw[low]))
    return bool(np.abs(values - line).max() <= _ON_LINE * abs(gain))


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
