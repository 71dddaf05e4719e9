"""``bench measure``: the numbers of a recorded waveform, from a file of any make."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.errors import UsageError
from bench.measure import ChannelSummary, Spread, bilevel_states, summarise_channel
from bench.waveform import Waveform
from instruments.files import read_waveforms

__all__ = ["add_arguments", "run"]


_TWO = 2
_IRREGULAR = 0.1
"""Spread of the periods over their median from which one frequency does not tell the record."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``bench measure``."""
    parser.add_argument("file", metavar="FILE", type=Path, help="ISF, CSV, NPZ or a maker's format")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--plot", metavar="FILE.svg", type=Path, help="also draw the record")
    parser.add_argument(
        "--channel", metavar="N", type=int, help="measure only the N-th channel, from 1"
    )
    parser.add_argument(
        "--threshold",
        metavar="VALUE",
        type=float,
        help="distance from the baseline, in the channel's unit, at which a pulse begins "
        "(default: six standard deviations of the noise)",
    )
    parser.add_argument(
        "--baseline",
        metavar="VALUE",
        type=float,
        help="zero level, in the channel's unit (default: the most occupied state)",
    )
    parser.add_argument(
        "--bilevel",
        action="store_true",
        help="also base and top of a two-state record by the histogram method of IEEE 181, as "
        "scopes show them",
    )


def run(arguments: argparse.Namespace) -> int:
    """Measure the file's channels; print a table, or one JSON document with ``--json``."""
    waveforms = _chosen(read_waveforms(arguments.file), arguments.channel, arguments.file)
    summaries = [
        (waveform, summarise_channel(
            waveform, threshold=arguments.threshold, baseline=arguments.baseline
        ))
        for waveform in waveforms
    ]  # fmt: skip
    if arguments.plot is not None:
        _plot(arguments.plot, waveforms, title=arguments.file.name)
    if arguments.json:
        channels = [
            {
                **_document(waveform, found, arguments.file),
                **({"bilevel_states": _bilevel(waveform, found)} if arguments.bilevel else {}),
            }
            for waveform, found in summaries
        ]
        sys.stdout.write(json.dumps({"channels": channels}, indent=1, ensure_ascii=False) + "\n")
        return 0
    for waveform, found in summaries:
        lines = _table(waveform, found)
        if arguments.bilevel:
            lines.append(f"  two states           {_bilevel_text(waveform, found)}")
        sys.stdout.write("\n".join(lines) + "\n")
    return 0


def _chosen(waveforms: Sequence[Waveform], number: int | None, path: Path) -> Sequence[Waveform]:
    if number is None:
        return waveforms
    if not 1 <= number <= len(waveforms):
        raise UsageError(
            f"{path}: expected --channel 1 to {len(waveforms)}, found {number}; the file holds "
            + ", ".join(waveform.channel for waveform in waveforms)
        )
    return waveforms[number - 1 : number]


def _document(waveform: Waveform, found: ChannelSummary, path: Path) -> Mapping[str, object]:
    """Return one channel as the JSON document holds it."""
    return {
        "waveform": {
            "source": str(path),
            "channel": waveform.channel,
            "record_length": waveform.record_length,
            "sample_interval_s": waveform.sample_interval_s,
            "unit": waveform.unit,
        },
        "states": [dataclasses.asdict(state) for state in found.states],
        "pulse_count": found.pulse_count,
        "frequency_hz": found.frequency_hz,
        "period_s": _spread(found.period_s),
        "pulse_duration_s": _spread(found.pulse_duration_s),
        "transition_duration_s": {
            "rising": _spread(found.rising_s),
            "falling": _spread(found.falling_s),
        },
        "duty_factor": found.duty_factor,
        "amplitude": _spread(found.amplitude),
        "overshoot_pct": _spread(found.overshoot_pct),
        "mean": found.mean,
        "rms": found.rms,
        "peak": found.peak,
        "phase_charge": _spread(found.phase_charge),
        "net_charge_per_pulse": _spread(found.net_charge_per_pulse),
    }


def _bilevel(waveform: Waveform, found: ChannelSummary) -> tuple[float, float] | None:
    """Return the two state levels, or None where the record has one state or three."""
    return bilevel_states(waveform.values()) if len(found.states) == _TWO else None


def _bilevel_text(waveform: Waveform, found: ChannelSummary) -> str:
    levels = _bilevel(waveform, found)
    if levels is None:
        return f"none: the record has {len(found.states)}"
    return " and ".join(engineering(level, waveform.unit) for level in levels) + " (IEEE 181)"


