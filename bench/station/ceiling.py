"""The current ceiling, on everything captured: outside and inside the switching windows.

Outside: the mean of |i| over any 10 µs. Within 5 ms after a sync edge: each excursion above the
ceiling by its charge and duration, and all of them together. Records with an injected fault have
limits of their own. Source: docs/laboratory.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bench.measure import all_edges, excursions, worst_mean
from bench.station.acquisition import Capture
from bench.station.scales import Label
from bench.stopwatch import Stopwatch
from bench.waveform import Waveform

__all__ = ["CODES_CLEAR", "CeilingWatch", "Finding", "zero_of_transients_a"]

AVERAGING_S: Final = 10e-6
WINDOW_S: Final = 5e-3
SYNC_LEVEL_V: Final = 1.5
CODES_CLEAR: Final = 4.0
"""An excursion on a coarse range stands out by this many codes: noise and rounding are below."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The worst that one kind of record showed over the whole run."""

    capture: Capture
    label: Label
    value: float
    half_width: float = 0.0
    """Of a charge: what an edge between two samples leaves open."""


class CeilingWatch:
    """Looks at each capture as it is taken and remembers the worst."""

    def __init__(self, *, ceiling_a: float, stopwatch: Stopwatch) -> None:
        self._ceiling_a = ceiling_a
        self._stopwatch = stopwatch
        self.captures = 0
        self.outside_a: Finding | None = None
        self.excursion_c: Finding | None = None
        self.excursion_s: Finding | None = None
        self.excursion_sum_c: Finding | None = None
        self.single_fault_a: Finding | None = None

    def __call__(self, capture: Capture) -> None:
        """Check one capture; records without a current channel have nothing to check."""
        label = _current_label(capture)
        if label is None:
            return
        with self._stopwatch.during("analyse"):
            self.captures += 1
            if capture.shot.single_fault:
                worst = worst_mean(capture.waveforms[label], averaging_s=AVERAGING_S)
                self.single_fault_a = _worse(self.single_fault_a, capture, label, worst)
            else:
                self._normal(capture, label)

    def _normal(self, capture: Capture, label: Label) -> None:
        waveform = capture.waveforms[label]
        edges = self._edges(capture)
        for start_s, stop_s in _outside(waveform, edges):
            seen_by = _label_between(capture, start_s, stop_s)
            if seen_by is not None:
                quiet = capture.waveforms[seen_by].between(start_s, stop_s)
                worst = worst_mean(quiet, averaging_s=AVERAGING_S)
                blind_a = _blind_a(capture, seen_by)
                if blind_a == 0.0 or worst > self._ceiling_a + blind_a:
                    self.outside_a = _worse(self.outside_a, capture, seen_by, worst)
        transient = capture.waveforms.get(Label.TRANSIENT)
        if transient is not None:
            waveform, label = transient, Label.TRANSIENT
        zero_a = 0.0 if transient is None or not edges else zero_of_transients_a(capture)
        for edge_s in edges:
            self._window(capture, label, waveform.between(edge_s, edge_s + WINDOW_S), zero_a)

    def _window(self, capture: Capture, label: Label, window: Waveform, zero_a: float) -> None:
        found = excursions(
            window,
            ceiling=max(self._ceiling_a, CODES_CLEAR * abs(window.gain)),
            averaging_s=window.sample_interval_s,
            zero=zero_a,
        )
        for excursion in found:
            self.excursion_c = _worse(
                self.excursion_c, capture, label, excursion.charge, excursion.charge_half_width
            )
            self.excursion_s = _worse(self.excursion_s, capture, label, excursion.duration_s)
        self.excursion_sum_c = _worse(
            self.excursion_sum_c, capture, label,
            sum(excursion.charge for excursion in found),
            math.hypot(*(excursion.charge_half_width for excursion in found)),
        )  # fmt: skip

    @staticmethod
    def _edges(capture: Capture) -> tuple[float, ...]:
        sync = capture.waveforms.get(Label.SYNC)
        return () if sync is None else tuple(all_edges(sync, level=SYNC_LEVEL_V, slope="rising"))


def _current_label(capture: Capture) -> Label | None:
    """Prefer the amplitude channel; the transient channel where that one is missing or clipped."""
    for label in (Label.CURRENT, Label.TRANSIENT):
        if label in capture.waveforms and not capture.clipped(label):
            return label
    return next((la for la in (Label.TRANSIENT, Label.CURRENT) if la in capture.waveforms), None)


def _blind_a(capture: Capture, label: Label) -> float:
    """Return what a range that was not transferred may read without any current.

    The widest transient range has an offset beyond the ceiling: there only what exceeds both is
    evidence, and the same output stands in other records on ranges that can tell.
    """
    scale = capture.scales[label]
    return 0.0 if scale.transferred else scale.current_range(noise_rms_a=0.0).offset_limit_a


def zero_of_transients_a(capture: Capture) -> float:
    """Return what the transient channel shows without current, in A, where its range says nothing of it.

    A range that was transferred knows its zero. The others have the scope's offset, on the widest
    beyond the ceiling: the amplitude channel sees the same current at the same instants, so what the
    two differ by where both are on scale is that offset. 0 where there is no such stretch.
    """
    wide = capture.waveforms[Label.TRANSIENT]
    fine = capture.waveforms.get(Label.CURRENT)
    if capture.scales[Label.TRANSIENT].transferred or fine is None:
        return 0.0
    stop_s = min(each.t0_s + each.duration_s for each in (wide, fine))
    start_s = max(wide.t0_s, fine.t0_s)
    wide, fine = wide.between(start_s, stop_s), fine.between(start_s, stop_s)
    if wide.codes.size != fine.codes.size:
        return 0.0
    shown = _on_scale(wide) & _on_scale(fine)
    if not shown.any():
        return 0.0
    means_a = [
        float(each.codes[shown].mean(dtype=np.float64)) * each.gain + each.offset
        for each in (wide, fine)
    ]
    return means_a[0] - means_a[1]


def _on_scale(waveform: Waveform) -> NDArray[np.bool_]:
    return (waveform.codes > waveform.code_low) & (waveform.codes < waveform.code_high)


def _label_between(capture: Capture, start_s: float, stop_s: float) -> Label | None:
    """Return the channel that decides a stretch: the amplitude's, the transients' where it clips.

    What clips on both is at least what the wider one shows. None for a stretch without samples.
    """
    seen: Label | None = None
    for label in (Label.CURRENT, Label.TRANSIENT):
        waveform = capture.waveforms.get(label)
        codes = None if waveform is None else waveform.between(start_s, stop_s).codes
        if waveform is None or codes is None or not codes.size:
            continue
        if waveform.code_low < codes.min() and codes.max() < waveform.code_high:
            return label
        seen = label
    return seen


def _outside(waveform: Waveform, edges: tuple[float, ...]) -> list[tuple[float, float]]:
    """Return the stretches of a record outside the switching windows."""
    pieces: list[tuple[float, float]] = []
    start_s = waveform.t0_s
    for edge_s in edges:
        pieces.append((start_s, edge_s))
        start_s = max(start_s, edge_s + WINDOW_S)
    pieces.append((start_s, waveform.t0_s + waveform.duration_s + waveform.sample_interval_s))
    return [(start_s, stop_s) for start_s, stop_s in pieces if stop_s > start_s]


def _worse(
    known: Finding | None, capture: Capture, label: Label, value: float, half_width: float = 0.0
) -> Finding:
    if known is not None and known.value >= value:
        return known
    return Finding(capture=capture, label=label, value=value, half_width=half_width)
