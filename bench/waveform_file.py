"""The file format of one stored waveform: an uncompressed NPZ, the same bytes for the same record.

Two members: ``codes`` (int8 or int16, as they came) and ``scale`` (one JSON text with the rest).
Nothing is ever unpickled.
"""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import fields

import numpy as np

from bench.errors import FileFormatError
from bench.waveform import Waveform

__all__ = ["dump_waveform", "load_waveform"]

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest date a ZIP member can carry: a date of its own would change the bytes."""

_SCALE_FIELDS = tuple(field.name for field in fields(Waveform) if field.name != "codes")


def dump_waveform(waveform: Waveform) -> bytes:
    """Return the file's bytes; equal waveforms give equal bytes."""
    scale = json.dumps(
        {name: getattr(waveform, name) for name in _SCALE_FIELDS}, ensure_ascii=False
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, array in (("codes", waveform.codes), ("scale", np.array(scale))):
            member = io.BytesIO()
            np.lib.format.write_array(member, np.asarray(array, order="C"), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", _EPOCH), member.getbuffer())
    return buffer.getvalue()


def load_waveform(data: bytes, *, name: str = "waveform") -> Waveform:
    """Read back what :func:`dump_waveform` wrote; raises FileFormatError naming ``name``."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            codes = archive["codes"]
            scale = json.loads(str(archive["scale"]))
        return Waveform(codes=codes, **{key: scale[key] for key in _SCALE_FIELDS})
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise FileFormatError(
            f"{name}: not a waveform stored by this bench ({error}); "
            "expected an NPZ with the members `codes` and `scale`"
        ) from error