def _spread(found: Spread | None) -> Mapping[str, object] | None:
    return None if found is None else dataclasses.asdict(found)


def _table(waveform: Waveform, found: ChannelSummary) -> list[str]:
    """Return one channel as lines for people."""
    unit, analysis = waveform.unit, found.analysis
    levels = ", ".join(
        f"{engineering(state.level, unit)} ({100.0 * state.occupancy:.1f} %)"
        for state in found.states
    )
    lines = [
        f"{waveform.channel or 'channel'}  {waveform.instrument}",
        f"  record               {_record_text(waveform)}",
        f"  states               {levels}",
        f"  noise                {engineering(analysis.noise_rms, unit)} r.m.s.",
        f"  pulses               {found.pulse_count}{_pulse_text(found)}",
    ]
    if analysis.clipped:
        samples = analysis.clipped_low + analysis.clipped_high
        lines.append(f"  CLIPPED              {samples} samples at the converter's rails")
    if found.pulse_count == 0:
        lines.append("  no complete pulse in this record")
    if found.frequency_hz is not None:
        lines.append(f"  frequency            {_frequency_text(found)}")
    if found.duty_factor is not None:
        lines.append(f"  duty factor          {found.duty_factor:.4f}")
    lines += _spread_lines(found, unit)
    lines += [
        f"  mean                 {engineering(found.mean, unit)}",
        f"  r.m.s.               {engineering(found.rms, unit)}",
        f"  peak                 {engineering(found.peak, unit)}",
    ]
    return lines


def _pulse_text(found: ChannelSummary) -> str:
    """Return on which side of the most occupied state the pulses lie, and their phases."""
    signs = found.analysis.pulses.whole().polarity
    if signs.size == 0:
        return ""
    up, down = bool((signs > 0).any()), bool((signs < 0).any())
    side = "to both sides of" if up and down else "above" if up else "below"
    phases = f" ({found.phase_count} phases)" if found.phase_count != found.pulse_count else ""
    return f"{phases}, {side} {engineering(found.analysis.baseline, found.analysis.unit)}"


def _frequency_text(found: ChannelSummary) -> str:
    """Return the frequency, and that it is one of several where the periods differ."""
    text = engineering(found.frequency_hz or 0.0, "Hz")
    period = found.period_s
    if period is not None and period.max - period.min > _IRREGULAR * period.median:
        text += " of the median period; the periods differ"
    return text


def _spread_lines(found: ChannelSummary, unit: str) -> list[str]:
    rows = (
        ("period", found.period_s, "s"),
        ("pulse duration", found.pulse_duration_s, "s"),
        ("rising transition", found.rising_s, "s"),
        ("falling transition", found.falling_s, "s"),
        ("amplitude", found.amplitude, unit),
        ("overshoot", found.overshoot_pct, "%"),
        ("phase charge", found.phase_charge, "C"),
        ("net charge per pulse", found.net_charge_per_pulse, "C"),
    )
    return [
        f"  {name:<20} {engineering(one.median, of)}"
        f"  ({engineering(one.min, of)} to {engineering(one.max, of)}, {one.count})"
        for name, one, of in rows
        if one is not None
    ]


def engineering(value: float, unit: str) -> str:
    """Return the value with five significant digits and a prefix; per cent without one."""
    if unit == "%":
        return f"{value:.2f} %"
    size = abs(float(f"{value:.5g}"))  # 999.996 µs is printed as 1 ms
    for prefix, factor in (("G", 1e9), ("M", 1e6), ("k", 1e3), ("", 1.0), ("m", 1e-3), ("µ", 1e-6)):
        if size >= factor:
            return f"{value / factor:.5g} {prefix}{unit}"
    return f"{value / 1e-9:.5g} n{unit}" if size > 0.0 else f"0 {unit}"


def _plot(path: Path, waveforms: Sequence[Waveform], *, title: str) -> None:
    from reports import Trace, svg

    traces = [Trace(waveform=waveform, label=waveform.channel) for waveform in waveforms]
    drawing = svg(traces, title=title, standalone=True)
    try:
        path.write_text(drawing, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: the drawing cannot be written ({error.strerror})") from error


def _record_text(waveform: Waveform) -> str:
    interval = engineering(waveform.sample_interval_s, "s")
    return f"{waveform.record_length} samples, {interval} apart"
