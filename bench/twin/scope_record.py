"""From a completed record of a simulated scope to the codes of its converter."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from bench.twin.sampling import Grid
from bench.twin.scope_acquisition import Record
from bench.twin.scope_frontend import AnalogueInput

__all__ = ["sampled"]


def sampled(
    record: Record,
    channel: int,
    *,
    inputs: Mapping[int, AnalogueInput],
    time_base_error: float,
    step: int = 1,
    steps: int = 1,
) -> NDArray[np.uint8] | NDArray[np.float64]:
    """Return one acquired sample in ``step`` on the scale of eight bits, ``steps`` values a code.

    In peak detect the values are minimum and maximum by turns.
    """
    plan, settings = record.plan, record.plan.channels[channel]
    points = plan.points // step
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
    return source.quantised(raw) if steps == 1 else source.fractional(raw, steps)
