"""What ``:WAVeform`` of the simulated Keysight scope transfers: settings, preamble, data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bench.twin.scope import Oscilloscope
from bench.twin.scope_acquisition import Record
from bench.twin.scope_frontend import CENTRE_CODE, CODES

__all__ = [
    "MEMORY_POINTS",
    "NORMAL_POINTS",
    "Preamble",
    "Transfer",
    "WaveformSettings",
    "block",
    "preamble",
    "transfer",
]

MEMORY_POINTS = 4_000_000
NORMAL_POINTS = 62_500
"""Most points of the measurement record (``POINts:MODE NORMal``)."""
_WORD_STEPS = {"HRES": 16, "AVER": 16}
"""Steps that smoothing adds to each of the ADC's codes: twelve bits."""
_FORMAT_NUMBERS = {"BYTE": 0, "WORD": 1, "ASC": 4}
_TYPE_NUMBERS = {"NORM": 0, "PEAK": 1, "AVER": 2, "HRES": 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Preamble:
    """The ten fields of ``:WAVeform:PREamble?`` (3000 X-Series Programmer's Guide)."""

    data_format: str
    kind: str
    points: int
    count: int
    x_increment_s: float
    x_origin_s: float
    y_increment_v: float
    y_origin_v: float
    y_reference: int

    def __str__(self) -> str:
        return (
            f"{_FORMAT_NUMBERS[self.data_format]:+d},{_TYPE_NUMBERS[self.kind]:+d},"
            f"{self.points:+d},{self.count:+d},{self.x_increment_s:+.14E},"
            f"{self.x_origin_s:+.14E},+0,{self.y_increment_v:+.8E},{self.y_origin_v:+.8E},"
            f"{self.y_reference:+d}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """How the user wants the record: ``BYTE``, ``WORD`` or ``ASC``, byte order, sign, points."""

    data_format: str
    least_byte_first: bool
    unsigned: bool
    points: int


@dataclass(slots=True)
class WaveformSettings:
    """``:WAVeform``: what is transferred and how."""

    source: str = "CHAN1"
    data_format: str = "BYTE"
    byte_order: str = "MSBF"
    unsigned: bool = True
    points_mode: str = "NORM"
    points: int = 1000

    def restore_defaults(self) -> None:
        """Bring every setting to its default."""
        self.__init__()

    @property
    def channel(self) -> int:
        """Number of the source's channel."""
        return int(self.source[-1])

    def transfer(self) -> Transfer:
        """Return how a record is wanted."""
        most = NORMAL_POINTS if self.points_mode == "NORM" else MEMORY_POINTS
        return Transfer(
            data_format=self.data_format,
            least_byte_first=self.byte_order == "LSBF",
            unsigned=self.unsigned,
            points=min(self.points, most),
        )


def decimation(record: Record, points: int) -> tuple[int, int]:
    """Return of how many acquired samples one is transferred, and how many are."""
    step = -(-record.plan.points // points)
    return step, record.plan.points // step


def preamble(record: Record, channel: int, wanted: Transfer) -> Preamble:
    """Return the scaling of what :func:`transfer` returns."""
    plan, settings = record.plan, record.plan.channels[channel]
    step, points = decimation(record, wanted.points)
    if plan.kind == "PEAK":
        points -= points % 2
    word = wanted.data_format == "WORD"
    return Preamble(
        data_format=wanted.data_format,
        kind=plan.kind,
        points=points,
        count=plan.averages if plan.kind == "AVER" else 1,
        x_increment_s=plan.range_s / plan.points * step,
        x_origin_s=plan.start_s,
        y_increment_v=settings.code_v / (CODES if word else 1),
        y_origin_v=settings.offset_v,
        y_reference=CENTRE_CODE * (CODES if word else 1) if wanted.unsigned else 0,
    )


def transfer(scope: Oscilloscope, channel: int, wanted: Transfer) -> bytes:
    """Return the record as ``:WAVeform:DATA?`` sends it, without the block's header."""
    record = scope.record_of(channel)
    step, _ = decimation(record, wanted.points)
    smoothed = wanted.data_format != "BYTE" and record.plan.kind in _WORD_STEPS
    codes = scope.codes(channel, step=step, steps=_WORD_STEPS[record.plan.kind] if smoothed else 1)
    if wanted.data_format == "ASC":
        scale = preamble(record, channel, wanted)
        volts = (codes.astype(np.float64) - CENTRE_CODE) * scale.y_increment_v + scale.y_origin_v
        return ",".join(f"{value:+.5E}" for value in volts.tolist()).encode("ascii")
    if wanted.data_format == "WORD":
        words = np.rint(codes.astype(np.float64) * CODES).astype(np.int64)
        words -= 0 if wanted.unsigned else CENTRE_CODE * CODES
        order = "<" if wanted.least_byte_first else ">"
        return words.astype(f"{order}{'u' if wanted.unsigned else 'i'}2").tobytes()
    whole = codes.astype(np.uint8) if codes.dtype != np.uint8 else codes
    return (whole if wanted.unsigned else whole - np.uint8(CENTRE_CODE)).tobytes()


def block(data: bytes) -> bytes:
    """Return ``data`` as a definite-length block with eight digits, as this family sends it."""
    return b"#8%08d" % len(data) + data
