"""What must hold of a session before its first number: calibration and criteria."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from bench.record.schema import Equipment, RunRecord
from reports.completeness.finding import Finding, State, all_of, present

__all__ = ["calibration_items", "criteria_items"]

_CRITERIA: Final = ("plan sha256", "requirements sha256", "profile sha256")


def calibration_items(record: RunRecord) -> tuple[Finding, ...]:
    """Return for each instrument whether it is identified and was in calibration on the day."""
    if not record.equipment:
        return (present("instruments", ""),)
    return tuple(_instrument(item, record) for item in record.equipment)


def _instrument(item: Equipment, record: RunRecord) -> Finding:
    who = f"{item.manufacturer} {item.model}, serial {item.serial}"
    due = item.calibration_due
    if not (item.manufacturer and item.model and item.serial):
        return Finding(item=item.role, state=State.MISSING, found=f"{who}: identity incomplete")
    if record.simulated:
        return Finding(item=item.role, state=State.THERE, found=f"{who}: {item.calibration_status}")
    if not due:
        return Finding(item=item.role, state=State.MISSING, found=f"{who}: no calibration due date")
    in_time = due >= record.started_at[: len("2026-01-01")]
    state = State.THERE if in_time else State.MISSING
    return Finding(item=item.role, state=state, found=f"{who}: due {due}")


def criteria_items(record: RunRecord) -> tuple[Finding, ...]:
    """Return whether the criteria were fixed, by hash, before the first measurement."""
    hashes = [present(name, record.software.get(name, "")) for name in _CRITERIA]
    begun = datetime.fromisoformat(record.started_at)
    early = [
        row.id
        for row in record.measurements
        if row.at_utc and datetime.fromisoformat(row.at_utc) < begun
    ]
    late = [
        row.id for row in record.measurements if record.planned and row.test not in record.planned
    ]
    total = len(record.measurements)
    return (
        *hashes,
        all_of("dated before the run", early, total=total, what="results are later than their criteria"),
        all_of("planned before the run", late, total=total, what="results are of tests named before the run"),
    )  # fmt: skip
