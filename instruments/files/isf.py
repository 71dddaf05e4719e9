"""Tektronix internal save format: a waveform preamble in text, then the curve as a binary block.

Manual: Tektronix 4 Series Programmer Manual (077-1498), commands WFMOutpre and CURVe; older scopes
write WFMPRE with the same fields.

======================  ==========================================
field                   meaning
======================  ==========================================
NR_PT                   number of points
BYT_NR, BN_FMT, BYT_OR  1 or 2 bytes; RI signed, RP unsigned; MSB or LSB first
XINCR, XZERO, PT_OFF    t = XZERO + (i - PT_OFF) * XINCR
YMULT, YOFF, YZERO      value = (code - YOFF) * YMULT + YZERO
PT_FMT                  Y: one sample a point; ENV: pairs of minimum and maximum
======================  ==========================================
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from bench.errors import FileFormatError
from bench.waveform import Codes, Waveform

__all__ = ["is_isf", "read_isf"]

_HEADER_BYTES = 4096
_CURVE = re.compile(rb":?CURVE?\s*#(\d)")
_FIELD = re.compile(r"(?P<name>[A-Za-z_]+)\s+(?P<value>\"[^\"]*\"|[^;]+)")
_SHORT = {
    "NR_P": "NR_PT", "BYT_N": "BYT_NR", "BN_F": "BN_FMT", "BYT_O": "BYT_OR", "ENC": "ENCDG",
    "XIN": "XINCR", "XZE": "XZERO", "PT_O": "PT_OFF", "PT_F": "PT_FMT", "YMU": "YMULT",
    "YZE": "YZERO", "YUN": "YUNIT", "XUN": "XUNIT", "WFI": "WFID",
}  # fmt: skip
"""Names without header words (``VERB 0``), in full."""


def is_isf(data: bytes) -> bool:
    """Tell whether the bytes begin like an ISF file."""
    return _CURVE.search(data[:_HEADER_BYTES]) is not None and b"YMU" in data[:_HEADER_BYTES]


def read_isf(data: bytes, path: Path) -> Waveform:
    """Return the file's waveform; raises FileFormatError with file, offset and what is wrong."""
    match = _CURVE.search(data[:_HEADER_BYTES])
    if match is None:
        raise FileFormatError(f"{path}: expected `:CURVE #` in the first {_HEADER_BYTES} bytes")
    fields = _fields(data[: match.start()].decode("latin-1"))
    codes = _codes(data, match, fields, path)
    step, low = _sixteen_bit_step(codes)
    return Waveform(
        codes=codes,
        gain=_number(fields, "YMULT", path),
        offset=_number(fields, "YZERO", path)
        - _number(fields, "YMULT", path) * (_number(fields, "YOFF", path) - _unsigned(fields)),
        t0_s=_number(fields, "XZERO", path)
        - _number(fields, "PT_OFF", path, default=0.0) * _number(fields, "XINCR", path),
        sample_interval_s=_number(fields, "XINCR", path),
        channel=_channel(fields),
        unit=fields.get("YUNIT", "V").strip('"') or "V",
        instrument="Tektronix ISF",
        code_low=low,
        code_high=-low - step,
    )


def _fields(header: str) -> dict[str, str]:
    """Return the preamble's fields by their long names."""
    found: dict[str, str] = {}
    for part in re.split(r";(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", header):
        match = _FIELD.search(part.rpartition(":")[2] if '"' not in part else part)
        if match:
            name = match["name"].upper()
            found[_SHORT.get(name, name)] = match["value"].strip()
    return found


def _codes(data: bytes, match: re.Match[bytes], fields: dict[str, str], path: Path) -> Codes:
    digits = int(match[1])
    first = match.end() + digits
    length_text = data[match.end() : first]
    if not digits or not length_text.isdigit():
        raise FileFormatError(
            f"{path}, offset {match.end()}: expected {digits} digits with the curve's length, "
            f"found {length_text!r}"
        )
    if not fields.get("ENCDG", "BIN").upper().startswith("BIN"):
        raise FileFormatError(
            f"{path}: the curve is encoded as {fields['ENCDG']}, expected BINARY; save it as "
            "binary ISF or as CSV"
        )
    if fields.get("PT_FMT", "Y").upper().startswith("ENV"):
        raise FileFormatError(
            f"{path}: an envelope of minima and maxima is no waveform; expected PT_FMT Y: "
            "acquire in sample mode"
        )
    count = int(length_text)
    found = len(data) - first
    if found < count:
        raise FileFormatError(
            f"{path}, offset {first}: the curve is cut off: expected {count} bytes, found {found}; "
            "copy the file again"
        )
    codes = np.frombuffer(data, _dtype(fields, path), offset=first, count=count // _width(fields))
    expected = int(_number(fields, "NR_PT", path, default=float(codes.size)))
    if codes.size != expected or codes.size == 0:
        raise FileFormatError(
            f"{path}: the preamble says {expected} points, the curve holds {codes.size}"
        )
    return _signed(codes, fields)


def _width(fields: dict[str, str]) -> int:
    return int(fields.get("BYT_NR", "1"))


def _dtype(fields: dict[str, str], path: Path) -> np.dtype[np.generic]:
    width = fields.get("BYT_NR", "1")
    if width not in ("1", "2"):
        raise FileFormatError(f"{path}: expected 1 or 2 bytes a point, found BYT_NR {width}")
    order = "<" if fields.get("BYT_OR", "MSB").upper().startswith("LSB") else ">"
    kind = "u" if fields.get("BN_FMT", "RI").upper().startswith("RP") else "i"
    return np.dtype(f"{order}{kind}{width}")


def _unsigned(fields: dict[str, str]) -> float:
    """Return what was taken from unsigned codes to make them signed."""
    if not fields.get("BN_FMT", "RI").upper().startswith("RP"):
        return 0.0
    return 128.0 if _width(fields) == 1 else 32768.0


def _signed(codes: np.ndarray, fields: dict[str, str]) -> Codes:
    shifted = codes.astype(np.int32) - int(_unsigned(fields))
    return shifted.astype(np.int8) if _width(fields) == 1 else shifted.astype(np.int16)


def _sixteen_bit_step(codes: Codes) -> tuple[int, int]:
    """Return the converter's step in codes, and the lower rail.

    An 8-bit converter written as 16 bit is left-aligned: its upper rail is 127 * 256.
    """
    if codes.dtype == np.int8:
        return 1, -128
    bits = int(np.bitwise_or.reduce(codes.astype(np.int64)))
    return min(bits & -bits, 256) if bits else 1, -32768


def _number(
    fields: dict[str, str], name: str, path: Path, *, default: float | None = None
) -> float:
    text = fields.get(name)
    if text is None and default is not None:
        return default
    try:
        return float(text if text is not None else "")
    except ValueError:
        raise FileFormatError(
            f"{path}: expected a number for {name} in the preamble, found {text!r}"
        ) from None


def _channel(fields: dict[str, str]) -> str:
    """Return the channel as the waveform's description begins (``Ch2, DC coupling, ...``)."""
    return fields.get("WFID", "").strip('"').partition(",")[0].strip().upper() or "CH1"
