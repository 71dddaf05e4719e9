"""A finished run as a person reads it in the terminal."""

from __future__ import annotations

from pathlib import Path

from bench.plugin.progress import measurement_text
from bench.record.schema import RunRecord

__all__ = ["run_text"]

_SHOWN = 5


def run_text(record: RunRecord, folder: Path) -> str:
    """Return verdict, reason, counts, the worst rows, where the time went, where the report is."""
    lines = [
        f"{record.verdict}  {record.plan} of {record.device.model or record.profile} "
        f"{record.device.serial}, firmware {record.device.firmware}"
        + ("  (SIMULATED BENCH)" if record.simulated else ""),
        f"  why: {record.reason}" if record.reason else "",
        f"  measurements: {_counts(record)}",
        *_not_good(record),
        *_worst_margins(record),
        f"  time: {_timing(record)}",
        f"  device time: {record.device_time_s:.1f} s under supply" if record.device_time_s else "",
        f"  report: {folder / 'report.html'}",
    ]
    return "\n".join(line for line in lines if line) + "\n"


def _counts(record: RunRecord) -> str:
    return ", ".join(f"{count} {verdict}" for verdict, count in sorted(record.counts.items()))


def _not_good(record: RunRecord) -> list[str]:
    bad = [
        row
        for row in record.measurements
        if row.verdict in ("FAIL", "CONDITIONAL FAIL", "INCONCLUSIVE", "ERROR", "NOT TESTED")
    ]
    more = [f"  … and {len(bad) - _SHOWN} more in the report"] if len(bad) > _SHOWN else []
    return [f"  {measurement_text(row)}" for row in bad[:_SHOWN]] + more


def _worst_margins(record: RunRecord) -> list[str]:
    if record.verdict != "PASS":
        return []
    measured = [row for row in record.measurements if row.margin_pct is not None]
    rows = [row for row in measured if row.expanded_uncertainty] or measured  # counts are at limits
    rows.sort(key=lambda row: row.margin_pct or 0.0)
    return [f"  smallest margin: {measurement_text(rows[0])}"] if rows else []


def _timing(record: RunRecord) -> str:
    total = sum(record.timing_s.values())
    parts = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in record.timing_s.items())
    return f"{total:.1f} s ({parts})"
