"""A record's codes in the one layout for which the kernels are compiled."""

from __future__ import annotations

from typing import cast

import numpy as np

from bench.waveform import Codes, Waveform

__all__ = ["readable_codes"]


def readable_codes(waveform: Waveform) -> Codes:
    """Return the codes contiguous and read-only, without a copy where they are contiguous.

    Records from a driver are writable and records from a file are not; one compiled kernel serves
    both when it only ever sees the second kind. Raises ValueError on no samples.
    """
    if waveform.record_length == 0:
        raise ValueError(
            f"channel {waveform.channel}: the record holds no samples; acquire it again"
        )
    codes = np.ascontiguousarray(waveform.codes).view()
    codes.flags.writeable = False
    return cast("Codes", codes)
