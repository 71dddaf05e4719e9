"""From a record of the simulated scope to what ``:WAVeform`` transfers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.twin.sampling import Grid
from bench.twin.scope_acquisition import Record
from bench.twin.scope_frontend import CENTRE_CODE, CODES, AnalogueInput

__all__ = ["Preamble", "Transfer", "block", "transfer"]

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


def transfer(
    record: Record,
    channel: int,
    wanted: Transfer,
    *,
    inputs: Mapping[int, AnalogueInput],
    time_base_error: float,
) -> bytes:
    """Return the record as ``:WAVeform:DATA?`` sends it, without the block's header."""
    codes = _codes(record, channel, wanted, inputs=inputs, time_base_error=time_base_error)
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


def _codes(
    record: Record,
    channel: int,
    wanted: Transfer,
    *,
    inputs: Mapping[int, AnalogueInput],
    time_base_error: float,
) -> NDArray[np.uint8] | NDArray[np.float64]:
    """Return codes on the scale of eight bits; smoothed records have fractions."""
    plan, settings = record.plan, record.plan.channels[channel]
    step, points = decimation(record, wanted.points)
    if plan.kind == "PEAK":
        step, points = 2 * step, points // 2
    interval_s = plan.range_s / plan.points * step
    stretch = 1 + time_base_error
    source = inputs[channel]
    raw = source.code_numbers(
        record.tables[source.wiring.node],
        Grid(
            origin_ns=record.trigger_ns,
            offset_s=plan.start_s * stretch + record.trigger_fraction_s,
            interval_s=interval_s * stretch,
            count=points,
        ),
        settings,
        kind=plan.kind,
        stream=record.number,
        step=step,
        oversampling=plan.averages if plan.kind == "AVER" else interval_s * plan.conversions_per_s,
    )
    smoothing = _WORD_STEPS.get(plan.kind)
    if smoothing is None or wanted.data_format == "BYTE":
        return source.quantised(raw)
    bent = raw + source.nonlinearity(raw)
    return np.clip(np.rint(bent * smoothing) / smoothing, 1, 255)
