"""The tracings of the output specification sheet: single pulses at each load and a pulse train."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

from bench.errors import BenchError
from bench.record.schema import RunRecord
from bench.waveform import Waveform
from reports.conditions import conditions_text
from reports.evidence import LoadWaveform, channel_text
from reports.output_sheet import Tracing
from reports.plot import Trace, figure
from reports.units import scale_between
from reports.windows import around_pulse

__all__ = ["draw_tracings"]

_TRAINS_SHOWN: Final = 2.2
_SHARE_SHOWN: Final = 0.25
"""Of a record, where no train was measured."""


def draw_tracings(
    record: RunRecord, tracings: Sequence[Tracing], load_waveform: LoadWaveform
) -> list[str]:
    """Return each tracing as HTML; a record that cannot be read gives a visible note instead."""
    train_s = _train_duration_s(record)
    return [
        _draw(f"tracing-{number}", tracing, train_s, load_waveform)
        for number, tracing in enumerate(tracings, start=1)
    ]


def _train_duration_s(record: RunRecord) -> float | None:
    for row in record.measurements:
        factor = scale_between(row.unit, "s")
        if row.quantity == "train_duration" and row.value is not None and factor is not None:
            return row.value * factor
    return None


def _draw(anchor: str, tracing: Tracing, train_s: float | None, load: LoadWaveform) -> str:
    settings = conditions_text(tracing.capture.conditions)
    title = f"Tracing, mode {tracing.mode}, {tracing.title}; {settings}"
    try:
        waveform = load(tracing.waveform.sha256)
        window = (
            _first_trains(waveform, train_s)
            if tracing.whole_train
            else around_pulse(waveform, at_s=None)
        )
        caption = (
            f"<b>Mode {escape(tracing.mode)}: {escape(tracing.title)}</b>; {escape(settings)}; "
            f"baseline 0 µA. {channel_text(tracing.waveform, waveform)}."
        )
        trace = Trace(waveform=waveform, label="current")
        return figure([trace], title=title, caption=caption, window_s=window, anchor=anchor)
    except (BenchError, OSError, ValueError) as error:
        return f'<p class="missing" id="{anchor}"><b>{escape(title)}:</b> {escape(str(error))}</p>'


def _first_trains(waveform: Waveform, train_s: float | None) -> tuple[float, float]:
    shown = _SHARE_SHOWN * waveform.duration_s if train_s is None else _TRAINS_SHOWN * train_s
    return waveform.t0_s, waveform.t0_s + min(shown, waveform.duration_s)
